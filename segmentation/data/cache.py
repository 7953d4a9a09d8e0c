"""Results that take long to compute, cached for the next run."""
import hashlib
import inspect
import json
import os

from segmentation import errors, files
from segmentation.data import contract
from segmentation.errors import InputError


def folder():
    """Return the user's cache folder, which need not exist yet."""
    home = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.path.join(home, 'fcn-road-scenes')


def fingerprint(source, data_dir, pictures=False):
    """Return a text that differs for other training labels, classes or size.

    Files go by name, length and time of change; names without a file, which
    are drawn from, by the seed. It differs for another code that reads them,
    too.

    Parameters
    ----------
    source : data source
    data_dir : str
    pictures : bool, optional
        Take the pictures and labels of both splits into it.

    Returns
    -------
    str or None
        None for a source that does not list its files.
    """
    train = contract.pairs(source, 'train')
    if train is None:
        return None
    paths = ([path for pair in train + contract.pairs(source, 'valid')
              for path in pair] if pictures
             else [label for _, label in train])
    entries, seed = [], contract.ask(source, 'seed')
    for path in paths:
        status = os.stat(path) if os.path.exists(path) else None
        entries.append([os.path.relpath(path, data_dir)] + (
            [status.st_size, status.st_mtime_ns] if status else [seed]))
    summary = json.dumps([os.path.abspath(data_dir), list(source.image_size),
                          entries, identity(source)])
    return hashlib.sha256(summary.encode() + code(source)).hexdigest()


def code(source):
    """Return the bytes of the files that define how a source reads files.

    These are those of its class and of what that is derived from.
    """
    found = []
    for kind in type(source).__mro__:
        if kind.__module__ != 'builtins':
            with open(inspect.getfile(kind), 'rb') as file:
                found.append(file.read())
    return b''.join(found)


def identity(source):
    """Return a text that differs where label files are read otherwise."""
    if contract.offers(source, 'identity'):
        return source.identity()
    return repr([contract.ask(source, 'class_names'), source.label_colors])


def cached(kind, key, compute, is_valid=lambda result: True):
    """Return the result of `compute()`, from the cache where it is there.

    Parameters
    ----------
    kind : str
        Names the kind of result; the same key of another kind is another.
    key : str or None
        A fingerprint; with None nothing is cached.
    compute : function
        Returns what JSON can hold.
    is_valid : function, optional
        Whether a result that was read is one; another one is computed anew.

    Returns
    -------
    result
    str or None
        A note, where the result could not be cached.
    """
    if key is None:
        return compute(), None
    path = os.path.join(folder(), f"{kind.replace(' ', '-')}-{key}.json")
    try:
        result = files.read_json(path)
        if is_valid(result):
            return result, None
    except (OSError, InputError):       # missing, or cut off
        pass
    result = compute()
    try:
        os.makedirs(folder(), exist_ok=True)
        files.write_json(path, result)
    except OSError as error:
        return result, f'the {kind} are not cached: {errors.describe(error)}'
    return result, None
