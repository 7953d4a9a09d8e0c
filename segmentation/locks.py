"""Locks on folders that one process alone may write."""
import contextlib
import os

try:
    import fcntl
except ImportError:     # Windows: nothing is locked
    fcntl = None

LOCK = '.lock'          # the file in a folder that is locked


@contextlib.contextmanager
def locked(folder, busy):
    """Hold a folder, which is made where it is missing, for this process.

    The lock goes with the process, however it ends. Folders that were made
    here and are still empty in the end are removed.

    Parameters
    ----------
    folder : str
    busy : str
        What the OSError says where another process holds it.
    """
    made, parent = [], os.path.abspath(folder)
    while not os.path.isdir(parent):
        made.append(parent)
        parent = os.path.dirname(parent)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, LOCK)
    try:
        with hold(path, busy):
            yield
    finally:
        with contextlib.suppress(OSError):      # one has files now
            for path in made:
                os.rmdir(path)


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
            # Whoever held it before may have removed it meanwhile.
            if os.path.exists(path) and os.path.samestat(
                    os.fstat(file.fileno()), os.stat(path)):
                break
        try:
            yield
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
