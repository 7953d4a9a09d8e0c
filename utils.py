"""What every program needs: errors, options and files."""
import argparse
import contextlib
import json
import os
import re
import sys
import tempfile

import cv2


def run(main):
    """Run a program: one line on stderr and status 1 for what went wrong."""
    try:
        sys.exit(main())
    except (OSError, ValueError, MemoryError, ImportError) as error:
        print('[!] {}'.format(describe_error(error)), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print('[!] interrupted', file=sys.stderr)
        sys.exit(130)


def describe_error(error):
    """One line on an exception; an OSError of the system names its file."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return '{}: {}'.format(error.filename, error.strerror)
    if isinstance(error, MemoryError):
        return 'out of memory ({}): a smaller --batch-size or --image-size ' \
            'needs less'.format(error)
    return str(error)


def parse_size(text):
    """(width, height) of 'WIDTHxHEIGHT', each divisible by 32.

    >>> parse_size('512x256')
    (512, 256)
    """
    try:
        width, height = (int(side) for side in text.lower().split('x'))
    except ValueError:
        raise argparse.ArgumentTypeError(
            '{!r}: WIDTHxHEIGHT is wanted, such as 512x256'.format(text))
    try:
        check_size((width, height))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error))
    return width, height


def check_size(size):
    """Raise ValueError unless both sides are positive multiples of 32."""
    for side in size:
        if side < 32 or side % 32:
            below = side // 32 * 32
            near = '{} and {} are'.format(below, below + 32)
            raise ValueError('image_size is ({}, {}): {} is not divisible by '
                             '32; {}'.format(*size, side, near if below > 0
                                             else '32 is'))


def fraction(text):
    """A share strictly between 0 and 1, for argparse."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(
            '{}: a share between 0 and 1 is wanted'.format(text))
    return value


def positive(kind):
    """An argparse type: a number of `kind` above 0."""
    def parse(text):
        value = kind(text)
        if not 0 < value < float('inf'):
            raise argparse.ArgumentTypeError(
                '{}: a number above 0 is wanted'.format(text))
        return value
    parse.__name__ = kind.__name__
    return parse


def share(text):
    """A share above 0 and up to 1, for argparse."""
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(
            '{}: a share above 0, at most 1, is wanted'.format(text))
    return value


def not_negative(text):
    """A finite number of 0 or more, for argparse."""
    value = float(text)
    if not 0 <= value < float('inf'):
        raise argparse.ArgumentTypeError(
            '{}: a number of 0 or more is wanted'.format(text))
    return value


def pattern(text):
    """A regular expression, as text: options are written as JSON."""
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(
            '{!r}: no regular expression: {}'.format(text, error))
    return text


def add_source_options(parser, required=True):
    """Add the options of every program that loads a data source."""
    parser.add_argument('--data-source', required=required, metavar='NAME',
                        help='source_NAME.py: kitti, cityscapes, camvid, '
                             'voc, demo, folder (with images/, labels/ and '
                             'classes.csv), single (the first picture of '
                             'such a folder), or a module of your own')
    parser.add_argument('--data-dir', default='data',
                        help='folder of the data set (default: %(default)s)')
    parser.add_argument('--image-size', type=parse_size, metavar='WxH',
                        help='network input in pixels, each divisible by 32 '
                             '(default: the source\'s own; of a folder its '
                             'first picture\'s, up to about 480x352 pixels)')
    parser.add_argument('--classes', metavar='TABLE',
                        help='class table of a source that has several, such '
                             'as cityscapes: 19 (default) or 29')
    parser.add_argument('--valid-fraction', type=fraction, default=.1,
                        help='share of the samples kept for validation where '
                             'the data set has no split of its own '
                             '(default: %(default)s)')
    parser.add_argument('--group-by', type=pattern, metavar='REGEX',
                        help='of a folder: pictures stay on one side of the '
                             'split where this finds the same in their '
                             'paths, such as ^(.*)_ for all before the last _')
    parser.add_argument('--workers', type=positive(int),
                        default=os.cpu_count() or 1,
                        help='threads that read pictures '
                             '(default: %(default)s, one a core)')
    parser.add_argument('--seed', type=int, default=0,
                        help='seed of the split, of shuffling and of dropout '
                             '(default: %(default)s)')


def refuse_overwrite(path, inputs):
    """Raise ValueError if `path` is one of the files in `inputs`."""
    for name in inputs:
        if os.path.exists(path) and os.path.samefile(path, name):
            raise ValueError('{} is an input: it is not overwritten'.format(
                path))


@contextlib.contextmanager
def atomic(path):
    """Give a temporary name beside `path` that is renamed when all is well.

    The name keeps the suffix of `path`, as OpenCV goes by it.
    """
    folder, name = os.path.split(os.path.abspath(path))
    handle, work = tempfile.mkstemp(prefix='.part-', suffix=name[-32:],
                                    dir=folder)
    os.close(handle)
    try:
        yield work
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(work, 0o666 & ~umask)
        os.replace(work, path)
    finally:
        if os.path.exists(work):
            os.remove(work)


def check_image_type(path):
    """Raise ValueError if OpenCV writes no pictures of that suffix."""
    try:
        known = cv2.haveImageWriter(path)
    except cv2.error:
        known = False
    if not known:
        raise ValueError('{}: no picture type that OpenCV writes'.format(path))


def write_image(path, image):
    """Write a picture, its type by the suffix of `path`, whole or not."""
    check_image_type(path)
    with atomic(path) as work:
        if not cv2.imwrite(work, image):
            raise OSError('{}: cannot be written'.format(path))


def write_json(path, value):
    """Write `value` as indented JSON, whole or not at all."""
    with atomic(path) as work, open(work, 'w') as file:
        json.dump(value, file, indent=1)
        file.write('\n')


def read_json(path, keys=None):
    """Read a JSON file; ValueError names it where it is broken.

    With `keys` it has to be an object that has them.
    """
    with open(path) as file:
        try:
            value = json.load(file)
        except ValueError as error:
            raise ValueError('{}: no JSON: {}'.format(path, error))
    if keys is not None:
        if not isinstance(value, dict):
            raise ValueError('{}: a JSON object is wanted'.format(path))
        missing = [key for key in keys if key not in value]
        if missing:
            raise ValueError('{} lacks {}'.format(path, ', '.join(missing)))
    return value


def without_nan(value):
    """A copy of `value` with None for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value


def duration(seconds):
    """Time for people.

    >>> duration(8), duration(65), duration(3700)
    ('8 s', '1 min 5 s', '1 h 1 min')
    """
    minutes, seconds = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return '{} h {} min'.format(hours, minutes)
    return '{} min {} s'.format(minutes, seconds) if minutes else \
        '{} s'.format(seconds)
