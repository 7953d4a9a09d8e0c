"""Pictures and label images: read them, look classes up, change their size.

Class numbers are uint8 arrays (H, W): 0 .. C-1, IGNORE or UNKNOWN.
"""
import os

import cv2
import numpy as np

from segmentation.errors import InputError

IGNORE = 255        # a pixel that is not scored
UNKNOWN = 254       # a value that is in no class

# A file that cannot be read is told of once, and by us.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def read(path, mode=cv2.IMREAD_COLOR):
    """Read a picture by OpenCV, (H, W, 3) uint8 BGR unless `mode` differs.

    Raises
    ------
    OSError
        The file cannot be opened.
    ValueError
        It is no picture, or a broken one.
    """
    # Asked first: libpng tells of a cut-off file by a line of its own.
    try:
        image = None if is_cut_off(path) else cv2.imread(path, mode)
    except cv2.error:       # such as more pixels than OpenCV takes
        image = None
    if image is None:
        raise InputError(f'{path}: no picture that OpenCV reads')
    return image


def is_cut_off(path):
    """Whether a file begins as a JPEG or PNG and does not have its end.

    OpenCV reads such a JPEG all the same; what is missing comes out grey.
    """
    with open(path, 'rb') as file:
        first = file.read(4)
        if first != b'\x89PNG' and first[:2] != b'\xff\xd8':
            return False
        # What follows the end is padding, or another JPEG: a preview.
        file.seek(max(0, os.path.getsize(path) - (1 << 16)))
        return (b'IEND' if first[:1] == b'\x89' else
                b'\xff\xd9') not in file.read()


def pack(image):
    """(H, W) int32 colour codes red << 16 | green << 8 | blue of a BGR(A)."""
    wide = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA) \
        if image.shape[2] == 3 else image.copy()
    wide[:, :, 3] = 0
    return wide.view('<i4')[:, :, 0].astype(np.int32, copy=False)


def pack_color(color):
    """The code of one (red, green, blue)."""
    red, green, blue = color
    return red << 16 | green << 8 | blue


def look_up(codes, table):
    """`table[codes]`, by OpenCV where it can: four times as fast."""
    if codes.dtype == np.uint8:
        return cv2.LUT(codes, table)
    return table[codes]


def unpack(code):
    """(red, green, blue) of a code."""
    return int(code) >> 16, int(code) >> 8 & 255, int(code) & 255


def one_hot_rows(num_classes):
    """(256, C) uint8: the label row of every class number, IGNORE's zeros."""
    return np.eye(256, num_classes, dtype=np.uint8)


def shrink(image, size):
    """Area means of a picture at a smaller (width, height).

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
    if image.shape[1::-1] == tuple(size):
        return image
    if size[0] <= image.shape[1] and size[1] <= image.shape[0]:
        return shrink(image, size)
    return cv2.resize(image, tuple(size), interpolation=cv2.INTER_LINEAR)


def area_shares(ids, size, num_classes):
    """The share of each class in the pixels of a (width, height).

    Returns
    -------
    (H, W, C) uint8 array
        In 255ths of the pixel; what is missing to 255 is ignored.
    """
    width, height = size
    shares = np.zeros((height, width, num_classes), np.uint8)
    larger = width > ids.shape[1] or height > ids.shape[0]
    for number in np.unique(ids):
        if number < num_classes:
            mask = cv2.compare(ids, int(number), cv2.CMP_EQ)
            shares[..., number] = (
                cv2.resize(mask, (width, height),
                           interpolation=cv2.INTER_LINEAR)
                if larger else shrink(mask, size))
    return shares


def resize_ids(ids, size):
    """Bring class numbers to (width, height) by majority.

    Each new pixel takes the class that covers most of its area; IGNORE counts
    as a class. Enlarging, that is the nearest pixel, centres aligned.
    """
    if ids.shape[::-1] == tuple(size):
        return ids
    present = np.flatnonzero(cv2.calcHist([ids], [0], None, [256], [0, 256]))
    best = None
    for number in present:
        share = shrink(cv2.compare(ids, int(number), cv2.CMP_EQ), size)
        if best is None:
            best, winner = share, np.full(share.shape, number, np.uint8)
        else:
            winner[share > best] = number
            best = cv2.max(best, share)
    return winner


def pad(image, multiple=32):
    """A picture whose sides are multiples, mirrored at right and bottom."""
    height, width = image.shape[:2]
    return cv2.copyMakeBorder(image, 0, -height % multiple,
                              0, -width % multiple, cv2.BORDER_REFLECT)


def plane(probabilities, number, size):
    """The (H, W) float32 probability of one class, at (width, height)."""
    values = cv2.extractChannel(probabilities, int(number))
    if values.shape[::-1] != tuple(size):
        values = cv2.resize(values, tuple(size),
                            interpolation=cv2.INTER_LINEAR)
    return values
