"""Classes laid over a picture: their areas in colour, or their contours.

Classes come as an (H, W) array of class ids.
"""
import collections
from typing import Dict, List, Optional, Tuple

import cv2
import numpy as np

from segmentation import pixels
from segmentation.drawing import canvas
from segmentation.drawing.style import Style

LINE = 400      # a contour is as wide as this part of the longer side
BAND = 256      # rows that are drawn at a time: all of them take much memory


def colors_of(ids: np.ndarray, label_colors: Dict[int, Tuple[int, int, int]]
              ) -> np.ndarray:
    """Return the colours (H, W, 3) of class ids; other ids are black."""
    table = np.zeros((256, 1, 3), np.uint8)
    for class_id, color in label_colors.items():
        table[class_id] = color
    # Ten times as fast as table[ids].
    return cv2.applyColorMap(np.asarray(ids, np.uint8), table)


def draw(image: np.ndarray, ids: np.ndarray, style: Style) -> np.ndarray:
    """Lay classes over a picture, in a style but without its legend.

    Parameters
    ----------
    image : (H, W, 3) array, BGR 0..255
    ids : (H, W) array of class ids
        Ignored pixels are hatched.
    """
    image, ids = pixels.to_uint8(image), np.asarray(ids, np.uint8)
    lines = contours(ids) if style.outline else None
    drawn = image.copy()
    for top in range(0, len(ids), BAND):
        rows = slice(top, top + BAND)
        paint(drawn[rows], ids[rows], style,
              None if lines is None else lines[rows])
    return hatch(drawn, ids)


def paint(image: np.ndarray, ids: np.ndarray, style: Style,
          lines: Optional[np.ndarray] = None) -> None:
    """Paint the colours of classes into a picture, or on their lines alone.

    Parameters
    ----------
    image : (H, W, 3) uint8 array, BGR
        It is changed.
    ids : (H, W) uint8 array
    style : Style
    lines : (H, W) uint8 array, optional
        255 where there are lines.
    """
    colors, plain = colors_of(ids, style.colors), image.copy()
    classes: Dict[float, List[int]] = collections.defaultdict(list)
    for class_id, share in style.alphas.items():
        classes[share].append(class_id)
    for share, class_ids in classes.items():
        table = np.zeros(256, np.uint8)
        table[class_ids] = 255
        mask = pixels.look_up(ids, table)
        if lines is not None:
            mask &= lines
        cv2.copyTo(cv2.addWeighted(colors, share, plain, 1 - share, 0), mask,
                   image)


def contours(ids: np.ndarray) -> np.ndarray:
    """Return where a class is next to another one, (H, W) uint8: 255 there.

    Each of the two has a line on its own side, LINE-th parts of the longer
    side wide.
    """
    width = max(1, int(round(max(ids.shape) / LINE)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE,
                                       (2 * width + 1, 2 * width + 1))
    differ = cv2.dilate(ids, kernel) != cv2.erode(ids, kernel)
    return differ.astype(np.uint8) * 255


def hatch(image: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Draw black stripes where pixels are ignored; return the same array."""
    ignored = ids >= pixels.UNKNOWN
    if ignored.any():
        rows, columns = np.indices(ignored.shape)
        image[ignored & ((rows + columns) // 4 % 2 == 0)] = 0
    return image


def triple(image: np.ndarray, truth: np.ndarray, predicted: np.ndarray,
           style: Style) -> np.ndarray:
    """Put a picture, its truth and its prediction, both overlaid, in a row."""
    return canvas.side_by_side([
        pixels.to_uint8(image), draw(image, truth, style),
        draw(image, predicted, style)])
