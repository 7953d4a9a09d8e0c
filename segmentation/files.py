"""Files and folders: written whole or not at all, and read with checks."""
import contextlib
import errno
import json
import os
import platform
import re
import shutil
import tempfile
import zlib

import cv2

from segmentation import schema
from segmentation.errors import InputError

UMASK = os.umask(0)     # it can only be read by being set: once, at the start
os.umask(UMASK)

NAMESPACE = (os.stat('/proc/self/ns/pid').st_ino
             if os.path.exists('/proc/self/ns/pid') else 0)
# Names of temporary files and folders say whose they are: of which machine
# (or container, where processes have numbers of their own) and process.
HOST = f'{zlib.crc32(repr([platform.node(), NAMESPACE]).encode()):08x}'
PART = f'.part-{HOST}-{os.getpid()}-'
LEFTOVER = re.compile(rf'\.part-{HOST}-(\d+)-')
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


def rename_parts():
    """Give a forked process temporary files of its own, by its number."""
    global PART
    PART = f'.part-{HOST}-{os.getpid()}-'


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=rename_parts)


@contextlib.contextmanager
def atomic(path):
    """Yield a temporary name beside `path` that is renamed when all is well.

    The name keeps the suffix of `path`, as libraries go by it. What was
    written is on the disk before the rename, so that not even a power cut
    leaves half a file.
    """
    folder, name = os.path.split(os.path.abspath(path))
    with naming(path):
        handle, work = tempfile.mkstemp(prefix=PART, suffix=name[-32:],
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
def naming(path):
    """Name `path` in what the disk raises about its temporary file.

    A disk that is full has no name to give; others give the temporary one.
    """
    try:
        yield
    except OSError as error:
        if (PART in os.fsdecode(error.filename) if error.filename
                else error.errno in DISK):
            raise OSError(error.errno, error.strerror, path)
        raise


@contextlib.contextmanager
def atomic_folder(path, may_replace=lambda: False):
    """Yield a work folder beside `path` that takes its place when all is well.

    An empty folder that stands at `path` is replaced. Another one is if
    `may_replace()` says so in the end: it is moved aside, the new one is
    moved in, and then the old one is removed; if that is interrupted,
    `settle` undoes or finishes it. Missing parents are made.
    """
    path = os.path.abspath(path)
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    settle(path)
    with naming(path):
        work = tempfile.mkdtemp(prefix=PART, dir=parent)
        try:
            yield work
            os.chmod(work, 0o777 & ~UMASK)
            if os.path.isdir(path) and may_replace():
                os.rename(path, aside(path))
            elif os.path.isdir(path):
                os.rmdir(path)
            os.rename(work, path)
            sync(parent)
        finally:
            shutil.rmtree(work, ignore_errors=True)
            settle(path)


def aside(path):
    """Return where a folder waits while another takes its place."""
    parent, name = os.path.split(os.path.abspath(path))
    return os.path.join(parent, f'.part-old-{name}')


def settle(path):
    """Undo or finish the replacement of a folder that was interrupted."""
    old = aside(path)
    if os.path.isdir(old):
        if os.path.isdir(path):
            shutil.rmtree(old)
        else:
            os.rename(old, path)


def remove_leftovers(folder):
    """Remove what interrupted processes of this machine left in a folder.

    Returns
    -------
    int
        The number of files and folders that were removed.
    """
    count = 0
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        match = LEFTOVER.match(name)
        if match and not is_running(int(match.group(1))):
            path = os.path.join(folder, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.remove(path)
            count += 1
    return count


def is_running(process):
    """Return whether there is a process of that number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:         # it is somebody else's
        return True
    return True


def sync(path):
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == 'nt' and os.path.isdir(path):
        return              # Windows cannot open a folder
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder):
    """Wait until a folder and all that is in it are on the disk."""
    for where, _, names in os.walk(folder):
        for name in names:
            sync(os.path.join(where, name))
        sync(where)


def check_image_type(path):
    """Raise InputError if OpenCV writes no pictures of that suffix."""
    # OpenCV crashes on names that are not UTF-8: it is given ASCII alone.
    suffix = ascii(os.path.splitext(path)[1])[1:-1]
    try:
        known = cv2.haveImageWriter(f'x{suffix}')
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
    with atomic(path) as work, open(work, 'w', encoding='utf-8') as file:
        json.dump(value, file, indent=1)
        file.write('\n')


def read_json(path, wanted=None):
    """Read a JSON file; InputError names it where it is not as wanted.

    Parameters
    ----------
    wanted : optional
        A schema, as `schema.check` takes it.
    """
    with open(path, encoding='utf-8') as file:
        try:
            value = json.load(file)
        except (ValueError, RecursionError) as error:
            raise InputError(f'{path}: no JSON: {error}')
    if wanted is not None:
        schema.check(value, wanted, path)
    return value


def can_name(text):
    """Return whether a file can have a name, or path, of that text.

    >>> can_name('a.png'), can_name('a\\0.png')
    (True, False)
    """
    try:
        return bool(text) and b'\0' not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def without_nan(value):
    """Return a copy of `value` with None for NaN, which JSON lacks."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value
