"""Layers that models share; each opens a variable scope of its name."""
from segmentation.tf1 import tf


def score(x, num_classes, name, stddev=None):
    """Return class scores [B, h, w, C] by a 1x1 convolution.

    They all start at zero: with equal scores everywhere the first loss is
    ln(C), however large the activations are. With `stddev` they start
    normally distributed, cut off at two deviations.
    """
    with tf.variable_scope(name):
        kernel = tf.get_variable(
            'filter', [1, 1, int(x.shape[-1]), num_classes],
            initializer=tf.zeros_initializer() if stddev is None else
            tf.truncated_normal_initializer(stddev=stddev),
            regularizer=tf.nn.l2_loss)
        biases = tf.get_variable('biases', [num_classes],
                                 initializer=tf.zeros_initializer())
        scores = tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding='SAME')
        return tf.nn.bias_add(scores, biases)               # [B, h, w, C]


def convolve(x, channels, name, side=3, stride=1, dilation=1):
    """Return convolution and ReLU: [B, H, W, c] -> [B, H/stride, W/stride, n].

    Either the stride or the dilation is 1.
    """
    with tf.variable_scope(name):
        kernel = tf.get_variable(
            'filter', [side, side, int(x.shape[-1]), channels],
            initializer=tf.variance_scaling_initializer(2),
            regularizer=tf.nn.l2_loss)
        biases = tf.get_variable('biases', [channels],
                                 initializer=tf.zeros_initializer())
        if dilation == 1:
            x = tf.nn.conv2d(x, kernel, strides=[1, stride, stride, 1],
                             padding='SAME')
        else:
            # The dilations of conv2d have no gradient on a CPU in
            # TensorFlow 1.15.
            x = tf.nn.atrous_conv2d(x, kernel, dilation, 'SAME')
        return tf.nn.relu(tf.nn.bias_add(x, biases))    # [B, H/s, W/s, n]


def dropout(x, keep_prob, seed):
    """Return `x` after dropout that depends on (seed, global step) alone.

    A run that is resumed drops what it would have dropped uninterrupted, as
    it does in VGG16.
    """
    step = tf.cast(tf.train.get_or_create_global_step(), tf.int64)
    # tf.random has operations for it that TensorFlow 1.15 does not have.
    drawn = tf.raw_ops.StatelessRandomUniform(
        shape=tf.shape(x), seed=tf.stack([tf.constant(seed, tf.int64), step]),
        dtype=tf.float32)
    return x * tf.cast(drawn < keep_prob, tf.float32) / keep_prob
