"""Arrays in a folder: filled once, sample by sample, then mapped into memory.

    NAME.npy ...     the arrays; their rows are samples
    progress.json    {split: names of the samples that are written, in order}

A process that was interrupted goes on after the last sample in progress.json.
"""
import contextlib
import os
import shutil
import uuid
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from segmentation import files, locks
from segmentation.errors import InputError

PROGRESS = 'progress.json'
RESERVE = 1 << 28       # bytes that stay free on the disk
INTERVAL = 8            # batches between two writes of progress.json


class Plan(NamedTuple):
    """How large the arrays of a store are, and what is missing of them."""

    size: int                   # bytes of all arrays
    free: int                   # bytes free on the disk
    used: int                   # bytes of the disk that the folder has
    missing: Dict[str, int]     # samples of each split that are not written

    @property
    def is_complete(self):
        """Return whether every sample is written."""
        return not any(self.missing.values())

    @property
    def fits(self):
        """Return whether the disk has room for what is missing."""
        return (self.is_complete
                or self.free + self.used >= self.size + RESERVE)


class ArrayStore:
    """The arrays of a folder.

    Parameters
    ----------
    folder : str
        Made by `locked` where it does not exist.
    specification : {name: (shape, dtype)}
        All arrays. The first axis of each is its rows.
    counts : {split: int}
        Samples of each split.

    Attributes
    ----------
    arrays : {name: np.memmap}
        Empty until `open` has found them, or `fill` has made them.
    progress : {split: list of str}
        Names of the samples that are written, in the order of their rows.
    """

    def __init__(self, folder: str,
                 specification: Dict[str, Tuple[Tuple[int, ...], Any]],
                 counts: Dict[str, int]):
        self.folder = folder
        self.specification = specification
        self.counts = counts
        self.arrays: Dict[str, np.memmap] = {}
        self.progress: Dict[str, List[str]] = {split: [] for split in counts}

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
            self.progress = files.read_json(
                self.path(PROGRESS), {split: [str] for split in self.counts})
        size = sum(np.dtype(dtype).itemsize * int(np.prod(shape, dtype=float))
                   for shape, dtype in self.specification.values())
        statuses = [os.stat(self.path(name))
                    for name in os.listdir(self.folder)]
        return Plan(
            size, shutil.disk_usage(self.folder).free,
            # Files may have holes: what counts is their blocks.
            sum(512 * getattr(status, 'st_blocks', 0) for status in statuses),
            {split: count - len(self.progress[split])
             for split, count in self.counts.items()})

    def find(self):
        """Return {name: array} of the files; {} unless all are as specified.
        """
        if not os.path.exists(self.path(PROGRESS)):
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
            self.arrays = {name: self.map(name, 'w+', shape=shape, dtype=dtype)
                           for name, (shape, dtype)
                           in self.specification.items()}
        done, count = self.progress[split], self.counts[split]
        seen = written = 0
        try:
            for names, batch in batches:
                rows = slice(seen, seen + len(names))
                seen = rows.stop
                if seen > count:
                    break
                if done[rows] != names:
                    del done[rows.start:]
                    write(split, rows, batch)
                    done.extend(names)
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
        files.write_json(self.path(PROGRESS), self.progress)

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


def choose_folder(parent, prefix, fingerprint=None):
    """Return the path of the folder of the arrays with a fingerprint.

    Without one it is a folder that no other run can find.
    """
    return os.path.join(parent, f'{prefix}-{fingerprint or uuid.uuid4().hex}')
