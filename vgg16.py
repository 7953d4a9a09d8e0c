"""Put the VGG16 SavedModel into a folder: fetched, converted or random.

    python vgg16.py --vgg-dir vgg                      the course archive
    python vgg16.py --vgg-dir vgg --archive vgg.zip    the same, from a file
    python vgg16.py --vgg-dir vgg --weights FILE       .npz .npy .h5 .pth
    python vgg16.py --vgg-dir vgg --random --width 0.125    small stand-in
"""
import argparse
import os

import utils
from segmentation.backbone import architecture, download
from segmentation.backbone import weights as weight_files


def parse_options(argv=None):
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        description='Put the VGG16 SavedModel into a folder.')
    parser.add_argument('--vgg-dir', default='vgg',
                        help='folder of the SavedModel (default: %(default)s)')
    parser.add_argument('--url', default=download.URL,
                        help='address of the course archive')
    source = parser.add_mutually_exclusive_group()
    source.add_argument('--archive', help='the course archive as a local file')
    source.add_argument('--weights', help='.npz or .npy of arrays, Keras .h5 '
                                          'or torchvision .pth')
    source.add_argument('--random', action='store_true',
                        help='random weights: no pretrained network')
    parser.add_argument('--fc', choices=('file', 'none', 'random'),
                        help='with --weights: fc6 and fc7 from the file, left '
                             'out (layer7_out is pool5), or random (default: '
                             'file where it has them, else none)')
    parser.add_argument('--width', type=float,
                        help='with --random: share of the channels')
    parser.add_argument('--seed', type=int, default=0,
                        help='seed of what is random (default: %(default)s)')
    options = parser.parse_args(argv)
    if options.fc and not options.weights:
        parser.error('--fc goes with --weights')
    if options.width is not None and not options.random:
        parser.error('--width goes with --random')
    if options.width is not None and not 0 < options.width <= 4:
        parser.error(f'--width is {options.width}: above 0 and up to 4 is '
                     'wanted')
    return options


def read_weights(options):
    """Return the weights that the options ask for: random, or of a file."""
    if options.random:
        return architecture.random_weights(options.width or 1, options.seed)
    weights = weight_files.read(options.weights)
    fc = options.fc or ('file' if 'fc7' in weights else 'none')
    return architecture.with_fc(weights, fc, options.seed)


def main(argv=None):
    options = parse_options(argv)
    convert = options.weights or options.random
    if convert and os.path.lexists(options.vgg_dir):
        raise FileExistsError(f'{options.vgg_dir} exists already: --vgg-dir '
                              'names a new folder')
    weights = read_weights(options) if convert else None
    # TensorFlow takes seconds to load: only after all that may be wrong.
    from segmentation.backbone import meta_graph, saved_model
    if not convert:
        folder = saved_model.fetch(options.vgg_dir, options.url,
                                   options.archive)
        meta_graph.read(folder)
        print(f'[i] VGG16 is in {folder}')
        return
    saved_model.save(weights, options.vgg_dir)
    count = sum(kernel.size + biases.size
                for kernel, biases in weights.values())
    note = '' if 'fc7' in weights else ', layer7_out is pool5 (no fc6, fc7)'
    print(f'[i] {count:,} weights in {options.vgg_dir}{note}')


if __name__ == '__main__':
    utils.run(main)
