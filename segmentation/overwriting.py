"""What is never overwritten: inputs, data sets, runs, the user's folders."""
import os
import sys

from segmentation.errors import InputError


def check_outputs(outputs, inputs=(), folders=(), owned=()):
    """Raise unless files can be written without harm to the user's own.

    Parameters
    ----------
    outputs : iterable of str or None
        Files that will be written or replaced; None is passed over.
    inputs : iterable of str
        Files that the program reads; those that are missing do not matter.
    folders : iterable of str
        Folders in which nothing that is there is replaced: data sets.
    owned : iterable of (folder, compiled pattern)
        Names, relative to a folder, that belong to it: a run's files.

    Raises
    ------
    OSError
        A folder is missing, or stands where the file would be.
    InputError
        A file would overwrite an input, the code that runs, or another
        output.
    """
    read = {identity(path) for path in (*inputs, *code_files())
            if os.path.exists(path)}
    seen = set()
    for path in filter(None, outputs):
        folder = os.path.dirname(os.path.abspath(path))
        if not os.path.isdir(folder):
            raise FileNotFoundError(f'{folder}: no such folder')
        if os.path.isdir(path):
            raise IsADirectoryError(f'{path} is a folder: a file is wanted')
        real = os.path.realpath(path)
        if real in seen:
            raise InputError(f'{path}: two outputs would be written to it')
        seen.add(real)
        if os.path.exists(path) and identity(path) in read:
            raise InputError(f'{path} is an input: it is not overwritten')
        for folder in folders:
            if os.path.exists(path) and is_inside(real, folder):
                raise InputError(f'{path} is a file of the data set {folder}: '
                                 'it is not overwritten')
        for folder, pattern in owned:
            if is_inside(real, folder) and pattern.match(os.path.relpath(
                    real, os.path.realpath(folder))):
                raise InputError(f'{path} is a file of the run {folder}: it '
                                 'is not overwritten')


def code_files():
    """Return the files of the modules that are loaded, sources among them."""
    return {module.__file__ for module in list(sys.modules.values())
            if isinstance(getattr(module, '__file__', None), str)}


def check_new_folder(path):
    """Raise FileExistsError unless a folder is new or empty."""
    check_no_link(path)
    if os.path.lexists(path) and not os.path.isdir(path):
        raise FileExistsError(f'{path} is a file: a folder is wanted')
    if os.path.isdir(path) and os.listdir(path):
        raise FileExistsError(f'{path} is not empty: a new folder is wanted')


def check_no_link(path):
    """Raise FileExistsError for a link, whose place no folder can take."""
    if os.path.islink(os.path.abspath(path)):
        raise FileExistsError(f'{path} is a symbolic link: a new folder, or '
                              'the one that it leads to, is wanted')


def check_apart(folder, others):
    """Raise InputError if another output would lie in an output folder.

    Parameters
    ----------
    others : iterable of str or None
        Files and folders that will be written, too.
    """
    for other in filter(None, others):
        if is_inside(os.path.join(os.path.realpath(other), ''), folder):
            raise InputError(f'{other}: it would be written into {folder}, '
                             'which is an output of its own')


def is_inside(path, folder):
    """Return whether a real path lies in a folder."""
    return path.startswith(os.path.join(os.path.realpath(folder), ''))


def identity(path):
    """Return what two names of one file have in common."""
    status = os.stat(path)
    return status.st_dev, status.st_ino
