"""Several views of a picture for the network, and their mean prediction.

    picture -> rescaled, mirrored -> network inputs -> network
            -> probabilities (h, w, C) of each -> mean, at the picture's size

Each map of probabilities is brought to the size wanted linearly, mirrored
back, and then averaged: one class at a time, as all classes at the size of a
photograph would take gigabytes.
"""
import cv2
import numpy as np

from segmentation import pixels


class Views:
    """Which views of a picture the network is shown.

    Parameters
    ----------
    image_size : (width, height) or None
        Network input at scale 1; None takes each picture at its own size.
    scales : sequence of float
    flip : bool
        Show every view mirrored (left is right), too.
    """

    def __init__(self, image_size, scales=(1,), flip=False):
        self.image_size = image_size
        self.scales = scales
        self.flip = flip

    def sizes(self, size):
        """The (width, height) that a picture of `size` gets at each scale.

        Examples
        --------
        >>> Views((512, 256), scales=(.7, 1)).sizes((2048, 1024))
        [(352, 192), (512, 256)]
        >>> Views(None, scales=(.5, 1)).sizes((1241, 376))
        [(620, 188), (1241, 376)]
        """
        if self.image_size is None:
            return [tuple(max(1, int(round(side * scale))) for side in size)
                    for scale in self.scales]
        return [tuple(max(1, int(round(side * scale / 32))) * 32
                      for side in self.image_size) for scale in self.scales]

    def inputs(self, image):
        """The network inputs of a picture, with sides divisible by 32."""
        views = []
        for size in self.sizes(image.shape[1::-1]):
            view = pixels.resize_image(image, size)
            views.append(pixels.pad(view))
            if self.flip:
                views.append(pixels.pad(cv2.flip(view, 1)))
        return views

    def prediction(self, maps, size):
        """The Prediction at (width, height) by the maps of all `inputs`."""
        sizes = [size for size in self.sizes(size)
                 for _ in range(1 + self.flip)]
        mirrored = [False, True] if self.flip else [False]
        return Prediction([probabilities[:height, :width] for
                           probabilities, (width, height) in zip(maps, sizes)],
                          mirrored * len(self.scales), size)


class Prediction:
    """The mean of several maps of probabilities, at the size of a picture.

    Parameters
    ----------
    maps : list of (h, w, C) float32 arrays, each of a size of its own
    mirrored : list of bool
        Which of them are of a mirrored picture.
    size : (width, height)
    """

    def __init__(self, maps, mirrored, size):
        self.maps = maps
        self.mirrored = mirrored
        self.size = tuple(size)
        self.num_classes = maps[0].shape[2]

    def plane(self, number):
        """The (H, W) float32 probability of a class."""
        planes = (cv2.flip(plane, 1) if mirrored else plane
                  for plane, mirrored in zip(
                      (pixels.plane(probabilities, number, self.size)
                       for probabilities in self.maps), self.mirrored))
        total = next(planes)
        for plane in planes:
            total = total + plane
        return total if len(self.maps) == 1 else total / len(self.maps)

    def probabilities(self):
        """All classes, (H, W, C) float32: gigabytes for a photograph."""
        return np.stack([self.plane(number) for number in
                         range(self.num_classes)], axis=-1)

    def winner(self):
        """The likeliest classes (H, W) uint8 and their probabilities."""
        best = self.plane(0)
        ids = np.zeros(best.shape, np.uint8)
        for number in range(1, self.num_classes):
            values = self.plane(number)
            np.copyto(ids, np.uint8(number), where=values > best)
            best = np.maximum(best, values)
        return ids, best
