"""Splits of a folder of pictures, and the split that a run records.

A folder is split by lists, by sub-folders or by groups; names are paths
relative to images/, separated by '/'.
"""
import collections
import os
import re
from typing import Dict, List

import numpy as np

from segmentation import text
from segmentation.data import contract
from segmentation.errors import InputError

NAMES = {'train': ('train',), 'valid': ('valid', 'val'), 'test': ('test',)}


def spread(count, wanted):
    """Return the indices of up to `wanted` of `count` things, evenly spaced.

    >>> spread(10, 3), spread(2, 3)
    ([1, 5, 8], [0, 1])
    """
    wanted = min(count, wanted)
    return [(2 * k + 1) * count // (2 * wanted) for k in range(wanted)]


def find_lists(folder):
    """Return {split: path} of train.txt and the others in a folder."""
    return find_parts(folder, '.txt', os.path.isfile)


def find_folders(folder):
    """Return {split: path} of train/ and the others in a folder."""
    return find_parts(folder, '', os.path.isdir)


def find_parts(folder, suffix, exists):
    """Return {split: path}; raise InputError if a split has two names."""
    parts = {}
    for split, names in NAMES.items():
        paths = [os.path.join(folder, name + suffix) for name in names]
        paths = [path for path in paths if exists(path)]
        if len(paths) > 1:
            raise InputError(f'{paths[0]} and {paths[1]}: only one of them '
                             'is wanted')
        parts.update({split: path for path in paths})
    return parts


def read_lines(path):
    """Yield (number, text) of the lines of a list that are not empty.

    The names of files need not be UTF-8, and are as `os.listdir` has them.
    """
    with open(path, encoding='utf-8-sig', errors='surrogateescape') as file:
        for number, line in enumerate(file, 1):
            if '\0' in line:
                raise InputError(f'{path}, line {number}: no line of text, '
                                 'in UTF-8: it has a byte of 0')
            if line.strip():
                yield number, line.strip()


def read_list(path, data_dir, pictures):
    """Return the pictures that a list names, in its order.

    Parameters
    ----------
    pictures : set of str
        All that there are in images/.

    Raises
    ------
    FileNotFoundError, InputError
        A line names no picture, or one that an earlier line names.
    """
    listed = {}
    for number, name in read_lines(path):
        name = name.replace('\\', '/')
        if name.startswith('images/') and name not in pictures:
            name = name[len('images/'):]
        if name not in pictures:
            raise FileNotFoundError(
                f'{path}, line {number}: no picture {name} in '
                f'{os.path.join(data_dir, "images")}')
        if name in listed:
            raise InputError(f'{path}, line {number}: {name} is on line '
                             f'{listed[name]} already')
        listed[name] = number
    return list(listed)


def check_apart(splits, lists):
    """Raise InputError unless two lists share no picture and none is empty.
    """
    for split in ('train', 'valid'):
        if not splits.get(split):
            if split in lists:
                raise InputError(f'{lists[split]}: no pictures in it')
            folder = os.path.dirname(next(iter(lists.values())))
            others = ', '.join(map(os.path.basename, lists.values()))
            raise InputError(f'{folder}: no {split} pictures: {split}.txt is '
                             f'wanted beside {others}')
    split_of = {}
    for split, names in splits.items():
        for name in names:
            if name in split_of:
                raise InputError(f'{name} is in {lists[split_of[name]]} and '
                                 f'in {lists[split]}')
            split_of[name] = split


def by_folder(data_dir, pictures, folders):
    """Return {split: pictures} by the first sub-folder of images/.

    Raises
    ------
    InputError
        A picture is in none of the folders, or a required one is empty.
    """
    root = os.path.join(data_dir, 'images')
    splits_of = {os.path.basename(path): split
                 for split, path in folders.items()}
    splits = {split: [] for split in folders}
    for name in pictures:
        split = splits_of.get(name.split('/')[0] if '/' in name else None)
        if split is None:
            raise InputError(f'{root}: {name} is neither in train/ nor in '
                             'valid/ nor in test/')
        splits[split].append(name)
    for split in ('train', 'valid'):
        # Without a folder of its own, validation is drawn from training.
        if not splits.get(split, split == 'valid' and splits.get('train')):
            folder = folders.get(split, os.path.join(root, split))
            raise InputError(f'{folder}: no {split} pictures')
    return splits


def draw(names, fraction, seed, pattern=None):
    """Draw a split of which groups by `pattern` stay on one side.

    Returns
    -------
    {'train': names, 'valid': names}
    """
    groups = collections.defaultdict(list)
    for name in names:
        groups[group_key(pattern, name) if pattern else name].append(name)
    if pattern and len(groups) < 2:
        raise InputError(
            f'--group-by {pattern!r}: {next(iter(groups))!r} is the group of '
            f'all, of {text.counted(len(names), "picture")}: two groups are '
            'wanted')
    valid = choose_groups({key: len(group) for key, group in groups.items()},
                          fraction, seed)
    splits = {'train': [], 'valid': []}
    for key in sorted(groups):
        splits['valid' if key in valid else 'train'] += groups[key]
    return splits


def group_key(pattern, name):
    """Return what `pattern` matches in a path: its first group, or all."""
    match = re.search(pattern, name)
    key = match and match.group(1 if match.re.groups else 0)
    if key is None:
        raise InputError(f'--group-by {pattern!r} does not match {name}')
    return key


def choose_groups(sizes, fraction, seed):
    """Choose the groups for validation: at least one, and never all.

    In an order drawn by the seed, each group is taken that does not bring
    the number of pictures above `fraction` of all; then one more, if the
    number is closer to that with it.

    >>> sorted(choose_groups({'a': 4, 'b': 5, 'c': 11}, .3, seed=0))
    ['b']
    """
    keys = sorted(sizes)
    order = [keys[k] for k in np.random.RandomState(seed).permutation(
        len(keys))]
    chosen = []
    missing = max(1, int(round(sum(sizes.values()) * fraction)))
    for key in order:
        if sizes[key] <= missing:
            chosen.append(key)
            missing -= sizes[key]
    taken = set(chosen)
    rest = [key for key in order if key not in taken]
    if rest:
        closest = min(rest, key=lambda key: abs(missing - sizes[key]))
        if not chosen or abs(missing - sizes[closest]) < missing:
            chosen.append(closest)
    return set(chosen[:len(keys) - 1])


def hold_out(source: contract.Source, name: str, data_dir: str,
             pattern: str) -> None:
    """Make the training pictures that match the validation split.

    Parameters
    ----------
    source : data source
        With its data loaded; `name` is its name.
    pattern : str
        A regular expression, searched in paths relative to `data_dir`.
    """
    pairs = contract.pairs(source, 'train')
    if pairs is None:
        raise InputError(f'data source {name!r} lists no files: --hold-out '
                         'does not apply')
    parts: Dict[str, List] = {'train': [], 'valid': []}
    for pair in pairs:
        path = os.path.relpath(pair[0], data_dir).replace(os.sep, '/')
        parts['valid' if re.search(pattern, path) else 'train'].append(pair)
    if not all(parts.values()):
        what = 'none' if parts['train'] else 'all'
        raise InputError(f'--hold-out {pattern!r} matches {what} of the '
                         f'{len(pairs)} training pictures in {data_dir}: some '
                         'are wanted')
    contract.configure(source, splits={**contract.ask(source, 'splits'),
                                       **parts})


def of_source(source: contract.Source, data_dir: str) -> Dict[str, List[str]]:
    """Return {'train': names, 'valid': names} of the pictures of a source.

    Names are relative to `data_dir`. A source that does not list its files
    has its generators asked, which reads them all once.
    """
    split_names = {}
    for split in contract.COUNTS:
        listed = contract.pairs(source, split)
        if listed is not None:
            paths = [picture for picture, _ in listed]
        else:
            batches = contract.generator(source, split)(1, names=True)
            paths = [path for batch in batches for path in batch[2]]
        split_names[split] = sorted(os.path.relpath(path, data_dir)
                                    for path in paths)
    return split_names


def check_unchanged(source: contract.Source, data_dir: str,
                    saved: Dict[str, List[str]]) -> None:
    """Raise InputError unless the data is split as in a run's options."""
    split = of_source(source, data_dir)
    for name in contract.COUNTS:
        changed = sorted(set(split[name]) ^ set(saved[name]))
        if changed:
            raise InputError(f'{data_dir}: the {name} split is not that of '
                             f'the run: {len(changed)} differ, such as '
                             f'{changed[0]}')
