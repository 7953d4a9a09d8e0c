"""Batches for the training loop, each with what the network is fed.

    source -> Pictures of a data source, as they come          -> Batch
    source -> cached_features.Features of a frozen encoder     -> Batch
"""
import itertools
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from segmentation.data import batching, contract
from segmentation.errors import InputError


class Batch(NamedTuple):
    """Some samples, and what the network is fed of them."""

    feed: Dict[Any, np.ndarray]     # {tensor: value} for the network
    images: Optional[np.ndarray]    # (B, H, W, 3), BGR; None of features
    labels: np.ndarray              # (B, H, W) ids or (B, H, W, C) rows
    paths: List[str]                # name the samples

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
    """

    def __init__(self, feed, source, batch_size, seed):
        self.feed = feed
        self.source = source
        self.batch_size = batch_size
        self.seed = seed
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
        return self.read(self.source.train_generator)

    def valid(self):
        """Return the batches of the validation split, always in one order."""
        return self.read(self.source.valid_generator)

    def read(self, generator):
        """Yield what a generator of the source yields, as Batches."""
        for images, labels, paths, _ in contract.checked(
                self.source, generator(self.batch_size, names=True)):
            yield Batch(self.feed(np.asarray(images)), images, labels, paths)
