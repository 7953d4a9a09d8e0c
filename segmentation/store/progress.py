"""Which samples of an array store are written, and what that leaves to do.

    progress.json   {split: [{name, crc32}]}, in the order of the rows
"""
import os
from typing import Dict, List, NamedTuple, Sequence

from segmentation import files, schema

PROGRESS = 'progress.json'
RESERVE = 1 << 28       # bytes that stay free on the disk


class Sample(NamedTuple):
    """A sample that is written."""

    name: str
    crc32: int      # of the bytes of its rows


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


class Progress:
    """The samples that are written, which are none until `read` finds some.

    Parameters
    ----------
    folder : str
    counts : {split: int}
        Samples of each split.

    Attributes
    ----------
    samples : {split: list of Sample}
        In the order of their rows.
    """

    def __init__(self, folder: str, counts: Dict[str, int]):
        self.path = os.path.join(folder, PROGRESS)
        self.counts = counts
        self.samples: Dict[str, List[Sample]] = {
            split: [] for split in counts}

    def names(self, split: str) -> List[str]:
        """Return the names of a split's samples."""
        return [sample.name for sample in self.samples[split]]

    def missing(self) -> Dict[str, int]:
        """Return how many samples of each split are not written."""
        return {split: count - len(self.samples[split])
                for split, count in self.counts.items()}

    def exists(self) -> bool:
        """Return whether an earlier run wrote progress.json."""
        return os.path.isfile(self.path)

    def read(self) -> None:
        """Take what an earlier run wrote.

        Names without checksums, as they were once written, do not count.
        """
        self.samples = {split: [] for split in self.counts}
        found = files.read_json(self.path,
                                {split: list for split in self.counts})
        for split, count in self.counts.items():
            for sample in found[split][:count]:
                if isinstance(sample, str):
                    break
                schema.check(sample, {'name': str, 'crc32': int},
                             f'{self.path}: a sample')
                self.samples[split].append(
                    Sample(sample['name'], sample['crc32']))

    def write(self) -> None:
        """Write progress.json."""
        files.write_json(self.path, {
            split: [sample._asdict() for sample in samples]
            for split, samples in self.samples.items()})

    def extend(self, split: str, samples: Sequence[Sample]) -> None:
        """Add samples that were written; `write` makes it last."""
        self.samples[split].extend(samples)

    def clear(self) -> None:
        """Take back that any sample is written, on disk first."""
        if self.exists():
            os.remove(self.path)
            files.sync(os.path.dirname(self.path))
        self.samples = {split: [] for split in self.counts}

    def withdraw(self, split: str, first: int) -> None:
        """Take back, also on disk, that samples from `first` on are written.
        """
        del self.samples[split][first:]
        self.write()
