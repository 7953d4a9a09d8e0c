"""Locks on folders that one process alone may write, or all shards of one.

A file system without locks, such as some that machines share, has none.
"""
import contextlib
import errno
import glob
import os

try:
    import fcntl
except ImportError:     # Windows: nothing is locked
    fcntl = None

LOCK = '.lock'          # the file in a folder that is locked
MISSING = errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK


@contextlib.contextmanager
def locked(folder, busy, shard=None):
    """Hold a folder, which is made where it is missing, for this process.

    The lock goes with the process, however it ends. Folders that were made
    here and are still empty in the end are removed, but by no shard: another
    one may be about to use them.

    Parameters
    ----------
    folder : str
    busy : str
        What the OSError says where another process holds it.
    shard : processes.shards.Shard, optional
        The others of as many shards may hold the folder at the same time.
    """
    made, parent = [], os.path.abspath(folder)
    while not (shard or os.path.isdir(parent)):
        made.append(parent)
        parent = os.path.dirname(parent)
    os.makedirs(folder, exist_ok=True)
    whole = os.path.join(folder, LOCK)
    own = shard.path(whole) if shard else whole
    try:
        with hold(own, busy):
            for path in others(whole, own, shard):
                with hold(path, busy):      # what nobody holds is removed
                    pass
            yield
    finally:
        with contextlib.suppress(OSError):      # one has files now
            for path in made:
                os.rmdir(path)


def others(whole, own, shard=None):
    """Return the lock files of those who may not write at the same time.

    Parameters
    ----------
    whole, own : str
        The lock file of a process that does all, and that of this one.
    shard : processes.shards.Shard, optional
        What this process does.
    """
    number, stem = '.[0-9]*-of-', glob.escape(whole)
    allowed = f'{stem}{number}{shard.size}' if shard else own
    return sorted({*glob.glob(stem), *glob.glob(f'{stem}{number}[0-9]*')}
                  - {own, *glob.glob(allowed)})


@contextlib.contextmanager
def hold(path, busy):
    """Hold the lock file `path`, which is removed in the end."""
    with contextlib.ExitStack() as stack:
        while True:
            file = stack.enter_context(open(path, 'a'))
            try:
                if fcntl:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OSError(busy)
            except OSError as error:
                if error.errno not in MISSING:
                    raise
            # Whoever held it before may have removed it meanwhile.
            if os.path.exists(path) and os.path.samestat(
                    os.fstat(file.fileno()), os.stat(path)):
                break
        try:
            yield
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
