"""Train a segmentation network on a data source.

    python train.py --data-source kitti --data-dir data_road --vgg-dir vgg \\
        --name runs/kitti --epochs 40 --batch-size 8
    python train.py --name runs/kitti --resume --epochs 80

Everything about the run is in its directory --name: options, log, weights.
"""
import contextlib
import functools
import os
import sys

import models
import utils
from segmentation import option_types
from segmentation.backbone import course
from segmentation.data import contract, loading
from segmentation.errors import InputError
from segmentation.terminal import command_line
from segmentation.trained import run_dir, saved_options
from segmentation.training import class_weights, run_files, schedules
from segmentation.training.cluster import launching, place

# The options that a resumed run may change.
CHANGEABLE = ('epochs', 'workers', 'data_dir', 'vgg_dir', 'tensorboard_dir',
              'checkpoint_interval', 'histograms', 'table', 'patience',
              'resume', 'name', 'cache_samples', 'feature_dir',
              'delete_features', 'offline', 'device', 'processes',
              'join_timeout')

STDDEV = .01    # of --initializer truncated_normal
PRECISIONS = ('float32', 'bfloat16', 'float16', 'auto')


def make_parser(kind=command_line.Parser, prog=None):
    """Return the parser of the command line."""
    count, positive = option_types.positive(int), option_types.positive(float)
    parser = kind(prog=prog, description='Train a segmentation network on a '
                                         'data source.')
    group = utils.add_source_options(parser, required=False)
    group.add_argument('--augment', action='store_true',
                       help='augment the training data: random flips, scales '
                            'of 0.75 to 1.5 with crops, brightness, contrast '
                            'and saturation')
    group.add_argument('--soft-labels', action='store_true',
                       help='train on the share of each class within a pixel '
                            'of the resized label, instead of on the most '
                            'frequent class')
    group = parser.add_argument_group('model')
    group.add_argument('--model', choices=models.MODELS, default='fcn8s',
                       help='; '.join(f'{name}: {model.what}' for name, model
                                      in models.MODELS.items())
                       + ' (default: %(default)s)')
    group.add_argument('--vgg-dir', type=option_types.path, default='vgg',
                       help='folder of the pretrained VGG16, a SavedModel; '
                            'it is downloaded if missing (default: '
                            '%(default)s)')
    group.add_argument('--offline', action='store_true',
                       help='never download VGG16: stop if it is missing')
    group.add_argument('--head-width', type=count, metavar='N',
                       help='number of channels in the convolutions of '
                            'fcn-pools (default: '
                            f"{models.DEFAULTS['head_width']})")
    group.add_argument('--initializer', default='zeros',
                       choices=('zeros', 'truncated_normal'),
                       help='how an FCN on VGG16 initializes its score and '
                            'upsampling layers: zeros makes the scores zero '
                            'and the upsampling bilinear; truncated_normal '
                            'draws both at random (default: %(default)s)')
    group.add_argument('--stddev', type=positive,
                       help='standard deviation of --initializer '
                            'truncated_normal, which is truncated at twice '
                            f'this value (default: {STDDEV})')
    group.add_argument('--fixed-upsampling', action='store_true',
                       help='do not train the upsampling layers of an FCN on '
                            'VGG16: they stay bilinear interpolation')
    group.add_argument('--skip-scales', type=positive, nargs=2,
                       default=(1, 1), metavar=('POOL4', 'POOL3'),
                       help='factors for the two skip connections of an FCN '
                            'on VGG16 (default: 1 1; the paper uses 0.01 '
                            '0.0001 to train all of them at once)')
    group = parser.add_argument_group('optimization')
    group.add_argument('--epochs', type=count, default=40,
                       help='total number of epochs, those before a --resume '
                            'included (default: %(default)s)')
    group.add_argument('--batch-size', type=count, default=8,
                       help='samples per step (default: %(default)s)')
    group.add_argument('--learning-rate', type=positive, default=1e-4,
                       help='learning rate of the Adam optimizer (default: '
                            '%(default)s)')
    group.add_argument('--schedule', choices=schedules.SCHEDULES,
                       default='constant',
                       help='how the learning rate falls over the epochs '
                            '(default: %(default)s)')
    group.add_argument('--warm-up', type=option_types.not_negative, default=0,
                       metavar='EPOCHS',
                       help='epochs over which the learning rate first rises '
                            'from zero (default: %(default)s)')
    group.add_argument('--patience', type=count, metavar='N',
                       help='early stopping: stop after N epochs in a row '
                            'without a better mIoU (default: never)')
    group.add_argument('--keep-prob', type=option_types.share, default=.5,
                       help='probability that dropout keeps an activation '
                            '(default: %(default)s)')
    group.add_argument('--l2', type=option_types.not_negative, default=0,
                       help='weight of the L2 regularization of all layers '
                            'outside VGG16 (default: %(default)s)')
    group.add_argument('--class-weights', type=option_types.path,
                       default='none', metavar='WHAT',
                       help='weights of the classes in the loss: none, '
                            'median (median frequency balancing), '
                            'sqrt-median (the square roots of these), or a '
                            'JSON file of {class: weight} (default: '
                            '%(default)s)')
    group = parser.add_argument_group('frozen encoder and cache')
    group.add_argument('--freeze-encoder', action='store_true',
                       help='do not train VGG16: compute its features once, '
                            'for all pictures and their mirror images, and '
                            'train the rest of the network on them')
    group.add_argument('--cache-samples', action='store_true',
                       help='decode and resize all pictures and labels once, '
                            'and read every epoch from the files that result')
    group.add_argument('--feature-dir', '--cache-dir', dest='feature_dir',
                       type=option_types.path, metavar='DIR',
                       help='folder of the cached features and samples, '
                            'which other runs can use (default: the cache '
                            'folder of the user)')
    group.add_argument('--delete-features', '--delete-cache',
                       dest='delete_features', action='store_true',
                       help='delete the cached features or samples once the '
                            'run is finished')
    group = parser.add_argument_group('run and checkpoints')
    group.add_argument('--name', type=option_types.path, default='runs/test',
                       help='directory of the run (default: %(default)s)')
    group.add_argument('--resume', action='store_true',
                       help='continue the run in --name, with the options '
                            'that it was started with')
    group.add_argument('--sanity', action='store_true',
                       help='test for about a minute whether the run would '
                            'learn, and write nothing')
    group.add_argument('--init-from', type=option_types.path, metavar='RUN',
                       help='start from the best weights of another run, as '
                            'far as names and shapes match')
    group.add_argument('--processes', type=count, default=1, metavar='N',
                       help='train by N processes of this machine, each with '
                            '--batch-size samples and a GPU of its own; '
                            'TF_CONFIG is for several machines: see '
                            'docs/scale.md (default: %(default)s)')
    group.add_argument('--join-timeout', type=positive, default=300,
                       metavar='SECONDS',
                       help='how long processes wait for each other to start '
                            '(default: %(default)s)')
    group.add_argument('--checkpoint-interval', type=count, default=1,
                       metavar='N',
                       help='epochs between the checkpoints that --resume '
                            'can continue from (default: %(default)s)')
    group.add_argument('--tensorboard-dir', type=option_types.path,
                       metavar='DIR',
                       help='folder of the TensorBoard events (default: '
                            'NAME/tensorboard)')
    group.add_argument('--histograms', action='store_true',
                       help='write histograms for TensorBoard: of the '
                            'gradients at the first step of each epoch and '
                            'of the weights after its last')
    group.add_argument('--table', action='store_true',
                       help='print the scores of each class after every '
                            'epoch')
    group = parser.add_argument_group('computation')
    group.add_argument('--device', type=option_types.device,
                       help='where to train: cpu, gpu, or gpu:1 for the '
                            'second GPU (default: a GPU if there is one)')
    group.add_argument('--precision', choices=PRECISIONS, default='float32',
                       help='number format of the computation; weights are '
                            'float32 in each. bfloat16 requires TensorFlow 2 '
                            'and a processor that supports it, float16 a '
                            'GPU; auto uses bfloat16 where possible '
                            '(default: %(default)s)')
    group.add_argument('--xla', action='store_true',
                       help='compile the network with XLA, for GPUs')
    return parser


def parse_options(argv=None):
    """Return the options of a new run, or those of the run to resume."""
    parser = make_parser()
    options = parser.parse_args(argv)
    if options.sanity and options.resume:
        parser.error('--sanity tests a new run: not with --resume')
    if options.resume:
        return saved_options.resumed(make_parser, options.name, CHANGEABLE,
                                     argv)
    if not options.data_source:
        parser.error('--data-source is missing; for example, train.py '
                     '--data-source demo --model fcn-lite --name runs/demo')
    if options.initializer == 'truncated_normal':
        parser.set_defaults(stddev=STDDEV)
    elif options.stddev:
        parser.error('--stddev goes with --initializer truncated_normal')
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    own = place.Place() if options.sanity else place.find(os.environ)
    if own.is_alone and options.processes > 1 and not options.sanity:
        with run_files.locked(options.name):
            prepare(options, own, is_parent=True)
            return launching.launch(options.processes, [
                sys.executable, os.path.abspath(__file__),
                *(sys.argv[1:] if argv is None else argv)])
    with launching.member(own), contextlib.ExitStack() as stack:
        if not (own.rank or own.is_launched or options.sanity):
            stack.enter_context(run_files.locked(options.name))
        source, weights, precision = prepare(options, own)
        # TensorFlow takes seconds to load: only after all that may be wrong.
        from segmentation.training import launch
        from segmentation.training.diagnosis import trial
        start = (trial.check if options.sanity
                 else functools.partial(launch.train, own))
        return start(options, source, weights, precision,
                     models.MODELS[options.model],
                     models.build_options(options))


def prepare(options, own, is_parent=False):
    """Check all that takes no session.

    Parameters
    ----------
    options : argparse.Namespace
    own : place.Place
        The first process checks the run, whose directory is locked.
    is_parent : bool
        Whether this process only starts others: it leaves the GPUs alone.

    Returns
    -------
    data source
        With its data loaded.
    list of C floats or None
        Class weights of a new run.
    str or None
        The precision.
    """
    if own.rank == 0 and not options.sanity:
        check_run(options)
    models.check(options)
    source = load_source(options, own)
    precision = None if is_parent else choose_precision(options)
    weights = note = None
    if not options.resume:
        weights, note = class_weights.class_weights(
            options.class_weights, source, options.data_dir)
    if note and not own.is_launched:
        print(f'[i] {note}')
    if not options.sanity:      # which compares pictures with their files
        contract.configure(source, augment=options.augment,
                           soft=options.soft_labels)
    leftovers = (own.rank == 0 and not options.sanity
                 and run_files.remove_leftovers(options.name))
    if leftovers:
        print(f'[i] files of a killed process removed from {options.name}: '
              f'{leftovers}')
    if models.MODELS[options.model].backbone and not options.resume:
        course.fetch(options.vgg_dir, offline=options.offline)
    return source, weights, precision


def check_run(options):
    """Raise OSError or InputError unless the run can be begun or resumed."""
    if options.resume:
        run_files.check_resumable(options.name)
    else:
        run_files.refuse_existing(options.name)
    if options.init_from and not options.resume:
        run_dir.checkpoint(options.init_from, 'best')


def load_source(options, own):
    """Return the data source, checked; the options ask nothing else of it."""
    source = loading.load_source(options)
    if not own.is_launched:     # who has started this process has said it
        utils.print_source(options, source)
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
    contract.configure(source, workers=max(
        1, options.workers // own.local_size))
    return source


def choose_precision(options):
    """Return the precision of a run, a new one or the one to resume.

    InputError says so if this machine cannot compute in it, or lacks the
    device that is asked for.
    """
    wanted = options.precision
    if options.resume:      # runs of before have none
        wanted = run_dir.read_options(options.name).get('precision', 'float32')
    if wanted not in PRECISIONS:
        raise InputError(f'{run_dir.path(options.name, "options.json")}: '
                         f'precision is {wanted!r}: one of '
                         f'{", ".join(PRECISIONS)} is wanted')
    if wanted == 'float32' and options.device in (None, 'cpu'):
        return wanted
    # Only what may be refused loads TensorFlow before a download.
    from segmentation import tf1
    tf1.check_device(options.device)
    return tf1.choose_precision(wanted, options.device)


if __name__ == '__main__':
    utils.run(main)
