"""FCN on VGG16 (Long, Shelhamer and Darrell 2015), straight or in a chain.

    picture -> VGG16 -> layer3_out [B, H/8,  W/8,  256]
                     -> layer4_out [B, H/16, W/16, 512]
                     -> layer7_out [B, H/32, W/32, 4096]
            each -> 1x1 convolution to scores [B, h, w, C]

    fcn8s:        layer3 x8 * 1 + layer4 x16 * 2 + layer7 x32 * 4
    fcn8s-chain:  ((layer7 x2 + layer4) x2 + layer3) x8
    fcn16s:       (layer7 x2 + layer4) x16
    fcn32s:       layer7 x32                          -> [B, H, W, C]
"""
import upsample
from segmentation.backbone import saved_model
from segmentation.nn import frozen, layers, network
from segmentation.tf1 import tf

# (tensor in the SavedModel, its stride in pixels, its weight in the sum)
TAPS = (('layer3_out', 8, 1),
        ('layer4_out', 16, 2),
        ('layer7_out', 32, 4))

# Models whose maps are enlarged by 2 and joined with the next tap in turn.
CHAINS = {'fcn8s-chain': ('layer7_out', 'layer4_out', 'layer3_out'),
          'fcn16s': ('layer7_out', 'layer4_out'),
          'fcn32s': ('layer7_out',)}


def build(sess, vgg_dir, num_classes, seed=0, model='fcn8s', stddev=None,
          skip_scales=(1, 1), fixed_upsampling=False):
    """Build an FCN on the VGG16 SavedModel and load VGG16's weights.

    Parameters
    ----------
    sess : tf.Session
        Receives the weights of VGG16.
    vgg_dir : str
        Folder of the SavedModel, or one above or below it.
    num_classes : int
    seed : int, optional
        Seed of VGG16's dropout.
    model : str, optional
        'fcn8s' or a key of CHAINS.
    stddev : float, optional
        Score and upsampling layers start normally distributed, where they
        otherwise start at zero and as bilinear interpolation.
    skip_scales : (float, float), optional
        Factors of layer4_out and layer3_out before they are scored.
    fixed_upsampling : bool, optional
        Upsampling layers stay as they start.

    Returns
    -------
    network.Network
    str
        The channel order that VGG16 was found to take, 'RGB' or 'BGR'.
    """
    image_input, keep_prob = network.inputs()
    tap, order = saved_model.load(sess, vgg_dir, image_input, keep_prob, seed)
    scales = dict(zip(('layer4_out', 'layer3_out'), skip_scales))

    def scores_of(name):
        x = frozen.feature(tap[name])
        if scales.get(name, 1) != 1:
            x = scales[name] * x
        return layers.score(x, num_classes, f"{name}_score", stddev)

    def enlarge(x, factor, name):
        if fixed_upsampling:
            return upsample.layer(x, num_classes, factor, name,
                                  trainable=False)
        return upsample.layer(x, num_classes, factor, name, stddev)

    if model in CHAINS:
        deepest, *skips = CHAINS[model]
        x, stride = scores_of(deepest), 32
        for name in skips:
            x = enlarge(x, 2, f"{name}_up2") + scores_of(name)
            stride //= 2
        logits = enlarge(x, stride, f'up{stride}')  # [B, H, W, C]
    else:
        logits = tf.add_n([
            weight * enlarge(scores_of(name), stride, f"{name}_up")
            for name, stride, weight in TAPS])              # [B, H, W, C]
    return network.finish(image_input, keep_prob, logits), order
