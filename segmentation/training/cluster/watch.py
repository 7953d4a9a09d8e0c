"""Whether the other processes are still there.

A process that waits for a dead one in TensorFlow 1.15 waits for ever, and no
exception reaches it there: threads watch, and end it.
"""
import contextlib
import os
import socket
import threading
import time

from segmentation import errors
from segmentation.errors import InputError

LONGEST = 2         # seconds that a connection may take
PATIENCE = 5        # seconds of waiting that nothing is said about
PAUSE = 2           # between two looks at the others
LOOKS = 2           # without an answer, after which a process is gone


class LostProcess(OSError):
    """Another process has ended while this one needed it."""


def answers(host):
    """Return whether a process listens at 'host:port'."""
    return not silence(host)


def silence(host):
    """Return why nothing answers at 'host:port', '' if something does."""
    name, port = host.rsplit(':', 1)
    try:
        socket.create_connection((name, int(port)), LONGEST).close()
    except socket.gaierror as error:
        return f'no such host: {error.strerror}'
    except OSError:
        return 'nothing answers'
    return ''


def wait_for(hosts, timeout):
    """Wait until a process listens at each 'host:port'.

    A host that is unknown may get its name later, as in Kubernetes.

    Raises
    ------
    InputError
        A host does not answer within `timeout` seconds.
    """
    end = time.monotonic() + timeout
    note = time.monotonic() + PATIENCE
    for rank, host in enumerate(hosts):
        reason = silence(host)
        while reason:
            if time.monotonic() > end:
                raise InputError(f'process {rank} of {len(hosts)}, {host}: '
                                 f'{reason}, for {timeout:g} s; '
                                 '--join-timeout waits longer')
            if time.monotonic() > note:
                note = end
                print(f'[i] waiting for process {rank} of {len(hosts)}, '
                      f'{host}: {reason}', flush=True)
            time.sleep(.2)
            reason = silence(host)


def lost(hosts):
    """Return the error that names the first process that is gone, or None.

    Parameters
    ----------
    hosts : sequence of str
        'host:port' by rank.
    """
    for rank, host in enumerate(hosts):
        if not answers(host):
            return LostProcess(f'process {rank} of {len(hosts)}, {host}, has '
                               'ended: this one ends, too; --resume goes on '
                               'from the last checkpoint')
    return None


@contextlib.contextmanager
def watched(hosts):
    """End this process with one line when another one is gone.

    Parameters
    ----------
    hosts : sequence of str
        'host:port' by rank.
    """
    over = threading.Event()

    def look():
        missed = 0
        while not over.wait(PAUSE):
            error = lost(hosts)
            missed = missed + 1 if error else 0
            if missed >= LOOKS and not over.is_set():
                os.write(2, f'\n[!] {errors.describe(error)}\n'.encode())
                os._exit(1)

    threading.Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        over.set()
