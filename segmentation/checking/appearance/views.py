"""Samples to look at, at the size of their files."""
from typing import List, NamedTuple

import numpy as np

from segmentation import pixels
from segmentation.data import splits

COUNTS = {'train': 12, 'valid': 6}      # samples of each split


class View(NamedTuple):
    """A sample to look at."""

    path: str
    image: np.ndarray       # (H, W, 3) uint8, BGR
    ids: np.ndarray         # (H, W) uint8 class ids, IGNORE or UNKNOWN


def choose(audit) -> List[View]:
    """Return some samples of each split of an `audit.Audit` that has run.

    Where the source lists its files they are read as they are; otherwise they
    are what its generators gave.
    """
    views = []
    for split, count in COUNTS.items():
        if audit.lists_files:
            pairs = audit.sound_pairs(split)
            views += [read(audit.reader, *pairs[k])
                      for k in splits.spread(len(pairs), count)]
        else:
            samples = audit.samples(split)
            views += [View(*samples[k])
                      for k in splits.spread(len(samples), count)]
    return views


def read(reader, image_path, label_path) -> View:
    """Return the View of the two files of a sample."""
    image, codes, table = reader.read_raw(image_path, label_path)
    return View(image_path, image, pixels.look_up(codes, table))
