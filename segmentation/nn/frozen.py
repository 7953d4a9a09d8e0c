"""Features of a frozen encoder: what lies between VGG16 and the head.

The tensors are collected in the graph, so that a run knows them when it is
restored, and can be fed in place of pictures.
"""
from segmentation.tf1 import tf

# Collections of a graph: the tensors between a pretrained encoder and what is
# made of them, and the standard deviations that some are divided by.
FEATURES = 'features'
DEVIATIONS = 'deviations'


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


def encoder_weights(sess):
    """The arrays that the features of the graph are computed with."""
    names = [x.op.name for x in tf.get_collection(FEATURES)]
    graph_def = tf.get_default_graph().as_graph_def()
    needed = {node.name for node in tf.graph_util.extract_sub_graph(
        graph_def, names).node}
    return sess.run([v for v in tf.global_variables()
                     if v.op.name in needed and v.dtype.is_floating])
