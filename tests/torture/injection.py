"""Changes of the disk below one folder, counted; the k-th fails or kills.

They are the calls of Python that open a file for writing, write to it for
the first time, close it, make, rename, remove and sync, and what TensorFlow
writes by itself. A write that fails has written half, as on a real disk.
"""
import builtins
import errno
import io
import os
import re
import signal
import sys

import numpy as np

# Calls and the place of the argument that names what is changed.
CALLS = {'replace': 1, 'rename': 1, 'link': 1, 'symlink': 1, 'mkdir': 0,
         'unlink': 0, 'remove': 0, 'rmdir': 0, 'chmod': 0, 'truncate': 0}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# What goes on failing once a disk is full.
FILLING = ('open', 'write', 'close', 'mkdir', 'fsync', 'flush', 'save')


class Injector:
    """Counts changes of the disk below a folder, and lets the k-th fail.

    Parameters
    ----------
    folder : str
    index : int, optional
        Which change fails, from 0.
    number : int, optional
        The errno of the failure; the process is killed without one.
    report : function of a str
        It is called with the change that fails.
    """

    def __init__(self, folder, index=None, number=None, report=None):
        self.folder = os.path.join(os.path.realpath(folder), '')
        self.index, self.number, self.report = index, number, report
        self.count = 0
        self.hit = ''

    def change(self, call, path, native=False, damage=None):
        """Count a change; fail or die if it is the one.

        Parameters
        ----------
        call : str
        path : path or file descriptor
        native : bool, optional
            Fail as TensorFlow does.
        damage : function, optional
            What the failure leaves.
        """
        path = locate(path)
        if not path.startswith(self.folder):
            return
        self.count += 1
        if self.count - 1 == self.index:
            self.hit = f'{call} {path[len(self.folder):]}'
            self.report(self.hit)
            if damage:
                damage()
        elif not (self.hit and self.number == errno.ENOSPC
                  and call.split()[-1] in FILLING):
            return
        if self.number is None:
            os.kill(os.getpid(), signal.SIGKILL)
        if native:
            raise native_error(self.number, path)
        raise OSError(self.number, os.strerror(self.number), path)

    def install(self):
        """Replace the functions that change the disk, for this process."""
        for name, place in CALLS.items():
            setattr(os, name, self.counted(name, place, getattr(os, name)))
        real_open, real_os_open, real_fsync = open, os.open, os.fsync
        flush = np.memmap.flush

        def os_open(path, flags, *args, **kwargs):
            if flags & WRITING:
                self.change('open', at(path, kwargs.get('dir_fd')))
            return real_os_open(path, flags, *args, **kwargs)

        def fsync(handle):
            self.change('fsync', handle)
            return real_fsync(handle)

        def counting_open(path, mode='r', *args, **kwargs):
            if not set(mode) & set('wax+'):
                return real_open(path, mode, *args, **kwargs)
            where = locate(path)
            self.change('open', where)
            return Counted(real_open(path, mode, *args, **kwargs), self, where)

        def counting_flush(array):
            if isinstance(array.filename, (str, os.PathLike)):
                self.change('flush', array.filename)
            flush(array)

        os.open, os.fsync = os_open, fsync
        np.memmap.flush = counting_flush
        builtins.open = io.open = counting_open
        if 'segmentation.tf1' in sys.modules:
            self.install_native()

    def counted(self, name, place, function):
        """Return a function of os that counts as a change."""
        def call(*args, **kwargs):
            self.change(name, at(args[place], kwargs.get('dir_fd')))
            return function(*args, **kwargs)
        return call

    def install_native(self):
        """Replace what TensorFlow writes."""
        from segmentation.tf1 import tf
        save, build = tf.train.Saver.save, tf.saved_model.Builder.save
        export = tf.train.export_meta_graph

        def counting_save(saver, sess, path, *args, **kwargs):
            self.change('begin save', path, True)
            result = save(saver, sess, path, *args, **kwargs)
            self.change('amid save', path, True, lambda: os.rename(
                f'{path}.index', f'{path}.index.tempstate123'))
            self.change('end save', path, True)
            return result

        def counting_build(builder, *args, **kwargs):
            path = build(builder, *args, **kwargs)
            self.change('save', os.fsdecode(path), True,
                        lambda: cut(os.fsdecode(path)))
            return path

        def counting_export(path, **kwargs):
            result = export(path, **kwargs)
            if path is not None:
                self.change('save', path, True, lambda: cut(path))
            return result

        tf.train.Saver.save = counting_save
        tf.saved_model.Builder.save = counting_build
        tf.train.export_meta_graph = counting_export


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
            self.injector.change('write', self.path,
                                 damage=lambda: self.write_half(data))
        return self.file.write(data)

    def write_half(self, data):
        self.file.write(data[:len(data) // 2])
        self.file.flush()

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def close(self):
        if not self.file.closed:
            self.file.close()
            self.injector.change('close', self.path)


def locate(path):
    """Return the absolute path of a path or of a file descriptor."""
    if isinstance(path, int):
        target = os.readlink(f'/proc/self/fd/{path}')
        return re.sub(r' \(deleted\)$', '', target)
    return os.path.abspath(os.fsdecode(path))


def at(path, handle):
    """Return a path that is relative to the folder of a descriptor."""
    if handle is None:
        return path
    return os.path.join(locate(handle), os.fsdecode(path))


def cut(path):
    """Cut a file off in its middle."""
    with open(path, 'r+b') as file:
        file.truncate(os.path.getsize(path) // 2)


def native_error(number, path):
    """Return TensorFlow's exception for an errno."""
    from segmentation.tf1 import tf
    kind = {errno.ENOSPC: tf.errors.ResourceExhaustedError,
            errno.EACCES: tf.errors.PermissionDeniedError}.get(
                number, tf.errors.UnknownError)
    return kind(None, None, f'{path}; {os.strerror(number)}')
