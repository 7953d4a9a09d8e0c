"""An FCN with atrous spatial pyramid pooling on VGG16 (Chen et al. 2018).

    picture -> VGG16 -> pool2 [B, H/4, W/4, 128], pool3 [B, H/8, W/8, 256]
                     -> pool5 [B, H/8, W/8, 512], see backbone/dilated.py
            each divided by its standard deviation

    pool5 -> 3x3 of dilation r, ReLU, dropout, for each of --aspp-rates
    pool3 -> 1x1, ReLU                   -> all: 3x3, ReLU -> x
    pool2 -> 1x1, ReLU, and x enlarged by 2   -> 3x3, ReLU -> x

    scores of a level = 1x1 of x + 1x1 of its pools       [B, h, w, C]
    (pool5 and pool3) x2 + pool2, x4                      [B, H, W, C]

The dilated convolutions are VGG16's fc6, decimated, where the SavedModel has
it: its columns and rows 0, 3 and 6, and other units for each rate. Without it
they start at random.
"""
import functools

import numpy as np

import fcnpools
from segmentation.backbone import dilated
from segmentation.nn import frozen, layers, network, upsampling
from segmentation.tf1 import tf


def build(inputs, num_classes, options):
    """Build fcn-aspp.

    options['head_width'] is n, the channels of each convolution of the head,
    options['aspp_rates'] the dilations in pixels of stride 8.
    """
    width, rates = options['head_width'], options['aspp_rates']
    taps, order = inputs.load_backbone(('pool2', 'pool3') + dilated.TAPS)
    pool5 = frozen.standardize(dilated.build(taps), 'pool5')
    pool3 = frozen.standardize(taps['pool3'], 'pool3')
    pool2 = frozen.standardize(taps['pool2'], 'pool2')

    context = tf.concat(pyramid(inputs, pool5, width, rates), axis=3)
    context = layers.dropout(context, inputs.keep_prob, inputs.seed + 2)
    side = layers.convolve(pool3, width, 'pool3_side', 1)
    x = layers.convolve(tf.concat([side, context], axis=3), width,
                        'pool3_joined')                     # [B, H/8, W/8, n]
    dropped = layers.dropout(x, inputs.keep_prob, inputs.seed)
    logits = (layers.score(dropped, num_classes, 'pool3_joined_score')
              + layers.score(pool3, num_classes, 'pool3_score')
              + layers.score(pool5, num_classes, 'pool5_score'))

    side = layers.convolve(pool2, width, 'pool2_side', 1)
    x = layers.convolve(fcnpools.join(side, x), width,
                        'pool2_joined')                     # [B, H/4, W/4, n]
    dropped = layers.dropout(x, inputs.keep_prob, inputs.seed + 1)
    logits = (upsampling.layer(logits, num_classes, 2, 'pool2_up')
              + layers.score(dropped, num_classes, 'pool2_joined_score')
              + layers.score(pool2, num_classes, 'pool2_score'))
    logits = upsampling.layer(logits, num_classes, 4, 'up')
    return network.finish(inputs, logits, order)            # [B, H, W, C]


def pyramid(inputs, pool5, width, rates):
    """Return a dilated convolution [B, H/8, W/8, n] of pool5 for each rate.
    """
    branches = []
    for index, rate in enumerate(rates):
        name = f'fc6_{index}'
        branches.append(layers.convolve(pool5, width, name, dilation=rate))
        if inputs.pretrained:
            with tf.variable_scope(name, reuse=True):
                kernel = tf.get_variable('filter')
            inputs.pretrained('fc6/weights', kernel, functools.partial(
                decimate, width=width, index=index, count=len(rates)))
    return branches


def decimate(kernel, width, index, count, side=3):
    """Return a part of fc6 for one of several branches.

    Units are taken evenly from all, each branch its own where there are
    enough. As pool5 is divided by its deviation, the kernel is scaled to
    He's.

    Parameters
    ----------
    kernel : (7, 7, c, N) array
    width : int
        Units n of a branch.
    index, count : int
        Which branch of how many.
    side : int, optional
        K of the result.

    Returns
    -------
    (K, K, c, n) array
    """
    rows = np.linspace(0, len(kernel) - 1, side).astype(int)
    units = np.linspace(0, kernel.shape[3], width * count,
                        endpoint=False).astype(int)[index::count]
    kernel = kernel[np.ix_(rows, rows)][..., units]
    deviation = np.sqrt(2 / np.prod(kernel.shape[:3]))
    return kernel * (deviation / max(kernel.std(), 1e-12))
