"""The contract of a data source: what it must have, and what it may offer.

A source is any object with the attributes of this table; ``--data-source
NAME`` takes what ``get_source()`` in ``source_NAME.py`` returns. Such a file
needs to import nothing of this project.

=====================  =====================================================
image_size             (width, height) in pixels, each divisible by 32
num_classes            C, at most 254
label_colors           {class id: (blue, green, red)}, for blending
load_data              (data_dir, valid_fraction): lists the samples
num_training,          number of samples, after load_data
num_validation
train_generator        (batch_size, names=False) -> one epoch, shuffled
valid_generator        the same of the validation split, never shuffled
=====================  =====================================================

The generators yield (images, labels) or, with names, (images, labels, image
paths, label paths): images (B, H, W, 3) BGR 0..255, labels (B, H, W, C)
one-hot. A source that can give class ids instead says so by `labels_as_ids`.

Everything else that a source may offer is in the table OPTIONAL. Only this
module asks a source for it: no other one looks whether an attribute exists.
"""
import random
from typing import (Any, Callable, Dict, Iterable, Iterator, List, NamedTuple,
                    Optional, Tuple)

import numpy as np

from segmentation.data import batching
from segmentation.errors import InputError

REQUIRED = ('image_size', 'num_classes', 'label_colors', 'load_data',
            'train_generator', 'valid_generator')
COUNTS = {'train': 'num_training', 'valid': 'num_validation'}
MOST_CLASSES = 254      # as ids of 8 bits have IGNORE and UNKNOWN beside them
Source = Any        # by its attributes, not by its class


class Capability(NamedTuple):
    """A row of OPTIONAL."""

    default: Any        # what a source without it is taken to have
    meaning: str


OPTIONAL = {
    # what describes it
    'class_names': Capability(None, 'C names; without them the class ids'),
    'ignore': Capability(False, 'true if a label row of zeros means that the '
                         'pixel is not scored'),
    'background': Capability(None, 'names of what overlays do not paint'),
    'benchmark': Capability(None, 'whose rules evaluate.py applies: '
                            '"cityscapes" or "kitti road"'),
    # its files
    'splits': Capability(None, '{split: [(picture path, label path)]}, after '
                         'load_data; goes with read_pair'),
    'reads_folder': Capability(True, 'false if nothing in --data-dir is read'),
    'read_pair': Capability(None, '(picture path, label path) -> picture and '
                            'class ids at their own size'),
    'read_raw': Capability(None, '(picture path, label path) -> picture, '
                           'values of the label file, class id of each value'),
    'check_pair': Capability(None, '(picture path, label path): raises if a '
                             'file is missing'),
    'identity': Capability(None, '() -> all that decides how a label file is '
                           'read, as text'),
    'count_names': Capability(None, '(data_dir) -> {name in labels: names.'
                              'Count}, whether there is a background'),
    # what it lets the user choose
    'choose_folder': Capability(None, '(data_dir): takes the classes that '
                                'the folder defines'),
    'choose_classes': Capability(None, '(name): takes one of several class '
                                 'tables'),
    # settings, which are attributes
    'seed': Capability(0, 'of the split and of the order'),
    'workers': Capability(1, 'number of threads that read samples'),
    'epoch': Capability(0, 'epochs that are done: each has its own order'),
    'augment': Capability(False, 'whether training samples are augmented, or '
                          'a name of augmentation.RECIPES'),
    'crop_size': Capability(None, '(width, height) of augmented training '
                            'samples, which are scaled as those of '
                            'image_size; None: image_size'),
    'soft': Capability(False, 'whether training labels are the share of each '
                       'class in a pixel, in 255ths'),
    'shard': Capability((0, 1), 'rank and size: see `batching.share`'),
    'samples': Capability(None, 'training.caching.cached_samples.'
                          'CachedSamples, from which the generators read '
                          'instead of the files'),
    'labels_as_ids': Capability(False, 'whether labels are ids (B, H, W) '
                                'uint8, not one-hot; soft ones are shares'),
    'group_by': Capability(None, 'regular expression: pictures that it '
                           'matches alike stay on one side of the split'),
    'required_splits': Capability(('train', 'valid'), 'must not be empty'),
}


def check(source: Source, name: str) -> None:
    """Raise InputError unless a source has what the contract requires."""
    missing = [attribute for attribute in REQUIRED
               if not hasattr(source, attribute)]
    if missing:
        raise InputError(f'data source {name!r} lacks {", ".join(missing)}')


def check_classes(source: Source, name: str) -> None:
    """Raise InputError unless a source has 1 to 254 classes."""
    count = source.num_classes
    if not isinstance(count, (int, np.integer)) or not (
            1 <= count <= MOST_CLASSES):
        raise InputError(f'data source {name!r}: num_classes is {count}: 1 to '
                         f'{MOST_CLASSES} classes are wanted')


def offers(source: Source, capability: str) -> bool:
    """Return whether a source has an optional capability."""
    assert capability in OPTIONAL, capability
    return hasattr(source, capability)


def ask(source: Source, capability: str) -> Any:
    """Return an optional attribute of a source, or the table's default."""
    return getattr(source, capability, OPTIONAL[capability].default)


def configure(source: Source, **settings: Any) -> None:
    """Set attributes of a source, which may well ignore them."""
    for name, value in settings.items():
        assert name in OPTIONAL or name in REQUIRED, name
        setattr(source, name, value)


def pairs(source: Source, split: str) -> Optional[List[Tuple[str, str]]]:
    """Return the (picture path, label path) list of a split.

    It is None for a source that does not list its files, and empty for a
    split that the source does not have.
    """
    splits = ask(source, 'splits')
    if splits is None or not offers(source, 'read_pair'):
        return None
    return list(splits.get(split, ()))


def folder(source: Source, data_dir: str) -> Optional[str]:
    """Return the folder that a source reads its data from, if it reads any.
    """
    return data_dir if ask(source, 'reads_folder') else None


def split_names(source):
    """Return the names of the splits that have samples."""
    splits = ask(source, 'splits') or {}
    return [name for name in splits if splits[name]]


def check_pair(source, image_path, label_path):
    """Let a source that can do so raise where a file of a pair is missing."""
    if offers(source, 'check_pair'):
        source.check_pair(image_path, label_path)


def class_names(source: Source) -> List[str]:
    """Return the names of the classes; their ids if they have no names."""
    return list(ask(source, 'class_names')
                or map(str, range(source.num_classes)))


def label_colors(source: Source) -> Dict[int, Tuple[int, ...]]:
    """Return {class id: (blue, green, red)} in plain integers."""
    return {class_id: tuple(map(int, source.label_colors[class_id]))
            for class_id in range(source.num_classes)}


def check_counts(source: Source, name: str, data_dir: str) -> None:
    """Raise InputError if a required split has no samples."""
    for split in set(ask(source, 'required_splits')) & set(COUNTS):
        count = getattr(source, COUNTS[split], 'missing')
        if not count or count == 'missing':
            raise InputError(f'data source {name!r}: {COUNTS[split]} is '
                             f'{count} in {data_dir}')


def generator(source: Source, split: str) -> Callable:
    """Return the generator function of the split 'train' or 'valid'."""
    return getattr(source, f'{split}_generator')


def sample_size(source: Source, split: str) -> Tuple[int, int]:
    """Return the (width, height) of the samples of 'train' or 'valid'."""
    is_cropped = (split == 'train' and ask(source, 'augment')
                  and ask(source, 'crop_size') is not None)
    width, height = source.crop_size if is_cropped else source.image_size
    return width, height


def begin_epoch(source: Source, seed: int, epoch: int) -> None:
    """Make epoch 1, 2, ... come next, reproducible from the seed.

    Global generators are seeded, too, as a source of the user's may draw from
    them. Epoch 0 is what comes before training.
    """
    configure(source, epoch=max(0, epoch - 1))
    random.seed((seed * 1000003 + epoch) % 2 ** 32)
    np.random.seed((seed * 1000003 + epoch) % 2 ** 32)


def checked(source: Source, batches: Iterable[tuple],
            split: str = 'valid') -> Iterator[tuple]:
    """Yield batches with uint8 labels; InputError names what is wrong.

    It checks the shapes, which may be others in each split, that pictures are
    finite (not every TensorFlow shows it in the loss), and the labels: class
    ids, of a source that was asked for them, or else rows of 0 and 1, or of
    shares in 255ths from a source that is `soft`. A pixel without a class is
    wrong unless the source declares `ignore`.
    """
    for images, labels, *names in batches:
        if names and len(names) != 2:
            raise InputError(f'the data source gives {2 + len(names)} parts '
                             'of a batch: 2, or 4 with names, are wanted')
        paths, label_paths = names or (None, None)
        are_ids = ask(source, 'labels_as_ids') and np.ndim(labels) == 3
        batching.check_shapes(images, labels, sample_size(source, split),
                              () if are_ids else (source.num_classes,))
        batching.check_finite(images, paths)
        if are_ids:
            labels = batching.as_ids(labels, source.num_classes, label_paths)
        else:
            labels = batching.as_rows(
                labels, 255 if ask(source, 'soft') else 1, label_paths)
        if not ask(source, 'ignore'):
            batching.refuse_unlabelled(labels, label_paths)
        yield (images, labels) + tuple(names)


def check_first_batch(source: Source) -> None:
    """Read one sample of each split, so that faults show early."""
    for split in COUNTS:
        function = generator(source, split)
        first = next(checked(source, function(1, names=True), split), None)
        if first is None:
            raise InputError('the data source has no samples: '
                             f'{function.__name__} yields nothing')
        if len(first) != 4:
            raise InputError(
                f'the data source gives no names: {function.__name__} with '
                'names=True yields (images, labels, image paths, label '
                'paths)')
