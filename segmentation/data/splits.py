"""How a folder of pictures is split: by lists, by sub-folders, by groups.

Names are paths relative to images/, parted by '/'.
"""
import collections
import os
import re

import numpy as np

from segmentation.errors import InputError

NAMES = {'train': ('train',), 'valid': ('valid', 'val'), 'test': ('test',)}


def spread(count, wanted):
    """Return the indices of up to `wanted` of `count` things, evenly spaced.

    >>> spread(10, 3), spread(2, 3)
    ([1, 5, 8], [0, 1])
    """
    wanted = min(count, wanted)
    return [(2 * k + 1) * count // (2 * wanted) for k in range(wanted)]


def find_parts(folder, suffix):
    """{split: path} of the lists, or of the sub-folders, that are there."""
    is_there = os.path.isfile if suffix else os.path.isdir
    parts = {}
    for split, names in NAMES.items():
        found = [os.path.join(folder, name + suffix) for name in names
                 if is_there(os.path.join(folder, name + suffix))]
        if len(found) > 1:
            raise InputError('{} and {}: only one of them is wanted'.format(
                *found))
        parts.update({split: path for path in found})
    return parts


def read_list(path, data_dir, pictures):
    """The pictures that a list names, relative to images/."""
    names = {}
    with open(path, encoding='utf-8-sig', errors='surrogateescape') as file:
        for number, line in enumerate(file, 1):
            name = line.strip().replace('\\', '/')
            if name.startswith('images/') and name not in pictures:
                name = name[len('images/'):]
            if name and name not in pictures:
                raise FileNotFoundError(
                    '{}, line {}: no picture {} in {}'.format(
                        path, number, name, os.path.join(data_dir, 'images')))
            if name in names:
                raise InputError('{}, line {}: {} stands there twice'.format(
                    path, number, name))
            if name:
                names[name] = number
    return list(names)


def check_apart(splits, lists):
    """Raise unless there are two lists, without a picture in both."""
    for split in ('train', 'valid'):
        if not splits.get(split):
            raise InputError('{}: no {} pictures: {}.txt {}'.format(
                os.path.dirname(next(iter(lists.values()))), split, split,
                'is empty' if split in lists else 'is wanted beside {}'.format(
                    ', '.join(map(os.path.basename, lists.values())))))
    seen = {}
    for split, names in splits.items():
        for name in names:
            if name in seen:
                raise InputError('{} is in {} and in {}'.format(
                    name, lists[seen[name]], lists[split]))
            seen[name] = split


def by_folder(data_dir, pictures, folders):
    """{split: pictures} by the first sub-folder of images/."""
    splits_of = {os.path.basename(path): split
                 for split, path in folders.items()}
    splits = {split: [] for split in folders}
    for name in pictures:
        split = splits_of.get(name.split('/')[0] if '/' in name else None)
        if split is None:
            raise InputError('{}: {} is neither in train/ nor in valid/ nor '
                             'in test/'.format(
                                 os.path.join(data_dir, 'images'), name))
        splits[split].append(name)
    for split in ('train', 'valid'):
        if not splits.get(split, split == 'valid' and splits.get('train')):
            raise InputError('{}: no {} pictures'.format(
                folders.get(split, os.path.join(data_dir, 'images', split)),
                split))
    return splits


def draw(names, fraction, seed, pattern=None):
    """{'train': names, 'valid': names}; groups by `pattern` stay whole."""
    groups = collections.defaultdict(list)
    for name in names:
        groups[group_key(pattern, name) if pattern else name].append(name)
    if pattern and len(groups) < 2:
        raise InputError(
            '--group-by {!r}: all {} pictures are in the group {!r}: two '
            'groups are wanted'.format(pattern, len(names),
                                       next(iter(groups))))
    valid = choose_groups({key: len(group) for key, group in groups.items()},
                          fraction, seed)
    splits = {'train': [], 'valid': []}
    for key in sorted(groups):
        splits['valid' if key in valid else 'train'] += groups[key]
    return splits


def group_key(pattern, name):
    """What `pattern` finds in a picture's path: its first group, or all."""
    match = re.search(pattern, name)
    key = match and match.group(1 if match.re.groups else 0)
    if key is None:
        raise InputError('--group-by {!r} does not match images/{}'.format(
            pattern, name))
    return key


def choose_groups(sizes, fraction, seed):
    """The groups for validation: at least one, and never all.

    In an order drawn by the seed, each group is taken that does not bring
    the number of pictures above `fraction` of all; then one more, if that
    comes nearer.

    >>> sorted(choose_groups({'a': 4, 'b': 5, 'c': 11}, .3, seed=0))
    ['b']
    """
    keys = sorted(sizes)
    order = [keys[k] for k in np.random.RandomState(seed).permutation(
        len(keys))]
    wanted = max(1, int(round(sum(sizes.values()) * fraction)))
    chosen, left = [], wanted
    for key in order:
        if sizes[key] <= left:
            chosen.append(key)
            left -= sizes[key]
    taken = set(chosen)
    rest = [key for key in order if key not in taken]
    if rest:
        nearest = min(rest, key=lambda key: abs(left - sizes[key]))
        if not chosen or abs(left - sizes[nearest]) < left:
            chosen.append(nearest)
    return set(chosen[:len(keys) - 1])


def spread(count, wanted):
    """Return the indices of up to `wanted` of `count` things, evenly spaced.

    >>> spread(10, 3), spread(2, 3)
    ([1, 5, 8], [0, 1])
    """
    wanted = min(count, wanted)
    return [(2 * k + 1) * count // (2 * wanted) for k in range(wanted)]
