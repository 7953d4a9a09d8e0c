"""Train a segmentation network on a data source.

    python train.py --data-source kitti --data-dir data_road --vgg-dir vgg \\
        --name runs/kitti --epochs 40 --batch-size 8
    python train.py --name runs/kitti --resume --epochs 80

The directory --name tells everything of the run: options, log, weights.
"""
import argparse

import models
import utils
from segmentation import option_types, run_dir
from segmentation.data import contract, loading
from segmentation.errors import InputError
from segmentation.training import class_weights, schedules

# What a resumed run may change. The rest is as the run began.
CHANGEABLE = ('epochs', 'workers', 'data_dir', 'vgg_dir', 'tensorboard_dir',
              'checkpoint_interval', 'histograms', 'table', 'patience',
              'resume', 'name', 'feature_dir', 'delete_features')

STDDEV = .01    # of --initializer truncated_normal


def parse_options(argv=None):
    """The options of the command line, with those of the run to resume."""
    parser = argparse.ArgumentParser(
        description='Train a segmentation network on a data source.')
    parser.add_argument('--name', default='runs/test',
                        help='directory of the run (default: %(default)s)')
    utils.add_source_options(parser, required=False)
    parser.add_argument('--model', choices=models.MODELS, default='fcn8s',
                        help='; '.join(f'{name}: {model.what}'
                                       for name, model
                                       in models.MODELS.items())
                        + ' (default: %(default)s)')
    parser.add_argument('--vgg-dir', default='vgg',
                        help='folder of the VGG16 SavedModel; fetched where '
                             'it is missing (default: %(default)s)')
    parser.add_argument('--epochs', type=option_types.positive(int), default=40,
                        help='epochs in all (default: %(default)s)')
    parser.add_argument('--batch-size', type=option_types.positive(int), default=8,
                        help='samples a step (default: %(default)s)')
    parser.add_argument('--learning-rate', type=option_types.positive(float),
                        default=1e-4, help='of Adam (default: %(default)s)')
    parser.add_argument('--schedule', choices=schedules.SCHEDULES,
                        default='constant',
                        help='how the learning rate goes over the run '
                             '(default: %(default)s)')
    parser.add_argument('--warm-up', type=option_types.not_negative, default=0,
                        metavar='EPOCHS',
                        help='epochs over which the learning rate rises to '
                             'its schedule (default: %(default)s)')
    parser.add_argument('--patience', type=option_types.positive(int), metavar='N',
                        help='stop after N epochs without a better mIoU '
                             '(default: never)')
    parser.add_argument('--keep-prob', type=option_types.share, default=.5,
                        help='share of activations that dropout keeps '
                             '(default: %(default)s)')
    parser.add_argument('--class-weights', default='none', metavar='WHAT',
                        help='none, median (frequency), sqrt-median (their '
                             'square roots), or a JSON file of {class: '
                             'weight} (default: %(default)s)')
    parser.add_argument('--augment', action='store_true',
                        help='vary training samples: flip, scale .75-1.5 '
                             'with crop, brightness, contrast, saturation')
    parser.add_argument('--soft-labels', action='store_true',
                        help='train on the share of each class in a pixel of '
                             'the network\'s size, not on the largest alone')
    parser.add_argument('--initializer', default='zeros',
                        choices=('zeros', 'truncated_normal'),
                        help='how score layers of an FCN on VGG16 start: at '
                             'zero, upsampling as bilinear interpolation, or '
                             'both normally distributed (default: '
                             '%(default)s)')
    parser.add_argument('--stddev', type=option_types.positive(float),
                        help='deviation of --initializer truncated_normal, '
                             'which is cut off at two of it (default: {})'
                             .format(STDDEV))
    parser.add_argument('--fixed-upsampling', action='store_true',
                        help='upsampling of an FCN on VGG16 stays bilinear '
                             'interpolation, and does not learn')
    parser.add_argument('--skip-scales', type=option_types.positive(float), nargs=2,
                        default=(1, 1), metavar=('POOL4', 'POOL3'),
                        help='factors of the skips of an FCN on VGG16 '
                             '(default: 1 1; the paper\'s at-once net has '
                             '.01 .0001)')
    parser.add_argument('--freeze-encoder', action='store_true',
                        help='leave VGG16 as it is, without its dropout: '
                             'compute its features of all pictures and their '
                             'mirror images once, and train on these')
    parser.add_argument('--feature-dir', metavar='DIR',
                        help='where the features are kept for the next run '
                             '(default: the user\'s cache folder)')
    parser.add_argument('--delete-features', action='store_true',
                        help='delete them when the run is done')
    parser.add_argument('--head-width', type=option_types.positive(int), metavar='N',
                        help='channels of the convolutions of fcn-pools '
                             '(default: {})'.format(models.DEFAULTS['head_width']))
    parser.add_argument('--l2', type=option_types.not_negative, default=0,
                        help='weight of the l2 loss of what is not VGG16 '
                             '(default: %(default)s)')
    parser.add_argument('--init-from', metavar='RUN',
                        help='start with the best weights of another run')
    parser.add_argument('--resume', action='store_true',
                        help='go on with the run --name')
    parser.add_argument('--checkpoint-interval', type=option_types.positive(int),
                        default=1, metavar='N',
                        help='epochs between resumable checkpoints '
                             '(default: %(default)s)')
    parser.add_argument('--tensorboard-dir', metavar='DIR',
                        help='for TensorBoard (default: NAME/tensorboard)')
    parser.add_argument('--histograms', action='store_true',
                        help='gradients and weights in TensorBoard')
    parser.add_argument('--table', action='store_true',
                        help='print the table of classes every epoch')
    options = parser.parse_args(argv)
    if options.resume:
        return merge_saved(parser, options, argv)
    if not options.data_source:
        parser.error('the following arguments are required: --data-source')
    if options.initializer == 'truncated_normal':
        options.stddev = options.stddev or STDDEV
    elif options.stddev:
        parser.error('--stddev goes with --initializer truncated_normal')
    return options


def merge_saved(parser, options, argv):
    """The options that the run began with, but for what may change."""
    saved = dict(vars(options),
                 **run_dir.read_options(options.name)['options'])
    if saved['image_size']:
        saved['image_size'] = tuple(saved['image_size'])    # JSON: a list
    for action in parser._actions:
        action.default = argparse.SUPPRESS
    given = vars(parser.parse_args(argv))
    for key, value in given.items():
        if key in CHANGEABLE:
            saved[key] = value
        elif value != saved.get(key):
            raise InputError('--{} is {} in {}: a resumed run keeps it'.format(
                key.replace('_', '-'), saved.get(key), options.name))
    return argparse.Namespace(**saved)


def main(argv=None):
    options = parse_options(argv)
    if options.resume:
        run_dir.checkpoint(options.name, 'resume')
    else:
        run_dir.refuse_existing(options.name)
    if options.init_from and not options.resume:
        run_dir.checkpoint(options.init_from, 'best')
    models.check(options)
    source = loading.load_source(options)
    for attribute, option in (('augment', options.augment),
                              ('soft', options.soft_labels)):
        if option and not contract.offers(source, attribute):
            raise InputError('data source {!r} gives samples as they are: '
                             '--augment and --soft-labels do not apply'
                             .format(options.data_source))
    contract.check_first_batch(source)
    weights = None if options.resume else class_weights.class_weights(
        options.class_weights, source, options.data_dir)
    contract.configure(source, augment=options.augment,
                       soft=options.soft_labels)
    # TensorFlow takes seconds to load: only after all that may be wrong.
    from segmentation.training import launch
    return launch.train(options, source, weights,
                        models.MODELS[options.model],
                        models.build_options(options))


if __name__ == '__main__':
    utils.run(main)
