"""Tiles in a row -> probabilities without seams, part by part.

    tile -> weighted, added to what its neighbours above and to the left have
            left unfinished -> what no later tile covers: a Block

Only the overlap of two rows of tiles is kept, not the picture.
"""
from typing import Iterable, Iterator, List, NamedTuple

import numpy as np

from segmentation.inference.tiles.layout import Axis


class Block(NamedTuple):
    """The probabilities of a part of a picture, which are final."""

    top: int                    # pixels
    left: int
    probabilities: np.ndarray   # (h, w, C) float32


def blend(tiles: Iterable[np.ndarray], rows: Axis, columns: Axis
          ) -> Iterator[Block]:
    """Yield Blocks that make up a picture, each pixel once.

    Parameters
    ----------
    tiles : iterable of (T, T', C) float32 arrays
        The probabilities of each tile, row by row.
    rows, columns : Axis
    """
    nothing = np.zeros((0, 0, 1), np.float32)
    tiles = iter(tiles)
    below: List[np.ndarray] = [nothing] * len(columns.starts)
    for top, height, down in zip(rows.starts, rows.finished(), rows.weights):
        above, below, right = below, [], nothing
        for left, width, across, carried in zip(
                columns.starts, columns.finished(), columns.weights, above):
            tile = next(tiles) * np.outer(down, across)[..., np.newaxis]
            add(tile, right)
            part, right = tile[:, :width], tile[:, width:]
            add(part, carried)
            below.append(part[height:].copy())
            yield Block(top, left, part[:height])


def add(part: np.ndarray, carried: np.ndarray) -> None:
    """Add to the upper left corner of a part what was carried over to it."""
    height, width = carried.shape[:2]
    part[:height, :width] += carried
