"""Run-length encoded masks: COCO's, by column, and CVAT's, by row.

Both count the pixels outside, inside, outside ... in turn. COCO writes the
counts as a list or, shorter, as text (pycocotools: `maskApi.c`).
"""
import numpy as np

from segmentation import text


def decode(counts, size, by_column):
    """Return the mask of run lengths, (H, W) bool.

    Parameters
    ----------
    counts : sequence of int
    size : (width, height)

    Raises
    ------
    ValueError
        The counts do not add up to the size.

    Examples
    --------
    >>> decode([1, 2, 3], (3, 2), by_column=True).astype(int).tolist()
    [[0, 1, 0], [1, 0, 0]]
    """
    counts = np.asarray(counts, np.int64)
    width, height = size
    if counts.size == 0 or (counts < 0).any() or \
            counts.sum() != width * height:
        count = text.counted(counts.sum(), 'pixel')
        raise ValueError(f'run lengths of {count}: {width}x{height} are '
                         'wanted')
    inside = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return (inside.reshape(width, height).T if by_column
            else inside.reshape(height, width))


def parse_text(text):
    """Return the counts that COCO's text stands for.

    A count is written 5 bits a character from the lowest on, with 32 where
    more follow, all from '0' on; from the third on, what is written is the
    difference to the count before the last.

    Examples
    --------
    >>> parse_text('52203')
    [5, 2, 2, 2, 5]
    """
    counts, value, shift = [], 0, 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError(f'{character!r} in run lengths')
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    return counts
