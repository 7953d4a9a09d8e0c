"""The training loop: epochs, their scores, and how it is stopped."""
import os
import signal
import time
from typing import Any, Dict, Iterator, NamedTuple, Optional

import numpy as np

from segmentation import files, metrics
from segmentation.data import background, contract, splits
from segmentation.drawing import overlay, style
from segmentation.errors import InputError
from segmentation.terminal import progress
from segmentation.training import batches, run_files, tensorboard
from segmentation.training.diagnosis import epoch, measure

PICTURES = 4        # validation pictures in TensorBoard


class Stop:
    """Records Ctrl-C and SIGTERM while its context is open.

    The run then ends after a step; a second signal of a kind has its usual
    effect.

    Attributes
    ----------
    signal : int or None
        The signal that asked to stop.
    """

    def __init__(self):
        self.signal = None
        self.handlers = {}      # as they were before

    def __enter__(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.handlers[number] = signal.signal(number, self.receive)
        return self

    def __exit__(self, *_):
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def receive(self, number, _):
        """Handle a signal."""
        self.signal = number
        signal.signal(number, signal.SIG_DFL)
        try:
            os.write(2, b'\n[i] stopping: saving first\n')
        except OSError:     # whoever read stderr was stopped, too
            pass


class Epoch(NamedTuple):
    """What an epoch came to."""

    entry: Dict[str, Any]   # its line in log.jsonl
    matrix: np.ndarray      # (C, C) confusion matrix of the validation split


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
    board : tensorboard.Board
    stop : Stop
    histograms : bool, optional
        Write the gradients of an epoch's first step, and the weights after
        its last one, to the board.
    """

    def __init__(self, sess, net, training, source, samples, schedule,
                 keep_prob, directory, checkpoints, board, stop,
                 histograms=False):
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
        self.style = style.choose(
            contract.class_names(source), contract.label_colors(source),
            background.of_source(source), alpha=style.STRONG)
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
            if self.checkpoints.is_patience_over(number):
                self.checkpoints.stop(number - 1)
                return
            done = self.run_epoch(number)
            if done is None:
                self.checkpoints.stop(number - 1)
                return
            run_files.append_log(self.directory,
                                 files.without_nan(done.entry))
            self.checkpoints.record(
                number, done.entry['miou'],
                is_last=number == epochs or bool(self.stop.signal))
            yield done
            if self.stop.signal:
                return

    def run_epoch(self, number: int) -> Optional[Epoch]:
        """Train and score an epoch; return None if it was stopped."""
        start = time.time()
        train_loss, first_loss, norms = self.train_epoch(number)
        if self.stop.signal:
            return None
        images_per_second = self.samples.num_training / (time.time() - start)
        valid_loss, matrix, pictures = self.validate()
        scores = dict(metrics.scores(matrix), train_loss=train_loss,
                      valid_loss=valid_loss,
                      learning_rate=self.schedule.rate(number, 0))
        ious = dict(zip(contract.class_names(self.source),
                        metrics.iou(matrix).tolist()))
        self.write_events(number, scores, ious, pictures)
        found = epoch.warnings(matrix, list(ious), norms, [
            variable.op.name for _, variable in self.training.gradients])
        if found:
            scores['warnings'] = found
        return Epoch(dict(scores, epoch=number, first_batch_loss=first_loss,
                          iou=ious, images_per_second=images_per_second,
                          seconds=time.time() - start), matrix)

    def train_epoch(self, number):
        """Take one step per batch, until the epoch or the run is stopped.

        Returns
        -------
        float, float
            Mean loss and the first batch's, in nats.
        (N,) array or None
            Norms of the gradients of the last step, but of a run's first:
            no gradient passes scores that are all zero.
        """
        losses, sizes, norms, is_labelled = [], [], None, False
        fetches = [self.training.loss, self.training.step]
        if self.gradients is not None:
            fetches.append(self.gradients)
        with progress.show(self.samples.num_training,
                           f'training, epoch {number}') as bar:
            for batch in self.samples.train(number):
                rate = self.schedule.rate(number, len(losses))
                is_last = (len(losses) + 1 == self.schedule.batches
                           and number + len(losses) > 1)
                loss, _, *summaries = self.sess.run(
                    fetches + [self.norms] * is_last, self.feed(batch, {
                        self.training.learning_rate: rate,
                        self.net.keep_prob: self.keep_prob}))
                epoch.check_loss(loss, batch.paths)
                norms = summaries.pop() if is_last else None
                for summary in summaries:
                    self.board.add_summary(summary, number)
                del fetches[2:]     # of the first step alone
                losses.append(float(loss))
                sizes.append(len(batch.labels))
                is_labelled = is_labelled or batch.is_labelled
                bar.update(len(batch.labels), f'loss {loss:.3f}')
                if self.stop.signal:
                    break
        return mean(losses, sizes, 'training',
                    is_labelled or self.stop.signal), losses[0], norms

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
        losses, sizes, pictures, matrix = [], [], [], 0
        chosen = splits.spread(source.num_validation, PICTURES)
        for batch in progress.track(
                self.samples.valid(), source.num_validation, 'validation',
                size=lambda batch: len(batch.labels)):
            loss, predicted = self.sess.run(
                [self.training.loss, self.net.classes], self.feed(batch))
            epoch.check_loss(loss, batch.paths)     # broken by the last step?
            truth = batch.ids
            matrix = matrix + metrics.confusion_matrix(
                truth, predicted, source.num_classes)
            pictures += [
                overlay.triple(batch.images[k], truth[k], predicted[k],
                               self.style)
                for k in range(len(truth)) if sum(sizes) + k in chosen]
            losses.append(float(loss))
            sizes.append(len(truth))
        return (mean(losses, sizes, 'validation', np.any(matrix)), matrix,
                pictures)

    def feed(self, batch, values=()):
        """Return what sess.run is fed for a Batch, and these values."""
        return {**self.training.feed(batch.labels), **batch.feed,
                **dict(values)}

    def write_events(self, number, scores, ious, pictures):
        """Write an epoch to TensorBoard."""
        self.board.add_scalars(scores, number)
        self.board.add_scalars({f'iou/{name}': value
                                for name, value in ious.items()
                                if not np.isnan(value)}, number)
        self.board.add_pictures({f'validation/{k}': picture
                                 for k, picture in enumerate(pictures)},
                                number)
        if self.weights is not None:
            self.board.add_summary(self.sess.run(self.weights), number)
        self.board.flush()


def mean(losses, sizes, split, is_labelled):
    """Return the mean loss per sample of batches of these sizes.

    InputError says where the split has no batch, or no labelled pixel, so
    that its loss would be 0 whatever the network does.
    """
    if not sizes:
        raise batches.no_batch(split)
    if not is_labelled:
        raise InputError(f'no pixel of the {split} split is labelled')
    return float(np.average(losses, weights=sizes))
