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

    scale: float                        # of the picture against image_size
    position: Tuple[float, float]       # see `rescale`
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
            recipe=LIGHT, image_size=None):
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
    image_size : (width, height), optional
        What the picture is scaled against; `size` where it is None.

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
    image, labels = rescale(image, ids, size,
                            variation.scale * ratio(image_size, size),
                            variation.position, resize_labels)
    if variation.is_mirrored:
        image, labels = cv2.flip(image, 1), labels[:, ::-1]
    image = relight(image, *variation.light)
    if variation.blur:
        image = cv2.GaussianBlur(image, (0, 0), variation.blur)
    if variation.quality < 100:
        image = compress(image, variation.quality)
    return image, labels


def augment_map(values, sides, size, seed, recipe=LIGHT, image_size=None):
    """Move a map of a picture as `augment` moves it, interpolated linearly.

    Parameters
    ----------
    values : (h, w, C) uint8 array
        Of the whole picture, at any resolution.
    sides : (width, height) of the picture
    size, seed, recipe, image_size
        As `augment` takes them.

    Returns
    -------
    (h', w', C) uint8 array
        Of the whole sample: (h, w) for a sample of image_size.
    """
    variation = draw(seed, recipe)
    shape = np.array(values.shape[1::-1])
    if variation.degrees:
        values = warp_map(values, rotation(shape, variation.degrees, sides))
    larger = ratio(image_size, size)
    corner, cut, offset, part = window(sides, size, variation.scale * larger,
                                       variation.position)
    moved_shape = np.rint(shape / larger)
    # Pixel x of the sample's map is pixel `step * x + start` of `values`.
    step = cut / sides * (size / part) * (shape / moved_shape)
    start = shape * (corner / sides - offset / part) + step / 2 - .5
    moved = warp_map(values, np.column_stack([np.diag(step), start]),
                     cv2.WARP_INVERSE_MAP, moved_shape)
    return moved[:, ::-1] if variation.is_mirrored else moved


def ratio(image_size, size):
    """Return how many times as large as `size` image_size is, (x, y)."""
    return np.divide(size if image_size is None else image_size, size)


def warp_map(values, matrix, flag=0, size=None):
    """Return a map (h, w, C), of any C, as cv2.warpAffine moves it."""
    size = values.shape[1::-1] if size is None else tuple(map(int, size))
    return np.stack([cv2.warpAffine(
        np.ascontiguousarray(values[..., k]), matrix, size,
        flags=cv2.INTER_LINEAR | flag, borderMode=cv2.BORDER_REFLECT)
        for k in range(values.shape[2])], axis=-1)


def window(sides, size, scale, position):
    """Return which part of a picture becomes which part of a sample.

    Along an axis whose scale is 1 or more, a part of `sides` becomes all of
    `size`; along another one, all of `sides` becomes a part of `size`.

    Returns
    -------
    (2,) int arrays
        Corner (x, y) and (width, height) of the part of the picture, then
        those of the part of the sample.
    """
    found = []
    for whole, factor in ((np.array(sides), 1 / np.maximum(scale, 1)),
                          (np.array(size), np.minimum(scale, 1))):
        part = np.maximum(1, np.rint(whole * factor)).astype(int)
        found += [((whole - part) * position).astype(int), part]
    return found


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

    Along an axis where the picture is smaller than `size` it is mirrored at
    its borders, with its labels.

    Parameters
    ----------
    scale : float or (x, y)
        Of the picture against `size`.
    position : (x, y)
        Where the crop lies in the room that it has, 0..1 along each axis.

    Returns
    -------
    (H, W, 3) uint8 array
        The picture.
    (H, W) or (H, W, C) array
        The labels, as `resize_labels` makes them.
    """
    (x, y), cut, (left, top), part = window(pixels.size_of(image), size,
                                            scale, position)
    crop = np.s_[y:y + cut[1], x:x + cut[0]]
    right, bottom = size - part - (left, top)
    return tuple(
        opencv.mirror(resize(array[crop], tuple(part.tolist())), top, bottom,
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
