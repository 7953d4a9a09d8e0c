"""Networks without VGG16, trained from scratch: U-Net and a small FCN.

    unet: [B, H, W, 3] -> 32 -> pool -> 64 -> pool -> 128 -> pool -> 256
            -> pool -> 512 [B, H/16, W/16]
            -> x2, join 256 -> x2, join 128 -> x2, join 64 -> x2, join 32
            -> scores [B, H, W, C]                  (Ronneberger et al. 2015)

    fcn-lite: four convolutions of side 4 and stride 2 to 32, 64, 128, 256
            channels [B, H/16, W/16], four transposed ones to 128, 64, 32 and
            32, scores [B, H, W, C]; 1.4 million weights
"""
from segmentation.nn import layers, network, upsampling
from segmentation.tf1 import tf

CHANNELS = (32, 64, 128, 256)
BOTTOM = 512
LITE_CHANNELS = (128, 64, 32, 32)   # of what fcn-lite enlarges
MEAN, DEVIATION = 112., 64.         # of pixels 0..255, roughly


def build_unet(inputs, num_classes, options):
    """Build the U-Net; the sides of a picture are divisible by 16."""
    x = (inputs.image_input - MEAN) / DEVIATION
    levels = []
    for channels in CHANNELS:
        x = convolve_twice(x, channels, f'down{channels}')
        levels.append(x)
        x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    x = convolve_twice(x, BOTTOM, 'bottom')                 # [B, H/16, W/16]
    x = layers.dropout(x, inputs.keep_prob, inputs.seed)
    for channels, level in zip(CHANNELS[::-1], levels[::-1]):
        name = f'up{channels}'
        x = tf.concat([level, enlarge(x, channels, name)], axis=3)
        x = convolve_twice(x, channels, name)
    return network.finish(inputs, layers.score(x, num_classes, 'score'))


def build_lite(inputs, num_classes, options):
    """Build the small strided FCN."""
    x = (inputs.image_input - MEAN) / DEVIATION
    for channels in CHANNELS:
        x = layers.convolve(x, channels, f'down{channels}', 4, 2)
    x = layers.dropout(x, inputs.keep_prob, inputs.seed)    # [B, H/16, W/16]
    for index, channels in enumerate(LITE_CHANNELS):
        x = enlarge(x, channels, f'up{index}')
    return network.finish(inputs, layers.score(x, num_classes, 'score'))


def convolve_twice(x, channels, name):
    """Return two convolutions of side 3, as on each level of a U-Net."""
    x = layers.convolve(x, channels, f'{name}_1')
    return layers.convolve(x, channels, f'{name}_2')


def enlarge(x, channels, name):
    """Return a transposed convolution of side 4 and stride 2, and ReLU."""
    return tf.nn.relu(upsampling.layer(x, channels, 2, name))
