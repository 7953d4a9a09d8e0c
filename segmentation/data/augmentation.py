"""Data augmentation of a training sample: flips, crops, light, and more."""
import functools
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


class Variation(NamedTuple):
    """How a sample is augmented."""

    scale: float                        # see `rescale`
    position: Tuple[float, float]
    is_mirrored: bool
    light: Tuple[float, float, float]   # see `relight`
    degrees: float                      # see `rotate`
    blur: float                         # deviation, pixels; 0 for none
    quality: int                        # of JPEG; 100 for none


def draw(seed, recipe=LIGHT):
    """Return the Variation that a seed stands for in a recipe."""
    random = np.random.RandomState(seed)
    return Variation(
        scale=random.uniform(*recipe.scales),
        position=tuple(random.uniform(size=2)),
        is_mirrored=bool(random.randint(2)),
        light=tuple(random.uniform(*limits) for limits in (
            (-BRIGHTNESS, BRIGHTNESS), CONTRAST, SATURATION)),
        degrees=(random.uniform(-recipe.rotation, recipe.rotation)
                 if recipe.rotation else 0),
        blur=(random.uniform(.1, recipe.blur)
              if recipe.blur and random.randint(2) else 0),
        quality=(random.randint(recipe.jpeg, 100)
                 if recipe.jpeg < 100 and random.randint(2) else 100))


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
    variation = draw(seed, recipe)
    if variation.degrees:
        image, ids = rotate(image, ids, variation.degrees)
    image, labels = rescale(image, ids, size, variation.scale,
                            variation.position, resize_labels)
    if variation.is_mirrored:
        image, labels = cv2.flip(image, 1), labels[:, ::-1]
    image = relight(image, *variation.light)
    if variation.blur:
        image = cv2.GaussianBlur(image, (0, 0), variation.blur)
    if variation.quality < 100:
        image = compress(image, variation.quality)
    return image, labels


def augment_map(values, sides, size, seed, recipe=LIGHT):
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
    recipe : Recipe, optional

    Returns
    -------
    (h, w, C) uint8 array
        Of the whole sample.
    """
    variation = draw(seed, recipe)
    shape = np.array(values.shape[1::-1])
    if variation.degrees:
        values = warp_map(values, rotation(shape, variation.degrees, sides))
    corner, part = window(np.array(sides), np.array(size), variation.scale,
                          variation.position)
    # Pixel x of the sample's map is pixel `length * x + start` of `values`.
    if variation.scale >= 1:
        start, length = corner / sides, part / sides
    else:
        start, length = -corner / part, size / part
    start = shape * start + length / 2 - .5
    moved = warp_map(values, np.column_stack([np.diag(length), start]),
                     cv2.WARP_INVERSE_MAP)
    return moved[:, ::-1] if variation.is_mirrored else moved


def warp_map(values, matrix, flag=0):
    """Return a map (h, w, C), of any C, as cv2.warpAffine moves it."""
    size = values.shape[1::-1]
    return np.stack([cv2.warpAffine(
        np.ascontiguousarray(values[..., k]), matrix, size,
        flags=cv2.INTER_LINEAR | flag, borderMode=cv2.BORDER_REFLECT)
        for k in range(values.shape[2])], axis=-1)


def window(sides, size, scale, position):
    """Return the corner (x, y) and the (width, height) of a crop.

    It is a part of a picture of `sides` that is cut out, for a scale of 1 and
    more, or else the part of `size` that the picture becomes.
    """
    whole, factor = (sides, 1 / scale) if scale >= 1 else (size, scale)
    part = np.maximum(1, np.rint(whole * factor)).astype(int)
    return ((whole - part) * position).astype(int), part


def rotate(image, ids, degrees):
    """Turn a sample about its centre, anticlockwise.

    What comes from outside is mirrored at the borders, with its labels. Class
    ids are the nearest ones.
    """
    size = pixels.size_of(image)
    matrix = rotation(size, degrees, size)
    return tuple(cv2.warpAffine(array, matrix, size, flags=flag,
                                borderMode=cv2.BORDER_REFLECT)
                 for array, flag in ((image, cv2.INTER_LINEAR),
                                     (ids, cv2.INTER_NEAREST)))


def rotation(size, degrees, sides):
    """Return the (2, 3) matrix that turns an array with its picture.

    Parameters
    ----------
    size, sides : (width, height)
        Of the array, and of the picture: their shapes may differ.
    degrees : float
        Anticlockwise, about the centre.
    """
    stretch = np.divide(size, sides)
    turn = cv2.getRotationMatrix2D((0, 0), degrees, 1)[:, :2]
    turn *= stretch[:, np.newaxis] / stretch
    centre = (np.array(size) - 1) / 2
    return np.column_stack([turn, centre - turn @ centre])


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


def label_resizer(num_classes, is_soft, is_cached):
    """Return what brings the class ids of samples to (width, height).

    Soft labels become the shares of the classes. Samples that were cached are
    little larger than their size.
    """
    if is_soft:
        return functools.partial(pixels.area_shares, num_classes=num_classes)
    return nearest if is_cached else pixels.resize_ids


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
