"""Probabilities averaged over the frames of a scene.

    average = A * average so far + (1 - A) * probabilities of the frame

It starts anew with a frame whose colours are others: where the histograms of
two frames in a row, of 8 levels of each colour, overlap by less than half.
"""
from typing import Any, Dict, Iterable, Iterator, List, Optional

import cv2
import numpy as np

from segmentation import pixels
from segmentation.inference.prediction import Prediction, Refinement
from segmentation.inference.predictor import Result

LEVELS = 8              # of each colour
SAME_SCENE = .5         # overlap of the histograms, 0..1
LOOKED_AT = 96, 72      # pixels of a frame, (width, height)


class TemporalSmoothing(Refinement):
    """Averages probabilities over time; it is to get frames in order.

    The average is of the network's maps, before they are enlarged: enlarging
    is linear, so that it comes to the same.

    Parameters
    ----------
    weight : float
        Of what came before, 0..1.

    Attributes
    ----------
    changes : int
        How often a new scene has begun.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.changes = 0
        self.maps: List[np.ndarray] = []
        self.histogram: Optional[np.ndarray] = None

    def refine(self, image: np.ndarray, prediction: Prediction) -> Prediction:
        histogram = color_histogram(pixels.to_uint8(image))
        maps = list(prediction.maps)
        if self.continues(histogram, maps):
            maps = [self.weight * old + (1 - self.weight) * new
                    for old, new in zip(self.maps, maps)]
        elif self.maps:
            self.changes += 1
        self.maps, self.histogram = maps, histogram
        return type(prediction)(maps, prediction.mirrored, prediction.size)

    def continues(self, histogram: np.ndarray, maps: List[np.ndarray]
                  ) -> bool:
        """Return whether a frame is of the scene so far."""
        return (self.histogram is not None
                and [one.shape for one in maps] == [one.shape
                                                    for one in self.maps]
                and np.minimum(self.histogram, histogram).sum() >= SAME_SCENE)

    def restart(self) -> None:
        """Forget what came before: the next frame is of something else."""
        self.maps, self.histogram = [], None

    def describe(self) -> Dict[str, Any]:
        return {'preset': 'temporal smoothing',
                'parameters': {'weight': self.weight}}


def color_histogram(image: np.ndarray) -> np.ndarray:
    """Return the share of each colour in a picture.

    Parameters
    ----------
    image : (H, W, 3) uint8 array

    Returns
    -------
    (8, 8, 8) float32 array, of sum 1
    """
    small = cv2.resize(image, LOOKED_AT, interpolation=cv2.INTER_NEAREST)
    counts = cv2.calcHist([small], [0, 1, 2], None, [LEVELS] * 3,
                          [0, 256] * 3)
    return counts / (LOOKED_AT[0] * LOOKED_AT[1])


def in_order(results: Iterable[Result], smoothing: TemporalSmoothing
             ) -> Iterator[Result]:
    """Yield Results with their predictions smoothed, in the caller's thread.

    Refinements that take no order, such as the CRF, come after it in threads.
    """
    for result in results:
        if result.sample is not None and result.prediction is not None:
            result = result._replace(prediction=smoothing.refine(
                result.sample.image, result.prediction))
        yield result
