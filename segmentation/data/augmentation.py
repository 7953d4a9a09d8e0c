"""Data augmentation of a training sample: flip, scale with crop, and light."""
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from segmentation import opencv, pixels

SCALES = (.75, 1.5)         # of the picture against image_size
BRIGHTNESS = 32             # most that is added or subtracted, of 255
CONTRAST = (.8, 1.25)       # about the picture's mean
SATURATION = (.6, 1.4)      # 0 is grey


class Variation(NamedTuple):
    """How a sample is augmented."""

    scale: float                        # see `rescale`
    position: Tuple[float, float]
    is_mirrored: bool
    light: Tuple[float, float, float]   # see `relight`


def draw(seed):
    """Return the Variation that a seed stands for."""
    random = np.random.RandomState(seed)
    return Variation(
        random.uniform(*SCALES), tuple(random.uniform(size=2)),
        bool(random.randint(2)), (random.uniform(-BRIGHTNESS, BRIGHTNESS),
                                  random.uniform(*CONTRAST),
                                  random.uniform(*SATURATION)))


def augment(image, ids, size, seed, resize_labels=pixels.resize_ids):
    """Bring a sample to `size`, flipped, scaled and lit as `seed` draws it.

    Parameters
    ----------
    image : (h, w, 3) uint8 array, BGR
    ids : (h, w) uint8 array of class ids
    size : (width, height)
    seed : int
    resize_labels : function of (ids, size), optional
        Returns the labels (H, W) or (H, W, C) at another size.

    Returns
    -------
    (H, W, 3) uint8 array
        The picture.
    (H, W) or (H, W, C) array
        The labels, as `resize_labels` makes them.
    """
    variation = draw(seed)
    image, labels = rescale(image, ids, size, variation.scale,
                            variation.position, resize_labels)
    if variation.is_mirrored:
        image, labels = cv2.flip(image, 1), labels[:, ::-1]
    return relight(image, *variation.light), labels


def augment_map(values, sides, size, seed):
    """Move a map of a picture as `augment` moves the picture.

    Between its pixels it is interpolated linearly.

    Parameters
    ----------
    values : (h, w, C) uint8 array
        Of the whole picture, at any resolution.
    sides : (width, height) of the picture
    size : (width, height)
        What `augment` brings the picture to.
    seed : int

    Returns
    -------
    (h, w, C) uint8 array
        Of the whole sample.
    """
    variation = draw(seed)
    corner, part = window(np.array(sides), np.array(size), variation.scale,
                          variation.position)
    # Pixel x of the sample's map is pixel `length * x + start` of `values`.
    if variation.scale >= 1:
        start, length = corner / sides, part / sides
    else:
        start, length = -corner / part, size / part
    shape = np.array(values.shape[1::-1])
    start = shape * start + length / 2 - .5
    matrix = np.column_stack([np.diag(length), start])
    planes = [cv2.warpAffine(
        np.ascontiguousarray(values[..., k]), matrix, tuple(shape.tolist()),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT) for k in range(values.shape[2])]
    moved = np.stack(planes, axis=-1)
    return moved[:, ::-1] if variation.is_mirrored else moved


def window(sides, size, scale, position):
    """Return the corner (x, y) and the (width, height) of a crop.

    It is a part of a picture of `sides` that is cut out, for a scale of 1 and
    more, or else the part of `size` that the picture becomes.
    """
    whole, factor = (sides, 1 / scale) if scale >= 1 else (size, scale)
    part = np.maximum(1, np.rint(whole * factor)).astype(int)
    return ((whole - part) * position).astype(int), part


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
    (left, top), part = window(sides, np.array(size), scale, position)
    if scale >= 1:
        crop = np.s_[top:top + part[1], left:left + part[0]]
        return (pixels.resize_image(image[crop], size),
                resize_labels(ids[crop], size))
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
