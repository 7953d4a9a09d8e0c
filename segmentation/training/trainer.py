"""The training loop: epochs, their scores, and how it is stopped."""
import itertools
import time
from typing import Any, Dict, Iterator, NamedTuple, Optional

import numpy as np

from segmentation import files, metrics
from segmentation.data import background, contract, splits
from segmentation.drawing import overlay, style
from segmentation.processes.launcher import SIGNALS
from segmentation.terminal import progress
from segmentation.training import batches, run_files, tensorboard
from segmentation.training.cluster.cluster import Cluster
from segmentation.training.diagnosis import epoch, measure

PICTURES = 4        # validation pictures in TensorBoard


class Epoch(NamedTuple):
    """What an epoch came to."""

    entry: Dict[str, Any]   # its line in log.jsonl
    matrix: Optional[np.ndarray]    # (C, C) confusion matrix, if validated


class Trainer:
    """The training loop of a run.

    Parameters
    ----------
    sess : tf.Session
    net : network.Network
    training : step.Training
    source : data source
        Has the classes; its samples come from `samples`.
    samples : batches.Pictures or cached_features.Features
    schedule : schedules.Schedule
    keep_prob : float
        Share of activations that dropout keeps.
    directory : str
        The directory of the run, for its log.
    checkpoints : checkpoints.Checkpoints
        Begun or restored.
    board : tensorboard.Board or None
        None in all processes but the first.
    stop : stopping.Stop
    interval : int, optional
        Epochs between validations; the last is always validated.
    histograms : bool, optional
        Write the gradients of an epoch's first step, and the weights after
        its last one, to the board.
    cluster : Cluster, optional
        The processes that train together: the first logs and draws.

    Attributes
    ----------
    signal : int or None
        The signal by which any process was asked to stop, once all know.
    """

    def __init__(self, sess, net, training, source, samples, schedule,
                 keep_prob, directory, checkpoints, board, stop,
                 interval=1, histograms=False, cluster=Cluster()):
        self.sess = sess
        self.net = net
        self.training = training
        self.source = source
        self.samples = samples
        self.schedule = schedule
        self.keep_prob = keep_prob
        self.directory = directory
        self.checkpoints = checkpoints
        self.board = board
        self.stop = stop
        self.interval = interval
        self.cluster = cluster
        self.signal = None
        self.style = style.choose(*background.classes(source),
                                  alpha=style.STRONG)
        self.norms = measure.gradient_norms(training.gradients)
        self.gradients = self.weights = None    # summary operations
        if histograms:
            variables = [variable for _, variable in training.gradients]
            self.gradients = tensorboard.histograms(
                'gradients', training.gradients)
            self.weights = tensorboard.histograms(
                'weights', zip(variables, variables))

    def run(self) -> Iterator[Epoch]:
        """Train, yielding each epoch once it is logged and saved.

        The run ends after its last epoch, when patience is over, or soon
        after a signal; it can be resumed from there.
        """
        epochs = self.schedule.epochs
        for number in range(self.checkpoints.epoch + 1, epochs + 1):
            is_over = self.checkpoints.is_patience_over(
                (number - 1) // self.interval * self.interval)
            done = None if is_over else self.run_epoch(number)
            if done is None:
                self.checkpoints.stop(number - 1)
                return
            if self.cluster.rank == 0:
                run_files.append_log(self.directory,
                                     files.without_nan(done.entry))
            self.checkpoints.record(
                number, done.entry.get('miou'),
                is_last=number == epochs or bool(self.signal))
            yield done
            if self.signal:
                return

    def run_epoch(self, number: int) -> Optional[Epoch]:
        """Train and score an epoch; return None if it was stopped."""
        start = time.time()
        train_loss, first_loss, norms = self.train_epoch(number)
        if self.signal:
            return None
        entry = {'epoch': number, 'first_batch_loss': first_loss,
                 'images_per_second': self.samples.num_training
                 / (time.time() - start)}
        scores = {'train_loss': train_loss,
                  'learning_rate': self.schedule.rate(number, 0)}
        names = contract.class_names(self.source)
        matrix, pictures = None, []
        if number % self.interval == 0 or number == self.schedule.epochs:
            with self.training.scored(self.sess):
                scores['valid_loss'], matrix, pictures = self.validate()
            scores.update(metrics.scores(matrix))
            entry['iou'] = dict(zip(names, metrics.iou(matrix).tolist()))
        if self.board is not None:
            self.write_events(number, scores, entry.get('iou', {}), pictures)
        found = epoch.warnings(matrix, names, norms, [
            variable.op.name for _, variable in self.training.gradients])
        if found:
            entry['warnings'] = found
        return Epoch(dict(scores, **entry, seconds=time.time() - start),
                     matrix)

    def train_epoch(self, number):
        """Take the steps of an epoch, until it or the run is stopped.

        Returns
        -------
        float, float
            Mean loss and the first batch's, in nats.
        (N,) array or None
            Norms of the gradients of the last step, but of a run's first:
            no gradient passes scores that are all zero.
        """
        sums, norms, is_labelled = [], None, False
        sources = self.training.sums or self.training
        fetches = [sources.loss, self.training.step]
        if self.gradients is not None:
            fetches.append(self.gradients)
        with progress.show(self.samples.num_training,
                           f'training, epoch {number}') as bar:
            for group, feed in self.groups(number):
                rate = self.schedule.rate(number, len(sums))
                is_last = (len(sums) + 1 == self.schedule.steps
                           and number + len(sums) > 1)
                loss, _, *summaries = self.sess.run(
                    fetches + [self.norms] * is_last,
                    {**feed, self.training.learning_rate: rate})
                norms = summaries.pop() if is_last else None
                sums.append(self.agree(loss, group))
                for summary in summaries:
                    self.board.add_summary(summary, number)
                del fetches[2:]     # of the first step alone
                is_labelled = is_labelled or any(
                    batch.is_labelled for batch in group)
                bar.update(sums[-1].count, f'loss {sums[-1].loss:.3f}')
                if self.signal:
                    break
        is_labelled = self.cluster.sum(np.array(is_labelled, int))
        return (batches.mean(sums, 'training', is_labelled or self.signal),
                sums[0].loss, norms)

    def groups(self, number):
        """Yield the Batches of each step of an epoch, and what it is fed.

        If a step is one on several, their gradients have been added up.
        """
        read = iter(self.samples.train(number))
        values = {self.net.keep_prob: self.keep_prob}
        sums = self.training.sums
        while sums is not None:
            group = []
            for batch in itertools.islice(read, sums.most):
                self.sess.run(sums.add, self.feed(batch, values))
                group.append(batch)
            if not group:
                return
            yield group, {}
        for batch in read:
            yield [batch], self.feed(batch, values)

    def agree(self, loss, group):
        """Return the Sums of all processes after a step on some Batches.

        The signal of any is then the signal of all.
        """
        own = [self.stop.signal == number for number in SIGNALS]
        paths = [path for batch in group for path in batch.paths]
        loss, count, *asked = self.cluster.sum(
            np.array([loss, len(paths), *own], float)).tolist()
        for number in itertools.compress(SIGNALS, asked):
            self.signal = number
        if not np.isfinite(loss):
            epoch.check_loss(loss, sum(self.cluster.gather(paths), []))
        return batches.Sums(loss, int(count))

    def validate(self):
        """Score the validation split at image_size.

        Returns
        -------
        float
            Mean loss, in nats.
        (C, C) array
            Confusion matrix.
        list of (H, W', 3) uint8 arrays
            Input, truth and prediction in a row, always of the same samples.
        """
        source = self.source
        sums, pictures = [], []
        seen = matrix = 0
        chosen = splits.spread(-(-source.num_validation // self.cluster.size),
                               PICTURES)
        for batch in progress.track(
                self.samples.valid(), source.num_validation, 'validation',
                size=lambda batch: len(batch.labels) * self.cluster.size):
            loss, predicted = self.sess.run(
                [self.training.loss, self.net.classes], self.feed(batch))
            sums.append(self.agree(loss, [batch]))
            truth = batch.ids
            matrix = matrix + metrics.confusion_matrix(
                truth, predicted, source.num_classes)
            pictures += [
                overlay.triple(batch.images[k], truth[k], predicted[k],
                               self.style)
                for k in range(len(truth)) if seen + k in chosen]
            seen += len(truth)
        matrix = self.cluster.sum(matrix)
        return (batches.mean(sums, 'validation', np.any(matrix)), matrix,
                pictures)

    def feed(self, batch, values=()):
        """Return what sess.run is fed for a Batch, and these values."""
        return {**self.training.feed(batch.labels), **batch.feed,
                **dict(values)}

    def write_events(self, number, scores, ious, pictures):
        """Write an epoch to TensorBoard."""
        self.board.add_epoch(number, scores, ious, pictures)
        if self.weights is not None:
            self.board.add_summary(self.sess.run(self.weights), number)
        self.board.flush()
