"""VGG16's graph, with the names that it has in the course's archive.

    image_input [B, H, W, 3], RGB 0..255 -> Processing (to BGR, means off)
      -> conv1_1 conv1_2 pool1 -> conv2_1 conv2_2 pool2
      -> conv3_1..3 pool3 = layer3_out [B, H/8, W/8, 256]
      -> conv4_1..3 pool4 = layer4_out [B, H/16, W/16, 512]
      -> conv5_1..3 pool5 -> fc6 fc7 = layer7_out [B, H/32, W/32, 4096]
"""
from segmentation.backbone import architecture
from segmentation.tf1 import tf


def build(weights):
    """Build VGG16 in the shapes of `weights`, see `architecture`.

    Without fc6 and fc7, layer7_out is pool5 with dropout.

    Returns
    -------
    dict
        The tensors of architecture.TENSORS by name.
    list of (tf.Variable, array)
        What to load into the variables.
    """
    values = []
    image_input = tf.placeholder(tf.float32, [None, None, None, 3],
                                 name='image_input')
    keep_prob = tf.placeholder(tf.float32, name='keep_prob')
    tensors = {'image_input': image_input, 'keep_prob': keep_prob}
    x = subtract_means(image_input)
    for pool, _, names in architecture.BLOCKS:
        for name in names:
            x, pairs = convolve(x, name, 'filter', weights[name])
            values += pairs
        x = tensors[pool] = tf.nn.max_pool(
            x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME', name=pool)
    fc = [name for name in architecture.FC_NAMES if name in weights]
    for name in fc:
        x, pairs = convolve(x, name, 'weights', weights[name])
        values += pairs
        x = tf.nn.dropout(x, rate=1 - keep_prob, name='dropout')
    if not fc:
        x = tf.nn.dropout(x, rate=1 - keep_prob, name='dropout')
    for tap, tensor in zip(architecture.TAPS,
                           (tensors['pool3'], tensors['pool4'], x)):
        tensors[tap] = tf.identity(tensor, name=tap)
    return {name: tensors[name] for name in architecture.TENSORS}, values


def subtract_means(image_input):
    """Return RGB pictures [B, H, W, 3] as BGR, less the means of ImageNet."""
    with tf.name_scope('Processing'):
        red, green, blue = tf.split(image_input, 3, axis=3, name='split')
        return tf.concat([channel - mean for channel, mean in zip(
            (blue, green, red), architecture.MEAN_BGR)], axis=3)


def convolve(x, name, kernel_name, arrays):
    """Add a convolution and a ReLU, in the shapes of (kernel, biases).

    The variables start at zero: their values would be part of the graph.

    Returns
    -------
    tf.Tensor
        [B, H, W, out]
    list of (tf.Variable, array)
        What to load into the variables.
    """
    with tf.variable_scope(name):
        kernel, biases = variables = [
            tf.get_variable(variable_name, array.shape,
                            initializer=tf.zeros_initializer())
            for variable_name, array in zip((kernel_name, 'biases'), arrays)]
        x = tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding='SAME',
                         name='Conv2D')
        x = tf.nn.bias_add(x, biases, name='BiasAdd')
        return tf.nn.relu(x, name='Relu'), list(zip(variables, arrays))
