"""What VGG16 is: its layers, the shapes of their kernels, what it takes.

    BGR 0..255 minus MEAN_BGR
      -> five blocks of 3x3 convolutions, each block ended by a pool
      -> fc6, fc7: the fully connected layers, as convolutions of pool5

Simonyan and Zisserman 2015. The weights of a network are a dictionary
{layer: (kernel, biases)} of float32 arrays (K, K, in, out) and (out,).
"""
import numpy as np

from segmentation.errors import InputError

MEAN_BGR = (103.939, 116.779, 123.68)

# (pool that ends the block, channels of the block, its convolutions)
BLOCKS = (('pool1', 64, ('conv1_1', 'conv1_2')),
          ('pool2', 128, ('conv2_1', 'conv2_2')),
          ('pool3', 256, ('conv3_1', 'conv3_2', 'conv3_3')),
          ('pool4', 512, ('conv4_1', 'conv4_2', 'conv4_3')),
          ('pool5', 512, ('conv5_1', 'conv5_2', 'conv5_3')))
# (fully connected layer, K of its kernel, its channels)
FC = (('fc6', 7, 4096),
      ('fc7', 1, 4096))
# All layers in their order, each as in FC.
LAYERS = tuple((name, 3, channels) for _, channels, names in BLOCKS
               for name in names) + FC
CONVOLUTIONS = tuple(name for _, _, names in BLOCKS for name in names)
FC_NAMES = tuple(name for name, _, _ in FC)
SIDES = {name: side for name, side, _ in LAYERS}    # K of every layer's kernel

# Tensors of the SavedModel: at strides 8, 16 and 32, and all that it names.
TAPS = ('layer3_out', 'layer4_out', 'layer7_out')
TENSORS = ('image_input', 'keep_prob') + TAPS


def shapes(width=1):
    """Return {layer: (K, K, in, out)} at `width` times VGG16's channels.

    >>> shapes()['conv1_1'], shapes(1 / 8)['fc6']
    ((3, 3, 3, 64), (7, 7, 64, 512))
    """
    result, channels = {}, 3
    for name, side, full in LAYERS:
        out = max(1, int(full * width))
        result[name] = side, side, channels, out
        channels = out
    return result


def random_weights(width, seed=0):
    """Return He-initialized weights at `width` times VGG16's channels."""
    random = np.random.RandomState(seed)
    weights = {}
    for name, shape in shapes(width).items():
        deviation = np.sqrt(2 / np.prod(shape[:3]))
        weights[name] = (
            random.normal(0, deviation, shape).astype(np.float32),
            np.zeros(shape[3], np.float32))
    # Pixels come in 0..255 where weights like these expect about -1..1.
    kernel, biases = weights['conv1_1']
    weights['conv1_1'] = kernel / 64, biases
    return weights


def with_fc(weights, fc, seed=0):
    """Return `weights` with another fc6 and fc7.

    Parameters
    ----------
    weights : dict
    fc : {'file', 'none', 'random'}
        As they are (InputError where there are none), left out, or random of
        the width of the convolutions.
    seed : int, optional
        Seed of what is random.
    """
    if fc == 'file':
        if not set(FC_NAMES) <= set(weights):
            raise InputError('the weights have no fc6 and fc7: '
                             'choose --fc none or --fc random')
        return weights
    result = {name: pair for name, pair in weights.items()
              if name not in FC_NAMES}
    if fc == 'random':
        _, biases = weights['conv5_3']
        width = biases.size / BLOCKS[-1][1]
        drawn = random_weights(width, seed)
        result.update((name, drawn[name]) for name in FC_NAMES)
    return result
