"""Learnable upsampling that starts as bilinear interpolation.

    [B, H, W, c] -> transposed convolution of stride f -> [B, H*f, W*f, C]
"""
import numpy as np

from segmentation.errors import InputError
from segmentation.tf1 import tf


def kernel_side(factor):
    """Return the side K of a kernel that interpolates by `factor`.

    It is 2f - f % 2: every output pixel is then reached by exactly the two
    input pixels beside it along each axis.
    """
    return 2 * factor - factor % 2


def bilinear_kernel(factor):
    """Return the (K, K) float32 weights of bilinear interpolation."""
    side = kernel_side(factor)
    centre = (side - 1) / 2
    line = 1 - abs(np.arange(side) - centre) / factor
    return np.outer(line, line).astype(np.float32)


def initial_filter(kernel, n_out, n_in, stddev=None):
    """Return the (K, K, n_out, n_in) tensor that upsampling starts from."""
    if stddev is not None:
        side = int(kernel.shape[0])
        return tf.truncated_normal([side, side, n_out, n_in], stddev=stddev)
    if n_out == n_in:
        # tf.eye is an operation that TensorFlow 1.15 does not have.
        return kernel * tf.diag(tf.ones([n_in]))
    return kernel * tf.random_normal([n_out, n_in], stddev=(2 / n_in) ** .5)


def upsample(x, n_channels, factor, name, stddev=None, trainable=True):
    """Enlarge a batch by a learnable transposed convolution.

    At the start each channel is interpolated by itself, and the result equals
    ``cv2.resize(..., interpolation=cv2.INTER_LINEAR)`` everywhere. A plain
    transposed convolution fades towards the border, where part of its kernel
    lies outside of the picture, so the result is divided by the share of the
    bilinear kernel that lies inside.

    Parameters
    ----------
    x : tf.Tensor
        [B, H, W, c]
    n_channels : int
        Channels C of the result. Where c is another number, each starts as
        a random mixture of the interpolated channels.
    factor : int
        The stride f; 1 or more.
    name : str
        Scope of the variable ``filter``.
    stddev : float, optional
        Start normally distributed instead, cut off at two deviations.
    trainable : bool, optional
        Whether training changes the filter.

    Returns
    -------
    tf.Tensor
        [B, H*f, W*f, C]
    """
    if factor < 1:
        raise InputError(f'factor is {factor}: 1 or more is wanted')
    with tf.variable_scope(name):
        # [K, K, 1, 1], spread to [K, K, C, c] only when it runs: as a
        # constant it would be megabytes of every saved graph.
        kernel = tf.constant(bilinear_kernel(factor)[:, :, None, None])
        filters = tf.get_variable(
            'filter', regularizer=tf.nn.l2_loss, trainable=trainable,
            initializer=initial_filter(kernel, n_channels, int(x.shape[-1]),
                                       stddev))
        batch, height, width = tf.unstack(tf.shape(x)[:3])
        size = [height * factor, width * factor]
        strides = [1, factor, factor, 1]
        spread = tf.nn.conv2d_transpose(
            x, filters, [batch] + size + [n_channels], strides, 'SAME')
        inside = tf.nn.conv2d_transpose(
            tf.ones_like(x[:1, :, :, :1]), kernel,
            [1] + size + [1], strides, 'SAME')              # [1, H*f, W*f, 1]
        return spread / inside                              # [B, H*f, W*f, C]


def layer(x, n_channels, factor, name, stddev=None, trainable=True):
    """Enlarge by `upsample` where no checkerboard can be learned.

    Where its stride does not divide the side of the kernel, some pixels of
    the result are reached by more weights than those beside them. Bilinear
    weights make up for it; learned ones do not (Odena, Dumoulin and Olah
    2016). So it is with odd factors above 1, which are refused.
    """
    side = kernel_side(factor)
    if factor and side % factor:
        raise InputError(f'{name}: the side of the kernel is {side}, its '
                         f'stride {factor}: a side divisible by the stride '
                         'is wanted')
    return upsample(x, n_channels, factor, name, stddev, trainable)
