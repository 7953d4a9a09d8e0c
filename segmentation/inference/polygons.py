"""Outlines of predicted classes, as labelme's JSON files.

The largest outlines come first, so that whoever paints them in order sees
what lies inside another area on top of it: no outline has a hole.
"""
import os
from typing import Collection, Dict, Iterator, List, NamedTuple, Tuple

import cv2
import numpy as np

from segmentation import files

TOLERANCE = 1.      # pixels by which a simplified outline may be off
FEWEST = 16         # pixels of an area that gets an outline
BELOW = 2           # pixels that an area reaches below later ones
ENLARGED = 2        # so that outlines run near the edges of pixels


class Outline(NamedTuple):
    """The outer border of a connected area of a class."""

    class_id: int
    points: np.ndarray      # (N, 2) x, y in pixels from the top left corner


class Part(NamedTuple):
    """A connected area of a class, in the box that holds it."""

    class_id: int
    corner: Tuple[int, int]     # left and top of the box
    mask: np.ndarray            # (h, w) uint8
    area: float                 # of what its border encloses


def trace(ids: np.ndarray, class_ids: Collection[int]) -> List[Outline]:
    """Return the outlines of some classes, the largest first.

    An area reaches a little below those that come later, as simplified
    borders leave gaps between areas.

    Parameters
    ----------
    ids : (H, W) uint8 array
    class_ids : collection of int
        Classes that get outlines.
    """
    parts = sorted((part for class_id in class_ids
                    for part in split(ids, class_id)),
                   key=lambda part: -part.area)
    order = np.full(ids.shape, -1, np.int32)
    for number, part in enumerate(parts):
        box_of(order, part)[part.mask > 0] = number
    return [trace_part(part, order, number)
            for number, part in enumerate(parts)]


def split(ids: np.ndarray, class_id: int) -> Iterator[Part]:
    """Yield the connected areas of a class, but for the smallest."""
    count, numbers, boxes, _ = cv2.connectedComponentsWithStats(
        (ids == class_id).astype(np.uint8), connectivity=4)
    for number in range(1, count):
        left, top, width, height, pixels = boxes[number].tolist()
        if pixels >= FEWEST:
            mask = (numbers[top:top + height, left:left + width]
                    == number).astype(np.uint8)
            yield Part(class_id, (left, top), mask, cv2.contourArea(
                border_of(enlarge(mask))))


def trace_part(part: Part, order: np.ndarray, number: int) -> Outline:
    """Return the Outline of a part; `order` has the number on top."""
    height, width = order.shape
    (left, top), margins = part.corner, []
    for start, length, limit in ((top, part.mask.shape[0], height),
                                 (left, part.mask.shape[1], width)):
        margins.append((min(BELOW, start), min(BELOW,
                                               limit - start - length)))
    mask = np.pad(part.mask, margins, mode='constant')
    part = part._replace(corner=(left - margins[1][0], top - margins[0][0]),
                         mask=mask)
    side = 2 * BELOW + 1
    grown = cv2.dilate(mask, np.ones((side, side), np.uint8))
    border = border_of(enlarge(np.where(box_of(order, part) > number, grown,
                                        mask)))
    simple = cv2.approxPolyDP(border, TOLERANCE * ENLARGED, True)
    if len(simple) < 3:     # a thin area, straightened to a line
        simple = border
    return Outline(part.class_id,
                   (simple[:, 0] + .5) / ENLARGED + part.corner)


def box_of(image: np.ndarray, part: Part) -> np.ndarray:
    """Return the view of an image in the box of a part."""
    (left, top), (height, width) = part.corner, part.mask.shape
    return image[top:top + height, left:left + width]


def enlarge(mask: np.ndarray) -> np.ndarray:
    """Return a mask with ENLARGED times as many rows and columns."""
    return cv2.resize(mask, None, fx=ENLARGED, fy=ENLARGED,
                      interpolation=cv2.INTER_NEAREST)


def border_of(mask: np.ndarray) -> np.ndarray:
    """Return the longest outer border of a mask, (N, 1, 2) int32."""
    # OpenCV 3 returns three values, and later ones two.
    return max(cv2.findContours(mask, cv2.RETR_EXTERNAL,
                                cv2.CHAIN_APPROX_NONE)[-2], key=len)


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
