"""An FCN that joins all five pools of VGG16, good even with VGG16 frozen.

    picture -> VGG16 -> pool1 [B, H/2, W/2, 64] .. pool5 [B, H/32, W/32, 512]
            each divided by its standard deviation

    pool5 -> 1x1, ReLU                            -> 3x3 dilated, ReLU -> x
    pool4 -> 1x1, ReLU, and x enlarged by 2       -> 3x3, ReLU         -> x
    ... and so on to pool1

    scores of a level = 1x1 of x + 1x1 of the pool        [B, h, w, C]
    ((((pool5 x2 + pool4) x2 + pool3) x2 + pool2) x2 + pool1) x2
                                                          -> [B, H, W, C]

The scores that are linear in the pools are an FCN-2s; what it lacks where the
features cannot be trained, the 3x3 convolutions give: they tell what features
of several depths mean together, as in a feature pyramid (Lin et al. 2017).
"""
import fcnvgg
from segmentation import network, savedmodel
from segmentation.tf1 import tf
import unet
import upsample

# (tensor in the SavedModel, share of the head's width, dilation). At stride
# 32 neighbours hold the context of a street if they are two apart; at stride
# 2 a full width would cost more than all other levels.
POOLS = (('pool5', 1, 2),
         ('pool4', 1, 1),
         ('pool3', 1, 1),
         ('pool2', 1, 1),
         ('pool1', 1 / 4, 1))


def build(sess, vgg_dir, num_classes, seed=0, width=64):
    """Build the network on the VGG16 SavedModel and load VGG16's weights.

    Parameters
    ----------
    sess : tf.Session
        Receives the weights of VGG16, of which fc6 and fc7 are not used.
    vgg_dir : str
        Folder of the SavedModel, or one above or below it.
    num_classes : int
    seed : int, optional
        Seed of dropout.
    width : int, optional
        Channels of the convolutions of the head.

    Returns
    -------
    network.Network
    str
        The channel order that VGG16 was found to take, 'RGB' or 'BGR'.
    """
    image_input, keep_prob = network.inputs()
    pools, order = savedmodel.load(sess, vgg_dir, image_input, keep_prob,
                                   taps=[name for name, _, _ in POOLS])
    x = logits = None
    for number, (name, share, dilation) in enumerate(POOLS):
        channels = max(1, int(share * width))
        pool = network.standardize(pools[name], name)
        x = join(unet.convolve(pool, channels, name + '_side', 1), x, channels,
                 name)
        x = unet.convolve(x, channels, name + '_joined', dilation=dilation)
        scores = fcnvgg.score(
            unet.drop(x, keep_prob, seed + number), num_classes,
            name + '_joined_score') + fcnvgg.score(
                pool, num_classes, name + '_score')
        logits = scores if logits is None else scores + upsample.layer(
            logits, num_classes, 2, name + '_up')
    logits = upsample.layer(logits, num_classes, 2, 'up')   # [B, H, W, C]
    return network.finish(image_input, keep_prob, logits), order


def join(side, x, channels, name):
    """Features of a level [B, h, w, n] with the deeper ones enlarged by 2."""
    if x is None:
        return side
    if int(x.shape[-1]) != channels:
        x = unet.convolve(x, channels, name + '_narrow', 1)
    x = tf.image.resize_bilinear(x, tf.shape(side)[1:3],
                                 half_pixel_centers=True)
    return tf.concat([side, x], axis=3)                     # [B, h, w, 2n]
