"""Maps of how unsure a network is of each pixel of a picture.

    entropy             of the mean probabilities, 0 to ln C: the network is
                        unsure, whatever the reason
    mutual-information  of several passes, 0 to ln C: the passes disagree, as
                        they do on what was rarely seen in training

As pictures they are uint8: 255 is ln C, the entropy of equal probabilities.
"""
from typing import Sequence, Tuple

import numpy as np

from segmentation.inference.prediction import Prediction
from segmentation.inference.tta import TestTimeAugmentation
from segmentation.inference.uncertainty import measures

ENTROPY, INFORMATION = KINDS = 'entropy', 'mutual-information'


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
    """Return the (H, W) uint8 map of one of KINDS: 255 is ln C."""
    share = measure(kind, prediction) / np.log(max(2,
                                                   prediction.num_classes))
    return np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)
