"""Where the tiles of a picture lie, and what each pixel of them weighs.

Tiles begin at multiples of the network's stride, so that the network sees
each pixel at the phase that it has in the whole picture. Rows and columns of
tiles are laid out alike, each along its own axis.
"""
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from segmentation.errors import InputError
from segmentation.option_types import STRIDE

OVERLAP = 128       # pixels, where tiles are large enough for it


class Tiles(NamedTuple):
    """The tiles that pictures are cut into, in pixels."""

    size: Tuple[int, int]   # (width, height)
    overlap: int            # of neighbours, at least

    def describe(self) -> str:
        """Return the tiles for people.

        >>> Tiles((1024, 512), 128).describe()
        '1024x512, overlapping by 128 pixels'
        """
        width, height = self.size
        return f'{width}x{height}, overlapping by {self.overlap} pixels'


class Axis(NamedTuple):
    """Tiles along one side of a picture."""

    starts: List[int]       # pixels from the picture's edge
    end: int                # of the last tile
    weights: np.ndarray     # (N, T) float32; those of each pixel sum to 1

    def finished(self) -> List[int]:
        """Return how many pixels are covered for good after each tile."""
        return [following - start for start, following in zip(
            self.starts, self.starts[1:] + [self.end])]


def make(size: Tuple[int, int], overlap: Optional[int] = None) -> Tiles:
    """Return Tiles of (width, height); by default they overlap by OVERLAP.

    Raises
    ------
    InputError
        The overlap is half a tile or more, or breaks the stride.

    Examples
    --------
    >>> make((1024, 512)).overlap, make((256, 256)).overlap
    (128, 96)
    """
    most = (min(size) - 1) // 2 // STRIDE * STRIDE
    if overlap is None:
        return Tiles(size, min(OVERLAP, most))
    if not 0 <= overlap <= most or overlap % STRIDE:
        raise InputError(
            f'--overlap is {overlap}: multiples of {STRIDE} from 0 to {most} '
            f'are wanted, less than half a tile of {size[0]}x{size[1]}')
    return Tiles(size, overlap)


def axis(side: int, tile: int, overlap: int) -> Axis:
    """Lay tiles along a side of a picture, as few as its pixels allow.

    They are spread evenly. The last one ends where the side does, in
    multiples of the stride.

    Parameters
    ----------
    side, tile, overlap : int
        Pixels; two tiles overlap by `overlap` at least.

    Examples
    --------
    >>> axis(100, 64, 0).starts, axis(300, 128, 32).starts
    ([0, 64], [0, 96, 192])
    """
    end = max(tile, padded(side))
    gaps = -(-(end - tile) // (tile - overlap))
    starts = [k * (end - tile) // STRIDE // max(1, gaps) * STRIDE
              for k in range(gaps + 1)]
    return Axis(starts, end, weigh(starts, end, tile))


def padded(side: int) -> int:
    """Return the next multiple of the stride."""
    return -(-side // STRIDE) * STRIDE


def weigh(starts: List[int], end: int, tile: int) -> np.ndarray:
    """Return the weights of tiles along an axis, (N, T) float32.

    They rise and fall as a squared sine in the middle half of the overlap. In
    its outer quarter, where the network sees least of what is around, they
    are 0. Where a tile ends with the picture they stay 1.
    """
    overlap = tile - max(np.diff(starts), default=tile)     # at least
    inside = np.arange(tile) + .5       # pixel centres, from the tile's edge
    weights = np.ones((len(starts), tile))
    ramp = np.sin(np.pi / 2 * np.clip(
        (inside - overlap / 4) / max(1, overlap / 2), 0, 1)) ** 2
    weights[1:] *= ramp
    weights[:-1] *= ramp[::-1]
    total = np.zeros(end)
    for start, row in zip(starts, weights):
        total[start:start + tile] += row
    return np.stack([row / total[start:start + tile] for start, row in zip(
        starts, weights)]).astype(np.float32)


def indices(start: int, tile: int, side: int) -> np.ndarray:
    """Return the pixels of a side that a tile shows, (T,) int.

    Beyond the side they are its mirror image: up to the next multiple of the
    stride, as a whole picture is padded, and that again up to the tile's end.
    """
    return mirror(mirror(np.arange(start, start + tile), padded(side)), side)


def mirror(positions: np.ndarray, side: int) -> np.ndarray:
    """Fold positions from 0 on into a side that is mirrored at its end.

    >>> mirror(np.arange(8), 3)
    array([0, 1, 2, 2, 1, 0, 0, 1])
    """
    positions = positions % (2 * side)
    return np.minimum(positions, 2 * side - 1 - positions)
