"""What takes long to work out of a data set is kept for the next run."""
import hashlib
import json
import os

from segmentation import errors, files
from segmentation.data import contract


def folder():
    """Where it is kept: the user's cache folder."""
    home = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.path.join(home, 'fcn-road-scenes')


def fingerprint(source, data_dir, pictures=False):
    """A text that is another for other training labels, classes or size.

    With `pictures` it goes by the pictures of both splits, too. Files count
    by name, length and time of change. None for a source that does not tell
    its files.
    """
    train = contract.pairs(source, 'train')
    if train is None:
        return None
    paths = ([path for pair in train + contract.pairs(source, 'valid')
              for path in pair] if pictures
             else [label for _, label in train])
    files, seed = [], contract.ask(source, 'seed')
    for path in paths:
        status = os.stat(path) if os.path.exists(path) else None
        files.append([os.path.relpath(path, data_dir), seed] + (
            [status.st_size, status.st_mtime_ns] if status else []))
    identity = (source.identity() if contract.offers(source, 'identity')
                else repr([contract.ask(source, 'class_names'),
                           source.label_colors]))
    summary = json.dumps(
        [os.path.abspath(data_dir), list(source.image_size), files, identity])
    return hashlib.sha256(summary.encode()).hexdigest()


def recall(what, key, work_out):
    """The result of `work_out()`, from the cache where it is there.

    Parameters
    ----------
    what : str
        Names the kind of result; another kind has another place.
    key : str or None
        A fingerprint; with None nothing is kept.
    work_out : function
        Returns what JSON can hold.
    """
    if key is None:
        return work_out()
    path = os.path.join(folder(), f"{what.replace(' ', '-')}-{key}.json")
    try:
        return files.read_json(path)
    except (OSError, ValueError):       # not there, or not whole
        result = work_out()
    try:
        os.makedirs(folder(), exist_ok=True)
        files.write_json(path, result)
    except OSError as error:
        print(f'[i] not kept for the next run: {errors.describe(error)}')
    return result
