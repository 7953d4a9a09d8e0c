"""FCN on VGG16 (Long, Shelhamer and Darrell 2015), straight or in a chain.

    picture -> VGG16 -> layer3_out [B, H/8,  W/8,  256]
                     -> layer4_out [B, H/16, W/16, 512]
                     -> layer7_out [B, H/32, W/32, 4096]
            each -> 1x1 convolution to scores [B, h, w, C]

    fcn8s:        layer3 x8 * 1 + layer4 x16 * 2 + layer7 x32 * 4
    fcn8s-chain:  ((layer7 x2 + layer4) x2 + layer3) x8
    fcn16s:       (layer7 x2 + layer4) x16
    fcn32s:       layer7 x32                          -> [B, H, W, C]

Options of the builders:

stddev             score and upsampling layers start normally distributed with
                   this deviation; None: at zero, as bilinear interpolation
                   (--initializer chooses)
skip_scales        factors of layer4_out and layer3_out before they are scored
fixed_upsampling   upsampling layers stay bilinear interpolation
"""
from segmentation.nn import frozen, layers, network, upsampling
from segmentation.tf1 import tf

# (tensor in the SavedModel, its stride in pixels, its weight in the sum)
TAPS = (('layer3_out', 8, 1),
        ('layer4_out', 16, 2),
        ('layer7_out', 32, 4))
NAMES = tuple(name for name, _, _ in TAPS)


def build_sum(inputs, num_classes, options):
    """Build FCN-8s at once: the sum of all taps, each enlarged straight."""
    taps, order = inputs.load_backbone(NAMES)
    maps = []
    for name, stride, weight in TAPS:
        scores = score(taps[name], name, num_classes, options)
        maps.append(weight * enlarge(scores, stride, f'{name}_up', options))
    return network.finish(inputs, tf.add_n(maps), order)    # [B, H, W, C]


def build_chain(inputs, num_classes, options, depth):
    """Build a chain of `depth` taps, the deepest first, enlarged in turn."""
    taps, order = inputs.load_backbone(NAMES)
    (deepest, stride, _), *skips = TAPS[::-1][:depth]
    logits = score(taps[deepest], deepest, num_classes, options)
    for name, stride, _ in skips:
        logits = (enlarge(logits, 2, f'{name}_up2', options)
                  + score(taps[name], name, num_classes, options))
    logits = enlarge(logits, stride, f'up{stride}', options)
    return network.finish(inputs, logits, order)            # [B, H, W, C]


def score(x, name, num_classes, options):
    """Return the scores [B, h, w, C] of a tap, scaled by --skip-scales."""
    x = frozen.feature(x)
    scales = dict(zip(('layer4_out', 'layer3_out'), options['skip_scales']))
    if scales.get(name, 1) != 1:
        x = scales[name] * x
    return layers.score(x, num_classes, f'{name}_score', options['stddev'])


def enlarge(x, factor, name, options):
    """Return scores [B, h, w, C] as [B, h*f, w*f, C]."""
    fixed = options['fixed_upsampling']
    return upsampling.layer(x, int(x.shape[-1]), factor, name,
                            None if fixed else options['stddev'],
                            trainable=not fixed)
