"""Batches for the training loop, each with what the network is fed.

    source -> Pictures of a data source, as they come          -> Batch
    source -> cached_features.Features of a frozen encoder     -> Batch
"""
import itertools
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from segmentation import pixels
from segmentation.data import batching, contract
from segmentation.errors import InputError


class Batch(NamedTuple):
    """Some samples, and what the network is fed of them."""

    feed: Dict[Any, np.ndarray]     # {tensor: value} for the network
    images: Optional[np.ndarray]    # (B, H, W, 3), BGR; None of features
    labels: np.ndarray              # (B, H, W) ids or (B, H, W, C) rows
    paths: List[str]                # name the samples; none of a padding

    @property
    def ids(self) -> np.ndarray:
        """Return the class ids (B, H, W), uint8."""
        return (self.labels if self.labels.ndim == 3
                else batching.ids_of_rows(self.labels))

    @property
    def is_labelled(self) -> bool:
        """Return whether any pixel has a class."""
        return bool(batching.is_labelled(self.labels).any())


def first_of(batches, split):
    """Return the first of an iterator of batches; InputError without any."""
    for batch in batches:
        return batch
    raise no_batch(split)


def no_batch(split):
    """Return the error that says that a source yields no batch of a split."""
    return InputError(f'the data source yields no {split} batch: it may have '
                      'fewer samples than --batch-size')


class Sums(NamedTuple):
    """What a step came to, of all processes."""

    loss: float     # in nats
    count: int      # samples


def mean(sums, split, is_labelled):
    """Return the mean loss per sample of the Sums of steps.

    InputError says where the split has no batch, or no labelled pixel, so
    that its loss would be 0 whatever the network does.
    """
    if not sums:
        raise no_batch(split)
    if not is_labelled:
        raise InputError(f'no pixel of the {split} split is labelled')
    losses, counts = zip(*sums)
    return float(np.average(losses, weights=counts))


class Pictures:
    """The samples of a data source, their pictures to be fed.

    Parameters
    ----------
    feed : function of pictures (B, H, W, 3)
        Returns {tensor: value} for the network.
    source : data source
    batch_size : int
    seed : int
        Seed of the global random generators, from which a user's own source
        may draw.
    rank, size : int, optional
        Which process of how many takes its samples of each batch: of one
        that is `size` times as large.
    """

    def __init__(self, feed, source, batch_size, seed, rank=0, size=1):
        self.feed = feed
        self.source = source
        self.batch_size = batch_size
        self.seed = seed
        self.rank, self.size = rank, size
        self.begun = None       # epoch 1, once its first batch is read

    @property
    def num_training(self) -> int:
        """Return how many samples an epoch has."""
        return self.source.num_training

    @property
    def num_validation(self) -> int:
        """Return how many samples the validation split has."""
        return self.source.num_validation

    def first(self):
        """Return the first training batch, which epoch 1 has not to read."""
        rest = self.train(1)
        batch = first_of(rest, 'training')
        self.begun = itertools.chain([batch], rest)
        return batch

    def train(self, epoch):
        """Return the batches of epoch 1, 2, ..., in an order of its own."""
        if self.begun is not None and epoch == 1:
            begun, self.begun = self.begun, None
            return begun
        contract.begin_epoch(self.source, self.seed, epoch)
        return self.read('train', self.rank, self.size)

    def valid(self):
        """Return the batches of the validation split, always in one order."""
        return self.read('valid', self.rank, self.size)

    def whole(self, split):
        """Return batches of all samples of a split, whatever the process."""
        if split == 'train' and self.size == 1:
            return self.train(1)
        if split == 'train':
            contract.begin_epoch(self.source, self.seed, 1)
        return self.read(split, 0, 1)

    def augmented(self, number):
        """Yield Batches of all training samples, whatever the process.

        They are augmented as 'views'; each number has others.
        """
        contract.configure(self.source, augment='views')
        contract.begin_epoch(self.source, self.seed, number)
        try:
            yield from self.read('train', 0, 1)
        finally:
            contract.configure(self.source, augment=False)

    def read(self, split, rank, size):
        """Return an iterator of one process's Batches of a split.

        All have as many, of which the last may be padding.
        """
        is_sharded = contract.offers(self.source, 'shard')
        if is_sharded:
            contract.configure(self.source, shard=(rank, size))
            count = (self.num_training if split == 'train'
                     else self.num_validation)
            steps = -(-count // (self.batch_size * size))
        generate = contract.generator(self.source, split)
        read = self.convert(contract.checked(self.source, generate(
            self.batch_size * (1 if is_sharded else size), names=True), split))
        if size == 1:
            return read
        if is_sharded:
            return itertools.islice(itertools.chain(
                read, iter(self.padding, None)), steps)
        return (self.part(batch, rank, size) for batch in read)

    def convert(self, read):
        """Yield what a generator of the source yields, as Batches."""
        for images, labels, paths, _ in read:
            yield self.batch(images, labels, paths)

    def batch(self, images, labels, paths):
        """Return some samples as a Batch."""
        return Batch(self.feed(np.asarray(images)), images, labels, paths)

    def part(self, batch, rank, size):
        """Return the Batch of one process, or padding."""
        images, labels, paths = (batching.part(values, rank, size) for values
                                 in (batch.images, batch.labels, batch.paths))
        return (self.batch(images, labels, paths) if len(paths)
                else self.padding())

    def padding(self):
        """Return a Batch that adds nothing: a black picture, not labelled."""
        width, height = self.source.image_size
        return self.batch(
            np.zeros((1, height, width, 3), np.uint8),
            np.full((1, height, width), pixels.IGNORE, np.uint8), [])
