"""A list of some pictures of a split, one a line."""
import os

from segmentation.data import splits
from segmentation.errors import InputError


def read(path, pairs, data_dir, split):
    """Return the pairs whose pictures are named in the file `path`.

    Parameters
    ----------
    path : str
        A picture a line, relative to `data_dir`.
    pairs : list of (picture path, label path)
        Those of the split.
    """
    known = {absolute(pair[0]): pair for pair in pairs}
    chosen = {}
    for number, name in splits.read_lines(path):
        where = f'{path}, line {number}: {name}'
        key = absolute(os.path.join(data_dir, name))
        if key not in known:
            raise InputError(f'{where} is no picture of the {split} split in '
                             f'{data_dir}')
        if key in chosen:
            raise InputError(f'{where} stands there twice')
        chosen[key] = known[key]
    if not chosen:
        raise InputError(f'{path}: no picture in it')
    return list(chosen.values())


def absolute(path):
    """Return what two names of one path have in common."""
    return os.path.normcase(os.path.abspath(path))
