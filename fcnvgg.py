"""FCN-8s on VGG16 (Long, Shelhamer and Darrell 2015).

    picture -> VGG16 -> layer3_out [B, H/8,  W/8,  256]  -> scores x8  * 1
                     -> layer4_out [B, H/16, W/16, 512]  -> scores x16 * 2
                     -> layer7_out [B, H/32, W/32, 4096] -> scores x32 * 4
                                           sum of the three [B, H, W, C]
"""
from tf1 import tf
import network
import upsample
import vgg16

# (tensor in the SavedModel, its stride in pixels, its weight in the sum)
TAPS = (('layer3_out', 8, 1),
        ('layer4_out', 16, 2),
        ('layer7_out', 32, 4))


def score(x, num_classes, name):
    """A 1x1 convolution to class scores that all start at zero.

    With equal scores everywhere the first loss is ln(C), however large the
    activations are.
    """
    with tf.variable_scope(name):
        kernel = tf.get_variable(
            'filter', [1, 1, int(x.shape[-1]), num_classes],
            initializer=tf.zeros_initializer())
        biases = tf.get_variable('biases', [num_classes],
                                 initializer=tf.zeros_initializer())
        scores = tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding='SAME')
        return tf.nn.bias_add(scores, biases)               # [B, h, w, C]


def build(sess, vgg_dir, num_classes, seed=0):
    """Build FCN-8s on the VGG16 SavedModel and load VGG16's weights.

    Parameters
    ----------
    sess : tf.Session
        Receives the weights of VGG16.
    vgg_dir : str
        Folder of the SavedModel, or one above or below it.
    num_classes : int
    seed : int, optional
        Seed of VGG16's dropout.

    Returns
    -------
    network.Network
    str
        The channel order that VGG16 was found to take, 'RGB' or 'BGR'.
    """
    image_input, keep_prob = network.inputs()
    tap, order = vgg16.load(sess, vgg_dir, image_input, keep_prob, seed)
    maps = []
    for name, stride, weight in TAPS:
        scores = score(tap[name], num_classes, name + '_score')
        maps.append(weight * upsample.upsample(
            scores, num_classes, stride, name + '_up'))     # [B, H, W, C]
    return network.finish(image_input, keep_prob, tf.add_n(maps)), order
