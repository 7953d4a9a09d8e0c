"""What every model ends in: outputs with names, a loss and a step.

    logits [B, H, W, C] -> softmax [B, H, W, C] -> classes [B, H, W]
                        -> masked cross entropy -> Adam
"""
import collections
import os

from segmentation import run_dir, tf1
from segmentation.errors import InputError
from segmentation.tf1 import tf

# The fields are the names of the tensors in the saved graph.
Network = collections.namedtuple(
    'Network', 'image_input keep_prob logits softmax classes')

# The names that the blog's training script gave to the same tensors.
BLOG_NAMES = {'logits': 'sum/Add_1', 'softmax': 'result/Softmax',
              'classes': 'result/ArgMax'}


def inputs():
    """The placeholders (image_input, keep_prob) that a model begins with.

    `image_input` is [B, H, W, 3], BGR 0..255; `keep_prob` is the share of
    activations that dropout keeps, 1 unless something is fed. The global step
    is made with them: it is one of the weights that a run saves.
    """
    tf.train.get_or_create_global_step()
    image_input = tf.placeholder(tf.float32, [None, None, None, 3],
                                 name='image_input')
    keep_prob = tf.placeholder_with_default(1.0, [], name='keep_prob')
    return image_input, keep_prob


def finish(image_input, keep_prob, logits):
    """Name the outputs of a model and bundle its tensors as a Network."""
    logits = tf.identity(logits, name='logits')             # [B, H, W, C]
    softmax = tf.nn.softmax(logits, name='softmax')         # [B, H, W, C]
    classes = tf.argmax(logits, axis=-1, output_type=tf.int32)
    classes = tf.cast(classes, tf.uint8, name='classes')    # [B, H, W]
    return Network(image_input, keep_prob, logits, softmax, classes)


def initialize_rest(sess):
    """Initialize the variables that nothing has been loaded into yet."""
    variables = tf.global_variables()
    ready = sess.run([tf.is_variable_initialized(v) for v in variables])
    sess.run(tf.variables_initializer(
        [v for v, is_ready in zip(variables, ready) if not is_ready]))


def find(graph):
    """The Network of an imported graph, by our names or by the blog's.

    Raises
    ------
    ValueError
        A tensor is there under neither name.
    """
    names = {operation.name for operation in graph.get_operations()}
    tensors = []
    for field in Network._fields:
        name = field if field in names else BLOG_NAMES.get(field)
        if name not in names:
            raise InputError('the saved graph has no tensor {!r}{}'.format(
                field, ' (nor {!r})'.format(name) if name else ''))
        tensors.append(graph.get_tensor_by_name(f"{name}:0"))
    return Network(*tensors)


def export(directory):
    """Write the default graph to network.meta: a few hundred kilobytes."""
    tf.train.export_meta_graph(run_dir.path(directory, 'network.meta'),
                               strip_default_attrs=True)


def restore(sess, meta_path, checkpoint=None):
    """Import a saved graph into the default graph; return its Network.

    Parameters
    ----------
    meta_path : str
        Metagraph file, of this project's scripts or of the blog's.
    checkpoint : str, optional
        Restores all variables of the graph.
    """
    if not os.path.isfile(meta_path):
        raise FileNotFoundError(f'no saved graph {meta_path}')
    try:
        tf.train.import_meta_graph(meta_path)
    except (tf.errors.OpError, ValueError, IOError) as error:
        raise InputError('{}: the graph cannot be read: {}'.format(
            meta_path, str(error).split('. ')[0].splitlines()[0]))
    if not tf.global_variables():
        raise InputError(f'{meta_path}: the graph has no variables')
    if checkpoint:
        tf1.restore(tf.train.Saver(tf.global_variables()), sess, checkpoint)
    return find(tf.get_default_graph())


def take_over(sess, checkpoint):
    """Load what a checkpoint has in the names and shapes of this graph.

    The global step stays. Returns the names taken and the names left as they
    were.
    """
    try:
        reader = tf.train.load_checkpoint(checkpoint)
    except tf.errors.OpError as error:
        raise InputError('{}: the weights cannot be read: {}'.format(
            checkpoint, tf1.reason(error)))
    shapes = reader.get_variable_to_shape_map()
    taken, left = [], []
    for variable in tf.global_variables():
        name = variable.op.name
        if name == 'global_step':
            continue
        same = shapes.get(name) == variable.shape.as_list()
        (taken if same else left).append(variable)
    if taken:
        tf1.restore(tf.train.Saver(taken), sess, checkpoint)
    return [[v.op.name for v in variables] for variables in (taken, left)]


def size_in_bytes(variables):
    """What float32 variables take on disk."""
    return 4 * sum(int(v.shape.num_elements()) for v in variables)
