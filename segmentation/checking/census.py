"""A census of a label image: which values it has, how often, and where.

Values are ids, or colours as `pixels.pack` packs them (int32). They are
counted as they are in the file, since label rows alone show little: where
class 0 is 'everything else', noise makes sound rows.
"""
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from segmentation import pixels, text
from segmentation.checking.faults import Fault

NOISY = 1 / 3   # share of neighbours that differ; in CamVid's labels, .08
VALUES = 256    # most values of a label image
LISTED = 100    # values without a class that are listed of a file


class Value(NamedTuple):
    """A value of a label image."""

    code: int                       # an id, or a packed colour
    is_color: bool
    class_id: int                   # or IGNORE, or UNKNOWN
    pixels: int
    position: Tuple[int, int]       # row and column of its first pixel
    nearest: Optional[str]          # nearest class, if it is in none

    def describe(self):
        """Return 'colour (255, 0, 128)' or 'id 12'."""
        return pixels.describe(self.code, self.is_color)


class Census(NamedTuple):
    """The values of a label image."""

    values: List[Value]     # by position; LISTED of those without a class
    pixels: int
    distinct: int           # number of different values
    unknown: int            # how many of them are in no class
    unknown_pixels: int
    changes: float          # share of neighbouring pixels that differ


def take(codes, table, names):
    """Take the Census of a label image.

    Parameters
    ----------
    codes : (h, w) integer array
    table : (N,) uint8 array
        The class id of each value.
    names : sequence of str
        The names of the classes.
    """
    values, counts, first, changes = count(codes)
    unknown = table[values] == pixels.UNKNOWN
    return Census(list_values(codes, table, names, values, counts, first),
                  codes.size, len(values), int(unknown.sum()),
                  int(counts[unknown].sum()), changes)


def find_faults(census, label_path):
    """Return the Faults of a label file that its Census shows."""
    faults = []
    if census.unknown:
        value = next(value for value in census.values
                     if value.class_id == pixels.UNKNOWN)
        row, column = value.position
        line = (f'{label_path}: {value.describe()} at row {row}, column '
                f'{column} is in no class '
                f'({text.counted(value.pixels, "pixel")} in all); '
                f'the nearest is {value.nearest!r}')
        if census.unknown > 1:
            others = census.unknown_pixels - value.pixels
            line += (f'; {text.counted(census.unknown - 1, "more value")} in '
                     f'none, of {text.counted(others, "pixel")}')
        faults.append(Fault('unknown', line))
    elif census.distinct > VALUES:
        faults.append(Fault('noise', f'{label_path}: {census.distinct} '
                            f'different values: a label image has {VALUES} '
                            'at most'))
    if census.changes > NOISY:
        faults.append(Fault('noise', f'{label_path}: {census.changes:.0%} of '
                            'neighbouring pixels differ: noise, no label '
                            'image'))
    return faults


def count(codes):
    """Count the values of a label image by its runs, which are few.

    Returns
    -------
    values, counts, first : arrays
        Distinct values, their pixels, and the index of each one's first
        pixel in the flat image.
    changes : float
        Share of the pixels that differ from their left neighbour.
    """
    height, width = codes.shape
    starting = np.ones(codes.shape, bool)
    np.not_equal(codes[:, 1:], codes[:, :-1], out=starting[:, 1:])
    starts = np.flatnonzero(starting)
    lengths = np.diff(np.append(starts, codes.size))
    values, first, which = np.unique(codes.ravel()[starts], return_index=True,
                                     return_inverse=True)
    counts = np.bincount(which.ravel(), lengths).astype(np.int64)
    changes = (len(starts) - height) / max(1, height * (width - 1))
    return values, counts, starts[first], changes


def list_values(codes, table, names, values, counts, first):
    """Return the Values by position: all of a class, LISTED of the others."""
    class_ids = table[values]
    known = np.flatnonzero(table != pixels.UNKNOWN) \
        if (class_ids == pixels.UNKNOWN).any() else None
    is_color = codes.dtype == np.int32
    order = np.argsort(first)
    others = class_ids[order] >= pixels.UNKNOWN
    listed = []
    for k in order[~others | (np.cumsum(others) <= LISTED)]:
        name = None
        if class_ids[k] == pixels.UNKNOWN:
            class_id = table[nearest(values[k], known, is_color)]
            name = 'ignored' if class_id == pixels.IGNORE else names[class_id]
        row, column = divmod(int(first[k]), codes.shape[1])
        listed.append(Value(int(values[k]), is_color, int(class_ids[k]),
                            int(counts[k]), (row, column), name))
    return listed


def nearest(code, known, is_color):
    """Return the one of the `known` codes that is nearest to `code`.

    Colours are compared by the sum of squared differences, ids by number.
    """
    if not is_color:
        return known[abs(known - int(code)).argmin()]
    parts = np.stack([known >> 16, known >> 8 & 255, known & 255], axis=1)
    return known[((parts - pixels.unpack(code)) ** 2).sum(axis=1).argmin()]
