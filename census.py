"""The values of a label image: which there are, how often, and where first.

Values are ids, or colours as `pixels.pack` packs them (int32).
"""
import collections

import numpy as np

import pixels

KEPT = 100      # values in no class that are listed of a file

# A value of a label: its class number, how often it stands there, its first
# (row, column), and the name of the nearest class where it is in none.
Value = collections.namedtuple(
    'Value', 'is_color code number pixels place nearest')


def count(codes):
    """Count the values of a label image by its runs, which are few.

    Returns
    -------
    values, counts, first : arrays
        Distinct values, their pixels, and the place of each one's first
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
    """The `Value`s by place: all of a class, and KEPT of the others."""
    numbers = table[values]
    known = np.flatnonzero(table != pixels.UNKNOWN) \
        if (numbers == pixels.UNKNOWN).any() else None
    is_color = codes.dtype == np.int32
    listed, kept = [], 0
    for k in np.argsort(first):
        near = None
        if numbers[k] >= pixels.UNKNOWN:
            kept += 1
            if kept > KEPT:
                continue
        if numbers[k] == pixels.UNKNOWN:
            number = table[nearest(values[k], known, is_color)]
            near = 'ignored' if number == pixels.IGNORE else names[number]
        listed.append(Value(
            is_color, int(values[k]), int(numbers[k]), int(counts[k]),
            tuple(int(i) for i in divmod(first[k], codes.shape[1])), near))
    return listed


def describe(value):
    """'colour (255, 0, 128)' or 'id 12'."""
    return 'colour {}'.format(pixels.unpack(value.code)) if value.is_color \
        else 'id {}'.format(value.code)


def nearest(code, known, is_color):
    """The one of the `known` codes that is nearest.

    Colours are compared by the sum of squared differences, ids by number.
    """
    if not is_color:
        return known[abs(known - int(code)).argmin()]
    parts = np.stack([known >> 16, known >> 8 & 255, known & 255], axis=1)
    return known[((parts - pixels.unpack(code)) ** 2).sum(axis=1).argmin()]


def check_rows(labels, ignore):
    """Check that each row of (H, W, C) labels is one 1 among zeros.

    Returns
    -------
    faults : list of str
    counts : (C,) array
        Ones of each class.
    """
    height, width, depth = labels.shape
    ones = np.ascontiguousarray(labels == 1).view(np.uint8)
    ones = ones.reshape(-1, depth)
    sums = cv2.reduce(ones, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    counts = cv2.reduce(ones, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    faults, proper = [], np.ones(height * width, bool)
    if np.count_nonzero(labels) != counts.sum():
        other = ((labels != 0) & (labels != 1)).reshape(-1, depth)
        proper = ~other.any(axis=1)
        place = divmod(int(proper.argmin()), width)
        faults.append('value {:g} at row {}, column {} ({} values in all): '
                      '0 or 1 is wanted'.format(
                          labels.reshape(-1, depth)[other][0], *place,
                          np.count_nonzero(other)))
    for bad, text in (
            ((sums == 0) & (not ignore), 'no 1 in the label row at row {}, '
             'column {} ({} pixels in all): only a source with `ignore` may '
             'have rows of zeros'),
            (sums > 1, 'several ones in the label row at row {}, column {} '
             '({} pixels in all): one is wanted')):
        bad &= proper
        if bad.any():
            faults.append(text.format(*divmod(int(bad.argmax()), width),
                                      np.count_nonzero(bad)))
    return faults, counts
