"""What a model begins with and ends in: inputs, and outputs with names.

    image_bytes -> image_input -> a model -> logits [B, H, W, C]
                                               -> softmax [B, H, W, C]
                                               -> classes [B, H, W]

A saved graph is restored by these names.
"""
import os
from typing import Callable, Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from segmentation import tf1
from segmentation.errors import InputError
from segmentation.tf1 import message, tf

# The names that the blog's training script gave to the same tensors.
BLOG_NAMES = {'logits': 'sum/Add_1', 'softmax': 'result/Softmax',
              'classes': 'result/ArgMax'}


class Inputs(NamedTuple):
    """What a model is built on.

    Attributes
    ----------
    image_input : tf.Tensor
        [B, H, W, 3], BGR 0..255.
    keep_prob : tf.Tensor
        Share of the activations that dropout keeps; 1 unless it is fed.
    image_bytes : tf.Tensor
        [B, H, W, 3] uint8: `image_input` is cast from it unless it is fed.
    seed : int
        Seed of dropout.
    backbone : callable, optional
        Loads VGG16 into the graph: backbone(image_input, keep_prob, seed,
        taps) returns what `load_backbone` does.
    pretrained : callable, optional
        pretrained(name, variable, convert) loads convert(array) of VGG16's
        array `name`, where it has that, into a variable of the graph.
    """

    image_input: tf.Tensor
    keep_prob: tf.Tensor
    image_bytes: tf.Tensor
    seed: int = 0
    backbone: Optional[Callable[..., Tuple[Dict[str, tf.Tensor], str]]] = None
    pretrained: Optional[Callable[..., None]] = None

    def load_backbone(self, taps: Sequence[str]
                      ) -> Tuple[Dict[str, tf.Tensor], str]:
        """Load VGG16 on the inputs.

        Parameters
        ----------
        taps : sequence of str
            Names of the tensors wanted, such as pool4 or layer7_out.

        Returns
        -------
        dict
            The tensors by name.
        str
            The channel order that VGG16 takes, 'RGB' or 'BGR'.
        """
        if self.backbone is None:
            raise ValueError('no backbone: the row of the model in '
                             'models.MODELS says backbone=False')
        return self.backbone(self.image_input, self.keep_prob, self.seed,
                             taps)


class Network(NamedTuple):
    """The tensors of a model, each named in the graph as its field here.

    Attributes
    ----------
    image_input, keep_prob : tf.Tensor
        See Inputs.
    logits, softmax : tf.Tensor
        [B, H, W, C]
    classes : tf.Tensor
        [B, H, W], uint8.
    image_bytes : tf.Tensor, optional
        See Inputs; None of a graph that has float pictures alone.
    channel_order : str, optional
        What VGG16 takes, 'RGB' or 'BGR'; None without VGG16, and of a graph
        that was restored.
    """

    image_input: tf.Tensor
    keep_prob: tf.Tensor
    logits: tf.Tensor
    softmax: tf.Tensor
    classes: tf.Tensor
    image_bytes: Optional[tf.Tensor] = None
    channel_order: Optional[str] = None

    def feed(self, images: np.ndarray) -> Dict[tf.Tensor, np.ndarray]:
        """Return {tensor: value} that feeds pictures (B, H, W, 3), BGR.

        Pictures of bytes go as they are: a quarter of what floats take.
        """
        if images.dtype == np.uint8 and self.image_bytes is not None:
            return {self.image_bytes: images}
        return {self.image_input: images}


# What a graph has to have.
TENSORS = ('image_input', 'keep_prob', 'logits', 'softmax', 'classes')


def inputs(seed=0, backbone=None, pretrained=None):
    """Return the Inputs of a model: placeholders in the default graph.

    The global step is made with them: it is one of the weights that a run
    saves.
    """
    tf.train.get_or_create_global_step()
    shape = [None, None, None, 3]
    image_bytes = tf.placeholder(tf.uint8, shape, name='image_bytes')
    image_input = tf.placeholder_with_default(
        tf.cast(image_bytes, tf.float32), shape, name='image_input')
    keep_prob = tf.placeholder_with_default(1.0, [], name='keep_prob')
    return Inputs(image_input, keep_prob, image_bytes, seed, backbone,
                  pretrained)


def finish(inputs, logits, channel_order=None):
    """Name the outputs of a model; return its Network."""
    logits = tf.identity(logits, name='logits')             # [B, H, W, C]
    softmax = tf.nn.softmax(logits, name='softmax')         # [B, H, W, C]
    classes = tf.argmax(logits, axis=-1, output_type=tf.int32)
    classes = tf.cast(classes, tf.uint8, name='classes')    # [B, H, W]
    return Network(inputs.image_input, inputs.keep_prob, logits, softmax,
                   classes, inputs.image_bytes, channel_order)


def initialize_rest(sess):
    """Initialize the variables that nothing has been loaded into yet."""
    variables = tf.global_variables()
    ready = sess.run([tf.is_variable_initialized(v) for v in variables])
    # tf.variables_initializer would change operations that a session has.
    sess.run([v.initializer for v, is_ready in zip(variables, ready)
              if not is_ready])


def find(graph):
    """Return the Network of an imported graph, by our names or the blog's.

    Raises
    ------
    InputError
        The graph has a tensor under neither name.
    """
    names = {operation.name for operation in graph.get_operations()}
    tensors = {}
    for field in TENSORS:
        name = field if field in names else BLOG_NAMES.get(field)
        if name not in names:
            other = f' (nor {name!r})' if name else ''
            raise InputError(f'the saved graph has no tensor {field!r}{other}')
        tensors[field] = graph.get_tensor_by_name(f'{name}:0')
    if 'image_bytes' in names:
        tensors['image_bytes'] = graph.get_tensor_by_name('image_bytes:0')
    return Network(**tensors)


def export(path):
    """Write the default graph as a metagraph: a few hundred kilobytes."""
    try:
        tf.train.export_meta_graph(path, strip_default_attrs=True)
    except tf.errors.OpError as error:
        raise OSError(f'{path}: the graph cannot be written: '
                      f'{tf1.reason(error)}')


def restore(sess, meta_path, checkpoint=None):
    """Import a saved graph into the default graph; return its Network.

    Parameters
    ----------
    meta_path : str
        Metagraph file, of this project's scripts or of the blog's.
    checkpoint : str, optional
        All variables of the graph are restored from it.
    """
    if not os.path.isfile(meta_path):
        raise FileNotFoundError(f'no saved graph {meta_path}')
    try:
        with open(meta_path, 'rb') as file:
            saved = tf.MetaGraphDef.FromString(file.read())
        check_constants(saved.graph_def)
        tf.train.import_meta_graph(saved)
    except (tf.errors.OpError, message.Error, ValueError, TypeError,
            LookupError, OSError) as error:
        reason = str(error).split('. ')[0].splitlines()[0]
        raise InputError(f'{meta_path}: the graph cannot be read: {reason}')
    if not tf.global_variables():
        raise InputError(f'{meta_path}: the graph has no variables')
    if checkpoint:
        tf1.restore(tf.train.Saver(tf.global_variables()), sess, checkpoint)
    return find(tf.get_default_graph())


def check_constants(graph_def):
    """Raise ValueError for a constant whose value is of another type.

    TensorFlow 1.15 would end the process.
    """
    for node in graph_def.node:
        if (node.op == 'Const' and node.attr['dtype'].type
                != node.attr['value'].tensor.dtype):
            raise ValueError(f'the constant {node.name} is of another type '
                             'than its value')


def load_matching(sess, checkpoint):
    """Load the variables that match a checkpoint by name and shape.

    The global step stays.

    Returns
    -------
    list of str
        Names of the variables that were loaded.
    list of str
        Names of the others.
    """
    try:
        reader = tf.train.load_checkpoint(checkpoint)
    except tf.errors.OpError as error:
        raise InputError(f'{checkpoint}: the weights cannot be read: '
                         f'{tf1.reason(error)}')
    shapes = reader.get_variable_to_shape_map()
    loaded, others = [], []
    for variable in tf.global_variables():
        name = variable.op.name
        if name != 'global_step':
            matches = shapes.get(name) == variable.shape.as_list()
            (loaded if matches else others).append(variable)
    if loaded:
        tf1.restore(tf.train.Saver(loaded), sess, checkpoint)
    return [v.op.name for v in loaded], [v.op.name for v in others]


def count_parameters(variables):
    """Return how many numbers a network has learned, in these variables."""
    return sum(int(v.shape.num_elements()) for v in variables
               if v.op.name != 'global_step')


def size_in_bytes(variables):
    """Return what float32 variables take on disk."""
    return 4 * sum(int(v.shape.num_elements()) for v in variables)
