"""Colours of classes: a source's own, or some for the colour-blind.

The first seven are those of Okabe and Ito (Color Universal Design, 2008,
https://jfly.uni-koeln.de/color/), without black, which looks like a shadow on
a picture. Where there are more classes each further colour is the one that
differs most from all before it, to whom it differs least: people with normal
vision, without red or without green cones, whose views are simulated as by
Vienot, Brettel and Mollon (1999).
"""
import functools
from typing import Collection, Dict, List, Tuple

import cv2
import numpy as np

Color = Tuple[int, int, int]

SOURCE, COLOUR_BLIND = PALETTES = ('source', 'colour-blind')

OKABE_ITO = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66),
             (0, 114, 178), (213, 94, 0), (204, 121, 167))      # RGB

# Linear red, green and blue as they look without red, or green, cones.
SIMULATED = np.array([
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    [[.11238, .88762, 0], [.11238, .88762, 0], [.00401, -.00401, 1]],
    [[.29275, .70725, 0], [.29275, .70725, 0], [-.02234, .02234, 1]]])

LEVELS = 9                      # of each part of the colours to choose from
LIGHTNESS = 25, 92              # of 0..100; what is between can be seen


def parse(name: str) -> str:
    """Return a name of PALETTES as it is spelled there.

    >>> parse('color-blind')
    'colour-blind'
    """
    return name.lower().replace('color', 'colour')


def choose(name: str, label_colors: Dict[int, Color],
           background: Collection[int] = ()) -> Dict[int, Color]:
    """Return the colours of a palette, {class id: (blue, green, red)}.

    Parameters
    ----------
    name : str
        One of PALETTES.
    label_colors : {class id: (blue, green, red)}
        The source's own.
    background : collection of int
        Class ids that take the last colours, as they are rarely drawn.
    """
    if name == SOURCE:
        return label_colors
    order = sorted(label_colors, key=lambda k: (k in background, k))
    return {class_id: (blue, green, red) for class_id, (red, green, blue)
            in zip(order, colour_blind(len(order)))}


@functools.lru_cache(maxsize=8)
def colour_blind(count: int) -> List[Color]:
    """Return `count` (red, green, blue), up to 254, for the colour-blind."""
    if count <= len(OKABE_ITO):
        return list(OKABE_ITO[:count])
    grid = np.linspace(0, 255, LEVELS).round().astype(np.uint8)
    spare = np.stack(np.meshgrid(grid, grid, grid, indexing='ij'),
                     axis=-1).reshape(-1, 3)            # [N, 3]
    spare_looks = looks(spare)                          # [3, N, 3]
    lightness = spare_looks[0, :, 0]
    can_be_seen = (lightness > LIGHTNESS[0]) & (lightness < LIGHTNESS[1])
    spare, spare_looks = spare[can_be_seen], spare_looks[:, can_be_seen]
    chosen = [tuple(color) for color in OKABE_ITO]
    nearest = np.min([distances(spare_looks, look) for look in np.moveaxis(
        looks(np.array(OKABE_ITO, np.uint8)), 1, 0)], axis=0)       # [N]
    while len(chosen) < count:
        k = int(nearest.argmax())
        chosen.append(tuple(int(part) for part in spare[k]))
        nearest = np.minimum(nearest, distances(spare_looks,
                                                spare_looks[:, k]))
    return chosen


def looks(colors: np.ndarray) -> np.ndarray:
    """Return how (N, 3) uint8 RGB look to each of SIMULATED: (3, N, 3) Lab."""
    values = colors / 255
    linear = np.where(values <= .04045, values / 12.92,
                      ((values + .055) / 1.055) ** 2.4)
    seen = np.clip(linear @ SIMULATED.transpose(0, 2, 1), 0, 1)
    gamma = np.where(seen <= .0031308, 12.92 * seen,
                     1.055 * seen ** (1 / 2.4) - .055)
    return cv2.cvtColor(gamma.astype(np.float32), cv2.COLOR_RGB2Lab)


def distances(all_looks: np.ndarray, look: np.ndarray) -> np.ndarray:
    """Return how far colours are from one, to whom they differ least: (N,).

    Parameters
    ----------
    all_looks : (3, N, 3) Lab
    look : (3, 3) Lab
        Of the one colour.
    """
    return np.linalg.norm(all_looks - look[:, np.newaxis], axis=2).min(axis=0)
