"""VGG16's last block at stride 8: its pools do not stride, it is dilated.

    conv4_3 [B, H/8, W/8, 512] -> pool4, 2x2, stride 1
      -> conv5_1..3, dilation 2 -> pool5, 3x3, stride 1 [B, H/8, W/8, 512]

Every second pixel of conv5_3 in each direction is what VGG16 itself has
there, at stride 16 (Chen et al. 2015, Yu and Koltun 2016).
"""
from segmentation.backbone import architecture
from segmentation.errors import InputError
from segmentation.tf1 import tf

RATE = 2
_, _, BLOCK = architecture.BLOCKS[-1]
# Tensors of the SavedModel that the block is built from.
TAPS = ('conv4_3/Relu',) + tuple(f'{name}/BiasAdd' for name in BLOCK)


def build(taps):
    """Return pool5 at stride 8, [B, H/8, W/8, 512].

    Its convolutions have the variables of the SavedModel.

    Parameters
    ----------
    taps : dict
        The tensors of TAPS by name.

    Raises
    ------
    InputError
        What the SavedModel calls BiasAdd has no convolution before it.
    """
    first, *others = TAPS
    with tf.name_scope('dilated'):
        x = pool(taps[first], 2, 'pool4')
        for name in others:
            biased = taps[name].op
            convolution = biased.inputs[0].op
            if convolution.type != 'Conv2D':
                raise InputError(f'the SavedModel of VGG16: {name} follows '
                                 f'{convolution.type}, wanted is Conv2D')
            # The dilations of conv2d have no gradient on a CPU in
            # TensorFlow 1.15.
            x = tf.nn.atrous_conv2d(x, convolution.inputs[1], RATE, 'SAME')
            x = tf.nn.relu(tf.nn.bias_add(x, biased.inputs[1]))
        return pool(x, 3, 'pool5')


def pool(x, side, name):
    """Return the maxima [B, H, W, c] of windows that overlap."""
    return tf.nn.max_pool(x, [1, side, side, 1], [1, 1, 1, 1], 'SAME',
                          name=name)
