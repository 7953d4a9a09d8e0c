"""Types of command-line options: text in, checked value out.

Those that argparse takes raise its own exception.
"""
import argparse
import re

from segmentation.errors import InputError

STRIDE = 32     # what VGG16 divides a picture's sides by
# Of a network input: its first 64 maps alone would take 64 GiB of memory.
MOST_PIXELS = 1 << 28
LARGEST_SCALE = 1000
LARGEST_FACTOR = 8      # for an image size
# How much of VGG16 --freeze-encoder freezes.
WHOLE, POOLS = 'whole', ('pool2', 'pool3', 'pool4')


def flag(name):
    """Return an option as it is typed, by its name in the Namespace.

    >>> flag('image_size')
    '--image-size'
    """
    return f"--{name.replace('_', '-')}"


def image_size(text, name='image_size'):
    """Return the (width, height) of 'WIDTHxHEIGHT', each divisible by 32.

    >>> image_size('512x256')
    (512, 256)
    """
    try:
        width, height = (int(side) for side in text.lower().split('x'))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r}: WIDTHxHEIGHT is wanted, such as 512x256')
    try:
        check_image_size((width, height), name)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error))
    return width, height


def image_size_or_factor(text, name='image_size'):
    """Return a (width, height) as `image_size` does, or a factor for one.

    >>> image_size_or_factor('512x256'), image_size_or_factor('1.5')
    ((512, 256), 1.5)
    """
    try:
        factor = positive(float)(text)
    except ValueError:
        return image_size(text, name)
    if factor > LARGEST_FACTOR:
        raise argparse.ArgumentTypeError(
            f'{text}: WIDTHxHEIGHT is wanted, such as 512x256, or a factor '
            f'up to {LARGEST_FACTOR}')
    return factor


def crop_size(text):
    """Return a (width, height) or a factor, as `image_size_or_factor` does."""
    return image_size_or_factor(text, 'crop_size')


def check_image_size(size, name='image_size'):
    """Raise InputError unless both sides are positive multiples of 32."""
    for side in size:
        if side < STRIDE or side % STRIDE:
            below = side // STRIDE * STRIDE
            nearest = (f'{below} and {below + STRIDE} are' if below > 0
                       else f'{STRIDE} is')
            raise InputError(
                f'{name} is ({size[0]}, {size[1]}): {side} is not '
                f'divisible by {STRIDE}; {nearest}')
    if size[0] * size[1] > MOST_PIXELS:
        raise InputError(f'{name} is ({size[0]}, {size[1]}): '
                         f'{size[0] * size[1]:,} pixels are more than '
                         f'{MOST_PIXELS:,}')


def resolve_size(wanted, size):
    """Return the size that is wanted where it may be a factor for `size`.

    >>> resolve_size(1.5, (480, 352)), resolve_size((64, 32), (480, 352))
    ((704, 512), (64, 32))
    """
    return (scale_image_size(size, wanted) if isinstance(wanted, float)
            else wanted)


def scale_image_size(size, factor):
    """Return a (width, height) times a factor, in multiples of 32."""
    return tuple(max(1, int(round(side * factor / STRIDE))) * STRIDE
                 for side in size)


def fit_image_size(size, most_pixels):
    """Return the network input nearest to the shape of a picture.

    It is the picture's own (width, height) in multiples of 32, or a smaller
    one of its shape, of about `most_pixels`.

    >>> [fit_image_size(size, 480 * 352)
    ...  for size in ((480, 360), (1920, 1080), (40, 500))]
    [(480, 352), (544, 320), (32, 512)]
    """
    width, height = size
    scale = min(1, (most_pixels / (width * height)) ** .5)
    return scale_image_size(size, scale)


def fraction(text):
    """Return a share strictly between 0 and 1."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(
            f'{text}: a share between 0 and 1 is wanted')
    return value


def share(text):
    """Return a share above 0 and up to 1."""
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(
            f'{text}: a share above 0, at most 1, is wanted')
    return value


def part(text):
    """Return a share from 0 up to, but not including, 1."""
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(
            f'{text}: a share of 0 or more, below 1, is wanted')
    return value


def alpha(text):
    """Return the opacity of all classes, and that of single ones by name.

    >>> alpha('.5,road=.8'), alpha('road=1')
    ((0.5, {'road': 0.8}), (None, {'road': 1.0}))
    """
    default, by_class = None, {}
    for part in text.split(','):
        name, _, number = part.strip().rpartition('=')
        try:
            value = float(number)
        except ValueError:
            value = -1
        is_taken = name in by_class if name else default is not None
        if is_taken or not 0 <= value <= 1:
            raise argparse.ArgumentTypeError(
                f'{text!r}: numbers from 0 to 1 are wanted, one for all '
                'classes and one for each CLASS=, such as .5,road=.8')
        if name:
            by_class[name] = value
        else:
            default = value
    return default, by_class


def positive(kind):
    """Return the type of a finite number above 0; `kind` is int or float."""
    def parse(text):
        value = kind(text)
        if not 0 < value < float('inf'):
            raise argparse.ArgumentTypeError(
                f'{text}: a number above 0 is wanted')
        return value
    parse.__name__ = kind.__name__
    return parse


def quality(text):
    """Return the quality of a JPEG file, 1 to 100."""
    value = int(text)
    if not 1 <= value <= 100:
        raise argparse.ArgumentTypeError(
            f'{text}: a whole number from 1 to 100 is wanted')
    return value


def not_negative(text):
    """Return a finite number of 0 or more."""
    value = float(text)
    if not 0 <= value < float('inf'):
        raise argparse.ArgumentTypeError(
            f'{text}: a number of 0 or more is wanted')
    return value


def seed(text):
    """Return the seed of a random generator, 0 to 2^32 - 1."""
    value = int(text)
    if not 0 <= value < 1 << 32:
        raise argparse.ArgumentTypeError(
            f'{text}: a whole number from 0 to {(1 << 32) - 1} is wanted')
    return value


def path(text):
    """Return the name of a file or folder, which is not empty."""
    if not text:
        raise argparse.ArgumentTypeError('a name is wanted')
    return text


def scales(text):
    """Return the numbers of a list such as '.75,1,1.25'.

    >>> scales('.75,1,1.25')
    (0.75, 1.0, 1.25)
    """
    try:
        values = tuple(positive(float)(word) for word in text.split(','))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r}: numbers are wanted, such as .75,1,1.25')
    if max(values) > LARGEST_SCALE:
        raise argparse.ArgumentTypeError(
            f'{text}: numbers up to {LARGEST_SCALE} are wanted')
    return values


def device(text):
    """Return cpu, gpu or gpu:N.

    >>> device('GPU:1')
    'gpu:1'
    """
    if not re.fullmatch(r'cpu|gpu(:\d+)?', text.lower()):
        raise argparse.ArgumentTypeError(
            f'{text!r}: cpu, gpu, or gpu:1 for the second GPU is wanted')
    return text.lower()


def split(text):
    """Return the name of a split, also for what others call it.

    >>> split('val')
    'valid'
    """
    return {'val': 'valid', 'validation': 'valid', 'training': 'train',
            'testing': 'test'}.get(text, text)


def pattern(text):
    """Return a regular expression as text, since options become JSON."""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f'{text!r}: no regular expression: {error}')
    return text
