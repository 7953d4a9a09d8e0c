"""Using a trained network: reading, computing and writing overlap.

    jobs -> read (threads) -> batches of one size -> network (the caller's
    thread) -> probabilities -> refine, use (threads) -> outcomes, in order
"""
import concurrent.futures
import contextlib
import time

import numpy as np

from segmentation import tf1, threads
from segmentation.errors import InputError
from segmentation.nn import network
from segmentation.tf1 import tf


class Predictor:
    """A restored network, its session, and how long everything took.

    Attributes
    ----------
    seconds : dict of lists
        Of each job: 'decode', 'network' (its share of the batch), 'write'.
    """

    def __init__(self, sess, net, num_classes, batch_size, workers):
        self.sess = sess
        self.net = net
        self.num_classes = num_classes
        self.batch_size = batch_size
        self.workers = workers
        self.seconds = {'decode': [], 'network': [], 'write': []}

    def probabilities(self, images):
        """Run the network on a batch.

        Parameters
        ----------
        images : sequence of (H, W, 3) arrays of one size, BGR 0..255
            Both sides are divisible by 32.

        Returns
        -------
        (B, H, W, C) float32 array
        """
        batch = np.stack(images)
        # An old graph has a plain placeholder: keep_prob must be fed.
        result = self.sess.run(self.net.softmax, {self.net.image_input: batch,
                                                  self.net.keep_prob: 1})
        wanted = batch.shape[:3] + (self.num_classes,)
        if result.shape != wanted:
            raise InputError('the network gives {}: {} is wanted'.format(
                result.shape, wanted))
        return result                                       # [B, H, W, C]

    def predict(self, jobs, read, use, refine=None):
        """Take jobs through the network; yield what becomes of them, in order.

        Parameters
        ----------
        jobs : iterable
            At most a few batches of it are taken in advance.
        read : function of a job
            Returns any sample and its network input (H, W, 3), a list of
            several inputs, or None in its place where there is nothing to
            run. Called in threads.
        use : function of job, sample, probabilities (H, W, C) or None
            Returns the outcome; of several inputs it takes a list of
            probabilities. Called in threads.
        refine : function of the same, optional
            What it returns takes the place of the probabilities. It may wait
            for others, and is not timed. Called in threads.
        """
        def timed_read(job):
            with self.clock('decode'):
                return (job,) + tuple(read(job))

        def timed_use(sample):
            job, image, result = sample
            if refine is not None:
                result = refine(*sample)
            with self.clock('write'):
                return use(job, image, result)

        pool = concurrent.futures.ThreadPoolExecutor(self.workers)
        try:
            samples = threads.run_ahead(pool, timed_read, jobs,
                                        2 * self.batch_size + self.workers)
            yield from threads.run_ahead(
                pool, timed_use, self.run_network(samples),
                max(self.batch_size, self.workers))
        finally:
            pool.shutdown()

    def run_network(self, samples):
        """Pass (job, sample, input) on as (job, sample, probabilities)."""
        for batch in batches(samples, self.batch_size):
            inputs = [image for _, _, image in batch]
            if inputs[0] is None:
                results = inputs
            else:
                start = time.perf_counter()
                results = self.run_batch(inputs)
                share = (time.perf_counter() - start) / len(batch)
                self.seconds['network'] += [share] * len(batch)
            for (job, sample, _), result in zip(batch, results):
                yield job, sample, result

    def run_batch(self, inputs):
        """The probabilities of a batch; of several inputs a job, a list."""
        if not isinstance(inputs[0], list):
            return self.probabilities(inputs)
        several = [self.probabilities(images) for images in zip(*inputs)]
        return [list(maps) for maps in zip(*several)]

    @contextlib.contextmanager
    def clock(self, what):
        start = time.perf_counter()
        yield
        self.seconds[what].append(time.perf_counter() - start)


def batches(samples, batch_size):
    """Lists of samples in a row whose inputs have one shape."""
    batch = []
    for sample in samples:
        if batch and (len(batch) == batch_size
                      or shapes(sample[2]) != shapes(batch[0][2])):
            yield batch
            batch = []
        batch.append(sample)
    if batch:
        yield batch


def shapes(image):
    """The shape of a network input, or of each of several."""
    return (list(map(np.shape, image)) if isinstance(image, list)
            else np.shape(image))


@contextlib.contextmanager
def restore(run, batch_size, workers):
    """Open the network of a rundir.Run as a Predictor.

    Raises
    ------
    ValueError
        Its files cannot be restored, or have another number of classes.
    """
    with tf.Graph().as_default(), tf1.session() as sess:
        net = network.restore(sess, run.graph, run.checkpoint)
        shape = net.softmax.shape
        found = shape.as_list()[-1] if shape.ndims else None
        if found not in (None, len(run.class_names)):
            raise InputError('{} has {} classes, {} are wanted: {}'.format(
                run.graph, found, len(run.class_names),
                ', '.join(run.class_names)))
        yield Predictor(sess, net, len(run.class_names), batch_size, workers)
