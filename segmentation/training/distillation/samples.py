"""Batches for the training loop, with what a teacher says of each picture.

    training pictures, their labels, targets  \\
    pictures without labels, targets          /  -> Batch

Both kinds are augmented alike; targets move with their picture.
"""
import itertools
from typing import NamedTuple, Optional

import numpy as np

from segmentation import opencv, pixels, threads
from segmentation.data import augmentation, batching, contract
from segmentation.training.distillation.targets import Targets


class Item(NamedTuple):
    """A picture of some Targets, to be read."""

    targets: Targets
    row: int
    seed: Optional[int]     # of its augmentation; None for none


class Samples:
    """The samples of a data source, and pictures without labels.

    Parameters
    ----------
    pictures : batches.Pictures
        The samples; their batch size and seed are those of all.
    targets : list of Targets
        Computed: of the training pictures, and of each folder of more.
    tensor : tf.Tensor
        Is fed the targets.
    """

    def __init__(self, pictures, targets, tensor):
        self.pictures = pictures
        self.source = pictures.source
        self.targets = targets
        self.tensor = tensor

    @property
    def num_training(self) -> int:
        """Return how many samples an epoch has."""
        return sum(len(targets.jobs) for targets in self.targets)

    @property
    def num_validation(self) -> int:
        """Return how many samples the validation split has."""
        return self.pictures.num_validation

    def valid(self):
        """Return the batches of the validation split, always in one order."""
        return self.pictures.valid()

    def train(self, epoch):
        """Return the batches of epoch 1, 2, ..., in an order of its own.

        Those of several processes are as many, of which the last may be
        padding.
        """
        batch_size, size = self.pictures.batch_size, self.pictures.size
        items = batching.share(self.items(epoch), batch_size,
                               self.pictures.rank, size)
        workers = contract.ask(self.source, 'workers')
        read = threads.in_threads(workers, self.read, items,
                                  batch_size + max(batch_size, workers))
        chunks = iter(lambda: list(itertools.islice(read, batch_size)), [])
        return itertools.islice(
            itertools.chain(map(self.batch, chunks), iter(self.padding, None)),
            -(-self.num_training // (batch_size * size)))

    def items(self, epoch):
        """Return the Items of an epoch, in an order that is drawn for it.

        Those with and without labels are spread over it evenly.
        """
        random = np.random.RandomState([self.pictures.seed, epoch])
        rows = [[(targets, row) for row in range(len(targets.jobs))]
                for targets in self.targets]
        groups = rows[0], sum(rows[1:], [])
        positions = np.concatenate([
            (random.permutation(len(group)) + .5) / max(1, len(group))
            for group in groups])
        rows = sum(groups, [])
        augment = contract.ask(self.source, 'augment')
        return [Item(*rows[k], random.randint(1 << 31) if augment else None)
                for k in np.argsort(positions, kind='stable')]

    def read(self, item):
        """Return the picture, labels, targets and path of an Item."""
        path, *label = job = item.targets.jobs[item.row]
        roots = item.targets.roots(item.row)
        size = contract.sample_size(self.source, 'train')
        resize_labels = augmentation.label_resizer(
            self.source.num_classes, contract.ask(self.source, 'soft'),
            contract.ask(self.source, 'samples') is not None)
        with opencv.blaming(path):
            if label:
                image, ids = self.read_pair(batching.Job(job, item.seed))
            else:
                image = pixels.read(path)
                ids = np.full(image.shape[:2], pixels.IGNORE, np.uint8)
            if item.seed is None:
                return (pixels.resize_image(image, size),
                        resize_labels(ids, size), roots, path)
            scaling = (augmentation.RECIPES[contract.ask(
                self.source, 'augment')], self.source.image_size)
            sides = pixels.size_of(image)
            return (*augmentation.augment(image, ids, size, item.seed,
                                          resize_labels, *scaling),
                    augmentation.augment_map(roots, sides, size, item.seed,
                                             *scaling), path)

    def read_pair(self, job):
        """Return the picture and class ids of a batching.Job."""
        samples = contract.ask(self.source, 'samples')
        return samples.read(job) if samples else self.source.read_pair(
            *job.pair)

    def batch(self, samples):
        """Return the Batch of some samples that were read."""
        images, labels, roots, paths = zip(*samples)
        batch = self.pictures.batch(np.stack(images), np.stack(labels),
                                    list(paths))
        return self.add(batch, np.stack(roots))

    def padding(self):
        """Return a Batch that adds nothing: no labels, and no targets."""
        width, height = self.targets[0].size
        return self.add(self.pictures.padding(), np.zeros(
            (1, height, width, self.source.num_classes), np.uint8))

    def add(self, batch, roots):
        """Return a Batch that is fed targets (B, h, w, C) as well."""
        return batch._replace(feed={**batch.feed, self.tensor: roots})
