"""Programs in forked processes, each of which fails or dies at one moment.

    parent, TensorFlow loaded -> fork -> the k-th change of the disk fails,
    or the process is killed there -> status, what it said, what it left

Nothing of the parent may open a session: its threads would be missing in the
forks, which would hang. What a fork leaves is looked at by files alone.
"""
import errno
import hashlib
import importlib
import io
import os
import re
import signal
import sys
import time
import traceback
import zipfile
from typing import NamedTuple

import injection

import utils

FAULTS = {'ENOSPC': errno.ENOSPC, 'EIO': errno.EIO, 'EACCES': errno.EACCES,
          'KILL': None}
ROOT = utils.HOME
HANG = -signal.SIGALRM      # the status of what had to be ended
# What programs load when they need it: loaded once, before the forks.
LATE = ('segmentation.training.launch', 'segmentation.backbone.saved_model',
        'segmentation.inference.engines.tensorflow', 'jinja2',
        'matplotlib.backends.backend_agg', 'matplotlib.figure')
# What differs from run to run: seconds, temporary names, keys of caches.
TIMES = re.compile(
    br'"(seconds|checking_seconds|images_per_second)": [^,}]+')
RANDOM = ((re.compile(r'\.part-\w{8}-\d+-\w{8}'), '.part-'),
          (re.compile(r'\.unpacking\.\w{8}'), '.unpacking'),
          (re.compile(r'[0-9a-f]{16,}'), 'KEY'))
EVENTS = 'tensorboard'      # the names in it have the time in them


class Ended(NamedTuple):
    """How a program ended."""

    status: int     # negative: the signal that killed it
    out: str
    err: str
    changes: int    # of the disk; 0 of a process that was killed
    hit: str        # the change that failed; '' without one


def preload():
    """Import what the programs import late."""
    for name in LATE:
        importlib.import_module(name)


def run(main, arguments, folder, index=None, fault=None, seconds=120):
    """Run a program in a fork; return how it Ended.

    Parameters
    ----------
    main : function of a list of arguments
    folder : str
        Changes below it are counted; it is the working directory.
    index : int, optional
        Which change fails, from 0.
    fault : str, optional
        A key of FAULTS.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    names = [f'{folder}.{what}' for what in ('out', 'err', 'count')]
    child = os.fork()
    if child == 0:
        try:
            in_child(main, arguments, folder, index, fault, names)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(99)
    status = wait(child, seconds)
    out, err, count = map(take, names)
    count, _, hit = count.partition(' ')
    return Ended(status, out, err, int(count or 0), hit)


def in_child(main, arguments, folder, index, fault, names):
    """Run a program in a forked process, and end the process."""
    os.chdir(folder)
    os.environ['XDG_CACHE_HOME'] = os.path.join(folder, 'cache')
    sys.dont_write_bytecode = True
    for name, number in zip(names, (1, 2)):
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, 'w'), line_buffering=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, 'w'), line_buffering=True)
    count = os.open(names[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    injector = injection.Injector(
        folder, index, FAULTS.get(fault),
        lambda hit: os.write(count, f'0 {without_random(hit)}'.encode()))
    injector.install()
    status = 0
    try:
        utils.run(lambda: main(arguments))
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os.ftruncate(count, 0)
    os.pwrite(count, f'{injector.count} {without_random(injector.hit)}'
              .encode(), 0)
    os._exit(status)


def wait(child, seconds):
    """Return the status of a process; HANG if it had to be ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return (-os.WTERMSIG(status) if os.WIFSIGNALED(status)
                    else os.WEXITSTATUS(status))
        time.sleep(.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return HANG


def take(path):
    """Return the text of a file, and remove it; '' where there is none."""
    if not os.path.exists(path):
        return ''
    with open(path, errors='replace') as file:
        text = file.read()
    os.remove(path)
    return text


def snapshot(folder):
    """Return {path: digest} of all files and folders below a folder.

    A path is relative, and without what differs from run to run; that of a
    folder ends in a slash. Events of TensorBoard are left out.
    """
    found = {}
    for parent, folders, names in os.walk(folder):
        for name in folders:
            path = os.path.join(parent, name, '')
            found[without_random(path[len(folder) + 1:])] = ''
        if EVENTS in folders:
            folders.remove(EVENTS)
        for name in names:
            path = os.path.join(parent, name)
            found[without_random(path[len(folder) + 1:])] = digest(path)
    return found


def without_random(path):
    """Return a path without what differs from run to run."""
    for pattern, replacement in RANDOM:
        path = pattern.sub(replacement, path)
    return path


def digest(path):
    """Return a digest of a file without the times in it."""
    with open(path, 'rb') as file:
        data = TIMES.sub(b'', file.read())
    if zipfile.is_zipfile(path):        # its entries have times
        with zipfile.ZipFile(path) as zipped:
            data = repr([(entry.filename, entry.CRC)
                         for entry in zipped.infolist()]).encode()
    return hashlib.sha1(data).hexdigest()
