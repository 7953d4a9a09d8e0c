"""What a network says of a large picture: a byte a pixel for each answer."""
from typing import Collection, Tuple

import numpy as np

from segmentation.inference.prediction import Prediction
from segmentation.inference.tiles.blending import Block


class TiledPrediction(Prediction):
    """The likeliest class of each pixel, and the levels of some classes.

    Probabilities are not kept: those of all classes would take gigabytes.
    `confidence` cannot be had, and `plane` of the classes kept alone.

    Parameters
    ----------
    size : (width, height)
    class_ids : collection of int
        Classes whose `levels` are kept.
    """

    def __init__(self, size: Tuple[int, int], class_ids: Collection[int] = ()
                 ) -> None:
        shape = size[::-1]
        self.size = size
        self._ids = np.zeros(shape, np.uint8)
        self._levels = {class_id: np.zeros(shape, np.uint8)
                        for class_id in class_ids}

    def put(self, block: Block) -> None:
        """Take in what a block says of the pixels inside the picture."""
        width, height = self.size
        part = block.probabilities[:max(0, height - block.top),
                                   :max(0, width - block.left)]
        region = (slice(block.top, block.top + part.shape[0]),
                  slice(block.left, block.left + part.shape[1]))
        self._ids[region] = part.argmax(axis=-1)
        for class_id, levels in self._levels.items():
            levels[region] = np.rint(255 * part[..., class_id])

    @property
    def ids(self) -> np.ndarray:
        return self._ids

    def argmax(self) -> Tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError('confidences are not kept')

    def levels(self, class_id: int) -> np.ndarray:
        return self._levels[class_id]

    def plane(self, class_id: int) -> np.ndarray:
        """Return the (H, W) float32 probability of a class, in 255ths."""
        return self._levels[class_id] / np.float32(255)
