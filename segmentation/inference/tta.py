"""Test-time augmentation: a picture at several scales, mirrored as well.

    picture -> resized, mirrored -> network inputs -> network
            -> probabilities (h, w, C) of each -> mean, at the picture's size
"""
from typing import List, Optional, Sequence, Tuple

import cv2
import numpy as np

from segmentation import option_types, pixels
from segmentation.inference.prediction import Prediction


class TestTimeAugmentation:
    """The network inputs of a picture, and the mean of what comes of them.

    Parameters
    ----------
    image_size : (width, height) or None
        Network input at scale 1; None takes each picture at its own size.
    scales : sequence of float
    flip : bool
        Add every input mirrored (left is right).
    """

    def __init__(self, image_size: Optional[Tuple[int, int]],
                 scales: Sequence[float] = (1,), flip: bool = False) -> None:
        self.image_size = image_size
        self.scales = scales
        self.flip = flip

    def sizes(self, size: Tuple[int, int]) -> List[Tuple[int, ...]]:
        """Return the (width, height) of a picture of `size` at each scale.

        Examples
        --------
        >>> TestTimeAugmentation((512, 256), (.7, 1)).sizes((2048, 1024))
        [(352, 192), (512, 256)]
        >>> TestTimeAugmentation(None, (.5, 1)).sizes((1241, 376))
        [(620, 188), (1241, 376)]
        """
        if self.image_size is None:
            return [tuple(max(1, int(round(side * scale))) for side in size)
                    for scale in self.scales]
        return [tuple(max(1, int(round(side * scale / 32))) * 32
                      for side in self.image_size) for scale in self.scales]

    def inputs(self, image: np.ndarray) -> List[np.ndarray]:
        """Return the network inputs of a picture, sides divisible by 32.

        Raises
        ------
        MemoryError
            One would have more pixels than any network takes.
        """
        views = []
        for size in self.sizes(pixels.size_of(image)):
            if size[0] * size[1] > option_types.MOST_PIXELS:
                raise MemoryError(f'a network input of {size[0]}x{size[1]}')
            view = pixels.resize_image(image, size)
            views.append(pixels.pad(view))
            if self.flip:
                views.append(pixels.pad(cv2.flip(view, 1)))
        return views

    def prediction(self, maps: Sequence[np.ndarray],
                   size: Tuple[int, int]) -> Prediction:
        """Return the mean of the maps of all `inputs`, at (width, height)."""
        sizes = [size for size in self.sizes(size)
                 for _ in range(1 + self.flip)]
        mirrored = [False, True] if self.flip else [False]
        return Prediction([probabilities[:height, :width] for
                           probabilities, (width, height) in zip(maps, sizes)],
                          mirrored * len(self.scales), size)
