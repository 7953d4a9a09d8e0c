"""Networks without VGG16, trained from scratch: U-Net and a small FCN.

    unet: [B, H, W, 3] -> 32 -> pool -> 64 -> pool -> 128 -> pool -> 256
            -> pool -> 512 [B, H/16, W/16]
            -> x2, join 256 -> x2, join 128 -> x2, join 64 -> x2, join 32
            -> scores [B, H, W, C]                  (Ronneberger et al. 2015)

    fcn-lite: four convolutions of side 4 and stride 2 to 32, 64, 128, 256
            channels [B, H/16, W/16], four transposed ones to 128, 64, 32 and
            32, scores [B, H, W, C]; 1.4 million weights
"""
import upsample
from segmentation.nn import layers, network
from segmentation.tf1 import tf

CHANNELS = (32, 64, 128, 256)
BOTTOM = 512
MEAN, DEVIATION = 112., 64.     # of pixels 0..255, roughly


def twice(x, channels, name):
    """Two convolutions of side 3, as on each level of a U-Net."""
    x = layers.convolve(x, channels, f"{name}_1")
    return layers.convolve(x, channels, f"{name}_2")


def enlarge(x, channels, name):
    """A transposed convolution of side 4 and stride 2, and ReLU."""
    return tf.nn.relu(upsample.layer(x, channels, 2, name))


def finish(image_input, keep_prob, x, num_classes):
    """Dropout, scores and outputs on the last features [B, H, W, c]."""
    logits = layers.score(x, num_classes, 'score')
    return network.finish(image_input, keep_prob, logits)


def build_unet(num_classes, seed=0):
    """Build the U-Net; the sides of a picture are divisible by 16."""
    image_input, keep_prob = network.inputs()
    x = (image_input - MEAN) / DEVIATION
    levels = []
    for channels in CHANNELS:
        x = twice(x, channels, f'down{channels}')
        levels.append(x)
        x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    x = layers.dropout(twice(x, BOTTOM, 'bottom'), keep_prob, seed)   # [B, H/16, W/16]
    for channels, level in zip(CHANNELS[::-1], levels[::-1]):
        name = f'up{channels}'
        x = tf.concat([level, enlarge(x, channels, name)], axis=3)
        x = twice(x, channels, name)
    return finish(image_input, keep_prob, x, num_classes)


def build_lite(num_classes, seed=0):
    """Build the small strided FCN."""
    image_input, keep_prob = network.inputs()
    x = (image_input - MEAN) / DEVIATION
    for channels in CHANNELS:
        x = layers.convolve(x, channels, f'down{channels}', 4, 2)
    x = layers.dropout(x, keep_prob, seed)                            # [B, H/16, W/16]
    for number, channels in enumerate((128, 64, 32, 32)):
        x = enlarge(x, channels, f'up{number}')
    return finish(image_input, keep_prob, x, num_classes)   # [B, H, W, C]


BUILDERS = {'unet': build_unet, 'fcn-lite': build_lite}
