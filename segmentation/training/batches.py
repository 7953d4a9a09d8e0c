"""Batches for the training loop, each with what the network is fed.

    source -> Pictures of a data source, as they come          -> Batch
    source -> cached_features.Features of a frozen encoder     -> Batch
"""
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from segmentation.data import contract


class Batch(NamedTuple):
    """Some samples, and what the network is fed of them."""

    feed: Dict[Any, np.ndarray]     # {tensor: value} for the network
    images: Optional[np.ndarray]    # (B, H, W, 3), BGR; None of features
    labels: np.ndarray              # (B, H, W, C) uint8
    paths: List[str]                # name the samples


class Pictures:
    """The samples of a data source, their pictures to be fed.

    Parameters
    ----------
    image_input : tf.Tensor
        Takes the pictures.
    source : data source
    batch_size : int
    seed : int
        Seed of the global random generators, from which a user's own source
        may draw.
    """

    def __init__(self, image_input, source, batch_size, seed):
        self.image_input = image_input
        self.source = source
        self.batch_size = batch_size
        self.seed = seed

    @property
    def num_training(self) -> int:
        """Return how many samples an epoch has."""
        return self.source.num_training

    @property
    def num_validation(self) -> int:
        """Return how many samples the validation split has."""
        return self.source.num_validation

    def train(self, epoch):
        """Return the batches of epoch 1, 2, ..., in an order of its own."""
        contract.begin_epoch(self.source, self.seed, epoch)
        return self.read(self.source.train_generator)

    def valid(self):
        """Return the batches of the validation split, always in one order."""
        return self.read(self.source.valid_generator)

    def read(self, generator):
        """Yield what a generator of the source yields, as Batches."""
        for images, labels, paths, _ in contract.checked(
                self.source, generator(self.batch_size, names=True)):
            yield Batch({self.image_input: images}, images, labels, paths)
