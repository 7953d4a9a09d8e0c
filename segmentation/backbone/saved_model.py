"""The SavedModel of VGG16: write it, load it."""
import os

from segmentation import files, tf1
from segmentation.backbone import architecture, course, graph, meta_graph
from segmentation.errors import InputError
from segmentation.tf1 import tf


def save(weights, directory):
    """Write VGG16 with `weights` as a SavedModel, whole or not at all.

    It has the names of the course's archive. An empty folder may stand at
    `directory`, and is replaced.
    """
    with files.atomic_folder(directory) as work:
        with tf.Graph().as_default(), tf1.session() as sess:
            _, values = graph.build(weights)
            for variable, value in values:
                sess.run(variable.initializer,
                         {variable.initializer.inputs[1]: value})
            builder = tf.saved_model.Builder(work)
            try:
                builder.add_meta_graph_and_variables(
                    sess, [meta_graph.TAG], strip_default_attrs=True)
                builder.save()
            except tf.errors.OpError as error:
                raise OSError(f'{directory}: {tf1.reason(error)}')
        files.sync_tree(work)


def load(sess, vgg_dir, image_input, keep_prob, seed=0,
         taps=architecture.TAPS, last=None):
    """Import VGG16 into the session's graph and load its weights.

    Parameters
    ----------
    sess : tf.Session
    vgg_dir : str
        Folder of the SavedModel, or one above or below it.
    image_input : tf.Tensor
        [B, H, W, 3], BGR 0..255, whichever order the SavedModel takes.
    keep_prob : tf.Tensor
        Share of the activations that dropout keeps.
    seed : int, optional
        Seed of dropout.
    taps : sequence of str, optional
        Tensors to import, such as pool1; what lies above is left out.
    last : str, optional
        The pool that is fed in place of pictures, while what lies above it is
        trained.

    Returns
    -------
    dict
        The tensors of `taps` by name.
    str
        The channel order that the SavedModel takes, 'RGB' or 'BGR'.

    Raises
    ------
    OSError
        There is no SavedModel.
    InputError
        It lacks one of architecture.TENSORS or a tap, or is something else.
    """
    folder = course.find(vgg_dir)
    if folder is None:
        raise FileNotFoundError(f'no saved_model.pb in {vgg_dir}, '
                                f'{vgg_dir}/vgg or above: python vgg16.py '
                                'makes one')
    meta = meta_graph.read(folder)
    with meta_graph.blamed_on(folder):
        order = meta_graph.probe_channel_order(meta.graph_def, folder)
        part = meta_graph.extract(meta, taps, folder)
        if last:
            meta_graph.guard(part.graph_def, last)
        input_map = meta_graph.make_dropout_repeatable(part.graph_def, seed)
        input_map['keep_prob:0'] = keep_prob
        input_map['image_input:0'] = (image_input if order == 'BGR'
                                      else tf.reverse(image_input, axis=[3]))
        used = {name for node in part.graph_def.node for name in node.input}
        before = set(tf.global_variables())
        tf.train.import_meta_graph(part, input_map={
            name: tensor for name, tensor in input_map.items()
            if name.split(':')[0] in used})
        variables = [v for v in tf.global_variables() if v not in before]
        tf1.restore(tf.train.Saver(variables), sess,
                    os.path.join(folder, 'variables', 'variables'))
        tensor = tf.get_default_graph().get_tensor_by_name
        return {name: tensor(f'{name}:0') for name in taps}, order


def load_array(sess, vgg_dir, name, variable, convert):
    """Load an array of a SavedModel into a variable of the session's graph.

    Nothing happens where the SavedModel lacks it.

    Parameters
    ----------
    sess : tf.Session
    vgg_dir : str
        As in `load`, which has found the SavedModel before.
    name : str
        Of a variable of the SavedModel, such as fc6/weights.
    variable : tf.Variable
    convert : function of array
        Returns the value of `variable`.
    """
    path = os.path.join(course.find(vgg_dir), 'variables', 'variables')
    try:
        reader = tf.train.load_checkpoint(path)
        array = reader.get_tensor(name) if reader.has_tensor(name) else None
    except tf.errors.OpError as error:
        raise InputError(f'{path}: {name} cannot be read: '
                         f'{tf1.reason(error)}')
    if array is not None:
        variable.load(convert(array), sess)
