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
Training = collections.namedtuple(
    'Training', 'labels learning_rate loss step gradients')

# Collections of a graph: the tensors between a pretrained encoder and what is
# made of them, and the standard deviations that some are divided by.
FEATURES = 'features'
DEVIATIONS = 'deviations'

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


def feature(x):
    """Mark a tensor of 0 and more between encoder and head, to be fed.

    TensorFlow's optimizer moves dependencies on the shape of what is fed to
    what it would be computed from, and asks for a picture then. It cannot
    look through an activation, which changes nothing here.
    """
    tf.add_to_collection(FEATURES, x)
    return tf.nn.relu(x)


def standardize(x, name):
    """Divide a feature by its standard deviation, once it is measured.

    It is one number for all channels, so that what is strong stays strong.
    """
    with tf.variable_scope(name):
        deviation = tf.get_variable('deviation', [], trainable=False,
                                    initializer=tf.ones_initializer())
        tf.add_to_collection(DEVIATIONS, deviation)
        return feature(x) / deviation


def measure_deviations(sess, batches):
    """Set the deviations of `standardize` by the first of batches.Batch."""
    deviations = tf.get_collection(DEVIATIONS)
    if deviations:
        features = tf.get_collection(FEATURES)
        values = sess.run([tf.math.reduce_std(x) for x in features],
                          next(batches).feed)
        for deviation, value in zip(deviations, values):
            deviation.load(max(float(value), 1e-6), sess)


def finish(image_input, keep_prob, logits):
    """Name the outputs of a model and bundle its tensors as a Network."""
    logits = tf.identity(logits, name='logits')             # [B, H, W, C]
    softmax = tf.nn.softmax(logits, name='softmax')         # [B, H, W, C]
    classes = tf.argmax(logits, axis=-1, output_type=tf.int32)
    classes = tf.cast(classes, tf.uint8, name='classes')    # [B, H, W]
    return Network(image_input, keep_prob, logits, softmax, classes)


def masked_cross_entropy(logits, labels, class_weights=None):
    """Mean cross entropy of the labelled pixels, in nats.

    Parameters
    ----------
    logits : tf.Tensor
        [B, H, W, C]
    labels : tf.Tensor
        [B, H, W, C] one-hot, or shares of the classes in any unit. A row of
        zeros is a pixel to ignore: it adds nothing to the mean and has no
        gradient; a row counts by its sum.
    class_weights : sequence of C floats, optional
        Weight of a pixel by its class; all 1 without it. The mean is over
        weights, so that weights of any scale give a loss of the same scale.
    """
    labels = tf.cast(labels, tf.float32)
    rows = tf.reshape(labels, [-1, tf.shape(labels)[-1]])   # [B*H*W, C]
    sums = tf.reduce_sum(rows, axis=-1, keepdims=True)
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(
        labels=rows / tf.maximum(sums, 1e-6),
        logits=tf.reshape(logits, tf.shape(rows)))
    if class_weights is not None:
        rows = rows * tf.constant(class_weights, tf.float32)
    weights = tf.reduce_sum(rows, axis=-1)                  # [B*H*W]
    total = tf.reduce_sum(weights)
    return tf.reduce_sum(weights * losses) / tf.maximum(total, 1e-6)


def add_training(net, learning_rate, class_weights=None, l2=0, frozen=False):
    """Add loss and Adam step to the graph of `net`; return a Training.

    `labels` is a uint8 placeholder [B, H, W, C]; `learning_rate` is the rate
    of a step, the given one unless something is fed; `step` also counts the
    global step; `gradients` are (gradient, variable) pairs. `l2` times the
    regularization losses of the graph are part of what is minimized, not of
    `loss`. With `frozen` the step leaves alone what lies before the features
    of the graph, and these can be fed in place of pictures.
    """
    num_classes = int(net.logits.shape[-1])
    labels = tf.placeholder(tf.uint8, [None, None, None, num_classes],
                            name='labels')
    with tf.name_scope('training'):
        rate = tf.placeholder_with_default(
            tf.constant(learning_rate, tf.float32), [], 'learning_rate')
        loss = masked_cross_entropy(net.logits, labels, class_weights)
        objective = loss
        penalties = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
        if l2 and penalties:
            objective = loss + l2 * tf.add_n(penalties)
        optimizer = tf.train.AdamOptimizer(rate)
        variables = tf.trainable_variables()
        if frozen:
            # Ungated, or gradients of the features would be computed, too;
            # the tuple waits for all before a variable changes.
            gradients = tf.tuple(tf.gradients(
                objective, variables,
                stop_gradients=tf.get_collection(FEATURES)))
        else:
            gradients = tf.gradients(objective, variables,
                                     gate_gradients=True)
        gradients = [pair for pair in zip(gradients, variables)
                     if pair[0] is not None]
        step = optimizer.apply_gradients(
            gradients, global_step=tf.train.get_or_create_global_step())
    return Training(labels, rate, loss, step, gradients)


def encoder_weights(sess):
    """The arrays that the features of the graph are computed with."""
    names = [x.op.name for x in tf.get_collection(FEATURES)]
    graph_def = tf.get_default_graph().as_graph_def()
    needed = {node.name for node in tf.graph_util.extract_sub_graph(
        graph_def, names).node}
    return sess.run([v for v in tf.global_variables()
                     if v.op.name in needed and v.dtype.is_floating])


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
