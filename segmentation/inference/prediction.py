"""What a network says of one picture, and what may refine it."""
import abc
from typing import Any, Dict, Optional, Sequence, Tuple

import cv2
import numpy as np

from segmentation import pixels


class Prediction:
    """The mean of several maps of probabilities, at the size of a picture.

    The maps are brought to that size one class at a time, as all classes at
    the size of a photograph would take gigabytes.

    Parameters
    ----------
    maps : sequence of (h, w, C) float32 arrays, each of a size of its own
    mirrored : sequence of bool
        Which of them are of the mirrored picture.
    size : (width, height)
    """

    def __init__(self, maps: Sequence[np.ndarray], mirrored: Sequence[bool],
                 size: Tuple[int, int]) -> None:
        self.maps = maps
        self.mirrored = mirrored
        self.size = size
        self.num_classes = maps[0].shape[2]
        self._argmax: Optional[Tuple[np.ndarray, np.ndarray]] = None

    def plane(self, class_id: int) -> np.ndarray:
        """Return the (H, W) float32 probability of a class."""
        planes = (cv2.flip(plane, 1) if mirrored else plane
                  for plane, mirrored in zip(
                      (pixels.plane(probabilities, class_id, self.size)
                       for probabilities in self.maps), self.mirrored))
        total = next(planes)
        for plane in planes:
            total = total + plane
        return total if len(self.maps) == 1 else total / len(self.maps)

    def levels(self, class_id: int) -> np.ndarray:
        """Return the probability of a class in 255ths, (H, W) uint8."""
        return np.rint(255 * self.plane(class_id)).astype(np.uint8)

    def probabilities(self, class_id: Optional[int] = None) -> np.ndarray:
        """Return the plane of a class, (H, W) float32.

        Without a class all of them are returned, (H, W, C): gigabytes for a
        photograph.
        """
        if class_id is not None:
            return self.plane(class_id)
        return np.stack([self.plane(class_id)
                         for class_id in range(self.num_classes)], axis=-1)

    @property
    def ids(self) -> np.ndarray:
        """The likeliest class of each pixel, (H, W) uint8."""
        return self.argmax()[0]

    @property
    def confidence(self) -> np.ndarray:
        """The probability of the likeliest class, (H, W) float32."""
        return self.argmax()[1]

    def argmax(self) -> Tuple[np.ndarray, np.ndarray]:
        """Return `ids` and `confidence`; computed once, then cached."""
        if self._argmax is None:
            highest = self.plane(0)
            ids = np.zeros(highest.shape, np.uint8)
            for class_id in range(1, self.num_classes):
                plane = self.plane(class_id)
                above = (plane > highest).view(np.uint8)
                # No id so far is larger: a product and a maximum are faster
                # than an assignment by mask.
                np.maximum(ids, above * np.uint8(class_id), out=ids)
                highest = np.maximum(highest, plane)
            self._argmax = ids, highest
        return self._argmax


class Refinement(abc.ABC):
    """What improves a prediction by a second look at its picture."""

    @abc.abstractmethod
    def refine(self, image: np.ndarray, prediction: Prediction) -> Prediction:
        """Return the refined prediction; called in threads.

        Parameters
        ----------
        image : (H, W, 3) uint8 array, BGR
        prediction : Prediction at the size of the picture
        """

    @abc.abstractmethod
    def describe(self) -> Dict[str, Any]:
        """Return its parameters for JSON: 'preset' and 'parameters'."""
