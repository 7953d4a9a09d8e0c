"""Finding a data source, and holding it to the contract of source.py."""
import importlib
import os
import random
import sys

import numpy as np

from segmentation import option_types
from segmentation.errors import InputError, MissingModuleError

CONTRACT = ('image_size', 'num_classes', 'label_colors', 'load_data',
            'train_generator', 'valid_generator')


def find_source(name):
    """Import source_NAME, or the dotted module NAME, and make its source.

    Raises
    ------
    ImportError
        There is no such module, or something that it imports is missing.
    ValueError
        The module has no get_source, or its source lacks attributes.
    """
    module_name = name if '.' in name else f"source_{name}"
    if not all(part.isidentifier() for part in module_name.split('.')):
        raise MissingModuleError('no data source {!r}: NAME of source_NAME.py, or a '
                          'dotted module name, is wanted'.format(name))
    if name.endswith('.py'):
        raise MissingModuleError('no data source {!r}: {} is its name, if that is '
                          'a file here'.format(
                              name, name[:-3].replace('source_', '', 1)))
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        parents = [module_name.rsplit('.', count)[0]
                   for count in range(module_name.count('.') + 1)]
        if error.name in parents:
            raise MissingModuleError('no data source {!r}: {}.py is not on the path'
                              .format(name, module_name.replace('.', '/')))
        raise MissingModuleError('data source {!r} cannot be imported: {}'.format(
            name, error))
    except SyntaxError as error:
        raise MissingModuleError('data source {!r} cannot be imported: {}'.format(
            name, error))
    if not hasattr(module, 'get_source'):
        raise InputError('data source {!r}: {} has no get_source()'.format(
            name, module.__file__))
    source = module.get_source()
    missing = [attribute for attribute in CONTRACT
               if not hasattr(source, attribute)]
    if missing:
        raise InputError(f"data source {name!r} lacks {', '.join(missing)}")
    return source


def make_source(name, classes=None, data_dir=None):
    """The source `name` with one of its class tables; no data is loaded.

    A source whose classes are in its folder takes them of `data_dir`.
    """
    source = find_source(name)
    if hasattr(source, 'choose_folder'):
        if data_dir is None:
            raise InputError('data source {!r} has its classes in a folder: '
                             '--data-dir is wanted'.format(name))
        source.choose_folder(data_dir)
    if classes:
        if not hasattr(source, 'choose_classes'):
            raise InputError('data source {!r} has one class table: --classes '
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
            raise InputError('data source {!r} knows no groups: --group-by '
                             'does not apply'.format(options.data_source))
        source.group_by = options.group_by
    source.seed = options.seed
    source.workers = options.workers
    if options.image_size:
        source.image_size = options.image_size
    option_types.check_image_size(source.image_size)
    seed_globals(epoch_seed(options.seed, 0))
    if required is not None and hasattr(source, 'required_splits'):
        source.required_splits = required
    source.load_data(options.data_dir, options.valid_fraction)
    counts = {'train': 'num_training', 'valid': 'num_validation'}
    for split in getattr(source, 'required_splits', counts):
        attribute = counts[split]
        if not getattr(source, attribute, 0):
            raise InputError('data source {!r}: {} is {} in {}'.format(
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
            raise InputError(
                '{}: the {} split is not that of the run: {} differ, such as '
                '{}'.format(data_dir, name, len(changed), changed[0]))


def checked(source, batches):
    """Pass batches on, with uint8 labels; ValueError names what is wrong.

    The shapes are checked, that pictures are finite, which not every
    TensorFlow shows in the loss, and that no row is all zero unless the
    source declares `ignore`.
    """
    for images, labels, *names in batches:
        if names and len(names) != 2:
            raise InputError('the data source gives {} parts of a batch: 2, '
                             'or 4 with names, are wanted'.format(
                                 2 + len(names)))
        check_batch(source, images, labels)
        finite = np.isfinite(images).all(axis=(1, 2, 3))
        if not finite.all():
            raise InputError('{}: the picture has values that are not '
                             'finite'.format(names[0][finite.argmin()]
                                             if names else 'images'))
        labels = np.asarray(labels)
        if labels.dtype != np.uint8:
            labels = labels.astype(np.uint8)
        if not getattr(source, 'ignore', False):
            empty = np.argwhere(~labels.any(axis=-1))
            if len(empty):
                k, row, column = empty[0]
                raise InputError(
                    '{}: no class at row {}, column {} ({} pixels of the '
                    'batch), and the source does not declare ignore'.format(
                        names[1][k] if names else 'labels', row, column,
                        len(empty)))
        yield (images, labels) + tuple(names)


def check_first_batch(source):
    """Read one sample of each split, so that what is wrong shows early."""
    for generator in (source.train_generator, source.valid_generator):
        first = next(checked(source, generator(1, names=True)), None)
        if first is None:
            raise InputError('the data source has no samples: {} yields '
                             'nothing'.format(generator.__name__))
        if len(first) != 4:
            raise InputError('the data source gives no names: {} with '
                             'names=True yields (images, labels, image '
                             'paths, label paths)'.format(generator.__name__))


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
            raise InputError(
                'the data source gives {} of shape {}: {} is wanted'.format(
                    what, np.shape(array), wanted))
