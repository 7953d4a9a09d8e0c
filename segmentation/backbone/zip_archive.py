"""Unpack a zip file, wholly or not at all."""
import contextlib
import lzma
import os
import shutil
import struct
import tempfile
import zipfile
import zlib

from segmentation import files
from segmentation.errors import InputError

# What Python's parsers raise on a broken file.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
          OSError, EOFError, RuntimeError, ValueError, LookupError,
          OverflowError, MemoryError)
MOST_ENTRIES = 1000


def unpack(archive, directory, check_names=None, largest=None):
    """Unpack a zip file into a folder that may exist.

    Everything is written to a temporary folder and renamed into place. A
    folder that exists keeps all it has: the archive's top-level entries are
    added to it.

    Parameters
    ----------
    archive, directory : str
    check_names : function, optional
        Raises InputError unless the list of names is as wanted.
    largest : int, optional
        The most bytes that the entries may have together.

    Raises
    ------
    OSError
        One of the entries is in the folder already, or the disk is full.
    InputError
        The archive is broken, has an entry outside its folder, too many, or
        too much in them.
    """
    names = check_zip(archive, largest)
    check_paths(archive, names, directory)
    if check_names:
        try:
            check_names(names)
        except InputError as error:
            raise InputError(f'{archive}: {error}')
    exists = os.path.isdir(directory)
    # Inside a folder that exists: it may be a mount of its own, and nothing
    # can be renamed from one file system to another.
    parent = (directory if exists
              else os.path.dirname(os.path.abspath(directory)))
    os.makedirs(parent, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix=files.PART, dir=parent)
    try:
        # mkdtemp's folder is closed to other users; its child is not.
        fresh = os.path.join(scratch, 'fresh')
        os.mkdir(fresh)
        extract(archive, fresh, directory)
        if exists:
            move_entries(fresh, directory)
        else:
            os.rename(fresh, directory)
        files.sync(parent)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def check_zip(archive, largest=None):
    """Return the names in a zip file, whose every byte fits its CRC."""
    if os.path.exists(archive) and not os.path.isfile(archive):
        raise InputError(f'{archive}: is no regular file')
    open(archive, 'rb').close()  # a missing file is no broken one
    try:
        with zipfile.ZipFile(archive) as opened:
            check_sizes(opened.infolist(), largest)
            bad = opened.testzip()
            if bad is not None:
                raise zipfile.BadZipFile(f'bad CRC-32 of {bad!r}')
            return opened.namelist()
    except InputError as error:
        raise InputError(f'{archive}: {error}')
    except BROKEN as error:
        raise broken(archive, error)


def broken(archive, error):
    """Return the InputError of what a parser raised."""
    return InputError(f'{archive}: not a whole zip file: '
                      f'{str(error) or type(error).__name__}')


def check_sizes(entries, largest=None):
    """Raise InputError if a zip file has too many entries, or too large.

    No more is unpacked of an entry than it claims.
    """
    if len(entries) > MOST_ENTRIES:
        raise InputError(f'has {len(entries):,} entries, wanted are '
                         f'{MOST_ENTRIES:,} at most')
    size = sum(entry.file_size for entry in entries)
    if largest is not None and size > largest:
        raise InputError(f'has {size:,} bytes unpacked, wanted are '
                         f'{largest:,} at most')


def check_paths(archive, names, directory):
    """Refuse entries that would leave the directory or are in it already.

    So are names of nothing, and of two things.
    """
    entries = []
    for name in names:
        path = name.replace('\\', '/')
        parts = [part for part in path.split('/') if part not in ('', '.')]
        if path[:1] == '/' or '..' in parts or ':' in ''.join(parts[:1]):
            raise InputError(f'{archive}: entry {name!r} would leave the '
                             'folder it is unpacked to')
        is_folder = path[-1:] == '/'
        if not parts and not is_folder:
            raise InputError(f'{archive}: entry {name!r} has no name')
        entries.append((parts, is_folder))
        target = os.path.join(directory, *parts[:1])
        if parts and os.path.lexists(target):
            raise FileExistsError(f'{target}: exists already, {archive} '
                                  'would replace it')
    last = None     # what is in or under a file comes behind it when sorted
    for parts, is_folder in sorted(entries):
        if last and parts[:len(last)] == last:
            raise InputError(f'{archive}: {"/".join(last)} is in it twice')
        last = last if is_folder else parts


def extract(archive, folder, directory):
    """Write all entries to a new folder, and wait until they are on the disk.

    `directory` is what a message about the disk names.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                path = opened.extract(entry, folder)
                files.sync(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, directory)
    except BROKEN as error:     # it is another file by now
        raise broken(archive, error)


def move_entries(folder, directory):
    """Move all entries of `folder` or, when one cannot be moved, none."""
    with contextlib.ExitStack() as undo:
        for name in sorted(os.listdir(folder)):
            paths = os.path.join(folder, name), os.path.join(directory, name)
            os.rename(*paths)
            undo.callback(os.rename, *paths[::-1])
        undo.pop_all()
