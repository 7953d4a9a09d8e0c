"""Put the VGG16 SavedModel into a folder: fetched, converted or random.

    python vgg16.py --vgg-dir vgg                      the course archive
    python vgg16.py --vgg-dir vgg --from keras         what Keras publishes
    python vgg16.py --vgg-dir vgg --archive vgg.zip    the archive as a file
    python vgg16.py --vgg-dir vgg --weights FILE       .npz .npy .h5 .pth
    python vgg16.py --vgg-dir vgg --random --width 0.125    small stand-in
"""
import os

import utils
from segmentation import files, option_types, text
from segmentation.backbone import architecture, course, keras_weights
from segmentation.backbone import weights as weight_files
from segmentation.terminal import command_line


def parse_options(argv=None):
    """Return the options of the command line."""
    parser = command_line.Parser(
        description='Put the VGG16 SavedModel into a folder.')
    parser.add_argument('--vgg-dir', type=option_types.path, default='vgg',
                        help='folder of the SavedModel (default: %(default)s)')
    parser.add_argument('--url', default=course.URL,
                        help='address of the course archive')
    source = parser.add_mutually_exclusive_group()
    source.add_argument('--from', dest='publisher', default='course',
                        choices=('course', 'keras'),
                        help=f'what to download: the course archive, '
                             f'{course.SIZE}, or the weights that Keras '
                             f'publishes, {keras_weights.WHOLE[1]}, or '
                             f'{keras_weights.CONVOLUTIONS[1]} with --fc none '
                             '(default: %(default)s)')
    source.add_argument('--archive', type=option_types.path,
                        help='the course archive as a local file')
    source.add_argument('--weights', type=option_types.path,
                        help='.npz or .npy of arrays, Keras .h5 or '
                             'torchvision .pth')
    source.add_argument('--random', action='store_true',
                        help='random weights: no pretrained network')
    parser.add_argument('--offline', action='store_true',
                        help='download nothing')
    parser.add_argument('--fc', choices=('file', 'none', 'random'),
                        help='with --weights and --from keras: fc6 and fc7 '
                             'from the file, left out (layer7_out is pool5), '
                             'or random (default: file where it has them, '
                             'else none)')
    parser.add_argument('--width', type=float,
                        help='with --random: share of the channels')
    parser.add_argument('--seed', type=option_types.seed, default=0,
                        help='seed of what is random (default: %(default)s)')
    options = parser.parse_args(argv)
    if options.fc and not (options.weights or options.publisher == 'keras'):
        parser.error('--fc goes with --weights and --from keras')
    if options.width is not None and not options.random:
        parser.error('--width goes with --random')
    if options.width is not None and not 0 < options.width <= 4:
        parser.error(f'--width is {options.width}: above 0 and up to 4 is '
                     'wanted')
    return options


def read_weights(path, fc, seed):
    """Return the weights of a file, with fc6 and fc7 as `fc` asks for."""
    weights = weight_files.read(path)
    fc = fc or ('file' if 'fc7' in weights else 'none')
    return architecture.with_fc(weights, fc, seed)


def fetch_keras(vgg_dir, fc, offline):
    """Return the path of Keras's weights beside `vgg_dir`, and if it is new.

    Of fc6 and fc7 nothing is downloaded where `fc` needs nothing.
    """
    keras_weights.import_h5py()     # before 553 MB that could not be read
    return keras_weights.fetch(
        keras_weights.published(has_fc=fc in (None, 'file')),
        os.path.dirname(os.path.abspath(vgg_dir)), offline)


def remove_leftovers(vgg_dir):
    """Remove what interrupted runs left in and beside a folder; say so."""
    for folder in (os.path.dirname(os.path.abspath(vgg_dir)), vgg_dir):
        count = files.remove_leftovers(folder)
        if count:
            print(f'[i] removed from {folder} what an interrupted run left: '
                  f'{text.counted(count, "unfinished file")}')


def main(argv=None):
    options = parse_options(argv)
    use_keras = options.publisher == 'keras'
    convert = options.weights or options.random or use_keras
    if convert and os.path.lexists(options.vgg_dir) or (
            options.archive and course.find(options.vgg_dir)):
        raise FileExistsError(f'{options.vgg_dir} exists already: --vgg-dir '
                              'names a new folder')
    remove_leftovers(options.vgg_dir)
    if not convert:
        folder = course.fetch(options.vgg_dir, options.url, options.archive,
                              options.offline)
        # TensorFlow takes seconds to load: only after all that may be wrong.
        from segmentation.backbone import meta_graph
        meta_graph.read(folder)
        print(f'[i] VGG16 is in {folder}')
        return
    path, is_new = (fetch_keras(options.vgg_dir, options.fc, options.offline)
                    if use_keras else (options.weights, False))
    weights = (architecture.random_weights(options.width or 1, options.seed)
               if options.random
               else read_weights(path, options.fc, options.seed))
    from segmentation.backbone import saved_model
    saved_model.save(weights, options.vgg_dir)
    if is_new:
        os.remove(path)
    count = sum(kernel.size + biases.size
                for kernel, biases in weights.values())
    note = '' if 'fc7' in weights else ', layer7_out is pool5 (no fc6, fc7)'
    print(f'[i] {count:,} weights in {options.vgg_dir}{note}')


if __name__ == '__main__':
    utils.run(main)
