"""Files and folders: written whole or not at all, and read with checks."""
import contextlib
import json
import os
import shutil
import tempfile

import cv2

from segmentation.errors import InputError

UMASK = os.umask(0)     # it can only be read by being set: once, at the start
os.umask(UMASK)


def refuse_overwrite(path, inputs):
    """Raise InputError if `path` is one of the files in `inputs`."""
    for name in inputs:
        if os.path.exists(path) and os.path.samefile(path, name):
            raise InputError(f'{path} is an input: it is not overwritten')


def check_new_folder(path):
    """Raise FileExistsError unless a folder is new or empty."""
    if os.path.isfile(path):
        raise FileExistsError(f'{path} is a file: a folder is wanted')
    if os.path.isdir(path) and os.listdir(path):
        raise FileExistsError(f'{path} is not empty: a new folder is wanted')


@contextlib.contextmanager
def atomic(path):
    """Give a temporary name beside `path` that is renamed when all is well.

    The name keeps the suffix of `path`, as libraries go by it. What was
    written is on the disk before the rename, so that not even a power cut
    leaves half a file.
    """
    folder, name = os.path.split(os.path.abspath(path))
    handle, work = tempfile.mkstemp(prefix='.part-', suffix=name[-32:],
                                    dir=folder)
    os.close(handle)
    try:
        yield work
        os.chmod(work, 0o666 & ~UMASK)
        sync(work)
        os.replace(work, path)
        sync(folder)
    finally:
        if os.path.exists(work):
            os.remove(work)


@contextlib.contextmanager
def atomic_folder(path):
    """Give a work folder beside `path` that is renamed when all is well.

    An empty folder that stands at `path` is replaced; missing parents are
    made.
    """
    path = os.path.abspath(path)
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    work = tempfile.mkdtemp(prefix='.part-', dir=parent)
    try:
        yield work
        os.chmod(work, 0o777 & ~UMASK)
        if os.path.isdir(path):
            os.rmdir(path)
        os.rename(work, path)
        sync(parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def sync(path):
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == 'nt' and os.path.isdir(path):
        return              # Windows cannot open a folder
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_image_type(path):
    """Raise InputError if OpenCV writes no pictures of that suffix."""
    # OpenCV crashes on names that are not UTF-8: it is given ASCII alone.
    suffix = ascii(os.path.splitext(path)[1])[1:-1]
    try:
        known = cv2.haveImageWriter(f"x{suffix}")
    except cv2.error:
        known = False
    if not known:
        raise InputError(f'{path}: no picture type that OpenCV writes')


def write_image(path, image, parameters=()):
    """Write a picture, its type by the suffix of `path`, whole or not at all.

    Parameters
    ----------
    image : (H, W), (H, W, 3) or (H, W, 4) array, BGR or BGRA
    parameters : sequence of int, optional
        As cv2.imwrite takes them, such as the quality of a JPEG.
    """
    check_image_type(path)
    done, data = cv2.imencode(os.path.splitext(path)[1], image,
                              list(parameters))
    if not done:
        raise InputError(f'{path}: OpenCV cannot encode the picture')
    with atomic(path) as work, open(work, 'wb') as file:
        file.write(data)


def write_json(path, value):
    """Write `value` as indented JSON, whole or not at all."""
    with atomic(path) as work, open(work, 'w') as file:
        json.dump(value, file, indent=1)
        file.write('\n')


def read_json(path, keys=None):
    """Read a JSON file; InputError names it where it is broken.

    With `keys` it has to be an object that has them.
    """
    with open(path) as file:
        try:
            value = json.load(file)
        except ValueError as error:
            raise InputError(f'{path}: no JSON: {error}')
    if keys is not None:
        if not isinstance(value, dict):
            raise InputError(f'{path}: a JSON object is wanted')
        missing = [key for key in keys if key not in value]
        if missing:
            raise InputError(f'{path} lacks {", ".join(missing)}')
    return value


def without_nan(value):
    """Return a copy of `value` with None for NaN, which JSON lacks."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value
