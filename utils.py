"""What every program needs: errors, options, files and data sources."""
import argparse
import contextlib
import importlib
import importlib.util
import json
import os
import random
import re
import sys
import tempfile

import cv2
import numpy as np

CONTRACT = ('image_size', 'num_classes', 'label_colors', 'load_data',
            'train_generator', 'valid_generator')


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
                             'classes.csv), or a module of your own')
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


def find_source(name):
    """Import source_NAME, or the dotted module NAME, and make its source.

    Raises
    ------
    ImportError
        There is no such module, or something that it imports is missing.
    ValueError
        The module has no get_source, or its source lacks attributes.
    """
    module_name = name if '.' in name else 'source_' + name
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        parents = [module_name.rsplit('.', count)[0]
                   for count in range(module_name.count('.') + 1)]
        if error.name in parents:
            raise ImportError('no data source {!r}: {}.py is not on the path'
                              .format(name, module_name.replace('.', '/')))
        raise ImportError('data source {!r} cannot be imported: {}'.format(
            name, error))
    if not hasattr(module, 'get_source'):
        raise ValueError('data source {!r}: {} has no get_source()'.format(
            name, module.__file__))
    source = module.get_source()
    missing = [attribute for attribute in CONTRACT
               if not hasattr(source, attribute)]
    if missing:
        raise ValueError('data source {!r} lacks {}'.format(
            name, ', '.join(missing)))
    return source


def make_source(name, classes=None, data_dir=None):
    """The source `name` with one of its class tables; no data is loaded.

    A source whose classes are in its folder takes them of `data_dir`.
    """
    source = find_source(name)
    if hasattr(source, 'choose_folder'):
        if data_dir is None:
            raise ValueError('data source {!r} has its classes in a folder: '
                             '--data-dir is wanted'.format(name))
        source.choose_folder(data_dir)
    if classes:
        if not hasattr(source, 'choose_classes'):
            raise ValueError('data source {!r} has one class table: --classes '
                             'does not apply'.format(name))
        source.choose_classes(classes)
    return source


def load_source(options, required=None):
    """Make the source that the options of `add_source_options` describe.

    Its data is loaded: files are listed and split, none is decoded. Of a
    source of our base class the `required` splits alone must not be empty.
    """
    source = make_source(options.data_source, options.classes,
                         options.data_dir)
    if getattr(options, 'group_by', None):
        if not hasattr(source, 'group_by'):
            raise ValueError('data source {!r} knows no groups: --group-by '
                             'does not apply'.format(options.data_source))
        source.group_by = options.group_by
    source.seed = options.seed
    source.workers = options.workers
    if options.image_size:
        source.image_size = options.image_size
    check_size(source.image_size)
    seed_globals(epoch_seed(options.seed, 0))
    if required is not None and hasattr(source, 'required_splits'):
        source.required_splits = required
    source.load_data(options.data_dir, options.valid_fraction)
    counts = {'train': 'num_training', 'valid': 'num_validation'}
    for split in getattr(source, 'required_splits', counts):
        attribute = counts[split]
        if not getattr(source, attribute, 0):
            raise ValueError('data source {!r}: {} is {} in {}'.format(
                options.data_source, attribute,
                getattr(source, attribute, 'missing'), options.data_dir))
    return source


def class_names(source):
    """The names of a source's classes; their numbers where it has none."""
    return list(getattr(source, 'class_names', None)
                or map(str, range(source.num_classes)))


def list_split(source, data_dir):
    """{'train': names, 'valid': names} of the pictures of a source.

    Names are relative to `data_dir`. A source that does not tell its files
    has its generators asked, which reads them all once.
    """
    if hasattr(source, 'splits'):
        paths = {split: [pair[0] for pair in source.splits[split]]
                 for split in ('train', 'valid')}
    else:
        paths = {split: [path for batch in generator(1, names=True)
                         for path in batch[2]]
                 for split, generator in (('train', source.train_generator),
                                          ('valid', source.valid_generator))}
    return {split: sorted(os.path.relpath(path, data_dir) for path in names)
            for split, names in paths.items()}


def check_split(source, data_dir, saved):
    """Raise ValueError unless the data is split as in a run's options."""
    split = list_split(source, data_dir)
    for name in ('train', 'valid'):
        changed = sorted(set(split[name]) ^ set(saved[name]))
        if changed:
            raise ValueError(
                '{}: the {} split is not that of the run: {} differ, such as '
                '{}'.format(data_dir, name, len(changed), changed[0]))


def checked(source, batches):
    """Pass batches on, with uint8 labels; ValueError names what is wrong.

    The shapes are checked, that pictures are finite, which not every
    TensorFlow shows in the loss, and that no row is all zero unless the
    source declares `ignore`.
    """
    for images, labels, *names in batches:
        check_batch(source, images, labels)
        finite = np.isfinite(images).all(axis=(1, 2, 3))
        if not finite.all():
            raise ValueError('{}: the picture has values that are not '
                             'finite'.format(names[0][finite.argmin()]
                                             if names else 'images'))
        labels = np.asarray(labels)
        if labels.dtype != np.uint8:
            labels = labels.astype(np.uint8)
        if not getattr(source, 'ignore', False):
            empty = np.argwhere(~labels.any(axis=-1))
            if len(empty):
                k, row, column = empty[0]
                raise ValueError(
                    '{}: no class at row {}, column {} ({} pixels of the '
                    'batch), and the source does not declare ignore'.format(
                        names[1][k] if names else 'labels', row, column,
                        len(empty)))
        yield (images, labels) + tuple(names)


def check_first_batch(source):
    """Read one sample of each split, so that what is wrong shows early."""
    for generator in (source.train_generator, source.valid_generator):
        batches = generator(1, names=True)
        if next(checked(source, batches), None) is None:
            raise ValueError('the data source has no samples: {} yields '
                             'nothing'.format(generator.__name__))
        batches.close()


def seed_globals(seed):
    """Seed the generators that a source of its own makes may draw from."""
    random.seed(seed)
    np.random.seed(seed)


def epoch_seed(seed, epoch):
    """The seed of the global generators in an epoch; 0 is before all."""
    return (seed * 1000003 + epoch) % 2 ** 32


def check_batch(source, images, labels):
    """Raise ValueError where a batch does not have the contract's shape."""
    width, height = source.image_size
    for what, array, depth in (('images', images, 3),
                               ('labels', labels, source.num_classes)):
        wanted = (len(images), height, width, depth)
        if np.shape(array) != wanted:
            raise ValueError(
                'the data source gives {} of shape {}: {} is wanted'.format(
                    what, np.shape(array), wanted))


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


def read_json(path):
    """Read a JSON file; ValueError names it where it is broken."""
    with open(path) as file:
        try:
            return json.load(file)
        except ValueError as error:
            raise ValueError('{}: no JSON: {}'.format(path, error))


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
