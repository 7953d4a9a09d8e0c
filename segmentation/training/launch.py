"""The front door of training: begin a run or resume it, and train.

    other processes, where there are any -> begin, resume -> Start
      -> features of a frozen encoder, where asked for -> run directory
      -> loss and step -> checkpoints -> loop

Each of several processes goes this way; the first writes the run directory.
"""
import collections
import contextlib
import functools
import os
import statistics

from segmentation import files, metrics, text, tf1
from segmentation.data import cache, contract
from segmentation.nn import network
from segmentation.processes import stopping
from segmentation.tf1 import tf
from segmentation.trained import run_dir
from segmentation.training import (batches, checkpoints, run_files, start,
                                   tensorboard, trainer)
from segmentation.training.caching import options as caching
from segmentation.training.caching import (cached_samples, frozen_encoder,
                                           preparation)
from segmentation.training.cluster import agreement, joining
from segmentation.training.distillation import start as distillation
from segmentation.training.optimization import method, schedules, step


def train(task, options, source, weights, precision, model, model_options,
          supervision=None):
    """Train a network on a data source, in a new run or a resumed one.

    Parameters
    ----------
    task : task.Task
        Of this process among those that train together.
    options : argparse.Namespace
        The options of train.py.
    source : data source
        With its data loaded.
    weights : list of C floats or None
        Class weights of a new run.
    precision : str
        What TensorFlow computes in, one that it has.
    model : models.Model
    model_options : dict
        What the model's builder takes.
    supervision : distillation.supervision.Supervision, optional
        What the network learns from a teacher.

    Returns
    -------
    int
        The exit status: 0, or 128 and the signal that stopped the run.
    """
    directory, parent = options.name, options.feature_dir or cache.folder()
    stores, combine = [], None
    config = tf1.session_config(
        precision, 0 if task.local_size == 1 else max(
            1, (os.cpu_count() or 1) // task.local_size), options.xla,
        options.device)
    with tf.Graph().as_default(), contextlib.ExitStack() as stack:
        cluster = stack.enter_context(joining.joined(
            task, config, options.device, options.join_timeout))
        sess = stack.enter_context(tf1.session(cluster.config, cluster.target))
        agreement.check_options(
            cluster, dict(start.versions(), precision=precision),
            vars(options), tf1.has_gpu(options.device))
        tf.set_random_seed(options.seed)
        list_pictures = functools.partial(
            batches.Pictures, source=source, batch_size=options.batch_size,
            seed=options.seed, rank=cluster.rank, size=cluster.size)
        if options.cache_samples:       # first: a network may read a batch
            decoded = cached_samples.CachedSamples(
                parent, source, options.data_dir)
            preparation.prepare_in_turn(decoded, cluster)
            contract.configure(source, samples=decoded)
            stores.append(decoded.store)
        if options.resume:
            begun = start.resume(sess, source, options.data_dir, list_pictures,
                                 directory,
                                 caching.stores_features(options))
        else:
            build = functools.partial(
                start.build_network, sess, source.num_classes, model,
                model_options, options.vgg_dir, options.seed,
                options.freeze_encoder)
            begun = start.begin(sess, source, options.data_dir, list_pictures,
                                build, weights, options.init_from, cluster,
                                options.freeze_encoder)
        agreement.check_data(cluster, begun.description)
        used = tf.global_variables()
        print(*start.header_lines(options, precision), sep='\n', flush=True)
        if cluster.rank == 0:
            run_files.check_space(directory, network.size_in_bytes(used),
                                  bool(options.ema))
        samples = begun.pictures
        if caching.stores_features(options):
            samples = stack.enter_context(frozen_encoder.cached(
                sess, begun, options.data_dir, options.soft_labels, precision,
                cluster, parent, options.views))
            stores.append(samples.store)
        if supervision:
            targets = distillation.compute(
                supervision, source, options.data_dir, parent, cluster)
            stores += [one.store for one in targets]
        if cluster.rank == 0:
            write_run(directory, dict(
                begun.description, precision=precision, options=vars(options),
                teacher=supervision and supervision.fingerprint()),
                options.resume)
        if supervision:
            samples, combine = distillation.attach(supervision, targets,
                                                   samples, cluster)
        training = step.add_training(
            begun.net, options.learning_rate,
            begun.description['class_weights'], options.l2,
            options.freeze_encoder, precision == 'float16', cluster,
            method.choose(options), combine)
        saved = open_checkpoints(
            sess, directory, training.saved(used), options, cluster)
        board = None if cluster.rank else tensorboard.Board(
            options.tensorboard_dir or run_dir.path(directory, 'tensorboard'),
            purge_step=saved.epoch + 1)
        schedule = schedules.Schedule(
            options.schedule, options.learning_rate, options.epochs,
            options.warm_up, -(-samples.num_training // (
                options.batch_size * cluster.size * options.accumulate)))
        stop = stack.enter_context(stopping.Stop('saving first'))
        loop = trainer.Trainer(
            sess, begun.net, training, source, samples, schedule,
            options.keep_prob, directory, saved, board, stop,
            options.validation_interval,
            options.histograms and cluster.rank == 0, cluster)
        follow(loop.run(), options.epochs, options.validation_interval,
               contract.class_names(source) if options.table else None)
        if loop.signal:
            return 128 + loop.signal
        report(saved, options.epochs)
        if options.delete_features and cluster.rank == 0:
            for store in stores:
                store.delete()
    return 0


def write_run(directory, description, is_resumed):
    """Write what a run has in its directory before it is trained."""
    run_files.write_options(directory, description)
    if not is_resumed:
        with files.atomic(run_dir.path(directory, 'network.meta')) as work:
            network.export(work)


def open_checkpoints(sess, directory, weights, options, cluster):
    """Return the Checkpoints of a run; all variables have values then.

    The log has the epochs of the resumable checkpoint.
    """
    saved = checkpoints.Checkpoints(
        sess, directory, weights, options.checkpoint_interval,
        options.patience, cluster)
    if options.resume:
        saved.restore()
    else:
        saved.begin()
    sess.run(tf.local_variables_initializer())
    if cluster.rank == 0:
        run_files.trim_log(directory, saved.epoch)
    return saved


def report(saved, epochs):
    """Print what Checkpoints of a run that has ended come to."""
    miou, epoch = saved.best
    if epoch is None:
        print(f'[i] no epoch was validated: {saved.directory}')
        return
    if saved.epoch < epochs:
        print(f'[i] early stopping: no better mIoU since epoch {epoch}')
    print(f'[i] best mIoU {miou:.2%} in epoch {epoch}: {saved.directory}')


def follow(epochs, count, interval=1, names=None):
    """Print a line per trainer.Epoch; with class names, a table before it.

    Parameters
    ----------
    epochs : iterable of trainer.Epoch
    count : int
        The last epoch of the run.
    interval : int, optional
        Epochs between validations; those between them are shorter.
    names : list of C str, optional
    """
    seconds = collections.deque(maxlen=interval)
    for entry, matrix in epochs:
        seconds.append(entry['seconds'])
        left = (count - entry['epoch']) * statistics.mean(seconds)
        if names and matrix is not None:
            print(metrics.table(matrix, names))
        print(f'[i] {describe(entry, count, left)}', flush=True)


def describe(entry, epochs, left):
    """Return one line on a log entry, of a run of so many epochs.

    Parameters
    ----------
    entry : dict
    epochs : int
    left : float
        Seconds until the end of the run.
    """
    scores = '' if 'miou' not in entry else (
        f', validation {entry["valid_loss"]:.4f}; '
        f'pixel accuracy {entry["pixel_accuracy"]:.2%}, '
        f'mIoU {entry["miou"]:.2%}')
    return (f'epoch {entry["epoch"]}/{epochs}: '
            f'loss {entry["train_loss"]:.4f}{scores}; '
            f'{entry["images_per_second"]:.1f} pictures/s; '
            f'{text.duration(left)} left'
            + ''.join(f'; warning: {one}'
                      for one in entry.get('warnings', ())))
