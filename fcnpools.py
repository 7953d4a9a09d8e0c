"""An FCN that joins four pools of VGG16, good even with VGG16 frozen.

    picture -> VGG16 -> pool2 [B, H/4, W/4, 128] .. pool5 [B, H/32, W/32, 512]
            each divided by its standard deviation

    pool5 -> 1x1, ReLU                            -> 3x3 dilated, ReLU -> x
    pool4 -> 1x1, ReLU, and x enlarged by 2       -> 3x3, ReLU         -> x
    ... and so on to pool2

    scores of a level = 1x1 of x + 1x1 of the pool        [B, h, w, C]
    (((pool5 x2 + pool4) x2 + pool3) x2 + pool2) x4       [B, H, W, C]

The scores that are linear in the pools are the paper's chain, one pool
further; what it lacks where the features cannot be trained, the 3x3
convolutions give: they tell what features of several depths mean together,
as in a feature pyramid (Lin et al. 2017). pool1 was tried: it takes as much
time and room as all others, and gained nothing.
"""
import upsample
from segmentation.backbone import saved_model
from segmentation.nn import frozen, layers, network
from segmentation.tf1 import tf

# (tensor in the SavedModel, dilation). Neighbours at stride 32 hold more of
# the context of a street if they are two apart.
POOLS = (('pool5', 2), ('pool4', 1), ('pool3', 1), ('pool2', 1))


def build(sess, vgg_dir, num_classes, width, seed=0):
    """Build the network on the VGG16 SavedModel and load VGG16's weights.

    Parameters
    ----------
    sess : tf.Session
        Receives the weights of VGG16, of which fc6 and fc7 are not used.
    vgg_dir : str
        Folder of the SavedModel, or one above or below it.
    num_classes : int
    width : int
        Channels of the convolutions of the head.
    seed : int, optional
        Seed of dropout.

    Returns
    -------
    network.Network
    str
        The channel order that VGG16 was found to take, 'RGB' or 'BGR'.
    """
    image_input, keep_prob = network.inputs()
    pools, order = saved_model.load(sess, vgg_dir, image_input, keep_prob,
                                    taps=[name for name, _ in POOLS])
    x = logits = None
    for number, (name, dilation) in enumerate(POOLS):
        pool = frozen.standardize(pools[name], name)
        x = join(layers.convolve(pool, width, f"{name}_side", 1), x)
        x = layers.convolve(x, width, f"{name}_joined", dilation=dilation)
        scores = layers.score(
            layers.dropout(x, keep_prob, seed + number), num_classes,
            f"{name}_joined_score") + layers.score(
                pool, num_classes, f"{name}_score")
        logits = scores if logits is None else scores + upsample.layer(
            logits, num_classes, 2, f"{name}_up")
    logits = upsample.layer(logits, num_classes, 4, 'up')   # [B, H, W, C]
    return network.finish(image_input, keep_prob, logits), order


def join(side, x):
    """Features of a level [B, h, w, n] with the deeper ones enlarged by 2."""
    if x is None:
        return side
    x = tf.image.resize_bilinear(x, tf.shape(side)[1:3],
                                 half_pixel_centers=True)
    return tf.concat([side, x], axis=3)                     # [B, h, w, 2n]
