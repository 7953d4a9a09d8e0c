"""Inspection of the two files of a sample: its picture and its label."""
import hashlib
import os
import time
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from segmentation import pixels
from segmentation.checking import census, faults
from segmentation.checking.appearance import duplicates
from segmentation.checking.faults import Fault
from segmentation.data import contract, data_source, label_files


class FilePair(NamedTuple):
    """The result of an inspection."""

    image_path: str
    label_path: str
    faults: List[Fault]
    values: List[census.Value] = []
    size: Optional[Tuple[int, int]] = None  # of the picture, if it was read
    pixels: int = 0                         # of the label
    digest: Optional[str] = None            # hash of the picture's file
    fingerprint: Optional[bytes] = None     # of what the picture looks like
    seconds: float = 0                      # that counting the values took

    def class_pixels(self, num_classes):
        """Return the label's pixels of each class, (C,) int64."""
        counts = np.zeros(256, np.int64)
        for value in self.values:
            counts[value.class_id] += value.pixels
        return counts[:num_classes]

    def is_broken(self):
        """Return whether a generator would stop at this sample."""
        return any(fault.kind in ('file', 'size', 'unknown', 'bug')
                   for fault in self.faults)


class LabelReader(data_source.DataSource):
    """Reads the label files of a source that has no reader of its own.

    Colours are judged by `label_colors`. Unknown is what the values of
    single-channel files mean and, with `ignore`, which colours are to be
    ignored.
    """

    def __init__(self, source, names):
        self.classes = [(name, tuple(reversed(source.label_colors[class_id])))
                        for class_id, name in enumerate(names)]
        self.ids = {0: pixels.IGNORE}       # so that ids are read as ids
        self.color_table = super().table(np.zeros(0, np.int32)).copy()
        if contract.ask(source, 'ignore'):
            self.color_table[self.color_table == pixels.UNKNOWN] = \
                pixels.IGNORE

    def table(self, codes):
        """Return the class id of every value; IGNORE of what is unknown."""
        if codes.dtype == np.int32:
            return self.color_table
        return np.full(np.iinfo(codes.dtype).max + 1, pixels.IGNORE, np.uint8)

    def read_raw(self, image_path, label_path):
        """Read a pair as a DataSource does; without a file, no picture."""
        if pixels.is_picture(image_path):
            return super().read_raw(image_path, label_path)
        codes = self.read_codes(label_path)
        return None, codes, self.table(codes)


def inspect(reader, names, image_path, label_path):
    """Look at every pixel of a sample, and return its FilePair.

    Parameters
    ----------
    reader : data source with a `read_raw`
    names : sequence of str
        Of its classes.
    """
    try:
        image, codes, table = reader.read_raw(image_path, label_path)
        start = time.perf_counter()
        counted = census.take(codes, table, names)
        problems = census.find_faults(counted, label_path)
        seconds = time.perf_counter() - start
        size = digest = fingerprint = None
        if image is not None:
            size = image.shape[1], image.shape[0]
            digest = hash_picture(image_path, image)
            fingerprint = duplicates.fingerprint(image)
            if size != codes.shape[::-1]:
                problems.append(Fault('size', label_files.describe_sizes(
                    image_path, image.shape, label_path, codes.shape)))
        return FilePair(image_path, label_path, problems, counted.values,
                        size, counted.pixels, digest, fingerprint, seconds)
    except Exception as error:      # one bad sample does not hide the others
        return FilePair(image_path, label_path, [
            faults.from_exception(error, 'file', image_path)])


def hash_picture(path, image):
    """Return a hash of a picture's file, or of its pixels without a file."""
    if not os.path.isfile(path):
        return hashlib.sha1(np.ascontiguousarray(image)).hexdigest()
    with open(path, 'rb') as file:
        return hashlib.sha1(file.read()).hexdigest()
