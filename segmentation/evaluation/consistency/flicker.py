"""Flicker: pixels whose class differs from that of the frame before.

Plain flicker counts what moves as well. Compensated flicker compares each
pixel with where it was: by the optical flow from a frame to the previous one
(Kroeger et al. 2016, OpenCV's DISOpticalFlow). Pixels that come from outside
of the previous frame are left out; what it had hidden is counted.
"""
from typing import NamedTuple, Optional

import cv2
import numpy as np

from segmentation import pixels


class View(NamedTuple):
    """A frame, as it is compared with the next one."""

    image: np.ndarray       # (H, W) uint8, grey
    ids: np.ndarray         # (H, W) uint8, the predicted classes
    truth: np.ndarray       # (H, W) uint8, the true ones; IGNORE is none


class Count(NamedTuple):
    """How many pixels differ, and of how many."""

    differing: int = 0
    compared: int = 0

    def __add__(self, other):
        return Count(self.differing + other.differing,
                     self.compared + other.compared)

    @property
    def share(self) -> float:
        return (self.differing / self.compared if self.compared
                else float('nan'))


class Flicker(NamedTuple):
    """The counts of pairs of frames in a row."""

    pairs: int = 0
    plain: Count = Count()
    compensated: Count = Count()
    truth: Count = Count()              # of the labels, plain
    truth_compensated: Count = Count()

    def __add__(self, other):
        return Flicker(*(mine + its for mine, its in zip(self, other)))


def compare(previous: View, view: View) -> Flicker:
    """Return the Flicker of two frames in a row, of one size."""
    rows, columns = origins(previous.image, view.image)
    inside = ((rows >= 0) & (rows < view.ids.shape[0])
              & (columns >= 0) & (columns < view.ids.shape[1]))
    rows, columns = rows[inside], columns[inside]
    return Flicker(
        1, count(previous.ids, view.ids),
        count(previous.ids[rows, columns], view.ids[inside]),
        count(previous.truth, view.truth, True),
        count(previous.truth[rows, columns], view.truth[inside], True))


def count(previous: np.ndarray, ids: np.ndarray, is_truth: bool = False
          ) -> Count:
    """Return how many ids differ; of the truth, where both are labelled."""
    differ = previous != ids
    if is_truth:
        differ = differ[(previous != pixels.IGNORE) & (ids != pixels.IGNORE)]
    return Count(int(np.count_nonzero(differ)), differ.size)


def origins(previous: np.ndarray, image: np.ndarray):
    """Return where each pixel of a frame was in the previous one.

    Parameters
    ----------
    previous, image : (H, W) uint8 arrays, grey

    Returns
    -------
    (H, W) int arrays of the rows and of the columns
        Some lie outside of the frame.
    """
    flow = cv2.DISOpticalFlow.create(
        cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(image, previous, None)
    rows, columns = np.indices(image.shape)
    return (rows + np.rint(flow[..., 1]).astype(int),
            columns + np.rint(flow[..., 0]).astype(int))


def view(image: np.ndarray, ids: np.ndarray, truth: Optional[np.ndarray]
         ) -> View:
    """Return the View of a picture, (H, W, 3) BGR, and its classes."""
    grey = cv2.cvtColor(pixels.to_uint8(image), cv2.COLOR_BGR2GRAY)
    return View(grey, ids, np.full_like(ids, pixels.IGNORE)
                if truth is None else truth)
