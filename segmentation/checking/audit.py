"""An audit of a data source: its files, its label rows, and duplicates.

Sources that derive from `source.DataSource` have their files checked as they
read them; for a source that is the contract alone, the generators name the
files.
"""
import concurrent.futures
import os
import time
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from segmentation import pixels, text
from segmentation.checking import faults, inspection, label_rows
from segmentation.checking.faults import Fault
from segmentation.data import background, batching, contract, splits
from segmentation.errors import InputError
from segmentation.terminal import progress

SPLITS = ('train', 'valid')
MOST_UNNAMED = 3    # values that may stand for a class 'all the rest'


class LabelRows(NamedTuple):
    """What a generator gave of a sample."""

    image_path: str
    label_path: str
    counts: np.ndarray      # pixels of each class, (C,)
    pixels: int
    seconds: float          # that checking the rows took


class Sample(NamedTuple):
    """A sample to look at."""

    path: str
    image: np.ndarray       # (H, W, 3) uint8, BGR
    ids: np.ndarray         # (H, W) uint8 class ids


class Audit:
    """The audit of a source, which `run` carries out.

    Parameters
    ----------
    source : data source
        Its data is loaded. `run` leaves only its sound samples in it.
    num_samples : int
        How many `samples` of each split there will be at most.

    Attributes
    ----------
    names : list of str
        The names of the classes.
    counts : {split: int}
        Number of samples, those with faults too.
    faults : list of Fault
    files : {split: list of inspection.FilePair}
    rows : {split: list of LabelRows}
    duplicates : list of ((split, path), (split, path))
        Pictures that occur twice.
    unnamed : list of str
        Values of label files that are in `label_colors` of no class, and that
        the source has put into one.
    """

    def __init__(self, source: contract.Source, num_samples: int = 0):
        self.source, self.num_samples = source, num_samples
        self.names = contract.class_names(source)
        self.faults = [faults.Fault('classes', fault)
                       for fault in background.faults(source)]
        if len(self.names) != source.num_classes:
            self.names = [str(k) for k in range(source.num_classes)]
        self.can_draw = not self.faults
        self.counts = {'train': source.num_training,
                       'valid': source.num_validation}
        self.lists_files = (contract.offers(source, 'read_raw')
                            and contract.pairs(source, 'train') is not None)
        self.reader = None
        if self.lists_files:
            self.reader = source
        elif not self.faults:
            self.reader = inspection.LabelReader(source, self.names)
        self.files: Dict[str, List[inspection.FilePair]] = {
            split: [] for split in SPLITS}
        self.rows: Dict[str, List[LabelRows]] = {
            split: [] for split in SPLITS}
        self.duplicates: List[Tuple[Tuple[str, str], Tuple[str, str]]] = []
        self.unnamed: List[str] = []
        self._samples: Dict[str, List[Sample]] = {
            split: [] for split in SPLITS}

    def run(self) -> None:
        """Look at every pixel of every sample."""
        if self.lists_files:
            for split in SPLITS:
                self.inspect(split, contract.pairs(self.source, split))
            # Generators stop at what is broken; the others go on.
            sound = {split: self.sound_pairs(split) for split in SPLITS}
            contract.configure(self.source, splits=dict(
                contract.ask(self.source, 'splits'), **sound))
        self.check_generator('train', self.source.num_training)
        self.check_generator('valid', self.source.num_validation)
        if self.reader and not self.lists_files:
            for split in SPLITS:
                self.inspect(split, [(row.image_path, row.label_path)
                                     for row in self.rows[split]
                                     if pixels.is_picture(row.label_path)])
            self.accept_unnamed()
        self.find_duplicates()

    def sound_pairs(self, split: str) -> List[Tuple[str, str]]:
        """Return the pairs of a split whose files are not broken."""
        return [(files.image_path, files.label_path)
                for files in self.files[split] if not files.is_broken()]

    def inspect(self, split, pairs):
        """Look at the files of a split, by as many threads as workers."""
        workers = contract.ask(self.source, 'workers')
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            inspected = pool.map(lambda pair: inspection.inspect(
                self.reader, self.names, *pair), pairs)
            for files in progress.track(inspected, len(pairs), f'{split} '
                                        'files', 'pair'):
                self.files[split].append(files)
                self.faults += files.faults

    def accept_unnamed(self):
        """Take few values in no class for what a class of the source is.

        A source that reads labels in its own way may have a class for all
        that is in no other. Then every other class has its colour in the
        files, and few colours are left.
        """
        values = [value for split in SPLITS for files in self.files[split]
                  for value in files.values]
        unknown = {value.describe() for value in values
                   if value.class_id == pixels.UNKNOWN}
        known = {value.class_id for value in values
                 if value.class_id < pixels.UNKNOWN}
        if (unknown and len(unknown) <= MOST_UNNAMED
                and len(known) >= self.source.num_classes - 1):
            self.unnamed = sorted(unknown)
            self.faults = [fault for fault in self.faults
                           if fault.kind != 'unknown']

    def check_generator(self, split, count):
        """Look at all that a generator gives, one sample at a time."""
        where = f'{split} generator'
        drawn = () if self.lists_files else splits.spread(count,
                                                          self.num_samples)
        highest = 0
        try:
            batches = (contract.generator(self.source, split)(1, names=True)
                       if count else ())
            for batch in progress.track(batches, count, where, 'sample'):
                if len(batch) != 4:
                    raise InputError(f'{len(batch)} parts of a batch: 4 are '
                                     'wanted with names=True')
                for image, label, *paths in zip(*batch):
                    image, label = np.asarray(image), np.asarray(label)
                    self.check_sample(split, image, label, *paths)
                    highest = max(highest, image.max())
                    if len(self.rows[split]) - 1 in drawn:
                        self._samples[split].append(Sample(
                            paths[0], pixels.to_uint8(image),
                            batching.ids_of_rows(label)))
        except Exception as error:      # what came before is a result, too
            self.faults.append(faults.from_exception(error, 'generator',
                                                     where))
            return
        if len(self.rows[split]) != count:
            self.faults.append(Fault(
                'generator', f'{where}: '
                f'{text.counted(len(self.rows[split]), "sample")} instead of '
                f'the {count:,} declared'))
        if count and highest <= 1:
            self.faults.append(Fault(
                'generator', f'{where}: no value of any picture is above '
                f'{highest:g}: 0..255 is wanted'))

    def check_sample(self, split, image, label, image_path, label_path):
        """Look at a sample as training would get it."""
        width, height = self.source.image_size
        for path, array, depth in (
                (image_path, image, 3),
                (label_path, label, self.source.num_classes)):
            if array.shape != (height, width, depth):
                raise InputError(f'{path} is of shape {array.shape}: '
                                 f'{(height, width, depth)} is wanted')
        if not (0 <= image.min() and image.max() <= 255):
            self.faults.append(Fault(
                'picture', f'{image_path}: values from {image.min():g} to '
                f'{image.max():g}: 0..255 is wanted'))
        start = time.perf_counter()
        texts, counts = label_rows.check(label,
                                         contract.ask(self.source, 'ignore'))
        seconds = time.perf_counter() - start
        self.faults += [Fault('rows', f'{label_path}: {line}')
                        for line in texts]
        self.rows[split].append(LabelRows(image_path, label_path, counts,
                                          height * width, seconds))

    def find_duplicates(self):
        """Compare the picture files, byte by byte.

        A frame that was saved anew is not detected: pixels are not compared.
        """
        first = {}
        for split in SPLITS:
            for files in self.files[split]:
                this = split, files.image_path
                if files.digest and first.setdefault(files.digest,
                                                     this) is not this:
                    self.duplicates.append((first[files.digest], this))
        for (split, path), (again_split, again) in self.duplicates:
            self.faults.append(Fault(
                'duplicate', f'{path} ({split}) and {again} ({again_split}) '
                'are the same picture'))

    def paths(self) -> List[str]:
        """Return the paths of all files that were checked."""
        pairs = [pair for parts in (self.files, self.rows)
                 for split in SPLITS for pair in parts[split]]
        return [path for pair in pairs
                for path in (pair.image_path, pair.label_path)
                if os.path.isfile(path)]

    def samples(self, split: str) -> List[Sample]:
        """Return up to `num_samples` samples of a split, faulty ones first.
        """
        if not self.lists_files:
            return self._samples[split]
        readable = [files for files in self.files[split] if files.size]
        faulty = [files for files in readable if files.faults]
        faulty = faulty[:self.num_samples // 4]
        rest = [files for files in readable if files not in faulty]
        return [self.read_sample(files) for files in faulty + [
            rest[k] for k in splits.spread(
                len(rest), self.num_samples - len(faulty))]]

    def read_sample(self, files):
        """Read a sample at `image_size`; UNKNOWN is what is in no class."""
        image, codes, table = self.reader.read_raw(files.image_path,
                                                   files.label_path)
        size = self.source.image_size
        return Sample(files.image_path, pixels.resize_image(image, size),
                      pixels.resize_ids(pixels.look_up(codes, table), size))
