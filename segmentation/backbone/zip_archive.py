"""Unpack a zip file, wholly or not at all."""
import contextlib
import os
import shutil
import struct
import tempfile
import zipfile
import zlib

from segmentation.errors import InputError


def unpack(archive, directory):
    """Unpack a zip file into a folder that may exist.

    Everything is written to a temporary folder and renamed into place. A
    folder that exists keeps all it has: the archive's top-level entries are
    added to it.

    Raises
    ------
    OSError
        One of the entries is in the folder already, or the disk is full.
    InputError
        The archive is broken, or has an entry outside its folder.
    """
    _check_entries(archive, _check_zip(archive), directory)
    exists = os.path.isdir(directory)
    # Inside a folder that exists: it may be a mount of its own, and nothing
    # can be renamed from one file system to another.
    parent = (directory if exists
              else os.path.dirname(os.path.abspath(directory)))
    os.makedirs(parent, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix='.unpacking.', dir=parent)
    try:
        # mkdtemp's folder is closed to other users; its child is not.
        fresh = os.path.join(scratch, 'fresh')
        os.mkdir(fresh)
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(fresh)
        if exists:
            _move_entries(fresh, directory)
        else:
            os.rename(fresh, directory)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_zip(archive):
    """Return the names of a zip file whose every byte fits its CRC."""
    open(archive, 'rb').close()  # a missing file is no broken one
    try:
        with zipfile.ZipFile(archive) as opened:
            bad = opened.testzip()
            if bad is not None:
                raise InputError(f'bad CRC-32 of {bad}')
            return opened.namelist()
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError,
            RuntimeError, ValueError) as error:
        raise InputError(f'{archive}: not a whole zip file: {error}')


def _check_entries(archive, names, directory):
    """Refuse entries that would leave the directory or are in it already."""
    for name in sorted(names):
        path = name.replace('\\', '/')
        parts = [part for part in path.split('/') if part not in ('', '.')]
        if path[:1] == '/' or '..' in parts or ':' in ''.join(parts[:1]):
            raise InputError(f'{archive}: entry {name!r} would leave the '
                             'folder it is unpacked to')
        target = os.path.join(directory, *parts[:1])
        if parts and os.path.lexists(target):
            raise FileExistsError(f'{target}: exists already, {archive} '
                                  'would replace it')


def _move_entries(folder, directory):
    """Move all entries of `folder` or, when one cannot be moved, none."""
    with contextlib.ExitStack() as undo:
        for name in sorted(os.listdir(folder)):
            paths = os.path.join(folder, name), os.path.join(directory, name)
            os.rename(*paths)
            undo.callback(os.rename, *paths[::-1])
        undo.pop_all()
