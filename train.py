"""Train a segmentation network on a data source.

    python train.py --data-source kitti --data-dir data_road --vgg-dir vgg \\
        --name runs/kitti --epochs 40 --batch-size 8
    python train.py --name runs/kitti --resume --epochs 80

Everything about the run is in its directory --name: options, log, weights.
"""
import argparse

import models
import utils
from segmentation import option_types
from segmentation.backbone import course
from segmentation.data import contract, loading
from segmentation.errors import InputError
from segmentation.trained import run_dir, saved_options
from segmentation.training import class_weights, run_files, schedules

# The options that a resumed run may change.
CHANGEABLE = ('epochs', 'workers', 'data_dir', 'vgg_dir', 'tensorboard_dir',
              'checkpoint_interval', 'histograms', 'table', 'patience',
              'resume', 'name', 'cache_samples', 'feature_dir',
              'delete_features', 'offline')

STDDEV = .01    # of --initializer truncated_normal
PRECISIONS = ('float32', 'bfloat16', 'float16', 'auto')


def make_parser(kind=argparse.ArgumentParser, prog=None):
    """Return the parser of the command line."""
    count, positive = option_types.positive(int), option_types.positive(float)
    parser = kind(prog=prog, description='Train a segmentation network on a '
                                         'data source.')
    parser.add_argument('--name', type=option_types.path,
                        default='runs/test',
                        help='directory of the run (default: %(default)s)')
    utils.add_source_options(parser, required=False)
    parser.add_argument('--model', choices=models.MODELS, default='fcn8s',
                        help='; '.join(f'{name}: {model.what}'
                                       for name, model
                                       in models.MODELS.items())
                        + ' (default: %(default)s)')
    parser.add_argument('--vgg-dir', type=option_types.path, default='vgg',
                        help='folder of the VGG16 SavedModel; downloaded if '
                             'it is missing (default: %(default)s)')
    parser.add_argument('--offline', action='store_true',
                        help='download nothing: a missing VGG16 is an error')
    parser.add_argument('--epochs', type=count, default=40,
                        help='epochs in total (default: %(default)s)')
    parser.add_argument('--batch-size', type=count, default=8,
                        help='samples per step (default: %(default)s)')
    parser.add_argument('--learning-rate', type=positive, default=1e-4,
                        help='learning rate of Adam (default: %(default)s)')
    parser.add_argument('--schedule', choices=schedules.SCHEDULES,
                        default='constant',
                        help='learning-rate schedule (default: %(default)s)')
    parser.add_argument('--warm-up', type=option_types.not_negative, default=0,
                        metavar='EPOCHS',
                        help='epochs of linear learning-rate warm-up '
                             '(default: %(default)s)')
    parser.add_argument('--patience', type=count, metavar='N',
                        help='early stopping: stop after N epochs without a '
                             'better mIoU (default: never)')
    parser.add_argument('--keep-prob', type=option_types.share, default=.5,
                        help='share of activations that dropout keeps '
                             '(default: %(default)s)')
    parser.add_argument('--class-weights', type=option_types.path,
                        default='none', metavar='WHAT',
                        help='weights of the classes in the loss: none, '
                             'median (median frequency), sqrt-median (their '
                             'square roots), or a JSON file of {class: '
                             'weight} (default: %(default)s)')
    parser.add_argument('--augment', action='store_true',
                        help='data augmentation: flip, scale 0.75-1.5 with '
                             'crop, brightness, contrast, saturation')
    parser.add_argument('--soft-labels', action='store_true',
                        help='train on the share of each class in a pixel of '
                             'the resized label, not on the majority class')
    parser.add_argument('--initializer', default='zeros',
                        choices=('zeros', 'truncated_normal'),
                        help='initialization of the score and upsampling '
                             'layers of an FCN on VGG16: zeros and bilinear '
                             'interpolation, or a truncated normal '
                             'distribution (default: %(default)s)')
    parser.add_argument('--stddev', type=positive,
                        help='standard deviation of --initializer '
                             'truncated_normal, which is truncated at twice '
                             f'this (default: {STDDEV})')
    parser.add_argument('--fixed-upsampling', action='store_true',
                        help='keep the upsampling of an FCN on VGG16 at '
                             'bilinear interpolation: it is not trained')
    parser.add_argument('--skip-scales', type=positive, nargs=2,
                        default=(1, 1), metavar=('POOL4', 'POOL3'),
                        help='scale factors of the skip connections of an '
                             'FCN on VGG16 (default: 1 1; the at-once '
                             'training of the paper uses 0.01 0.0001)')
    parser.add_argument('--freeze-encoder', action='store_true',
                        help='leave VGG16 untrained and without dropout: '
                             'compute the features of all pictures and of '
                             'their mirror images once, and train on them')
    parser.add_argument('--cache-samples', action='store_true',
                        help='decode and resize all pictures and labels once, '
                             'to files from which every epoch is read')
    parser.add_argument('--feature-dir', '--cache-dir', dest='feature_dir',
                        type=option_types.path, metavar='DIR',
                        help='folder in which features and samples are cached '
                             'for other runs (default: the user\'s cache '
                             'folder)')
    parser.add_argument('--delete-features', '--delete-cache',
                        dest='delete_features', action='store_true',
                        help='delete the cached features or samples when the '
                             'run is finished')
    parser.add_argument('--head-width', type=count, metavar='N',
                        help='channels of the convolutions of fcn-pools '
                             f"(default: {models.DEFAULTS['head_width']})")
    parser.add_argument('--l2', type=option_types.not_negative, default=0,
                        help='weight of L2 regularization, which VGG16 is '
                             'exempt from (default: %(default)s)')
    parser.add_argument('--init-from', type=option_types.path,
                        metavar='RUN',
                        help='initialize with the best weights of another '
                             'run, where names and shapes match')
    parser.add_argument('--resume', action='store_true',
                        help='resume the run --name')
    parser.add_argument('--checkpoint-interval', type=count, default=1,
                        metavar='N',
                        help='epochs between resumable checkpoints '
                             '(default: %(default)s)')
    parser.add_argument('--precision', choices=PRECISIONS, default='float32',
                        help='what the network computes in: bfloat16 takes '
                             'TensorFlow 2 and a processor that has it, '
                             'float16 a GPU; auto takes bfloat16 where it '
                             'can; weights are float32 in each (default: '
                             '%(default)s)')
    parser.add_argument('--xla', action='store_true',
                        help='compile the network by XLA, for GPUs')
    parser.add_argument('--tensorboard-dir', type=option_types.path,
                        metavar='DIR',
                        help='folder of the TensorBoard events '
                             '(default: NAME/tensorboard)')
    parser.add_argument('--histograms', action='store_true',
                        help='histograms in TensorBoard: gradients of the '
                             'first step of an epoch, weights after its last')
    parser.add_argument('--table', action='store_true',
                        help='print a table of per-class scores every epoch')
    return parser


def parse_options(argv=None):
    """Return the options of a new run, or those of the run to resume."""
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.resume:
        return saved_options.resumed(make_parser, options.name, CHANGEABLE,
                                     argv)
    if not options.data_source:
        parser.error('the following arguments are required: --data-source')
    if options.initializer == 'truncated_normal':
        parser.set_defaults(stddev=STDDEV)
    elif options.stddev:
        parser.error('--stddev goes with --initializer truncated_normal')
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    with run_files.locked(options.name):
        return train(options)


def train(options):
    """Train a run, whose directory is locked; return the exit status."""
    if options.resume:
        run_files.check_resumable(options.name)
    else:
        run_files.refuse_existing(options.name)
    if options.init_from and not options.resume:
        run_dir.checkpoint(options.init_from, 'best')
    models.check(options)
    source = loading.load_source(options)
    for capability, wanted in (('augment', options.augment),
                               ('soft', options.soft_labels),
                               ('samples', options.cache_samples)):
        if wanted and not contract.offers(source, capability):
            raise InputError(f'data source {options.data_source!r} gives '
                             'samples as they are: --augment, --soft-labels '
                             'and --cache-samples do not apply')
    if contract.offers(source, 'labels_as_ids'):
        contract.configure(source, labels_as_ids=True)
    contract.check_first_batch(source)
    precision = choose_precision(options)
    weights = note = None
    if not options.resume:
        weights, note = class_weights.class_weights(
            options.class_weights, source, options.data_dir)
    if note:
        print(f'[i] {note}')
    contract.configure(source, augment=options.augment,
                       soft=options.soft_labels)
    leftovers = run_files.remove_leftovers(options.name)
    if leftovers:
        print(f'[i] files of a killed process removed from {options.name}: '
              f'{leftovers}')
    if models.MODELS[options.model].backbone and not options.resume:
        course.fetch(options.vgg_dir, offline=options.offline)
    # TensorFlow takes seconds to load: only after all that may be wrong.
    from segmentation.training import launch
    return launch.train(options, source, weights, precision,
                        models.MODELS[options.model],
                        models.build_options(options))


def choose_precision(options):
    """Return the precision of a run, a new one or the one to resume.

    InputError says so if this machine cannot compute in it.
    """
    wanted = options.precision
    if options.resume:      # runs of before have none
        wanted = run_dir.read_options(options.name).get('precision', 'float32')
    if wanted not in PRECISIONS:
        raise InputError(f'{run_dir.path(options.name, "options.json")}: '
                         f'precision is {wanted!r}: one of '
                         f'{", ".join(PRECISIONS)} is wanted')
    if wanted == 'float32':
        return wanted
    # Only what may be refused loads TensorFlow before a download.
    from segmentation import tf1
    precision = tf1.choose_precision(wanted)
    print(f'[i] precision: {precision}')
    return precision


if __name__ == '__main__':
    utils.run(main)
