"""An audit of a data source: each file, each label row, what stands twice.

A label file is looked at as it is on disk. Rows alone show little: where
class 0 is 'everything else', noise makes sound rows.
"""
import collections
import concurrent.futures
import hashlib
import os

import cv2
import numpy as np

import census
import metrics
import pixels
import source

NOISY = 1 / 3       # share of neighbours that differ; real labels stay at .1
VALUES = 256        # most values of a label image
SPLITS = ('train', 'valid')
# Samples with these faults are kept from the generators, which stop at them.
BROKEN = {'file', 'size', 'unknown'}

# What a generator gave of a sample: ones of each class (C,), and pixels.
Row = collections.namedtuple('Row', 'image_path label_path counts pixels')


class Contract(source.DataSource):
    """A reader of the label files of a source that is the contract alone.

    Colours are judged by `label_colors`. Not known is what a single-channel
    file's values mean and, with `ignore`, which colours are to be ignored.
    """

    def __init__(self, data, names):
        self.classes = [(name, tuple(reversed(data.label_colors[number])))
                        for number, name in enumerate(names)]
        self.ids = {0: pixels.IGNORE}       # so that ids are read as ids
        self.color_table = super().table(np.zeros(0, np.int32))
        if getattr(data, 'ignore', False):
            self.color_table[self.color_table == pixels.UNKNOWN] = \
                pixels.IGNORE

    def table(self, codes):
        """The class number of every code, IGNORE where it is not known."""
        if codes.dtype == np.int32:
            return self.color_table
        return np.full(np.iinfo(codes.dtype).max + 1, pixels.IGNORE, np.uint8)


class Finding:
    """What was found in one sample; `faults` are (kind, text) pairs."""

    def __init__(self, split, image_path, label_path):
        self.split = split
        self.image_path, self.label_path = image_path, label_path
        self.faults = []
        self.size = self.digest = self.matrix = None
        self.values = []
        self.unknown = self.pixels = 0

    def counts(self, num_classes):
        """Pixels of each class, (C,) int64."""
        counts = np.zeros(256, np.int64)
        for value in self.values:
            counts[value.number] += value.pixels
        return counts[:num_classes]


def has_files(data):
    """Whether label files are read the way of the base class."""
    return all(getattr(type(data), name) is getattr(source.DataSource, name)
               for name in ('read_ids', 'read_pair'))


def inspect(data, split, pair, size=None):
    """Look at one sample of a `source.DataSource`, each pixel of it.

    Parameters
    ----------
    size : (width, height), optional
        Work the ceiling out for that size, too.

    Returns
    -------
    Finding
    """
    finding = Finding(split, *pair)
    try:
        image, codes, table = read(data, *pair)
        if image is not None:
            finding.size = image.shape[1::-1]
            finding.digest = digest(pair[0], image)
            if finding.size != codes.shape[::-1]:
                finding.faults.append(('size', '{} is {}x{} but its label is '
                                       '{}x{}'.format(pair[0], *finding.size,
                                                      *codes.shape[::-1])))
        judge(finding, codes, table, data.class_names)
        if size and not finding.faults:
            ids = pixels.look_up(codes, table)
            count = data.num_classes
            finding.matrix = metrics.confusion_matrix(
                ids, restore(ids, size, count), count)
    except (OSError, ValueError) as error:
        finding.faults.append(('file', str(error)))
    return finding


def read(data, image_path, label_path):
    """A picture or None, the values of its label, and what they mean."""
    if has_files(data):
        codes = data.read_codes(label_path)
        image = pixels.read(image_path) if os.path.isfile(image_path) \
            or not isinstance(data, Contract) else None
        return image, codes, data.table(codes)
    image, ids = data.read_pair(image_path, label_path)
    table = np.full(256, pixels.UNKNOWN, np.uint8)
    table[:data.num_classes] = np.arange(data.num_classes)
    table[pixels.IGNORE] = pixels.IGNORE if data.ignore else pixels.UNKNOWN
    return image, ids, table


def digest(path, image):
    """A hash of a picture's file, or of its pixels where it has no file."""
    if not os.path.isfile(path):
        return hashlib.sha1(np.ascontiguousarray(image)).hexdigest()
    with open(path, 'rb') as file:
        return hashlib.sha1(file.read()).hexdigest()


def judge(finding, codes, table, names):
    """Enter the values of a label, and the faults that they show."""
    values, counts, first, changes = census.count(codes)
    numbers = table[values]
    unknown = numbers == pixels.UNKNOWN
    finding.values = census.list_values(
        codes, table, names, values, counts, first)
    finding.pixels, finding.unknown = codes.size, int(unknown.sum())
    fault = '{}: {{}}'.format(finding.label_path).format
    if finding.unknown:
        value = next(value for value in finding.values
                     if value.number == pixels.UNKNOWN)
        rest = '' if finding.unknown == 1 else \
            '; nor are {} other values ({} pixels)'.format(
                finding.unknown - 1, counts[unknown].sum() - value.pixels)
        finding.faults.append(('unknown', fault(
            '{} at row {}, column {} is in no class ({} pixels in all, '
            'nearest class: {}){}'.format(
                census.describe(value), *value.place, value.pixels,
                value.nearest, rest))))
    elif len(values) > VALUES:
        finding.faults.append(('noise', fault(
            '{} different values: a label image has {} at most'.format(
                len(values), VALUES))))
    if changes > NOISY:
        finding.faults.append(('noise', fault(
            '{:.0%} of neighbouring pixels differ: noise, no label image'
            .format(changes))))


def restore(ids, size, num_classes):
    """What a perfect network of input `size` gives for a label, (H, W).

    The label is brought to `size` as in training, and up again as results
    are: a map of each class, resized linearly, and the highest one taken.
    """
    small = pixels.resize_ids(ids, size)
    best = np.zeros(ids.shape, np.float32)
    winner = np.zeros(ids.shape, np.uint8)
    for number in np.unique(small[small < num_classes]):
        share = cv2.resize(np.float32(small == number), ids.shape[::-1],
                           interpolation=cv2.INTER_LINEAR)
        np.copyto(winner, number, where=share > best)
        np.maximum(best, share, out=best)
    return winner


class Audit:
    """All that is found out about a source.

    Attributes
    ----------
    faults : list of (kind, text)
    findings, rows, samples : dict {split: list}
        Of the files; of the label rows; and (path, picture, class numbers)
        of some samples as the generators gave them.
    """

    def __init__(self, data, names):
        self.data, self.names = data, names
        self.own = isinstance(data, source.DataSource)
        self.faults = check_classes(data, names)
        self.findings = {split: [] for split in SPLITS}
        self.rows = {split: [] for split in SPLITS}
        self.samples = {split: [] for split in SPLITS}

    def run(self, keep, size=None):
        """Look at all samples; keep the pictures of `keep` of each split.

        With a size (width, height), the ceiling of validation is measured.
        """
        reader = self.data if self.own else \
            None if self.faults else Contract(self.data, self.names)
        for split, generator, count in zip(
                SPLITS,
                (self.data.train_generator, self.data.valid_generator),
                (self.data.num_training, self.data.num_validation)):
            scale = size if split == 'valid' else None
            if self.own:
                self.inspect_all(self.data, split, self.data.splits[split],
                                 scale)
                self.data.splits[split] = sound = [
                    (finding.image_path, finding.label_path)
                    for finding in self.findings[split]
                    if not BROKEN & {kind for kind, _ in finding.faults}]
                count = len(sound)
            kept = set(spread(count, keep))
            try:
                self.check_generator(generator(1, names=True), split, kept)
            except (OSError, ValueError) as error:
                self.faults.append(('generator', '{} generator: {}'.format(
                    split, error)))
            if len(self.rows[split]) != count:
                self.faults.append(('generator', '{} generator: {} samples, '
                                    'but {} are declared'.format(
                                        split, len(self.rows[split]), count)))
            if reader and not self.own:
                self.inspect_all(reader, split, [
                    (row.image_path, row.label_path)
                    for row in self.rows[split] if is_image(row.label_path)],
                    scale)
        self.find_duplicates()

    def inspect_all(self, reader, split, pairs, size):
        """Look at the files of a split, by as many threads as workers."""
        workers = getattr(self.data, 'workers', 1)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            for finding in pool.map(
                    lambda pair: inspect(reader, split, pair, size), pairs):
                self.findings[split].append(finding)
                self.faults += finding.faults

    def check_generator(self, batches, split, kept):
        """Look at all that a generator gives, one sample at a time."""
        width, height = self.data.image_size
        depth = self.data.num_classes
        ignore = bool(getattr(self.data, 'ignore', False))
        for images, labels, image_paths, label_paths in batches:
            for image, label, *paths in zip(images, labels, image_paths,
                                            label_paths):
                image, label = np.asarray(image), np.asarray(label)
                if image.shape != (height, width, 3) or \
                        label.shape != (height, width, depth):
                    raise ValueError(
                        '{}: picture {} and label {}: ({}, {}, 3) and ({}, '
                        '{}, {}) are wanted'.format(
                            paths[0], image.shape, label.shape, height, width,
                            height, width, depth))
