"""The front door of training: begin a run or resume it, and train.

    begin, resume -> Start -> features of a frozen encoder, where asked for
                  -> run directory -> loss and step -> checkpoints -> loop
"""
import contextlib
import functools
import sys

from segmentation import files, metrics, text, tf1
from segmentation.data import cache, contract
from segmentation.nn import frozen, network
from segmentation.tf1 import tf
from segmentation.store import array_store
from segmentation.terminal import header
from segmentation.trained import run_dir
from segmentation.training import (batches, cached_features, cached_samples,
                                   checkpoints, run_files, schedules, start,
                                   step, tensorboard, trainer)
from segmentation.training.diagnosis import measure, sanity, verdicts


def train(options, source, weights, precision, model, model_options):
    """Train a network on a data source, in a new run or a resumed one.

    Parameters
    ----------
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
    config = tf1.session_config(precision, xla=options.xla,
                                device=options.device)
    with tf.Graph().as_default(), tf1.session(config) as sess, \
            contextlib.ExitStack() as stack:
        tf.set_random_seed(options.seed)
        if options.resume:
            begun = start.resume(sess, source, options.data_dir, list_pictures,
                                 directory, options.freeze_encoder)
        else:
            build = functools.partial(
                start.build_network, sess, source.num_classes, model,
                model_options, options.vgg_dir, options.seed)
            begun = start.begin(sess, source, options.data_dir, list_pictures,
                                build, weights, options.init_from)
        used = tf.global_variables()
        print(header.model(options.model, network.count_parameters(used)),
              *header.engine('tensorflow', tf.version.VERSION, precision, 0,
                             tf1.describe_device(options.device)),
              sep='\n', flush=True)
        run_files.check_space(directory, network.size_in_bytes(used))
        samples = begun.pictures
        if options.freeze_encoder:
            samples = stack.enter_context(cached(
                sess, begun, options.data_dir, options.soft_labels, precision,
                options.feature_dir))
            store = samples.store
        write_run(directory, dict(begun.description, precision=precision,
                                  options=vars(options)), options.resume)
        training = step.add_training(
            begun.net, options.learning_rate,
            begun.description['class_weights'], options.l2,
            options.freeze_encoder, loss_scaling=precision == 'float16')
        saved = open_checkpoints(
            sess, directory, used, options.checkpoint_interval,
            options.patience, options.resume)
        board = tensorboard.Board(
            options.tensorboard_dir or run_dir.path(directory, 'tensorboard'),
            purge_step=saved.epoch + 1)
        schedule = schedules.Schedule(
            options.schedule, options.learning_rate, options.epochs,
            options.warm_up, -(-samples.num_training // options.batch_size))
        stop = stack.enter_context(trainer.Stop())
        loop = trainer.Trainer(
            sess, begun.net, training, source, samples, schedule,
            options.keep_prob, directory, saved, board, stop,
            options.histograms)
        follow(loop.run(), options.epochs,
               contract.class_names(source) if options.table else None)
        if stop.signal:
            return 128 + stop.signal
        report(saved, options.epochs)
        if options.delete_features:
            store.delete()
    return 0


def check(options, source, weights, precision, model, model_options):
    """Test whether a new run would learn; return 1 if a test fails, else 0.

    Parameters are those of `train`. Nothing is written.
    """
    pictures = functools.partial(batches.Pictures, source=source,
                                 batch_size=measure.COUNT, seed=options.seed)
    config = tf1.session_config(precision, xla=options.xla,
                                device=options.device)
    with tf.Graph().as_default(), tf1.session(config) as sess:
        tf.set_random_seed(options.seed)
        begun = start.begin(
            sess, source, options.data_dir, pictures, functools.partial(
                start.build_network, sess, source.num_classes, model,
                model_options, options.vgg_dir, options.seed),
            weights, options.init_from)
        print(header.model(options.model, network.count_parameters(
            tf.global_variables())), *header.engine(
                'tensorflow', tf.version.VERSION, precision, 0,
                tf1.describe_device(options.device)), sep='\n', flush=True)
        training = step.add_training(
            begun.net, options.learning_rate, weights, options.l2,
            options.freeze_encoder, loss_scaling=precision == 'float16')
        network.initialize_rest(sess)
        found = sanity.examine(
            sess, begun, training, weights, options.learning_rate,
            bool(options.init_from), options.freeze_encoder)
    print(verdicts.table(found), flush=True)
    for line in verdicts.lines(found):
        print(f'[!] {line}', file=sys.stderr)
    return 1 if verdicts.lines(found) else 0


def write_run(directory, description, is_resumed):
    """Write what a run has in its directory before it is trained."""
    run_files.write_options(directory, description)
    if not is_resumed:
        with files.atomic(run_dir.path(directory, 'network.meta')) as work:
            network.export(work)


def open_checkpoints(sess, directory, weights, interval, patience,
                     is_resumed):
    """Return the Checkpoints of a run; all variables have values then.

    The log has the epochs of the resumable checkpoint.
    """
    saved = checkpoints.Checkpoints(sess, directory, weights, interval,
                                    patience)
    if is_resumed:
        saved.restore()
    else:
        saved.begin()
    run_files.trim_log(directory, saved.epoch)
    return saved


def report(saved, epochs):
    """Print what Checkpoints of a run that has ended come to."""
    miou, epoch = saved.best
    if saved.epoch < epochs:
        print(f'[i] early stopping: no better mIoU since epoch {epoch}')
    print(f'[i] best mIoU {miou:.2%} in epoch {epoch}: {saved.directory}')


def follow(epochs, count, names=None):
    """Print a line per trainer.Epoch; with class names, a table before it."""
    for entry, matrix in epochs:
        if names:
            print(metrics.table(matrix, names))
        print(f'[i] {describe(entry, count)}', flush=True)


def describe(entry, epochs):
    """Return one line on a log entry, of a run of so many epochs."""
    left = text.duration((epochs - entry['epoch']) * entry['seconds'])
    return (f'epoch {entry["epoch"]}/{epochs}: '
            f'loss {entry["train_loss"]:.4f}, '
            f'validation {entry["valid_loss"]:.4f}; '
            f'pixel accuracy {entry["pixel_accuracy"]:.2%}, '
            f'mIoU {entry["miou"]:.2%}; '
            f'{entry["images_per_second"]:.1f} pictures/s; {left} left'
            + ''.join(f'; warning: {one}'
                      for one in entry.get('warnings', ())))


@contextlib.contextmanager
def cached(sess, begun, data_dir, soft_labels, precision, parent=None):
    """Yield the Features of a frozen encoder, computed now or by another run.

    They are deleted in the end where the source does not list its files, so
    that no other run could find them.

    Parameters
    ----------
    sess : tf.Session
    begun : start.Start
    data_dir : str
    soft_labels : bool
        Whether labels are shares of the classes.
    precision : str
        What the features are computed in.
    parent : str, optional
        Where the folder of the features goes; the user's cache by default.
    """
    tensors = tf.get_collection(frozen.FEATURES)
    pictures = begun.pictures
    key = cached_features.fingerprint(
        pictures.source, data_dir, soft_labels, precision,
        [tensor.name for tensor in tensors], frozen.encoder_weights(sess))
    features = cached_features.Features(
        array_store.choose_folder(parent or cache.folder(), 'features', key),
        pictures, data_dir, tensors,
        lambda images: sess.run(tensors, begun.net.feed(images)))
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
