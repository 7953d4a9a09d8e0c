"""Data augmentation of a training sample: flips, crops, light, and more."""
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
    rotation: float = 0             # most degrees, either way
    blur: float = 0                 # largest deviation of a Gaussian, pixels
    jpeg: int = 100                 # lowest quality


# {what a data source may have as `augment`: Recipe}
LIGHT = Recipe((.75, 1.5))
RECIPES = {True: LIGHT, 'light': LIGHT, 'views': Recipe((.5, 2)),
           'strong': Recipe((.5, 2), rotation=5, blur=1.5, jpeg=40)}


def augment(image, ids, size, seed, resize_labels=pixels.resize_ids,
            recipe=LIGHT):
    """Bring a sample to `size`, varied by a recipe as `seed` draws it.

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
    scale, position = random.uniform(*recipe.scales), random.uniform(size=2)
    is_flipped = random.randint(2)
    light = [random.uniform(*limits) for limits in (
        (-BRIGHTNESS, BRIGHTNESS), CONTRAST, SATURATION)]
    if recipe.rotation:
        image, ids = rotate(image, ids, random.uniform(-recipe.rotation,
                                                       recipe.rotation))
    image, labels = rescale(image, ids, size, scale, position, resize_labels)
    if is_flipped:
        image, labels = cv2.flip(image, 1), labels[:, ::-1]
    image = relight(image, *light)
    if recipe.blur and random.randint(2):
        image = cv2.GaussianBlur(image, (0, 0),
                                 random.uniform(.1, recipe.blur))
    if recipe.jpeg < 100 and random.randint(2):
        image = compress(image, random.randint(recipe.jpeg, 100))
    return image, labels


def rotate(image, ids, degrees):
    """Turn a sample about its centre, anticlockwise.

    What comes from outside is mirrored at the borders, with its labels. Class
    ids are the nearest ones.
    """
    width, height = size = pixels.size_of(image)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2),
                                     degrees, 1)
    return tuple(cv2.warpAffine(array, matrix, size, flags=flag,
                                borderMode=cv2.BORDER_REFLECT)
                 for array, flag in ((image, cv2.INTER_LINEAR),
                                     (ids, cv2.INTER_NEAREST)))


def compress(image, quality):
    """Return a picture as JPEG of a quality, 0 to 100, leaves it."""
    _, code = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY,
                                           int(quality)])
    return cv2.imdecode(code, cv2.IMREAD_COLOR)


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
