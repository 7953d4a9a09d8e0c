"""Programs in forked processes, each of which fails or dies at one moment.

    parent, TensorFlow loaded -> fork -> the k-th change of the disk fails,
    or the process is killed there -> status, what it said, what it left

Changes of the disk are the calls of Python that open a file for writing,
write to it, rename, make, remove and sync, below one folder. TensorFlow
writes its checkpoints by itself: each Saver.save counts as two, before and
behind it.
"""
import builtins
import contextlib
import errno
import hashlib
import io
import os
import signal
import sys
import time
from typing import NamedTuple, Optional

import utils

FAULTS = {'ENOSPC': errno.ENOSPC, 'EIO': errno.EIO, 'EACCES': errno.EACCES,
          'KILL': None}
CALLS = ('replace', 'rename', 'mkdir', 'unlink', 'remove', 'rmdir', 'chmod')
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Ended(NamedTuple):
    """How a program ended."""

    status: int             # negative: the signal that killed it
    out: str
    err: str
    changes: int            # of the disk, up to the fault
    hit: Optional[str]      # the call that failed; None without one


class Injector:
    """Counts changes of the disk below a folder, and lets the k-th fail."""

    def __init__(self, folder, index=None, fault=None):
        self.folder = os.path.realpath(folder)
        self.index, self.fault = index, fault
        self.count = 0
        self.hit = None

    def change(self, call, path):
        """Count a change; fail or die if it is the one."""
        if isinstance(path, int):
            path = os.readlink(f'/proc/self/fd/{path}')
        path = os.path.abspath(os.fsdecode(path))
        if not path.startswith(self.folder):
            return
        self.count += 1
        if self.count - 1 != self.index:
            return
        self.hit = f'{call} {os.path.relpath(path, self.folder)}'
        if self.fault == 'KILL':
            os.kill(os.getpid(), signal.SIGKILL)
        number = FAULTS[self.fault]
        raise OSError(number, os.strerror(number), path)

    def install(self):
        """Replace the functions that change the disk, for this process."""
        for name in CALLS:
            setattr(os, name, self.counted(name, getattr(os, name)))
        real_open, real_os_open, real_fsync = open, os.open, os.fsync

        def os_open(path, flags, *args, **kwargs):
            if flags & WRITING:
                self.change('create', path)
            return real_os_open(path, flags, *args, **kwargs)

        def fsync(handle):
            self.change('fsync', handle)
            return real_fsync(handle)

        def counting_open(path, mode='r', *args, **kwargs):
            file = real_open(path, mode, *args, **kwargs)
            if set(mode) & set('wax+') and isinstance(path, (str, bytes)):
                file = Counted(file, self, path)
            return file

        os.open, os.fsync = os_open, fsync
        builtins.open = io.open = counting_open
        self.install_saver()

    def counted(self, name, function):
        def call(path, *args, **kwargs):
            if kwargs.get('dir_fd') is None:
                self.change(name, path)
            return function(path, *args, **kwargs)
        return call

    def install_saver(self):
        from segmentation.tf1 import tf
        save = tf.train.Saver.save

        def counted(saver, sess, path, *args, **kwargs):
            self.change('begin checkpoint', path)
            result = save(saver, sess, path, *args, **kwargs)
            self.change('end checkpoint', path)
            return result
        tf.train.Saver.save = counted


class Counted:
    """A file whose first write and whose close are changes of the disk."""

    def __init__(self, file, injector, path):
        self.__dict__.update(file=file, injector=injector, path=path,
                             written=False)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __iter__(self):
        return iter(self.file)

    def write(self, data):
        if not self.written:
            self.__dict__['written'] = True
            self.injector.change('write', self.path)
        return self.file.write(data)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def close(self):
        if not self.file.closed:
            self.file.close()
            self.injector.change('close', self.path)


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
    names = [os.path.join(os.path.dirname(folder), f'{os.getpid()}.{what}')
             for what in ('out', 'err', 'count')]
    child = os.fork()
    if child == 0:
        os._exit(in_child(main, arguments, folder, index, fault, names))
    status = wait(child, seconds)
    texts = []
    for name in names:
        text = ''
        if os.path.exists(name):
            with open(name, errors='replace') as file:
                text = file.read()
            os.remove(name)
        texts.append(text)
    count, _, hit = texts[2].partition(' ')
    return Ended(status, texts[0], texts[1], int(count or 0), hit or None)


def in_child(main, arguments, folder, index, fault, names):
    """Run a program in a forked process; return its status."""
    os.chdir(folder)
    for name, number in zip(names, (1, 2)):
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, 'w'), line_buffering=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, 'w'), line_buffering=True)
    injector = Injector(folder, index, fault)
    real_open = open
    injector.install()
    status = 0
    try:
        utils.run(lambda: main(arguments))
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    with contextlib.suppress(ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    with real_open(names[2], 'w') as file:
        file.write(f'{injector.count} {injector.hit or ""}')
    return status


def wait(child, seconds):
    """Return the status of a process; it is killed after some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return (-os.WTERMSIG(status) if os.WIFSIGNALED(status)
                    else os.WEXITSTATUS(status))
        time.sleep(.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGALRM


def snapshot(folder):
    """Return {path: digest} of all files below a folder."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path):
                with open(path, 'rb') as file:
                    found[os.path.relpath(path, folder)] = hashlib.sha1(
                        file.read()).hexdigest()
    return found
