"""The contract of a data source: what it must have, and what it may offer.

A source is any object with the attributes of the first table; a file
``source_NAME.py`` with a ``get_source()`` is found by ``--data-source NAME``.
Such a file needs to import nothing of this project.

=====================  =====================================================
image_size             (width, height) in pixels, each divisible by 32
num_classes            C
label_colors           {class number: (blue, green, red)}, for blending
num_training,          samples, after ``load_data(data_dir, valid_fraction)``
num_validation
train_generator        (batch_size, names=False) -> one epoch, shuffled
valid_generator        the same, never shuffled
=====================  =====================================================

The generators yield (images, labels) or, with names, (images, labels, image
paths, label paths): images (B, H, W, 3) BGR 0..255, labels (B, H, W, C)
one-hot.

Everything else that a source may offer is in the table OPTIONAL. This module
alone asks a source for it: no other one looks whether an attribute is there.
"""
import os
import random
from typing import Any, NamedTuple

import numpy as np

from segmentation.errors import InputError

REQUIRED = ('image_size', 'num_classes', 'label_colors', 'load_data',
            'train_generator', 'valid_generator')
COUNTS = {'train': 'num_training', 'valid': 'num_validation'}


class Capability(NamedTuple):
    """One row of OPTIONAL: what a source without it is taken to have."""

    default: Any
    meaning: str


OPTIONAL = {
    # what it says of itself
    'class_names': Capability(None, 'C names; without them the numbers'),
    'ignore': Capability(False, 'true where a label row of zeros means that '
                         'the pixel is not scored'),
    'benchmark': Capability(None, 'whose rules evaluate.py applies: '
                            '"cityscapes" or "kitti road"'),
    # its files
    'splits': Capability(None, '{split: [(picture path, label path)]}, after '
                         'load_data; goes with read_pair'),
    'read_pair': Capability(None, '(picture path, label path) -> picture and '
                            'class numbers at their own size'),
    'read_raw': Capability(None, '(picture path, label path) -> picture, '
                           'values of the label file, class of each value'),
    'check_pair': Capability(None, '(picture path, label path): raises where '
                             'a file is missing'),
    'identity': Capability(None, '() -> all that decides how a label file is '
                           'read, as text'),
    # what it lets the user choose
    'choose_folder': Capability(None, '(data_dir): takes the classes that '
                                'the folder defines'),
    'choose_classes': Capability(None, '(name): takes one of several class '
                                 'tables'),
    # settings, which are attributes
    'seed': Capability(0, 'of the split and of the order'),
    'workers': Capability(1, 'threads that read samples'),
    'epoch': Capability(0, 'epochs that are done: each has its own order'),
    'augment': Capability(False, 'whether training samples are augmented'),
    'soft': Capability(False, 'whether training labels are shares of the '
                       'classes in a pixel, in 255ths'),
    'group_by': Capability(None, 'regular expression: what matches alike '
                           'stays on one side of the split'),
    'required_splits': Capability(('train', 'valid'), 'splits that must not '
                                  'be empty'),
}


def check(source, name):
    """Raise InputError unless a source has what the contract requires."""
    missing = [attribute for attribute in REQUIRED
               if not hasattr(source, attribute)]
    if missing:
        raise InputError(f'data source {name!r} lacks {", ".join(missing)}')


def offers(source, capability):
    """Return whether a source has an optional capability."""
    assert capability in OPTIONAL, capability
    return hasattr(source, capability)


def ask(source, capability):
    """Return an optional attribute of a source, or the table's default."""
    return getattr(source, capability, OPTIONAL[capability].default)


def configure(source, **settings):
    """Set attributes of a source; it need not look at them."""
    for name, value in settings.items():
        assert name in OPTIONAL or name in REQUIRED, name
        setattr(source, name, value)


def pairs(source, split):
    """Return the (picture path, label path) list of a split.

    It is None for a source that does not list its files, and empty for a
    split that is not there.
    """
    splits = ask(source, 'splits')
    if splits is None or not offers(source, 'read_pair'):
        return None
    return list(splits.get(split, ()))


def class_names(source):
    """Return the names of the classes; their numbers where there are none."""
    return list(ask(source, 'class_names')
                or map(str, range(source.num_classes)))


def label_colors(source):
    """Return {class number: (blue, green, red)} in plain integers."""
    return {number: tuple(map(int, source.label_colors[number]))
            for number in range(source.num_classes)}


def check_counts(source, name, data_dir):
    """Raise InputError where a required split has no samples."""
    for split in ask(source, 'required_splits'):
        count = getattr(source, COUNTS[split], 0)
        if not count:
            found = count if hasattr(source, COUNTS[split]) else 'missing'
            raise InputError(f'data source {name!r}: {COUNTS[split]} is '
                             f'{found} in {data_dir}')


def generator(source, split):
    """Return the generator function of the split 'train' or 'valid'."""
    return {'train': source.train_generator,
            'valid': source.valid_generator}[split]


def begin_epoch(source, seed, epoch):
    """Make epoch 1, 2, ... come next, reproducible from the seed.

    The global generators are seeded as well, since a source of the user's
    may draw from them. Epoch 0 is what comes before training.
    """
    configure(source, epoch=max(0, epoch - 1))
    epoch_seed = (seed * 1000003 + epoch) % 2 ** 32
    random.seed(epoch_seed)
    np.random.seed(epoch_seed)


def list_split(source, data_dir):
    """Return {'train': names, 'valid': names} of the pictures of a source.

    Names are relative to `data_dir`. A source that does not list its files
    has its generators asked, which reads them all once.
    """
    paths = {}
    for split in COUNTS:
        listed = pairs(source, split)
        if listed is not None:
            paths[split] = [picture for picture, _ in listed]
        else:
            paths[split] = [path for batch
                            in generator(source, split)(1, names=True)
                            for path in batch[2]]
    return {split: sorted(os.path.relpath(path, data_dir) for path in names)
            for split, names in paths.items()}


def check_split(source, data_dir, saved):
    """Raise InputError unless the data is split as in a run's options."""
    split = list_split(source, data_dir)
    for name in COUNTS:
        changed = sorted(set(split[name]) ^ set(saved[name]))
        if changed:
            raise InputError(
                f'{data_dir}: the {name} split is not that of the run: '
                f'{len(changed)} differ, such as {changed[0]}')


def checked(source, batches):
    """Yield batches with uint8 labels; InputError names what is wrong.

    Checked are the shapes, that pictures are finite, which not every
    TensorFlow shows in the loss, and that no label row is all zero unless
    the source declares `ignore`.
    """
    for images, labels, *names in batches:
        if names and len(names) != 2:
            raise InputError(f'the data source gives {2 + len(names)} parts '
                             'of a batch: 2, or 4 with names, are wanted')
        check_shapes(source, images, labels)
        finite = np.isfinite(images).all(axis=(1, 2, 3))
        if not finite.all():
            which = names[0][finite.argmin()] if names else 'images'
            raise InputError(f'{which}: the picture has values that are not '
                             'finite')
        labels = np.asarray(labels)
        if labels.dtype != np.uint8:
            labels = labels.astype(np.uint8)
        if not ask(source, 'ignore'):
            refuse_empty_rows(labels, names[1] if names else None)
        yield (images, labels) + tuple(names)


def check_shapes(source, images, labels):
    """Raise InputError where a batch does not have the contract's shapes."""
    width, height = source.image_size
    for what, array, depth in (('images', images, 3),
                               ('labels', labels, source.num_classes)):
        wanted = (len(images), height, width, depth)
        if np.shape(array) != wanted:
            raise InputError(f'the data source gives {what} of shape '
                             f'{np.shape(array)}: {wanted} is wanted')


def refuse_empty_rows(labels, paths):
    """Raise InputError where a pixel of (B, H, W, C) labels has no class."""
    empty = np.argwhere(~labels.any(axis=-1))
    if len(empty):
        k, row, column = empty[0]
        raise InputError(
            f'{paths[k] if paths else "labels"}: no class at row {row}, '
            f'column {column} ({len(empty)} pixels of the batch), and the '
            'source does not declare ignore')


def check_first_batch(source):
    """Read one sample of each split, so that what is wrong shows early."""
    for split in COUNTS:
        function = generator(source, split)
        first = next(checked(source, function(1, names=True)), None)
        if first is None:
            raise InputError('the data source has no samples: '
                             f'{function.__name__} yields nothing')
        if len(first) != 4:
            raise InputError(
                f'the data source gives no names: {function.__name__} with '
                'names=True yields (images, labels, image paths, label '
                'paths)')
