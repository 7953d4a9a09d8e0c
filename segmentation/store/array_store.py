"""Arrays in a folder: filled once, sample by sample, then mapped into memory.

    SPLIT-NAME.npy ...   the arrays: rows k, k + N, ... are of sample k of N
    progress.json        the samples that are written

A process that was interrupted goes on after the last sample in progress.json.
What is in no progress.json counts as missing, and what is in one is held
against its checksum before it is used: neither zeros nor the rows of another
run pass for those that were written.
"""
import contextlib
import errno
import os
import shutil
import uuid
import zlib
from typing import Any, Dict, Set, Tuple

import numpy as np

from segmentation import locks
from segmentation.errors import InputError
from segmentation.store.progress import PROGRESS, Plan, Progress, Sample

INTERVAL = 8            # batches between two writes of progress.json
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ArrayStore:
    """The arrays of a folder.

    Parameters
    ----------
    folder : str
        Made by `locked` where it does not exist.
    specification : {name: (shape, dtype)}
        All arrays, each with the name of its split before a hyphen. The
        first axis is rows, one or more times the samples of the split.
    counts : {split: int}
        Samples of each split.

    Attributes
    ----------
    arrays : {name: np.memmap}
        Empty until `open` has found them, or `fill` has made them.
    progress : Progress
        The samples that are written.
    """

    def __init__(self, folder: str,
                 specification: Dict[str, Tuple[Tuple[int, ...], Any]],
                 counts: Dict[str, int]):
        self.folder = folder
        self.specification = specification
        self.counts = counts
        self.arrays: Dict[str, np.memmap] = {}
        self.progress = Progress(folder, counts)
        self.checked: Set[Tuple[str, int]] = set()  # by this process

    def path(self, name):
        """Return the path of a file of the store."""
        return os.path.join(self.folder, name)

    def locked(self):
        """Return the context of the folder's lock, which one process holds.
        """
        return locks.locked(self.folder, f'{self.folder}: another run '
                            'computes these arrays')

    def open(self) -> Plan:
        """Map the arrays that an earlier run left, and return the Plan.

        Arrays that are cut off, or not as specified, count as missing.
        """
        self.arrays = self.find()
        if self.arrays:
            self.progress.read()
        size = sum(np.dtype(dtype).itemsize * int(np.prod(shape, dtype=float))
                   for shape, dtype in self.specification.values())
        statuses = [os.stat(self.path(name))
                    for name in os.listdir(self.folder)]
        return Plan(
            size, shutil.disk_usage(self.folder).free,
            # Files may have holes: what counts is their blocks.
            sum(512 * getattr(status, 'st_blocks', 0) for status in statuses),
            self.progress.missing())

    def find(self):
        """Return {name: array} of the files; {} unless all are as specified.
        """
        if not self.progress.exists():
            return {}
        try:
            arrays = {name: self.map(name, 'r+')
                      for name in self.specification}
        except (OSError, ValueError):       # NumPy's: missing, or cut off
            return {}
        is_same = all(
            (arrays[name].shape, arrays[name].dtype) == (shape, dtype)
            for name, (shape, dtype) in self.specification.items())
        return arrays if is_same else {}

    def make(self):
        """Make all arrays anew, of zeros, and map them.

        No sample counts as written from before the first array goes. Another
        process that has mapped the old files keeps them.
        """
        self.progress.clear()
        for name in self.specification:
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path(f'{name}.npy'))
        for name, (shape, dtype) in self.specification.items():
            self.arrays[name] = self.map(name, 'w+', shape=shape, dtype=dtype)
            allocate(self.path(f'{name}.npy'))
        self.progress.write()

    def map(self, name, mode, **layout):
        """Map the file of one array into memory."""
        return np.lib.format.open_memmap(self.path(f'{name}.npy'), mode,
                                         **layout)

    def fill(self, split, batches, write):
        """Write the samples of a split that are missing.

        Parameters
        ----------
        split : str
        batches : iterable of (names, batch)
            All samples of the split, in the same order whenever it is
            filled.
        write : function of (split, rows, batch)
            Writes a batch into `arrays`; `rows` is the slice of its samples
            in the split.

        Raises
        ------
        InputError
            There are more or fewer samples than the split's count.
        """
        if not self.arrays:
            self.make()
        done, count = self.progress.names(split), self.counts[split]
        seen = written = 0
        try:
            for names, batch in batches:
                rows = slice(seen, seen + len(names))
                seen = rows.stop
                if seen > count:
                    break
                if done[rows] != names:
                    if done[rows.start:]:
                        del done[rows.start:]
                        self.progress.withdraw(split, rows.start)
                    write(split, rows, batch)
                    self.progress.extend(split, [
                        Sample(name, self.checksum(split, rows.start + k))
                        for k, name in enumerate(names)])
                    written += 1
                    if written % INTERVAL == 0:
                        self.write_progress()
        finally:
            self.write_progress()
        if seen != count:
            raise InputError(f'the data source reports {count} {split} '
                             f'samples and yields {seen}')

    def write_progress(self):
        """Write progress.json, once the arrays themselves are on disk."""
        for array in self.arrays.values():
            array.flush()
        self.progress.write()

    def checksum(self, split, number):
        """Return the CRC-32 of all rows of a sample."""
        value = 0
        for name in self.specification:
            if name.startswith(f'{split}-'):
                for row in self.arrays[name][number::self.counts[split]]:
                    value = zlib.crc32(np.ascontiguousarray(row), value)
        return value

    def is_intact(self, split, number):
        """Return whether a sample is as it was written, and remember it."""
        if (split, number) not in self.checked:
            if self.checksum(split, number) != self.progress.samples[split][
                    number].crc32:
                return False
            self.checked.add((split, number))
        return True

    def check(self, split, numbers):
        """Hold samples against their checksums, each once a process.

        Where one differs, InputError says so. Whatever differs is withdrawn,
        with all that follows in its split: the next run computes it anew.
        """
        for number in numbers:
            if not self.is_intact(split, number):
                name = self.progress.samples[split][number].name
                with self.locked():
                    self.withdraw_damaged()
                raise InputError(
                    f'{self.folder}: the arrays of {name} are not as they '
                    'were written: --resume computes them anew')

    def withdraw_damaged(self):
        """Withdraw each split from its first sample that is not intact."""
        for split, samples in self.progress.samples.items():
            for number in range(len(samples)):
                if not self.is_intact(split, number):
                    self.progress.withdraw(split, number)
                    break

    def delete(self):
        """Remove the files, and the folder if nothing else is in it."""
        if not os.path.isdir(self.folder):
            return
        with self.locked():
            self.arrays = {}
            for name in [f'{name}.npy' for name in self.specification] + [
                    PROGRESS]:
                with contextlib.suppress(FileNotFoundError):
                    os.remove(self.path(name))
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


def allocate(path):
    """Give a file all blocks of its size: later writes find the disk full.

    A write to a mapped file could not say so, and would end the process.
    """
    with open(path, 'r+b') as file:
        try:
            os.posix_fallocate(file.fileno(), 0, os.path.getsize(path))
        except AttributeError:      # Windows and macOS have no such call
            pass
        except OSError as error:    # nor have some file systems
            if error.errno in FULL:
                raise OSError(error.errno, error.strerror, path)


def choose_folder(parent, prefix, fingerprint=None):
    """Return the path of the folder of the arrays with a fingerprint.

    Without one it is a folder that no other run can find.
    """
    return os.path.join(parent, f'{prefix}-{fingerprint or uuid.uuid4().hex}')
