"""Enlarge a picture through the upsampling layer of the networks.

    python upsample.py INPUT OUTPUT --factor 8

The result is compared with OpenCV's own interpolation. The layer is
`upsample.upsample(x, n_channels, factor, name)`, see
segmentation/nn/upsampling.py.
"""
import os

import utils        # first: from here on Ctrl-C ends in one line
import cv2
import numpy as np

from segmentation import files, overwriting, pixels
from segmentation.terminal import command_line

PUBLISHED = ('upsample', 'bilinear_kernel', 'kernel_side')


def __getattr__(name):
    """Return a published function of the layer; TensorFlow is loaded here."""
    if name not in PUBLISHED:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from segmentation.nn import upsampling
    return getattr(upsampling, name)


def parse_options(argv=None):
    """Return the options of the command line."""
    parser = command_line.Parser(
        description='Enlarge a picture through the upsampling layer.')
    parser.add_argument('input', help='picture to read')
    parser.add_argument('output', help='picture to write')
    parser.add_argument('--factor', type=int, default=8,
                        help='how many times larger (default: %(default)s)')
    return parser.parse_args(argv)


def enlarge(image, factor):
    """Return a picture (H, W, 3) through the layer, before any training."""
    # TensorFlow takes seconds to load: only after all that may be wrong.
    from segmentation import tf1
    from segmentation.nn import upsampling
    from segmentation.tf1 import tf
    batch = tf.placeholder(tf.float32, [None, None, None, 3])
    enlarged = upsampling.upsample(batch, 3, factor, 'upsampled')
    with tf1.session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(enlarged, {batch: image[None]})[0]


def main(argv=None):
    options = parse_options(argv)
    overwriting.check_outputs([options.output], [options.input])
    files.check_image_type(options.output)
    image = pixels.read(options.input)
    utils.remove_leftovers([os.path.dirname(os.path.abspath(
        options.output))])
    result = enlarge(image, options.factor)
    height, width = result.shape[:2]
    expected = cv2.resize(image.astype(np.float32), (width, height),
                          interpolation=cv2.INTER_LINEAR)
    files.write_image(options.output,
                      pixels.to_uint8(result))
    difference = abs(result - expected).max()
    print(f'[i] original size: {image.shape[1]}x{image.shape[0]}')
    print(f'[i] upsampled size: {width}x{height}')
    print(f'[i] largest difference from cv2.resize: {difference:.2g} of 255')


if __name__ == '__main__':
    utils.run(main)
