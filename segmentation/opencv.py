"""OpenCV's limits: what it raises, and more channels than it takes."""
import contextlib

import cv2
import numpy as np

from segmentation.errors import InputError

NO_MEMORY = -4      # cv2.error.code; not every release has a name for it
CHANNELS = 4        # that every function takes; OpenCV 5 has 128 at most

# A file that cannot be read is reported once, and by us.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


@contextlib.contextmanager
def blaming(path):
    """Name a file where OpenCV or the memory fails at what is in it.

    Raises
    ------
    MemoryError
        What is made of the file does not fit.
    InputError
        OpenCV refuses it: a picture that no function was made for.
    """
    try:
        yield
    except cv2.error as error:
        # An argument that OpenCV cannot parse has none of these attributes.
        what = getattr(error, 'err', str(error))
        what = ' '.join(what.replace('>', ' ').split())
        if getattr(error, 'code', None) == NO_MEMORY:
            raise MemoryError(f'{path}: {what}')
        raise InputError(f'{path}: OpenCV refuses it: {what}')
    except MemoryError as error:
        if path in str(error):
            raise
        raise MemoryError(f'{path}: {error}')


def mirror(array, top, bottom, left, right):
    """Mirror (H, W) or (H, W, C) pixels at the borders, by these widths."""
    if not (top or bottom or left or right):
        return array
    # Of a single channel OpenCV drops the axis.
    if array.ndim == 2 or 1 < array.shape[2] <= CHANNELS:
        return cv2.copyMakeBorder(array, top, bottom, left, right,
                                  cv2.BORDER_REFLECT)
    return np.pad(array, ((top, bottom), (left, right), (0, 0)), 'symmetric')
