"""What a file claims about an array, checked before memory is taken for it."""
from segmentation import schema
from segmentation.errors import InputError

# How much deflate expands at most: https://zlib.net/zlib_tech.html
EXPANSION = 1032


def check(name, shape, dtype, room):
    """Raise InputError unless an array of numbers is no larger than `room`.

    Parameters
    ----------
    name : str
        What the message calls the array.
    shape : tuple of int
    dtype : numpy.dtype
    room : int
        The most bytes that can be where the file has the array.
    """
    check_numbers(name, dtype)
    size = dtype.itemsize
    for side in shape:
        size *= side
    if min(shape, default=0) < 0 or size > room:
        raise InputError(f'{name} claims the shape {schema.brief(shape)} of '
                         f'{dtype}, but the file has {room:,} bytes of it at '
                         'most')


def check_numbers(name, dtype):
    """Raise InputError unless a dtype is one of real numbers."""
    if dtype.kind not in 'fiu':
        raise InputError(f'{name} holds {str(dtype)[:60]}: numbers are wanted')
