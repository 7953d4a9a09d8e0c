"""Maps of how unsure a network is of each pixel of a picture.

    entropy             of the mean probabilities: the network is unsure,
                        whatever the reason; 255 is ln C, the most there is
    mutual-information  of several passes: they disagree, as they do on what
                        was rarely seen in training; 255 is ln C / 4 or more
"""
from typing import Sequence, Tuple

import numpy as np

from segmentation.inference.prediction import Prediction
from segmentation.inference.tta import TestTimeAugmentation
from segmentation.inference.uncertainty import measures

ENTROPY, INFORMATION = KINDS = 'entropy', 'mutual-information'
# Of ln C, in nats: what is white.
WHITE = {ENTROPY: 1, INFORMATION: .25}


class MeasuredPrediction(Prediction):
    """A Prediction whose maps end in a plane of mutual information."""

    def __init__(self, maps: Sequence[np.ndarray], mirrored: Sequence[bool],
                 size: Tuple[int, int]) -> None:
        super().__init__(maps, mirrored, size)
        self.num_classes = maps[0].shape[2] - 1


class MeasuredAugmentation(TestTimeAugmentation):
    """A TestTimeAugmentation of what a MonteCarloEngine measures."""

    def prediction(self, maps: Sequence[np.ndarray], size: Tuple[int, int]
                   ) -> MeasuredPrediction:
        found = super().prediction(maps, size)
        return MeasuredPrediction(found.maps, found.mirrored, found.size)


def measure(kind: str, prediction: Prediction) -> np.ndarray:
    """Return the (H, W) float32 map of one of KINDS, in nats."""
    if kind == INFORMATION:
        return prediction.plane(prediction.num_classes)
    return measures.entropy(map(prediction.plane,
                                range(prediction.num_classes)))


def draw(kind: str, prediction: Prediction) -> np.ndarray:
    """Return the (H, W) uint8 map of one of KINDS: 255 is WHITE."""
    white = WHITE[kind] * np.log(max(2, prediction.num_classes))
    share = measure(kind, prediction) / white
    return np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)
