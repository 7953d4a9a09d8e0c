"""Outlines of predicted classes, as labelme's JSON files.

The largest outlines come first, so that whoever paints them in order sees
what lies inside another area on top of it: no outline has a hole.
"""
import os
from typing import Collection, Dict, List, NamedTuple, Sequence

import cv2
import numpy as np

from segmentation import files

TOLERANCE = 1.      # pixels by which a simplified outline may be off
FEWEST = 16         # pixels of an area that gets an outline
ENLARGED = 2        # so that outlines run near the edges of pixels


class Outline(NamedTuple):
    """The outer border of a connected area of a class."""

    class_id: int
    points: np.ndarray      # (N, 2) x, y in pixels from the top left corner
    area: float             # of what it encloses, in pixels


def trace(ids: np.ndarray, class_ids: Collection[int]) -> List[Outline]:
    """Return the outlines of some classes, the largest first.

    Parameters
    ----------
    ids : (H, W) uint8 array
    class_ids : collection of int
        Classes that get outlines.
    """
    outlines = []
    for class_id in class_ids:
        count, parts, boxes, _ = cv2.connectedComponentsWithStats(
            (ids == class_id).astype(np.uint8), connectivity=4)
        for part in range(1, count):
            left, top, width, height, pixels = boxes[part]
            if pixels >= FEWEST:
                mask = parts[top:top + height, left:left + width] == part
                outlines.append(trace_part(mask, (left, top), class_id))
    return sorted(outlines, key=lambda outline: -outline.area)


def trace_part(mask: np.ndarray, corner: Sequence[int],
               class_id: int) -> Outline:
    """Return the simplified Outline of a mask whose corner is (x, y)."""
    large = cv2.resize(mask.astype(np.uint8), None, fx=ENLARGED, fy=ENLARGED,
                       interpolation=cv2.INTER_NEAREST)
    # OpenCV 3 returns three values, and later ones two.
    contour, = cv2.findContours(large, cv2.RETR_EXTERNAL,
                                cv2.CHAIN_APPROX_NONE)[-2]
    area = cv2.contourArea(contour) / ENLARGED ** 2
    simple = cv2.approxPolyDP(contour, TOLERANCE * ENLARGED, True)
    if len(simple) < 3:     # a thin area, straightened to a line
        simple = contour
    points = (simple[:, 0] + .5) / ENLARGED + corner
    return Outline(class_id, points, area)


def as_labelme(ids: np.ndarray, names: Dict[int, str],
               image_path: str) -> dict:
    """Return what labelme's JSON file of a picture holds.

    Parameters
    ----------
    ids : (H, W) uint8 array
    names : {class id: name}
        Classes that get outlines.
    image_path : str
        The picture, relative to the JSON file.
    """
    return {'version': '5.2.1', 'flags': {}, 'shapes': [
        {'label': names[outline.class_id],
         'points': outline.points.round(2).tolist(), 'group_id': None,
         'shape_type': 'polygon', 'flags': {}}
        for outline in trace(ids, names)],
            'imagePath': image_path, 'imageData': None,
            'imageHeight': ids.shape[0], 'imageWidth': ids.shape[1]}


def write(path: str, ids: np.ndarray, names: Dict[int, str],
          picture: str) -> None:
    """Write labelme's JSON file of a picture, whole or not at all."""
    folder = os.path.dirname(os.path.abspath(path))
    files.write_json(path, as_labelme(ids, names, os.path.relpath(
        os.path.abspath(picture), folder).replace(os.sep, '/')))
