"""A process of speed.py: it holds one contestant, and runs it when asked.

    python speed_worker.py inference '{"name": "runs/kitti", ...}'

It prints a line of JSON when it is ready. From then on a line of JSON on its
standard input, the arguments of one turn, is answered by another one: the
pictures that were taken, the seconds, and the peak memory in MB.
"""
import contextlib
import itertools
import json
import os
import resource
import sys
import tempfile
import time
import types

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import numpy as np  # noqa: E402


def random_images(count, size):
    """Return (count, H, W, 3) uint8 noise for a (width, height)."""
    return np.random.RandomState(0).randint(
        0, 256, (count, size[1], size[0], 3), np.uint8)


def repeat_until(end, images):
    """Yield a batch over and over, until a time of the clock."""
    while time.perf_counter() < end:
        yield images


@contextlib.contextmanager
def inference(name, engine, precision, threads, image_size, throughput):
    """Yield what an engine is, and a function that runs it for a while.

    Batches follow one another, each when the one before it is done (latency)
    or as many at a time as the engine likes (throughput).
    """
    from segmentation.inference import engines
    from segmentation.trained import lookup
    with engines.open(lookup.find(name), engine, precision, threads,
                      throughput) as opened:

        def run(batch_size, seconds):
            outputs = (opened.stream if throughput else
                       lambda batches: map(opened.probabilities, batches))(
                           repeat_until(time.perf_counter() + seconds,
                                        random_images(batch_size,
                                                      image_size)))
            return batch_size * sum(1 for _ in outputs)
        run(1, .01)     # the first picture plans the network
        yield engines.in_words(opened.describe()), run


@contextlib.contextmanager
def training(name, precision, batch_size):
    """Yield the precision, and a function that takes steps or an epoch.

    Both train the network of a run on its own data, in batches of the same
    sizes; the bare steps take one batch over and over.
    """
    from segmentation import tf1
    from segmentation.data import contract, loading
    from segmentation.nn import network
    from segmentation.processes import stopping
    from segmentation.tf1 import tf
    from segmentation.trained import run_dir
    from segmentation.training import batches, trainer
    from segmentation.training.optimization import schedules, step
    saved = run_dir.read_options(name)['options']
    source = loading.load_source(types.SimpleNamespace(**saved))
    contract.configure(source, labels_as_ids=True)
    chosen = tf1.choose_precision(precision)
    with tf.Graph().as_default(), tempfile.TemporaryDirectory() as folder, \
            tf1.session(tf1.session_config(chosen)) as sess:
        net = network.restore(sess, run_dir.path(name, 'network.meta'),
                              run_dir.checkpoint(name, 'best'))
        added = step.add_training(net, 1e-6,
                                  loss_scaling=chosen == 'float16')
        network.initialize_rest(sess)
        pictures = batches.Pictures(net.feed, source, batch_size, 0)
        steps = -(-source.num_training // batch_size)
        loop = trainer.Trainer(
            sess, net, added, source, pictures,
            schedules.Schedule('constant', 1e-6, 1, 0, steps), .5, folder,
            None, None, stopping.Stop(''))
        feed = loop.feed(next(pictures.train(1)), {
            added.learning_rate: 1e-6, net.keep_prob: .5})
        last = {key: value[:source.num_training - batch_size * (steps - 1)]
                if np.ndim(value) > 2 else value
                for key, value in feed.items()}
        numbers = itertools.count(2)

        def run(kind):
            if kind == 'loop':
                loop.train_epoch(next(numbers))
                return source.num_training
            for feed_dict in [feed] * (steps - 1) + [last]:
                sess.run([added.loss, added.step], feed_dict)
            return source.num_training
        run('step')
        yield f'TensorFlow {tf.version.VERSION}, {chosen}', run


CONTESTANTS = {'inference': inference, 'training': training}


def main(contestant, arguments):
    with CONTESTANTS[contestant](**json.loads(arguments)) as (text, run):
        reply(describe=text)
        for line in sys.stdin:
            start = time.perf_counter()
            count = run(**json.loads(line))
            reply(count=count, seconds=time.perf_counter() - start)


def reply(**values):
    """Print a line of JSON, with the memory taken so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(dict(values, megabytes=peak)), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
