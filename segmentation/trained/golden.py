"""The golden picture of an exported model, and the ids that it must give.

It is a synthetic road scene, so that no picture of anybody's leaves the house.
"""
import base64
import binascii

import cv2
import numpy as np

from segmentation import pixels, processor
from segmentation.errors import InputError
from segmentation.synthetic import scenes

SEED = 2015


def draw(image_size):
    """Return the golden picture (H, W, 3), BGR uint8, at (width, height)."""
    return scenes.draw(np.random.RandomState(SEED), *image_size)[0]


def encode(image, ids):
    """Return what a description says of the golden picture.

    Parameters
    ----------
    image : (H, W, 3) uint8 array, BGR
    ids : (H, W) uint8 array
        The classes that the model gives on this machine.
    """
    return {'image': as_text(image), 'ids': as_text(ids),
            'machine': processor.name()}


def as_text(array):
    """Return a picture as PNG, in base64."""
    return base64.b64encode(cv2.imencode('.png', array)[1]).decode('ascii')


def decode(model):
    """Return the golden picture of an exported.Exported, and its ids.

    Returns
    -------
    (H, W, 3) uint8 array, BGR
    (H, W) uint8 array
    """
    golden = model.description['golden']
    image, ids = (as_array(golden[key], mode, f'{model.path}: golden {key}')
                  for key, mode in (('image', cv2.IMREAD_COLOR),
                                    ('ids', cv2.IMREAD_UNCHANGED)))
    if (ids.shape != image.shape[:2] or ids.dtype != np.uint8
            or pixels.size_of(image) != model.image_size):
        raise InputError(f'{model.path}: golden image and ids are '
                         f'{image.shape} and {ids.shape} of {ids.dtype}: '
                         f'those of {model.image_size} are wanted')
    return image, ids


def as_array(text, mode, where):
    """Return the picture in a text; InputError says where it is broken."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f'{where} is no base64: {error}')
    array = None if pixels.is_cut_off(data) else pixels.decode(where, data,
                                                               mode)
    if array is None:
        raise InputError(f'{where} is no picture')
    return array
