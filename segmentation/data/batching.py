"""Batches of samples: read ahead by threads, and their arrays checked."""
from typing import Callable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from segmentation import pixels, text, threads
from segmentation.errors import InputError


class Job(NamedTuple):
    """A sample to be read."""

    pair: Tuple[str, str]           # picture path, label path
    seed: Optional[int] = None      # of its augmentation; None for none


class Batch(NamedTuple):
    """A batch that is filled sample by sample, in any order."""

    jobs: List[Job]
    images: np.ndarray              # (B, H, W, 3) uint8, BGR
    labels: np.ndarray              # (B, H, W) or (B, H, W, C) uint8


def share(items, batch_size, rank, size):
    """Return the items of one of several processes, batch by batch.

    They divide what would be a batch of one process, of `size` times as many
    items: whole batches into parts of `batch_size`, the last as evenly as it
    goes.

    >>> [''.join(share('abcdefghijk', 2, rank, 3)) for rank in range(3)]
    ['abgh', 'cdij', 'efk']
    """
    return [item for first in range(0, len(items), batch_size * size)
            for item in part(items[first:first + batch_size * size], rank,
                             size)]


def part(items, rank, size):
    """Return the items of one of several processes, as evenly as it goes.

    >>> [part('abcdefgh', rank, 3) for rank in range(3)]
    ['abc', 'def', 'gh']
    """
    each, more = divmod(len(items), size)
    first = rank * each + min(rank, more)
    return items[first:first + each + (rank < more)]


def start(jobs, image_size, label_shape):
    """Return the Batch of some jobs, not filled yet."""
    width, height = image_size
    shape = len(jobs), height, width
    return Batch(jobs, np.empty(shape + (3,), np.uint8),
                 np.empty(shape + label_shape, np.uint8))


def read_ahead(jobs: List[Job], batch_size: int, image_size: Tuple[int, int],
               label_shape: Tuple[int, ...], read: Callable[[Job], tuple],
               workers: int) -> Iterator[Batch]:
    """Yield the filled Batches of jobs in order, read ahead by threads.

    Two batches are under way ahead of the one that is yielded, or as many as
    keep every worker busy. The first error of a batch is raised instead of
    it.

    Parameters
    ----------
    label_shape : tuple of int
        What the label of a pixel is: (C,) for a row, () for a class id.
    read : function of a Job
        Returns a picture (H, W, 3) and its labels, (H, W) + `label_shape`.
    workers : int
        Number of threads.
    """
    def slots():
        for first in range(0, len(jobs), batch_size):
            batch = start(jobs[first:first + batch_size], image_size,
                          label_shape)
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


def check_shapes(images, labels, image_size, label_shape):
    """Raise InputError unless a batch has the contract's shapes."""
    width, height = image_size
    for what, array, depth in (('images', images, (3,)),
                               ('labels', labels, label_shape)):
        wanted = (len(images), height, width) + depth
        if np.shape(array) != wanted:
            raise InputError(f'the data source gives {what} of shape '
                             f'{np.shape(array)}: {wanted} is wanted')


def check_finite(images, paths=None):
    """Raise InputError if a picture has values that are not finite."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return
    finite = np.isfinite(images).all(axis=(1, 2, 3))
    if not finite.all():
        raise InputError(f'{paths[finite.argmin()] if paths else "images"}: '
                         'the picture has values that are not finite')


def as_ids(labels, num_classes, paths=None):
    """Return class ids (B, H, W) as uint8.

    InputError names what is neither a class nor IGNORE.
    """
    labels = np.asarray(labels)
    if labels.dtype == np.uint8 and labels.max(initial=0) < num_classes:
        return labels
    with np.errstate(invalid='ignore'):     # of what is not finite
        ids = labels.astype(np.uint8)
    wrong = np.argwhere((ids != labels) | (
        (ids >= num_classes) & (ids != pixels.IGNORE)))
    if len(wrong):
        k, row, column = wrong[0]
        raise InputError(
            f'{paths[k] if paths else "labels"}: class id '
            f'{labels[k, row, column]:g} at row {row}, column {column}: 0 to '
            f'{num_classes - 1}, or {pixels.IGNORE} to ignore, is wanted')
    return ids


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


def refuse_unlabelled(labels, paths=None):
    """Raise InputError if a pixel of ids, or of label rows, has no class."""
    empty = np.argwhere(~is_labelled(labels))
    if len(empty):
        k, row, column = empty[0]
        raise InputError(
            f'{paths[k] if paths else "labels"}: no class at row {row}, '
            f'column {column} ({text.counted(len(empty), "pixel")} of the '
            'batch), and the source does not declare ignore')


def is_labelled(labels):
    """Return which pixels of ids, or of label rows, have a class, (B, H, W).
    """
    return (labels != pixels.IGNORE if labels.ndim == 3
            else labels.any(axis=-1))


def ids_of_rows(labels: np.ndarray) -> np.ndarray:
    """Return the class ids (..., H, W) of label rows, IGNORE for zero rows."""
    labels = np.asarray(labels)
    ids = labels.argmax(axis=-1).astype(np.uint8)
    ids[~labels.any(axis=-1)] = pixels.IGNORE
    return ids
