"""The front door of training: begin a run or resume it, and train.

    begin, resume -> Start -> features of a frozen encoder, where asked for
                  -> run directory -> loss and step -> checkpoints -> loop
"""
import contextlib
import functools
import platform
from typing import Any, Dict, NamedTuple

import numpy as np

from segmentation import files, metrics, text, tf1
from segmentation.backbone import saved_model
from segmentation.data import cache, contract
from segmentation.errors import InputError
from segmentation.nn import frozen, network
from segmentation.tf1 import tf
from segmentation.trained import run_dir
from segmentation.training import (array_store, batches, cached_features,
                                   cached_samples, checkpoints, run_files,
                                   schedules, step, tensorboard, trainer)


class Start(NamedTuple):
    """A run before training is added to its graph, new or resumed."""

    net: network.Network
    pictures: batches.Pictures
    description: Dict[str, Any]     # for options.json, without the options


def train(options, source, weights, model, model_options):
    """Train a network on a data source, in a new run or a resumed one.

    Parameters
    ----------
    options : argparse.Namespace
        The options of train.py.
    source : data source
        With its data loaded.
    weights : list of C floats or None
        Class weights of a new run.
    model : models.Model
    model_options : dict
        What the model's builder takes.

    Returns
    -------
    int
        The exit status: 0, or 128 and the signal that stopped the run.
    """
    directory = options.name
    if options.cache_samples:       # first: a network may read a batch
        decoded = cached_samples.CachedSamples(
            options.feature_dir or cache.folder(), source, options.data_dir)
        prepare(decoded)
        contract.configure(source, samples=decoded)
        store = decoded.store
    list_pictures = functools.partial(
        batches.Pictures, source=source, batch_size=options.batch_size,
        seed=options.seed)
    with tf.Graph().as_default(), tf1.session() as sess, \
            contextlib.ExitStack() as stack:
        tf.set_random_seed(options.seed)
        if options.resume:
            start = resume(sess, source, options.data_dir, list_pictures,
                           directory, options.freeze_encoder)
        else:
            build = functools.partial(
                build_network, sess, source.num_classes, model, model_options,
                options.vgg_dir, options.seed)
            start = begin(sess, source, options.data_dir, list_pictures,
                          build, weights, options.init_from)
        used = tf.global_variables()
        run_files.check_space(directory, network.size_in_bytes(used))
        samples = start.pictures
        if options.freeze_encoder:
            samples = stack.enter_context(cached(
                sess, start, options.data_dir, options.soft_labels,
                options.feature_dir))
            store = samples.store
        run_files.write_options(directory, dict(start.description,
                                                options=vars(options)))
        if not options.resume:
            with files.atomic(run_dir.path(
                    directory, 'network.meta')) as work:
                network.export(work)
        training = step.add_training(
            start.net, options.learning_rate,
            start.description['class_weights'], options.l2,
            options.freeze_encoder)
        saved = checkpoints.Checkpoints(
            sess, directory, used, options.checkpoint_interval,
            options.patience)
        if options.resume:
            saved.restore()
        else:
            saved.begin()
        run_files.trim_log(directory, saved.epoch)
        board = tensorboard.Board(
            options.tensorboard_dir or run_dir.path(directory, 'tensorboard'),
            purge_step=saved.epoch + 1)
        schedule = schedules.Schedule(
            options.schedule, options.learning_rate, options.epochs,
            options.warm_up, -(-samples.num_training // options.batch_size))
        stop = trainer.Stop()
        loop = trainer.Trainer(
            sess, start.net, training, source, samples, schedule,
            options.keep_prob, directory, saved, board, stop,
            options.histograms)
        follow(loop.run(), options.epochs,
               contract.class_names(source) if options.table else None)
        if stop.signal:
            return 128 + stop.signal
        miou, epoch = saved.best
        if saved.epoch < options.epochs:
            print(f'[i] early stopping: no better mIoU since epoch {epoch}')
        print(f'[i] best mIoU {miou:.2%} in epoch {epoch}: {directory}')
        if options.delete_features:
            store.delete()
    return 0


def follow(epochs, count, names=None):
    """Print a line per trainer.Epoch; with class names, a table before it."""
    for entry, matrix in epochs:
        if names:
            print(metrics.table(matrix, names))
        print(f'[i] {trainer.describe(entry, count)}', flush=True)


def build_network(sess, num_classes, model, model_options, vgg_dir, seed):
    """Return the Network of a new run; its backbone has its weights."""
    backbone = functools.partial(
        saved_model.load, sess, vgg_dir) if model.backbone else None
    return model.build(network.inputs(seed, backbone), num_classes,
                       model_options)


def begin(sess, source, data_dir, list_pictures, build, weights,
          init_from=None):
    """Return the Start of a new run, its network built and initialized.

    Parameters
    ----------
    list_pictures : function of Network.feed
        Returns the batches.Pictures of the source.
    build : function
        As `build_network`, without arguments.
    weights : list of C floats or None
        Class weights.
    init_from : str, optional
        Directory of the run whose best weights the network starts with.
    """
    net = build()
    pictures = list_pictures(net.feed)
    network.initialize_rest(sess)
    frozen.measure_deviations(sess, pictures.first)
    if init_from:
        print(f'[i] {load_weights(sess, init_from)}')
    return Start(net, pictures,
                 describe(source, data_dir, weights, net.channel_order))


def resume(sess, source, data_dir, list_pictures, directory, freeze):
    """Return the Start of the run in a directory.

    Its weights are restored with the rest of the run, once training is in the
    graph: at once only those of an encoder to `freeze`, which computes
    features before.
    """
    description = run_dir.read_options(directory)
    contract.check_split(source, data_dir, description['split'])
    net = network.restore(
        sess, run_dir.path(directory, 'network.meta'),
        run_dir.checkpoint(directory, 'resume') if freeze else None)
    return Start(net, list_pictures(net.feed), description)


def load_weights(sess, directory):
    """Load what fits of a run's best weights; return a line on that."""
    loaded, others = network.load_matching(
        sess, run_dir.checkpoint(directory, 'best'))
    if not loaded:
        raise InputError(f'--init-from {directory}: none of its variables '
                         'fits the model')
    new = f"; new: {', '.join(others)}" if others else ''
    return (f'{len(loaded)} of {len(loaded) + len(others)} variables from '
            f'{directory}{new}')


def describe(source, data_dir, weights, channel_order):
    """Return what using a run takes without its source, for options.json."""
    return {
        'class_names': contract.class_names(source),
        'label_colors': list(contract.label_colors(source).values()),
        'ignore': bool(contract.ask(source, 'ignore')),
        'image_size': [int(side) for side in source.image_size],
        'vgg16_channel_order': channel_order,
        'class_weights': weights,
        'split': contract.list_split(source, data_dir),
        'versions': {'python': platform.python_version(),
                     'tensorflow': tf.__version__,
                     'numpy': np.__version__},
    }


@contextlib.contextmanager
def cached(sess, start, data_dir, soft_labels, parent=None):
    """Yield the Features of a frozen encoder, computed now or by another run.

    They are deleted in the end where the source does not list its files, so
    that no other run could find them.

    Parameters
    ----------
    soft_labels : bool
        Whether labels are shares of the classes.
    parent : str, optional
        Where the folder of the features goes; the user's cache by default.
    """
    tensors = tf.get_collection(frozen.FEATURES)
    pictures = start.pictures
    key = cached_features.fingerprint(
        pictures.source, data_dir, soft_labels,
        [tensor.name for tensor in tensors], frozen.encoder_weights(sess))
    features = cached_features.Features(
        array_store.choose_folder(parent or cache.folder(), 'features', key),
        pictures, data_dir, tensors,
        lambda images: sess.run(tensors, start.net.feed(images)))
    try:
        prepare(features)
        yield features
    finally:
        if key is None:
            features.store.delete()


def prepare(cached):
    """Compute what is missing of a cache, saying before what that takes.

    Parameters
    ----------
    cached : cached_features.Features or cached_samples.CachedSamples
    """
    store = cached.store
    with store.locked():
        plan = store.open()
        if not plan.fits:
            raise OSError(f'{store.folder}: {plan.free / 1e9:.1f} GB are '
                          f'free, the {cached.what} take '
                          f'{plan.size / 1e9:.1f} GB: --cache-dir names '
                          'another place')
        to_do = ('from before' if plan.is_complete else
                 f'{text.duration(cached.estimate(plan))} to compute')
        print(f'[i] {cached.describe()}: {plan.size / 1e9:.1f} GB in '
              f'{store.folder}, {to_do}', flush=True)
        cached.compute(plan)
