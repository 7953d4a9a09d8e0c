"""Batches of samples: read ahead by threads, and their arrays checked."""
from typing import Callable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from segmentation import threads
from segmentation.errors import InputError


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


def check_shapes(images, labels, image_size, num_classes):
    """Raise InputError unless a batch has the contract's shapes."""
    width, height = image_size
    for what, array, depth in (('images', images, 3),
                               ('labels', labels, num_classes)):
        wanted = (len(images), height, width, depth)
        if np.shape(array) != wanted:
            raise InputError(f'the data source gives {what} of shape '
                             f'{np.shape(array)}: {wanted} is wanted')


def check_finite(images, paths=None):
    """Raise InputError if a picture has values that are not finite."""
    finite = np.isfinite(images).all(axis=(1, 2, 3))
    if not finite.all():
        raise InputError(f'{paths[finite.argmin()] if paths else "images"}: '
                         'the picture has values that are not finite')


def as_rows(labels, largest, paths=None):
    """Return label rows (B, H, W, C) as uint8.

    InputError names what would not be the same then, or is above `largest`:
    shares of 0 to 1 would all become zeros.
    """
    labels = np.asarray(labels)
    if labels.dtype == np.uint8:
        return labels
    with np.errstate(invalid='ignore'):     # of what is not finite
        rows = labels.astype(np.uint8)
    wrong = np.argwhere((rows != labels) | (rows > largest))
    if len(wrong):
        k, row, column, class_id = wrong[0]
        wanted = ('0 or 1 is' if largest == 1
                  else f'a whole number of 0 to {largest} is')
        raise InputError(
            f'{paths[k] if paths else "labels"}: class {class_id} is '
            f'{labels[k, row, column, class_id]:g} at row {row}, column '
            f'{column}: {wanted} wanted')
    return rows


def refuse_empty_rows(labels, paths=None):
    """Raise InputError if a pixel of (B, H, W, C) labels has no class."""
    empty = np.argwhere(~labels.any(axis=-1))
    if len(empty):
        k, row, column = empty[0]
        raise InputError(
            f'{paths[k] if paths else "labels"}: no class at row {row}, '
            f'column {column} ({len(empty)} pixels of the batch), and the '
            'source does not declare ignore')
