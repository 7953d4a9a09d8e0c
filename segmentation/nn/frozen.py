"""Features of a frozen encoder: what lies between VGG16 and the head.

The tensors are collected in the graph, so that a run knows them when it is
restored, and can be fed in place of pictures.
"""
import numpy as np

from segmentation.errors import InputError
from segmentation.tf1 import tf

# Collection of a graph: the tensors between a pretrained encoder and what is
# made of them.
FEATURES = 'features'


def feature(x):
    """Register a non-negative tensor as a feature, and return it via a ReLU.

    A feature can be fed in place of pictures. The ReLU changes no value, but
    without it TensorFlow's optimizer would derive the shape of a fed feature
    from the picture, and ask for the picture.
    """
    tf.add_to_collection(FEATURES, x)
    return tf.nn.relu(x)


def end_at(pool):
    """Make a pool of VGG16 the last feature: what lies above is trained.

    The features before it stay.

    Parameters
    ----------
    pool : str
        'pool2', 'pool3' or 'pool4'.

    Raises
    ------
    InputError
        The network does not use what lies above the pool, or gets there by
        another way.
    """
    graph = tf.get_default_graph()
    end = graph.get_tensor_by_name(f'{pool}:0')
    before = computed_from(end)
    features = tf.get_collection(FEATURES)
    below = [x for x in features if origin(x) in before]
    above = [x for x in features if x not in below]
    if not above:
        raise InputError(f'--freeze-encoder {pool}: the network takes nothing '
                         'of VGG16 that lies above it')
    if not all(end.op.name in computed_from(x) for x in above):
        raise InputError(f'--freeze-encoder {pool}: the network does not go '
                         f'through {pool} of VGG16')
    graph.clear_collection(FEATURES)
    for x in [x for x in below if origin(x) != end.op.name] + [end]:
        tf.add_to_collection(FEATURES, x)


def origin(x):
    """Return the name of the node that a tensor is the same as."""
    while x.op.type == 'Identity':
        x = x.op.inputs[0]
    return x.op.name


def computed_from(*tensors):
    """Return the names of all nodes that tensors are computed from."""
    return {node.name for node in tf.graph_util.extract_sub_graph(
        tf.get_default_graph().as_graph_def(),
        [x.op.name for x in tensors]).node}


def deviations_of(x):
    """Return the name of the collection of the deviations of a feature."""
    return f'deviations of {x.name}'


def standardize(x, name):
    """Divide a feature by its standard deviation, once it is measured.

    It is one number for all channels, so that what is strong stays strong.
    """
    with tf.variable_scope(name):
        deviation = tf.get_variable('deviation', [], trainable=False,
                                    initializer=tf.ones_initializer())
        tf.add_to_collection(deviations_of(x), deviation)
        return feature(x) / deviation


def measure_deviations(sess, first, total=lambda array: array):
    """Set each deviation of `standardize` by a batch.

    Parameters
    ----------
    sess : tf.Session
    first : function
        Returns the batches.Batch; it is not called without deviations.
    total : function of an array, optional
        Returns its sum over the processes that have parts of the batch.
    """
    pairs = [(x, deviation) for x in tf.get_collection(FEATURES)
             for deviation in tf.get_collection(deviations_of(x))]
    if pairs:
        batch = first()
        means, variances = np.array(sess.run(
            [tf.nn.moments(x, list(range(x.shape.ndims))) for x, _ in pairs],
            batch.feed), np.float64).T
        count = len(batch.paths)
        mean = total(count * means) / total(np.array(count, float))
        variance = (total(count * (variances + (means - mean) ** 2))
                    / total(np.array(count, float)))
        for (_, deviation), value in zip(pairs, np.sqrt(variance)):
            deviation.load(max(float(value), 1e-6), sess)


def encoder_weights(sess):
    """Return the arrays that the features of the graph are computed from."""
    needed = computed_from(*tf.get_collection(FEATURES))
    return sess.run([v for v in tf.global_variables()
                     if v.op.name in needed and v.dtype.is_floating])
