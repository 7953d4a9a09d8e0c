"""Train a segmentation network on a data source.

    python train.py --data-source kitti --data-dir data_road --vgg-dir vgg \\
        --name runs/kitti --epochs 40 --batch-size 8
    python train.py --name runs/kitti --resume --epochs 80

The directory --name tells everything of the run: options, log, weights.
"""
import argparse

import numpy as np
import tqdm

import metrics
import rundir
import utils

# What a resumed run may change. The rest is as the run began.
CHANGEABLE = ('epochs', 'workers', 'data_dir', 'vgg_dir', 'tensorboard_dir',
              'checkpoint_interval', 'histograms', 'table', 'resume', 'name')


def parse_options(argv=None):
    """The options of the command line, with those of the run to resume."""
    parser = argparse.ArgumentParser(
        description='Train a segmentation network on a data source.')
    parser.add_argument('--name', default='runs/test',
                        help='directory of the run (default: %(default)s)')
    utils.add_source_options(parser, required=False)
    parser.add_argument('--vgg-dir', default='vgg',
                        help='folder of the VGG16 SavedModel; fetched where '
                             'it is missing (default: %(default)s)')
    parser.add_argument('--epochs', type=utils.positive(int), default=40,
                        help='epochs in all (default: %(default)s)')
    parser.add_argument('--batch-size', type=utils.positive(int), default=8,
                        help='samples a step (default: %(default)s)')
    parser.add_argument('--learning-rate', type=utils.positive(float),
                        default=1e-4, help='of Adam (default: %(default)s)')
    parser.add_argument('--keep-prob', type=utils.share, default=.5,
                        help='share of activations that dropout keeps '
                             '(default: %(default)s)')
    parser.add_argument('--class-weights', default='none', metavar='WHAT',
                        help='none, median (frequency), or a JSON file of '
                             '{class: weight} (default: %(default)s)')
    parser.add_argument('--augment', action='store_true',
                        help='vary training samples: flip, scale .75-1.5 '
                             'with crop, brightness, contrast, saturation')
    parser.add_argument('--init-from', metavar='RUN',
                        help='start with the best weights of another run')
    parser.add_argument('--resume', action='store_true',
                        help='go on with the run --name')
    parser.add_argument('--checkpoint-interval', type=utils.positive(int),
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
    return options


def merge_saved(parser, options, argv):
    """The options that the run began with, but for what may change."""
    saved = rundir.read_options(options.name)['options']
    if saved['image_size']:
        saved['image_size'] = tuple(saved['image_size'])    # JSON: a list
    for action in parser._actions:
        action.default = argparse.SUPPRESS
    given = vars(parser.parse_args(argv))
    for key, value in given.items():
        if key in CHANGEABLE:
            saved[key] = value
        elif value != saved.get(key):
            raise ValueError('--{} is {} in {}: a resumed run keeps it'.format(
                key.replace('_', '-'), saved.get(key), options.name))
    return argparse.Namespace(**saved)


def class_weights(what, source, batch_size):
    """The weight of each class, or None where all weigh the same."""
    if what == 'none':
        return None
    if what != 'median':
        return read_weights(what, utils.class_names(source))
    counts = [labels.sum(axis=(1, 2), dtype=np.int64) for _, labels in
              tqdm.tqdm(source.train_generator(batch_size), disable=None,
                        leave=False, desc='class weights', unit='batch')]
    return metrics.median_frequency_weights(np.concatenate(counts)).tolist()


def read_weights(path, names):
    """The weights of the classes `names` in a JSON file."""
    weights = utils.read_json(path)
    if not isinstance(weights, dict) or set(weights) != set(names):
        raise ValueError('{}: {{class: weight}} of these classes is wanted: '
                         '{}'.format(path, ', '.join(names)))
    weights = [weights[name] for name in names]
    if not all(isinstance(w, (int, float)) and 0 <= w < float('inf')
               for w in weights) or not any(weights):
        raise ValueError('{}: {} are no weights: numbers of 0 or more are '
                         'wanted'.format(path, weights))
    return weights


def main(argv=None):
    options = parse_options(argv)
    if options.resume:
        rundir.checkpoint(options.name, 'resume')
    else:
        rundir.refuse_existing(options.name)
    if options.init_from:
        rundir.checkpoint(options.init_from, 'best')
    source = utils.load_source(options)
    if options.augment and not hasattr(source, 'augment'):
        raise ValueError('data source {!r} has no augmentation: --augment '
                         'does not apply'.format(options.data_source))
    source.augment = options.augment
    utils.check_first_batch(source)
    weights = class_weights(options.class_weights, source, options.batch_size)
    # TensorFlow takes seconds to load: only after all that may be wrong.
    import trainer
    return trainer.train(options, source, weights)


if __name__ == '__main__':
    utils.run(main)
