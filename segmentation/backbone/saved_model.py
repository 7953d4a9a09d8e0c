"""The VGG16 SavedModel as a graph: build it, save it, load it.

    image_input [B, H, W, 3] -> Processing (means off, to BGR)
      -> conv1_1 conv1_2 pool1 -> conv2_1 conv2_2 pool2
      -> conv3_1..3 pool3 = layer3_out [B, H/8, W/8, 256]
      -> conv4_1..3 pool4 = layer4_out [B, H/16, W/16, 512]
      -> conv5_1..3 pool5 -> fc6 fc7 = layer7_out [B, H/32, W/32, 4096]
"""
import os
import shutil
import tempfile

import numpy as np

from segmentation import tf1
from segmentation.backbone.weights import MEAN_BGR
from segmentation.errors import InputError
from segmentation.tf1 import saved_model_pb2, tf, variable_pb2

TAG = 'vgg16'
TAPS = ('layer3_out', 'layer4_out', 'layer7_out')
TENSORS = ('image_input', 'keep_prob') + TAPS

# (convolutions, channels at width 1) of each block; Simonyan & Zisserman 2015
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
FC = (('fc6', 7), ('fc7', 1))       # names and kernel sides


def find(vgg_dir):
    """The folder that holds saved_model.pb: `vgg_dir`, its vgg/ or parent.

    Returns None where there is none.
    """
    for folder in (vgg_dir, os.path.join(vgg_dir, 'vgg'),
                   os.path.dirname(os.path.abspath(vgg_dir))):
        if os.path.isfile(os.path.join(folder, 'saved_model.pb')):
            return folder
    return None


def build(weights):
    """Build VGG16's graph in the shapes of `weights`, as the archive has it.

    Returns
    -------
    dict
        The five tensors by name.
    list of (tf.Variable, array)
        What to load into the variables.
    """
    values = []

    def convolve(x, name, kernel_name):
        with tf.variable_scope(name):
            kernel, biases = weights[name]
            variables = [tf.get_variable(
                variable_name, value.shape,
                initializer=tf.zeros_initializer())
                for variable_name, value in ((kernel_name, kernel),
                                             ('biases', biases))]
            values.extend(zip(variables, (kernel, biases)))
            x = tf.nn.conv2d(x, variables[0], strides=[1, 1, 1, 1],
                             padding='SAME', name='Conv2D')
            x = tf.nn.bias_add(x, variables[1], name='BiasAdd')
            return tf.nn.relu(x, name='Relu')

    image_input = tf.placeholder(tf.float32, [None, None, None, 3],
                                 name='image_input')
    keep_prob = tf.placeholder(tf.float32, name='keep_prob')
    with tf.name_scope('Processing'):
        red, green, blue = tf.split(image_input, 3, axis=3, name='split')
        x = tf.concat([channel - mean for channel, mean
                       in zip((blue, green, red), MEAN_BGR)], axis=3)
    pools = []
    for block, (count, _) in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            x = convolve(x, f'conv{block}_{number}', 'filter')
        x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME',
                           name=f'pool{block}')
        pools.append(x)
    fc = [name for name, _ in FC if name in weights]
    for name in fc:
        x = tf.nn.dropout(convolve(x, name, 'weights'), rate=1 - keep_prob,
                          name='dropout')
    if not fc:
        x = tf.nn.dropout(x, rate=1 - keep_prob, name='dropout')
    taps = [tf.identity(tensor, name=name)
            for tensor, name in zip((pools[2], pools[3], x), TAPS)]
    return dict(zip(TENSORS, [image_input, keep_prob] + taps)), values


def save(weights, directory):
    """Write VGG16 with `weights` to `directory` as the archive has it.

    The folder must not exist; it is written beside and renamed when whole.
    """
    parent = os.path.dirname(os.path.abspath(directory))
    os.makedirs(parent, exist_ok=True)
    work = tempfile.mkdtemp(prefix='.vgg-', dir=parent)
    try:
        model = os.path.join(work, 'model')
        with tf.Graph().as_default(), tf1.session() as sess:
            _, values = build(weights)
            for variable, value in values:
                sess.run(variable.initializer,
                         {variable.initializer.inputs[1]: value})
            builder = tf.saved_model.Builder(model)
            builder.add_meta_graph_and_variables(
                sess, [TAG], strip_default_attrs=True)
            builder.save()
        os.rename(model, directory)
    finally:
        shutil.rmtree(work)


def read_meta_graph(folder):
    """The MetaGraphDef of the SavedModel in `folder`, checked and slimmed."""
    path = os.path.join(folder, 'saved_model.pb')
    model = saved_model_pb2.SavedModel()
    with open(path, 'rb') as file:
        try:
            model.ParseFromString(file.read())
        except Exception as error:      # protobuf's own class moves about
            raise InputError(f'{path} is no SavedModel: {error}')
    found = [meta for meta in model.meta_graphs if TAG in meta.meta_info_def
             .tags]
    if not found:
        raise InputError(f'{path} has no graph tagged {TAG!r}')
    meta = found[0]
    refuse_missing(meta, TENSORS, folder)
    for node in meta.graph_def.node:
        # The weights stand a second time in the constants that would
        # initialize them, and would be copied into every metagraph.
        if node.op == 'Const' and node.name.endswith('/Initializer/Const'):
            tensor = node.attr['value'].tensor
            tensor.ClearField('tensor_content')
            tensor.ClearField('float_val')
            tensor.float_val.append(0)
    return meta


def refuse_missing(meta, names, folder):
    """Raise ValueError if the graph from `folder` lacks one of the tensors."""
    nodes = {node.name for node in meta.graph_def.node}
    missing = [name for name in names if name not in nodes]
    if missing:
        raise InputError('{} lacks the tensor{} {}'.format(
            os.path.join(folder, 'saved_model.pb'), 's' * (len(missing) > 1),
            ', '.join(missing)))


def probe_channel_order(graph_def):
    """The channel order of the pictures that a graph takes: RGB or BGR.

    One pixel goes through the preprocessing, up to the first convolution; the
    channel that comes out less by blue's mean is the blue one.
    """
    first = next(node for node in graph_def.node if node.op == 'Conv2D')
    prepared = first.input[0].split(':')[0]
    pixel = np.array([50, 100, 200], np.float32)
    with tf.Graph().as_default(), tf1.session() as sess:
        image, output = tf.import_graph_def(
            tf.graph_util.extract_sub_graph(graph_def,
                                            ['image_input', prepared]),
            return_elements=['image_input:0', f"{prepared}:0"], name='')
        values = sess.run(output, {image: pixel[None, None, None]}).ravel()
    lost = pixel[:, None] - values[None]                    # [3 in, 3 out]
    blue = np.flatnonzero((abs(lost - MEAN_BGR[0]) < .01).any(axis=1))
    if blue.tolist() not in ([0], [2]):
        raise InputError('cannot tell the channel order of VGG16: the pixel '
                         '{} comes out of its preprocessing as {}'.format(
                             pixel.tolist(), values.tolist()))
    return 'BGR' if blue[0] == 0 else 'RGB'


def make_dropout_repeatable(graph_def, seed):
    """Let dropout depend on (seed, global step) alone, not on history.

    A run that is resumed then drops what it would have dropped, had it not
    been interrupted. Returns what to map the new inputs to.
    """
    step = tf.train.get_or_create_global_step()
    inputs = {}
    for node in graph_def.node:
        if node.op == 'RandomUniform':
            name = f'dropout_seed_{len(inputs)}'
            inputs[f"{name}:0"] = tf.stack(
                [tf.constant(seed + len(inputs), tf.int64),
                 tf.cast(step, tf.int64)])
            node.op = 'StatelessRandomUniform'
            node.input.insert(1, name)
            for attribute in ('seed', 'seed2'):
                if attribute in node.attr:
                    del node.attr[attribute]
            node.attr['Tseed'].type = tf.int64.as_datatype_enum
    return inputs


def load(sess, vgg_dir, image_input, keep_prob, seed=0, taps=TAPS):
    """Import VGG16 into the session's graph and load its weights.

    Parameters
    ----------
    sess : tf.Session
    vgg_dir : str
        Folder of the SavedModel, or one above or below it.
    image_input : tf.Tensor
        [B, H, W, 3], BGR 0..255, whichever order the model takes.
    keep_prob : tf.Tensor
    seed : int, optional
        Seed of dropout.
    taps : sequence of str, optional
        Tensors to import, such as pool1; what lies above is left out.

    Returns
    -------
    dict
        The tensors of `taps` by name.
    str
        The channel order that the model takes, 'RGB' or 'BGR'.

    Raises
    ------
    OSError
        There is no SavedModel.
    ValueError
        It lacks one of the five tensors or a tap, or is something else.
    """
    folder = find(vgg_dir)
    if folder is None:
        raise FileNotFoundError('no saved_model.pb in {0}, {0}/vgg or above: '
                                'python vgg16.py makes one'.format(vgg_dir))
    meta = read_meta_graph(folder)
    order = probe_channel_order(meta.graph_def)
    slim = keep_only(meta, taps, folder)
    mapped = make_dropout_repeatable(slim.graph_def, seed)
    mapped['keep_prob:0'] = keep_prob
    mapped['image_input:0'] = (image_input if order == 'BGR'
                               else tf.reverse(image_input, axis=[3]))
    used = {name for node in slim.graph_def.node for name in node.input}
    before = set(tf.global_variables())
    tf.train.import_meta_graph(slim, input_map={
        name: tensor for name, tensor in mapped.items()
        if name.split(':')[0] in used})
    variables = [v for v in tf.global_variables() if v not in before]
    tf1.restore(tf.train.Saver(variables), sess,
                os.path.join(folder, 'variables', 'variables'))
    graph = tf.get_default_graph()
    return {name: graph.get_tensor_by_name(f"{name}:0")
            for name in taps}, order


def keep_only(meta, taps, folder):
    """A MetaGraphDef of what the taps need: no placeholders, no saver."""
    refuse_missing(meta, taps, folder)
    needed = {node.name for node in tf.graph_util.extract_sub_graph(
        meta.graph_def, list(taps)).node}
    slim = type(meta)()
    slim.meta_info_def.CopyFrom(meta.meta_info_def)
    wanted = list(taps)
    for name in ('variables', 'trainable_variables'):
        kept = slim.collection_def[name].bytes_list.value
        for value in meta.collection_def[name].bytes_list.value:
            variable = variable_pb2.VariableDef.FromString(value)
            if variable.variable_name.split(':')[0] in needed:
                kept.append(value)
                wanted += [variable.initializer_name, variable.snapshot_name]
    graph_def = tf.graph_util.extract_sub_graph(
        meta.graph_def, [name.split(':')[0] for name in wanted])
    slim.graph_def.versions.CopyFrom(graph_def.versions)
    slim.graph_def.node.extend(
        node for node in graph_def.node
        if node.name not in ('image_input', 'keep_prob'))
    return slim
