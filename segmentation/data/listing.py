"""The files of a folder: not its pipes, sockets and devices.

A reader would wait for these for ever.
"""
import os


def file_names(folder):
    """Return the names of the files in a folder, sorted, but hidden ones."""
    return [os.path.basename(path)
            for path in readable(folder, os.listdir(folder))]


def walk(folder, omit=()):
    """Yield the paths of all files in a folder and its sub-folders.

    Hidden ones are left out. Linked folders are followed, and each is visited
    once. The order is the same everywhere.

    Parameters
    ----------
    omit : iterable of str
        Folders that are not visited.
    """
    def stop(error):
        raise error

    visited = set(map(os.path.realpath, omit))
    for parent, folders, names in os.walk(folder, onerror=stop,
                                          followlinks=True):
        here = os.path.realpath(parent)
        if here in visited:
            folders[:] = []
            continue
        visited.add(here)
        folders[:] = sorted(name for name in folders if name[0] != '.')
        yield from readable(parent, names)


def readable(folder, names):
    """Yield the sorted paths of the names that are files, but hidden ones.

    A dangling link is one, so that whoever reads it says so.
    """
    for name in sorted(names):
        path = os.path.join(folder, name)
        if name[0] != '.' and (os.path.isfile(path)
                               or not os.path.exists(path)):
            yield path
