"""The training loop: epochs, scores, checkpoints and how it is stopped."""
import os
import signal
import time

import numpy as np
import tqdm

from segmentation import drawing, files, metrics, run_dir, text
from segmentation.data import contract
from segmentation.errors import InputError
from segmentation.training import schedules, tensorboard

SHOWN = 4       # validation pictures in TensorBoard


class Stop:
    """Notes Ctrl-C and SIGTERM, so that a step ends before the run does.

    The second signal of a kind has its usual effect.
    """

    def __init__(self):
        self.signal = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.note)

    def note(self, number, _):
        self.signal = number
        signal.signal(number, signal.SIG_DFL)
        try:
            os.write(2, b'\n[i] stopping: saving first\n')
        except OSError:     # whoever read stderr was stopped, too
            pass


class Trainer:
    """A network, its data and its options, going round the epochs.

    `samples` is what it goes round, such as batches.Pictures of the source.
    """

    def __init__(self, sess, net, training, source, samples, options):
        self.sess = sess
        self.net = net
        self.training = training
        self.source = source
        self.samples = samples
        self.options = options
        self.stop = Stop()

    def learning_rate(self, epoch, batch):
        """The rate of a step: of batch 0, 1, ... in epoch 1, 2, ..."""
        options = self.options
        batches = -(-self.samples.num_training // options.batch_size)
        done = (epoch - 1 + batch / batches) / options.epochs
        return options.learning_rate * schedules.factor(
            options.schedule, min(done, 1), options.warm_up / options.epochs)

    def train_epoch(self, epoch):
        """Take one step a batch, until the epoch or the run is stopped.

        Returns
        -------
        float, float
            Mean loss and the first batch's, in nats.
        """
        losses, sizes = [], []
        with tqdm.tqdm(total=self.samples.num_training, unit='image',
                       leave=False, desc='training', disable=None) as bar:
            for batch in self.samples.train(epoch):
                rate = self.learning_rate(epoch, len(losses))
                loss, _ = self.sess.run(
                    [self.training.loss, self.training.step],
                    self.feed(batch, {
                        self.training.learning_rate: rate,
                        self.net.keep_prob: self.options.keep_prob}))
                check_loss(loss, batch.paths)
                losses.append(float(loss))
                sizes.append(len(batch.labels))
                bar.set_postfix(loss=f'{loss:.3f}')
                bar.update(len(batch.labels))
                if self.stop.signal:
                    break
        check_count(sizes, 'training', self.options.batch_size)
        return float(np.average(losses, weights=sizes)), losses[0]

    def feed(self, batch, others=()):
        """What sess.run takes to see a batch, and other values."""
        fed = {self.training.labels: batch.labels}
        fed.update(batch.feed)
        fed.update(others)
        return fed

    def validate(self):
        """Score the validation split at image_size.

        Returns
        -------
        float
            Mean loss, in nats.
        (C, C) array
            Confusion matrix.
        list of pictures
            Input, truth and prediction in a row, always of the same samples.
        """
        source = self.source
        losses, sizes, pictures = [], [], []
        matrix = 0
        shown = set(np.linspace(0, source.num_validation - 1, SHOWN)
                    .astype(int))
        for batch in self.samples.valid():
            loss, classes = self.sess.run(
                [self.training.loss, self.net.classes], self.feed(batch))
            check_loss(loss, batch.paths)   # the last step may have broken it
            truth = drawing.ids_of_rows(batch.labels)
            matrix = matrix + metrics.confusion_matrix(
                truth, classes, source.num_classes)
            pictures += [
                drawing.triple(batch.images[k], truth[k], classes[k],
                               source.label_colors)
                for k in range(len(truth)) if sum(sizes) + k in shown]
            losses.append(float(loss))
            sizes.append(len(truth))
        check_count(sizes, 'validation', self.options.batch_size)
        return float(np.average(losses, weights=sizes)), matrix, pictures

    def run_epoch(self, epoch, board_):
        """Train and score one epoch; its log entry, or None if stopped."""
        start = time.time()
        train_loss, first_loss = self.train_epoch(epoch)
        if self.stop.signal:
            return None
        images_per_second = self.samples.num_training / (time.time() - start)
        valid_loss, matrix, pictures = self.validate()
        names = contract.class_names(self.source)
        ious = dict(zip(names, metrics.iou(matrix).tolist()))
        scores = dict(metrics.scores(matrix), train_loss=train_loss,
                      valid_loss=valid_loss,
                      learning_rate=self.learning_rate(epoch, 0))
        board_.scalars(scores, epoch)
        board_.scalars({f"iou/{name}": value for name, value in ious.items()
                        if not np.isnan(value)}, epoch)
        board_.pictures({f'validation/{k}': picture
                         for k, picture in enumerate(pictures)}, epoch)
        if self.options.table:
            print(metrics.table(matrix, names))
        return dict(scores, epoch=epoch, first_batch_loss=first_loss,
                    iou=files.without_nan(ious),
                    images_per_second=images_per_second,
                    seconds=time.time() - start)

    def is_patience_over(self, epoch, state):
        """Whether the last best score is --patience epochs ago."""
        if not self.options.patience or state['best_epoch'] is None:
            return False
        return epoch > state['best_epoch'] + self.options.patience

    def histograms(self, summary, board_, epoch):
        """Write gradients and weights, by the first validation batch."""
        batch = next(iter(self.samples.valid()))
        board_.add(self.sess.run(summary, self.feed(batch)), epoch)

    def run(self, kept):
        """Go on from the state of the checkpoints; return the exit status."""
        options, state = self.options, kept.state
        board_ = tensorboard.Board(options.tensorboard_dir or run_dir.path(
            options.name, 'tensorboard'), purge_step=state['epoch'] + 1)
        summary = (tensorboard.histograms(self.training.gradients)
                   if options.histograms else None)
        for epoch in range(state['epoch'] + 1, options.epochs + 1):
            if self.is_patience_over(epoch, state):
                print('[i] no better mIoU since epoch {}: enough'.format(
                    state['best_epoch']))
                if state['epoch'] < epoch - 1:
                    state['epoch'] = epoch - 1
                    kept.save(['last', 'resume'])
                break
            entry = self.run_epoch(epoch, board_)
            if entry is None:
                state['epoch'] = epoch - 1
                kept.save(['last', 'resume'])
                break
            if summary is not None:
                self.histograms(summary, board_, epoch)
            board_.flush()
            run_dir.append_log(options.name, files.without_nan(entry))
            kinds = []
            if state['best_miou'] is None or entry['miou'] > state[
                    'best_miou']:
                state.update(best_miou=entry['miou'], best_epoch=epoch)
                kinds.append('best')
            if (epoch % options.checkpoint_interval == 0
                    or epoch == options.epochs or self.stop.signal):
                state['epoch'] = epoch
                kinds += ['last', 'resume']
            kept.save(kinds)
            report(entry, options.epochs)
            if self.stop.signal:
                break
        if self.stop.signal:
            return 128 + self.stop.signal
        print('[i] best mIoU {:.2%} in epoch {}: {}'.format(
            state['best_miou'], state['best_epoch'], options.name))
        return 0


def check_loss(loss, paths):
    """Raise ValueError with the files of the batch if it is no number."""
    if not np.isfinite(loss):
        raise InputError('the loss is {} after the batch {}: stopped, the '
                         'checkpoints are of before'.format(
                             loss, ', '.join(paths)))


def check_count(sizes, split, batch_size):
    """Raise ValueError if a generator gave no batch."""
    if not sizes:
        raise InputError('the data source gave no {} batch of --batch-size '
                         '{}'.format(split, batch_size))


def report(entry, epochs):
    """One line on an epoch for the terminal."""
    left = (epochs - entry['epoch']) * entry['seconds']
    print('[i] epoch {epoch}/{}: loss {train_loss:.4f}, validation '
          '{valid_loss:.4f}; pixel accuracy {pixel_accuracy:.2%}, mIoU '
          '{miou:.2%}; {images_per_second:.1f} images/s; {} left'.format(
              epochs, text.duration(left), **entry), flush=True)
