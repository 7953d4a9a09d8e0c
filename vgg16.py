"""Put the VGG16 SavedModel into a folder, from what there is.

    python vgg16.py --vgg-dir vgg                      the course archive
    python vgg16.py --vgg-dir vgg --archive vgg.zip    the same, from a file
    python vgg16.py --vgg-dir vgg --weights FILE       .npz .npy .h5 .pth
    python vgg16.py --vgg-dir vgg --random --width 0.125    small stand-in
"""
import argparse
import os

import numpy as np

import utils
from segmentation.backbone import download, saved_model
from segmentation.backbone import weights as weight_files
from segmentation.errors import InputError

URL = 'https://s3-us-west-1.amazonaws.com/udacity-selfdrivingcar/vgg.zip'
FC_CHANNELS = 4096      # of fc6 and fc7 at width 1


def fetch(vgg_dir, url=URL, archive=None):
    """Find the SavedModel, fetching the course archive where it is missing.

    Returns
    -------
    str
        The folder of saved_model.pb.
    """
    folder = saved_model.find(vgg_dir)
    if folder is None:
        download.fetch_and_unpack(url, vgg_dir, archive=archive)
        folder = saved_model.find(vgg_dir)
    if folder is None:
        raise InputError(f'{archive or url} holds no saved_model.pb')
    return folder


def random_weights(width, seed=0):
    """He-initialized weights with `width` times the channels of VGG16."""
    random = np.random.RandomState(seed)
    drawn = {}
    shapes = []
    channels = 3
    for block, (count, full) in enumerate(saved_model.BLOCKS, 1):
        for number in range(1, count + 1):
            out = max(1, int(full * width))
            shapes.append((f'conv{block}_{number}',
                           (3, 3, channels, out)))
            channels = out
    for name, side in saved_model.FC:
        out = max(1, int(FC_CHANNELS * width))
        shapes.append((name, (side, side, channels, out)))
        channels = out
    for name, shape in shapes:
        deviation = np.sqrt(2 / np.prod(shape[:3]))
        drawn[name] = (random.normal(0, deviation, shape).astype(np.float32),
                       np.zeros(shape[3], np.float32))
    # The pictures come in 0..255 where weights like these expect about -1..1.
    kernel, biases = drawn['conv1_1']
    drawn['conv1_1'] = (kernel / 64, biases)
    return drawn


def with_fc(weights, fc, seed=0):
    """`weights` whose fc6 and fc7 are as `fc` says: file, none or random."""
    weights = dict(weights)
    if fc == 'file':
        if 'fc6' not in weights or 'fc7' not in weights:
            raise InputError('the weights have no fc6 and fc7: '
                             'choose --fc none or --fc random')
        return weights
    for name, _ in saved_model.FC:
        weights.pop(name, None)
    if fc == 'random':
        width = weights['conv5_3'][1].size / saved_model.BLOCKS[-1][1]
        drawn = random_weights(width, seed)
        weights.update((name, drawn[name]) for name, _ in saved_model.FC)
    return weights


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Put the VGG16 SavedModel into a folder.')
    parser.add_argument('--vgg-dir', default='vgg',
                        help='folder of the SavedModel (default: %(default)s)')
    parser.add_argument('--url', default=URL,
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
        parser.error('--width is {}: above 0 and up to 4 is wanted'.format(
            options.width))
    return options


def main(argv=None):
    options = parse_options(argv)
    if not options.weights and not options.random:
        folder = fetch(options.vgg_dir, options.url, options.archive)
        saved_model.read_meta_graph(folder)
        print(f'[i] VGG16 is in {folder}')
        return
    if os.path.lexists(options.vgg_dir):
        raise FileExistsError('{} exists already: --vgg-dir names a new '
                              'folder'.format(options.vgg_dir))
    if options.random:
        weights = random_weights(options.width or 1, options.seed)
    else:
        weights = weight_files.read(options.weights)
        fc = options.fc or ('file' if 'fc7' in weights else 'none')
        weights = with_fc(weights, fc, options.seed)
    saved_model.save(weights, options.vgg_dir)
    print('[i] {:,} weights in {}{}'.format(
        sum(kernel.size + biases.size for kernel, biases in weights.values()),
        options.vgg_dir,
        '' if 'fc7' in weights else ', layer7_out is pool5 (no fc6, fc7)'))


if __name__ == '__main__':
    utils.run(main)
