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
convolutions add: they combine the features of several depths, as in a feature
pyramid (Lin et al. 2017). pool1 was tried: it takes as much time and space as
all others, and gained nothing.
"""
from segmentation.nn import frozen, layers, network, upsampling
from segmentation.tf1 import tf

# (tensor in the SavedModel, dilation). Neighbours at stride 32 hold more of
# the context of a street if they are two apart.
POOLS = (('pool5', 2), ('pool4', 1), ('pool3', 1), ('pool2', 1))


def build(inputs, num_classes, options):
    """Build fcn-pools; options['head_width'] is n, the head's channels.

    VGG16's fc6 and fc7 are not used.
    """
    width = options['head_width']
    pools, order = inputs.load_backbone([name for name, _ in POOLS])
    x = logits = None
    for index, (name, dilation) in enumerate(POOLS):
        pool = frozen.standardize(pools[name], name)
        x = join(layers.convolve(pool, width, f'{name}_side', 1), x)
        x = layers.convolve(x, width, f'{name}_joined', dilation=dilation)
        dropped = layers.dropout(x, inputs.keep_prob, inputs.seed + index)
        scores = (layers.score(dropped, num_classes, f'{name}_joined_score')
                  + layers.score(pool, num_classes, f'{name}_score'))
        logits = scores if logits is None else scores + upsampling.layer(
            logits, num_classes, 2, f'{name}_up')
    logits = upsampling.layer(logits, num_classes, 4, 'up')
    return network.finish(inputs, logits, order)            # [B, H, W, C]


def join(side, x):
    """Return the features of a level and the deeper ones, enlarged by 2.

    [B, h, w, n] and [B, h/2, w/2, n] -> [B, h, w, 2n]; without deeper ones
    the features are returned as they are.
    """
    if x is None:
        return side
    x = tf.image.resize_bilinear(x, tf.shape(side)[1:3],
                                 half_pixel_centers=True)
    return tf.concat([side, x], axis=3)                     # [B, h, w, 2n]
