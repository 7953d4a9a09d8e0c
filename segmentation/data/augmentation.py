"""Data augmentation of a training sample: flip, scale with crop, and light."""
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from segmentation import opencv, pixels

BRIGHTNESS = 32             # most that is added or subtracted, of 255
CONTRAST = (.8, 1.25)       # about the picture's mean
SATURATION = (.6, 1.4)      # 0 is grey


class Recipe(NamedTuple):
    """How far augmentation goes, beside flips and light."""

    scales: Tuple[float, float]     # of the picture against image_size


# {what a data source may have as `augment`: Recipe}
RECIPES = {'light': Recipe((.75, 1.5)),
           'views': Recipe((.5, 2))}
RECIPES[True] = RECIPES['light']    # of a source that knows no names


def augment(image, ids, size, seed, resize_labels=pixels.resize_ids,
            recipe=RECIPES['light']):
    """Bring a sample to `size`, flipped, scaled and lit as `seed` draws it.

    Parameters
    ----------
    image : (h, w, 3) uint8 array, BGR
    ids : (h, w) uint8 array of class ids
    size : (width, height)
    seed : int
    resize_labels : function of (ids, size), optional
        Returns the labels (H, W) or (H, W, C) at another size.
    recipe : Recipe, optional

    Returns
    -------
    (H, W, 3) uint8 array
        The picture.
    (H, W) or (H, W, C) array
        The labels, as `resize_labels` makes them.
    """
    random = np.random.RandomState(seed)
    image, labels = rescale(
        image, ids, size, random.uniform(*recipe.scales),
        random.uniform(size=2), resize_labels)
    if random.randint(2):
        image, labels = cv2.flip(image, 1), labels[:, ::-1]
    return relight(image, random.uniform(-BRIGHTNESS, BRIGHTNESS),
                   random.uniform(*CONTRAST),
                   random.uniform(*SATURATION)), labels


def rescale(image, ids, size, scale, position,
            resize_labels=pixels.resize_ids):
    """Scale a sample, then crop or pad it to `size`, both parts alike.

    A picture that is smaller than `size` is mirrored at its borders, with its
    labels.

    Parameters
    ----------
    position : (x, y)
        Where the crop lies in the room that it has, 0..1 along each axis.

    Returns
    -------
    (H, W, 3) uint8 array
        The picture.
    (H, W) or (H, W, C) array
        The labels, as `resize_labels` makes them.
    """
    sides = np.array(image.shape[1::-1])
    if scale >= 1:
        part = np.maximum(1, np.rint(sides / scale)).astype(int)
        left, top = ((sides - part) * position).astype(int)
        window = np.s_[top:top + part[1], left:left + part[0]]
        return (pixels.resize_image(image[window], size),
                resize_labels(ids[window], size))
    part = np.rint(np.array(size) * scale).astype(int)
    left, top = ((size - part) * position).astype(int)
    right, bottom = size - part - (left, top)
    return tuple(
        opencv.mirror(resize(array, tuple(part.tolist())), top, bottom,
                      left, right)
        for resize, array in ((pixels.resize_image, image),
                              (resize_labels, ids)))


def nearest(ids, size):
    """Bring class ids to (width, height) by the nearest pixels' centres.

    For ids that are little larger it differs from a majority in one pixel of
    two hundred, and takes a hundredth of the time.
    """
    return cv2.resize(ids, tuple(size), interpolation=cv2.INTER_NEAREST_EXACT)


def relight(image, brightness, contrast, saturation):
    """Return a BGR picture, uint8 as before, in another light."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    shift = (1 - contrast) * grey.mean() + brightness
    return cv2.addWeighted(image, contrast * saturation,
                           cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR),
                           contrast * (1 - saturation), shift)
