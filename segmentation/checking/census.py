"""A census of label files: which values stand there, how often, and where.

Values are ids, or colours as `pixels.pack` packs them (int32). Files are
looked at as they are on disk, since label rows alone show little: where
class 0 is 'everything else', noise makes sound rows.
"""
import collections
import hashlib
import os
import time

import cv2
import numpy as np

from segmentation import pixels
from segmentation.data import contract, data_source

NOISY = 1 / 3   # share of neighbours that differ; of CamVid's labels, .08
VALUES = 256    # most values of a label image
KEPT = 100      # values in no class that are listed of a file

# A value of a label: its class number, how often it stands there, its first
# (row, column), and the name of the nearest class where it is in none.
Value = collections.namedtuple(
    'Value', 'is_color code number pixels place nearest')


class Contract(data_source.DataSource):
    """A reader of the label files of a source that is the contract alone.

    Colours are judged by `label_colors`. Not known is what a single-channel
    file's values mean and, with `ignore`, which colours are to be ignored.
    """

    def __init__(self, data, names):
        self.classes = [(name, tuple(reversed(data.label_colors[number])))
                        for number, name in enumerate(names)]
        self.ids = {0: pixels.IGNORE}       # so that ids are read as ids
        self.color_table = super().table(np.zeros(0, np.int32))
        if contract.ask(data, 'ignore'):
            self.color_table[self.color_table == pixels.UNKNOWN] = \
                pixels.IGNORE

    def table(self, codes):
        """The class number of every code, IGNORE where it is not known."""
        if codes.dtype == np.int32:
            return self.color_table
        return np.full(np.iinfo(codes.dtype).max + 1, pixels.IGNORE, np.uint8)

    def read_raw(self, image_path, label_path):
        """As of the base class; the picture is None where it is no file."""
        if is_image(image_path):
            return super().read_raw(image_path, label_path)
        codes = self.read_codes(label_path)
        return None, codes, self.table(codes)


class Finding:
    """What was found in the files of one sample.

    Attributes
    ----------
    faults : list of (kind, text)
    values : list of Value
    size : (width, height) of the picture, None where it was not read
    pixels, unknown : int
        Pixels of the label, and how many values of it are in no class.
    digest : str
        Hash of the picture's file.
    seconds : float
        Time that counting the values took, reading left out.
    """

    def __init__(self, image_path, label_path):
        self.image_path, self.label_path = image_path, label_path
        self.faults = []
        self.values = []
        self.size = self.digest = None
        self.pixels = self.unknown = self.seconds = 0

    def counts(self, num_classes):
        """Pixels of each class, (C,) int64."""
        counts = np.zeros(256, np.int64)
        for value in self.values:
            counts[value.number] += value.pixels
        return counts[:num_classes]

    def is_broken(self):
        """Whether a generator would stop at this sample."""
        return any(kind in ('file', 'size', 'unknown')
                   for kind, _ in self.faults)


def inspect(data, image_path, label_path):
    """Look at every pixel of one sample of a `source.DataSource`."""
    finding = Finding(image_path, label_path)
    try:
        image, codes, table = data.read_raw(image_path, label_path)
        start = time.perf_counter()
        judge(finding, codes, table, data.class_names)
        finding.seconds = time.perf_counter() - start
        if image is not None:
            finding.size = tuple(image.shape[1::-1])
            finding.digest = digest(image_path, image)
            if finding.size != codes.shape[::-1]:
                finding.faults.append((
                    'size', '{} is {}x{} but its label {} is {}x{}'.format(
                        image_path, *finding.size, label_path,
                        *codes.shape[::-1])))
    except (OSError, ValueError) as error:
        finding.faults.append(('file', str(error)))
    return finding


def is_image(path):
    """Whether there is a file that OpenCV can begin to read."""
    return os.path.isfile(path) and cv2.haveImageReader(path)


def digest(path, image):
    """A hash of a picture's file, or of its pixels where it has no file."""
    if not os.path.isfile(path):
        return hashlib.sha1(np.ascontiguousarray(image)).hexdigest()
    with open(path, 'rb') as file:
        return hashlib.sha1(file.read()).hexdigest()


def judge(finding, codes, table, names):
    """Enter the values of a label, and the faults that they show."""
    values, counts, first, changes = count(codes)
    unknown = table[values] == pixels.UNKNOWN
    finding.values = list_values(codes, table, names, values, counts, first)
    finding.pixels, finding.unknown = codes.size, int(unknown.sum())
    if finding.unknown:
        value = next(value for value in finding.values
                     if value.number == pixels.UNKNOWN)
        text = '{}: {} at row {}, column {} is in no class ({} pixels in ' \
            'all); the nearest is {!r}'.format(
                finding.label_path, describe(value), *value.place,
                value.pixels, value.nearest)
        if finding.unknown > 1:
            text += '; {} more values, of {} pixels, are in none'.format(
                finding.unknown - 1, counts[unknown].sum() - value.pixels)
        finding.faults.append(('unknown', text))
    elif len(values) > VALUES:
        finding.faults.append((
            'noise', '{}: {} different values: a label image has {} at most'
            .format(finding.label_path, len(values), VALUES)))
    if changes > NOISY:
        finding.faults.append((
            'noise', '{}: {:.0%} of neighbouring pixels differ: noise, no '
            'label image'.format(finding.label_path, changes)))


def count(codes):
    """Count the values of a label image by its runs, which are few.

    Returns
    -------
    values, counts, first : arrays
        Distinct values, their pixels, and the place of each one's first
        pixel in the flat image.
    changes : float
        Share of the pixels that differ from their left neighbour.
    """
    height, width = codes.shape
    starting = np.ones(codes.shape, bool)
    np.not_equal(codes[:, 1:], codes[:, :-1], out=starting[:, 1:])
    starts = np.flatnonzero(starting)
    lengths = np.diff(np.append(starts, codes.size))
    values, first, which = np.unique(codes.ravel()[starts], return_index=True,
                                     return_inverse=True)
    counts = np.bincount(which.ravel(), lengths).astype(np.int64)
    changes = (len(starts) - height) / max(1, height * (width - 1))
    return values, counts, starts[first], changes


def list_values(codes, table, names, values, counts, first):
    """The `Value`s by place: all of a class, and KEPT of the others."""
    numbers = table[values]
    known = np.flatnonzero(table != pixels.UNKNOWN) \
        if (numbers == pixels.UNKNOWN).any() else None
    is_color = codes.dtype == np.int32
    order = np.argsort(first)
    others = numbers[order] >= pixels.UNKNOWN
    listed = []
    for k in order[~others | (np.cumsum(others) <= KEPT)]:
        near = None
        if numbers[k] == pixels.UNKNOWN:
            number = table[nearest(values[k], known, is_color)]
            near = 'ignored' if number == pixels.IGNORE else names[number]
        listed.append(Value(
            is_color, int(values[k]), int(numbers[k]), int(counts[k]),
            tuple(int(i) for i in divmod(first[k], codes.shape[1])), near))
    return listed


def nearest(code, known, is_color):
    """The one of the `known` codes that is nearest.

    Colours are compared by the sum of squared differences, ids by number.
    """
    if not is_color:
        return known[abs(known - int(code)).argmin()]
    parts = np.stack([known >> 16, known >> 8 & 255, known & 255], axis=1)
    return known[((parts - pixels.unpack(code)) ** 2).sum(axis=1).argmin()]


def describe(value):
    """'colour (255, 0, 128)' or 'id 12'."""
    return f'colour {pixels.unpack(value.code)}' if value.is_color \
        else f'id {value.code}'
