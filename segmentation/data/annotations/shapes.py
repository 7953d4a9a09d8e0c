"""Shapes that people drew, painted as class ids: the one rasterizer.

Coordinates are (x, y) in pixels from the top left corner of the picture, so
that the pixel in row r and column c covers x from c to c + 1 and y from r to
r + 1. A pixel is inside an outline if its centre is, by the even-odd rule.
Areas that share an edge therefore share no pixel, and leave none between.
"""
from typing import Callable, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from segmentation import text
from segmentation.errors import InputError

VERTICES = 256      # of an ellipse
FARTHEST = 1e6      # pixels; no picture is so large


class Shape(NamedTuple):
    """An area with a name: outlines that are filled, or a mask."""

    name: str
    outlines: Sequence[np.ndarray] = ()     # (N, 2) each; filled one by one
    mask: Optional[np.ndarray] = None       # (h, w) bool
    corner: Tuple[int, int] = (0, 0)        # column and row of the mask


def outline(points, where):
    """Return an outline (N, 2), N >= 3, of points or of x, y, x, y ...

    Raises
    ------
    InputError
        It is none; the message starts with `where`.
    """
    try:
        points = np.asarray(points, float)
        points = points.reshape(-1, 2) if points.ndim == 1 else points
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(points.shape)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f'{where}: x and y of points are wanted')
    if len(points) < 3 or not (abs(points) < FARTHEST).all():
        raise InputError(f'{where}: {text.counted(len(points), "point")}: 3 '
                         f'or more, x and y below {FARTHEST:.0e}, make an '
                         'outline')
    return points


def paint(shapes: Sequence[Shape], size: Tuple[int, int],
          class_id: Callable[[str], int], uncovered: int) -> np.ndarray:
    """Paint shapes over one another, the first one at the bottom.

    Parameters
    ----------
    size : (width, height)
        Of the picture, in pixels; what reaches beyond it is cut off.
    class_id : function
        Returns the class id of a name.
    uncovered : int
        The class id of pixels in no shape.

    Returns
    -------
    (H, W) uint8 array
    """
    ids = np.full(size[::-1], uncovered, np.uint8)
    for shape in shapes:
        number = class_id(shape.name)
        for outline in shape.outlines:
            (left, top), inside = fill(outline, size)
            put(ids, inside, left, top, number)
        if shape.mask is not None:
            put(ids, shape.mask, *shape.corner, number)
    return ids


def put(ids, mask, left, top, number):
    """Write a number where a mask is true whose corner is (left, top)."""
    rows = slice(max(0, -top), max(0, ids.shape[0] - top))
    columns = slice(max(0, -left), max(0, ids.shape[1] - left))
    mask = mask[rows, columns]
    top, left = max(0, top), max(0, left)
    ids[top:top + mask.shape[0], left:left + mask.shape[1]][mask] = number


def fill(outline, size):
    """Return the pixels inside an outline, of the box that holds them.

    Returns
    -------
    (left, top) : ints
        The box's first column and row.
    (h, w) bool array

    Examples
    --------
    >>> corner, inside = fill([(1, 1), (4, 1), (1, 4)], (5, 5))
    >>> corner, inside.astype(int).tolist()
    ((1, 1), [[1, 1, 0], [1, 0, 0], [0, 0, 0]])
    """
    start = np.asarray(outline, float).reshape(-1, 2) - .5
    left, top = first_pixels(start.min(axis=0), size)
    right, bottom = first_pixels(start.max(axis=0), size)
    end = np.roll(start, -1, axis=0)
    # Each edge runs downwards, so that two areas compute a shared one alike.
    upwards = start[:, 1] > end[:, 1]
    start[upwards], end[upwards] = end[upwards], start[upwards]
    first = np.ceil(start[:, 1]).clip(top, bottom).astype(int)
    counts = np.ceil(end[:, 1]).clip(top, bottom).astype(int) - first
    edge = np.repeat(np.arange(len(start)), counts)
    rows = (np.arange(counts.sum())
            - np.repeat(np.cumsum(counts) - counts, counts) + first[edge])
    (x, y), (end_x, end_y) = start[edge].T, end[edge].T
    crossing = x + (rows - y) * (end_x - x) / (end_y - y)
    columns = np.ceil(crossing).clip(left, right).astype(int)
    flips = np.zeros((bottom - top, right - left + 1), np.uint8)
    np.add.at(flips, (rows - top, columns - left), 1)
    inside = np.cumsum(flips, axis=1, dtype=np.uint8)[:, :-1] & 1
    return (left, top), inside.astype(bool)


def first_pixels(point, size):
    """Return the column and the row from a point on, in the picture."""
    return tuple(int(np.ceil(value).clip(0, limit))
                 for value, limit in zip(point, size))


def rectangle(left, top, right, bottom, rotation=0):
    """Return the outline (4, 2) of a rectangle.

    Parameters
    ----------
    rotation : float, optional
        Degrees, clockwise, around the centre.
    """
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return rotate(corners, ((left + right) / 2, (top + bottom) / 2), rotation)


def ellipse(center, radii, rotation=0):
    """Return the outline (VERTICES, 2) of an ellipse; see `rectangle`."""
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return rotate(np.add(center, points * radii), center, rotation)


def rotate(points, center, degrees):
    """Return points (N, 2), turned clockwise as they are seen."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)],
                     [-np.sin(angle), np.cos(angle)]])
    return np.subtract(points, center) @ turn + center


def strokes(points, width):
    """Return the outlines (4, 2) of the segments of a line.

    Parameters
    ----------
    width : float
        Of the line, in pixels.
    """
    points = np.asarray(points, float)
    outlines = []
    for start, end in zip(points, points[1:]):
        along = end - start
        across = np.array([-along[1], along[0]]) * (
            width / 2 / max(np.hypot(*along), 1e-9))
        outlines.append(np.stack([start + across, end + across,
                                  end - across, start - across]))
    return outlines
