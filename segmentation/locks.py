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

    The lock goes with the process, however it ends. A folder that was made
    here and is still empty in the end is removed.

    Parameters
    ----------
    folder : str
    busy : str
        What the OSError says where another process holds it.
    """
    missing = not os.path.isdir(folder)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, LOCK)
    try:
        with hold(path, busy):
            yield
    finally:
        if missing:
            with contextlib.suppress(OSError):      # it has files now
                os.rmdir(folder)


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
