"""Batches of samples that threads read ahead of whoever takes them."""
from typing import Callable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from segmentation import threads


class Job(NamedTuple):
    """A sample to be read."""

    pair: Tuple[str, str]           # picture path, label path
    seed: Optional[int] = None      # of its augmentation; None for none


class Batch(NamedTuple):
    """A batch that is filled sample by sample, in any order."""

    jobs: List[Job]
    images: np.ndarray              # (B, H, W, 3) uint8, BGR
    labels: np.ndarray              # (B, H, W, C) uint8


def start(jobs, image_size, num_classes):
    """Return the Batch of some jobs, not filled yet."""
    width, height = image_size
    shape = len(jobs), height, width
    return Batch(jobs, np.empty(shape + (3,), np.uint8),
                 np.empty(shape + (num_classes,), np.uint8))


def read_ahead(jobs: List[Job], batch_size: int, image_size: Tuple[int, int],
               num_classes: int, read: Callable[[Job], tuple],
               workers: int) -> Iterator[Batch]:
    """Yield the filled Batches of jobs in order, read ahead by threads.

    Two batches are under way ahead of the one that is yielded, or as many as
    keep every worker busy. The first error of a batch is raised instead of
    it.

    Parameters
    ----------
    read : function of a Job
        Returns a picture (H, W, 3) and label rows (H, W, C) of `image_size`.
    workers : int
        Number of threads.
    """
    def slots():
        for first in range(0, len(jobs), batch_size):
            batch = start(jobs[first:first + batch_size], image_size,
                          num_classes)
            for k in range(len(batch.jobs)):
                yield batch, k

    def fill(slot):
        batch, k = slot
        batch.images[k], batch.labels[k] = read(batch.jobs[k])
        return slot

    ahead = batch_size * (1 + max(1, -(-workers // batch_size)))
    for batch, k in threads.in_threads(workers, fill, slots(), ahead):
        if k + 1 == len(batch.jobs):        # they come in order
            yield batch
