"""Pictures and label images: read them, look classes up, change their size.

Class ids are uint8 arrays (H, W): 0 .. C-1, IGNORE or UNKNOWN. Sizes are
(width, height) in pixels.
"""
import functools
import os
import re
from typing import Tuple

import cv2
import numpy as np

from segmentation import opencv
from segmentation.errors import InputError

IGNORE = 255        # a pixel that is not scored
UNKNOWN = 254       # a value that is in no class

PNG, JPEG = b'\x89PNG', b'\xff\xd8'
# How the files begin that OpenCV reads: PNG, JPEG, BMP, TIFF, WebP, Netpbm,
# JPEG 2000 and GIF.
SIGNATURE = re.compile(
    br'\x89PNG|\xff\xd8|BM|II\*\0|MM\0\*|RIFF.{4}WEBP|P[1-6]\s|'
    br'\0\0\0\x0cjP|GIF8', re.DOTALL)
TAIL = 1 << 16      # bytes that may follow the end of a picture


def read(path, mode=cv2.IMREAD_COLOR):
    """Read a picture, (H, W, 3) uint8 BGR unless `mode` says otherwise.

    Raises
    ------
    OSError
        The file cannot be opened.
    InputError
        It is no picture, or a broken one.
    """
    # OpenCV crashes on names that are not UTF-8: it gets the bytes alone.
    data = read_bytes(path)
    # Asked first, as libpng reports a cut-off file on stderr.
    image = None if is_cut_off(data) else decode(path, data, mode)
    if image is None:
        raise InputError(f'{path}: no picture that OpenCV reads')
    return image


def read_bytes(path):
    """Return what is in a file; a pipe or a device might never end."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f'{path}: a file is wanted, no folder, pipe or '
                         'device')
    with open(path, 'rb') as file:
        return file.read()


def decode(path, data, mode=cv2.IMREAD_COLOR):
    """Decode the bytes of a picture file; return None if OpenCV cannot."""
    try:
        with opencv.blaming(path):
            return cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    except InputError:      # no bytes, or more pixels than OpenCV takes
        return None


def is_cut_off(data):
    """Return whether bytes begin as a JPEG or PNG and do not have its end.

    OpenCV reads such a JPEG all the same; what is missing comes out grey.
    """
    # What follows the end is padding, or another JPEG: a preview.
    if data.startswith(PNG):
        return b'IEND' not in data[-TAIL:]
    return data.startswith(JPEG) and b'\xff\xd9' not in data[-TAIL:]


def is_picture(path):
    """Return whether a path is a file that begins as a picture does."""
    if not os.path.isfile(path):
        return False
    with open(path, 'rb') as file:
        return SIGNATURE.match(file.read(16)) is not None


def size_of(image: np.ndarray) -> Tuple[int, int]:
    """Return the (width, height) of a picture."""
    return image.shape[1], image.shape[0]


def to_uint8(image):
    """Return an array of any numbers as uint8, rounded and cut to 0..255."""
    image = np.asarray(image)
    return (image if image.dtype == np.uint8
            else np.rint(image).clip(0, 255).astype(np.uint8))


def pack(image):
    """Return the colour codes of a BGR or BGRA picture.

    Returns
    -------
    (H, W) int32 array
        red << 16 | green << 8 | blue
    """
    wide = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA) \
        if image.shape[2] == 3 else image.copy()
    wide[:, :, 3] = 0
    return wide.view('<i4')[:, :, 0].astype(np.int32, copy=False)


def pack_color(color):
    """Return the code of one (red, green, blue)."""
    red, green, blue = color
    return red << 16 | green << 8 | blue


def unpack(code):
    """Return the (red, green, blue) of a code."""
    return int(code) >> 16, int(code) >> 8 & 255, int(code) & 255


def describe(code, is_color):
    """Return a value of a label for people.

    >>> describe(0xff0080, True), describe(12, False)
    ('colour (255, 0, 128)', 'id 12')
    """
    return f'colour {unpack(code)}' if is_color else f'id {code}'


def make_table(class_ids, size):
    """Return a table to look the class ids of {code: class id} up in.

    It is made once for the same class ids, and cannot be written to.

    Returns
    -------
    (size,) uint8 array
        The class id of every code; UNKNOWN where there is none.
    """
    return _make_table(frozenset(class_ids.items()), size)


@functools.lru_cache(maxsize=8)
def _make_table(class_ids, size):
    table = np.full(size, UNKNOWN, np.uint8)
    for code, class_id in class_ids:
        if 0 <= code < size:
            table[code] = class_id
    table.setflags(write=False)
    return table


def look_up(codes, table):
    """Return `table[codes]`, by OpenCV where it can: four times as fast."""
    if codes.dtype == np.uint8:
        return cv2.LUT(codes, table)
    return table[codes]


def one_hot_rows(num_classes):
    """Return the label row of every class id, (256, C) uint8.

    The rows of IGNORE and of ids beyond C-1 are zeros.
    """
    return np.eye(256, num_classes, dtype=np.uint8)


def shrink(image, size):
    """Shrink a picture to (width, height) by area means.

    Halving first, as often as it comes out even, gives the same to within
    rounding: OpenCV halves seven times faster than it does the rest.
    """
    width, height = size
    while (image.shape[1] % (2 * width) == 0
           and image.shape[0] % (2 * height) == 0):
        half = image.shape[1] // 2, image.shape[0] // 2
        image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
    return cv2.resize(image, tuple(size), interpolation=cv2.INTER_AREA)


def resize_image(image, size):
    """Bring a picture to (width, height): area means down, linear up."""
    smaller = smaller_sides(image, size)
    if image.shape[1::-1] != smaller:
        image = shrink(image, smaller)
    if smaller == tuple(size):
        return image
    return cv2.resize(image, tuple(size), interpolation=cv2.INTER_LINEAR)


def smaller_sides(image, size):
    """Return the (width, height) to shrink to before the other side grows."""
    # OpenCV takes no area means where one side grows.
    return min(image.shape[1], size[0]), min(image.shape[0], size[1])


def mask_of(ids, class_id):
    """Return where a class is, (H, W) uint8: 255 there, 0 elsewhere."""
    # cv2.compare is a bit faster, but fails where there is a single pixel.
    return cv2.inRange(ids, int(class_id), int(class_id))


def area_shares(ids, size, num_classes):
    """Return the share of each class in each pixel of a (width, height).

    Returns
    -------
    (H, W, C) uint8 array
        In 255ths of the pixel; what is missing to 255 is ignored.
    """
    width, height = size
    shares = np.zeros((height, width, num_classes), np.uint8)
    for class_id in np.unique(ids):
        if class_id < num_classes:
            shares[..., class_id] = resize_image(mask_of(ids, class_id), size)
    return shares


def resize_ids(ids, size):
    """Bring class ids to (width, height) by majority.

    Each new pixel takes the class that covers most of its area; IGNORE counts
    as a class. Enlarging, that is the nearest pixel, centres aligned.
    """
    if ids.shape[::-1] == tuple(size):
        return ids
    smaller = smaller_sides(ids, size)
    if smaller not in (ids.shape[::-1], tuple(size)):
        return resize_ids(resize_ids(ids, smaller), size)
    present = np.flatnonzero(cv2.calcHist([ids], [0], None, [256], [0, 256]))
    highest = None
    for class_id in present:
        share = shrink(mask_of(ids, class_id), size)
        if highest is None:
            highest = share
            resized = np.full(share.shape, class_id, np.uint8)
        else:
            resized[share > highest] = class_id
            highest = cv2.max(highest, share)
    return resized


def pad(image, multiple=32):
    """Mirror a picture at right and bottom until its sides are multiples."""
    height, width = image.shape[:2]
    return opencv.mirror(image, 0, -height % multiple, 0,
                         -width % multiple)


def plane(probabilities, class_id, size):
    """Return the (H, W) float32 probability of a class at (width, height)."""
    # By NumPy, as OpenCV 5 takes no more than 128 channels.
    values = np.ascontiguousarray(probabilities[..., class_id])
    if values.shape[::-1] != tuple(size):
        values = cv2.resize(values, tuple(size),
                            interpolation=cv2.INTER_LINEAR)
    return values
