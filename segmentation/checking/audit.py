"""An audit of a data source: its files, its label rows, what stands twice.

Sources that derive from `source.DataSource` have their files looked at as
they read them; of a source that is the contract alone, the generators tell
the files.
"""
import collections
import concurrent.futures
import time

import cv2
import numpy as np

from segmentation import drawing, metrics, pixels
from segmentation.checking import census
from segmentation.data import contract
from segmentation.errors import InputError

SPLITS = ('train', 'valid')

# What a generator gave of a sample: pixels of each class (C,), and of all,
# and the seconds that its rows took.
Row = collections.namedtuple(
    'Row', 'image_path label_path counts pixels seconds')


class Audit:
    """All that is found out about a source.

    Attributes
    ----------
    faults : list of (kind, text)
    findings, rows : dict {split: list}
        Of the files (census.Finding), and of the label rows (Row).
    duplicates : list of ((split, path), (split, path))
    """

    def __init__(self, data, names, keep=0):
        """`keep` pictures of each split are kept for `samples`."""
        self.data, self.names, self.keep = data, names, keep
        self.faults = check_classes(data, names)
        if len(names) != data.num_classes:
            self.names = [str(number) for number in range(data.num_classes)]
        self.own = contract.offers(data, 'read_raw')
        self.reader = data if self.own else \
            None if self.faults else census.Contract(data, names)
        self.workers = contract.ask(data, 'workers')
        self.findings = {split: [] for split in SPLITS}
        self.rows = {split: [] for split in SPLITS}
        self.kept = {split: [] for split in SPLITS}

    def can_draw(self):
        """Whether every class has a name and a colour."""
        return not any(kind == 'classes' for kind, _ in self.faults)

    def run(self):
        """Look at every pixel of every sample."""
        data = self.data
        for split in SPLITS:
            if self.own:
                self.inspect(split, data.splits[split])
                # Generators stop at what is broken; the others go on.
                data.splits[split] = [
                    (finding.image_path, finding.label_path)
                    for finding in self.findings[split]
                    if not finding.is_broken()]
        self.check_generator('train', data.train_generator, data.num_training)
        self.check_generator('valid', data.valid_generator,
                             data.num_validation)
        if self.reader and not self.own:
            for split in SPLITS:
                self.inspect(split, [(row.image_path, row.label_path)
                                     for row in self.rows[split]
                                     if census.is_image(row.label_path)])
        self.duplicates = self.find_duplicates()

    def inspect(self, split, pairs):
        """Look at the files of a split, by as many threads as workers."""
        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            for finding in pool.map(
                    lambda pair: census.inspect(self.reader, *pair), pairs):
                self.findings[split].append(finding)
                self.faults += finding.faults

    def check_generator(self, split, generator, count):
        """Look at all that a generator gives, one sample at a time."""
        kept = spread(count, self.keep)
        highest = 0
        try:
            for batch in generator(1, names=True) if count else ():
                for image, label, *paths in zip(*batch):
                    image, label = np.asarray(image), np.asarray(label)
                    self.check_sample(split, image, label, *paths)
                    highest = max(highest, image.max())
                    if not self.own and len(self.rows[split]) - 1 in kept:
                        self.kept[split].append((
                            paths[0], image.clip(0, 255).astype(np.uint8),
                            drawing.ids_of_rows(label)))
        except (OSError, ValueError) as error:
            self.faults.append(('generator', f'{split} generator: {error}'))
        else:
            if len(self.rows[split]) != count:
                self.faults.append((
                    'generator', '{} generator: {} samples where {} are '
                    'declared'.format(split, len(self.rows[split]), count)))
            if count and highest <= 1:
                self.faults.append((
                    'generator', '{} generator: no value of any picture is '
                    'above {:g}: 0..255 is wanted'.format(split, highest)))

    def check_sample(self, split, image, label, image_path, label_path):
        """Look at one sample as training would get it."""
        width, height = self.data.image_size
        for array, depth in ((image, 3), (label, self.data.num_classes)):
            if array.shape != (height, width, depth):
                raise InputError('{} is of shape {}: {} is wanted'.format(
                    image_path if array is image else label_path,
                    array.shape, (height, width, depth)))
        if not (0 <= image.min() and image.max() <= 255):
            self.faults.append((
                'picture', '{}: values from {:g} to {:g}: 0..255 is wanted'
                .format(image_path, image.min(), image.max())))
        start = time.perf_counter()
        faults, counts = check_rows(label, contract.ask(self.data, 'ignore'))
        seconds = time.perf_counter() - start
        self.faults += [('rows', f'{label_path}: {text}')
                        for text in faults]
        self.rows[split].append(Row(image_path, label_path, counts,
                                    height * width, seconds))

    def find_duplicates(self):
        """Pairs of frames whose picture files are the same, byte by byte.

        A frame that was saved anew is not found: pixels are not compared.
        """
        seen, pairs = {}, []
        for split in SPLITS:
            for finding in self.findings[split]:
                if finding.digest:
                    this = split, finding.image_path
                    first = seen.setdefault(finding.digest, this)
                    if first is not this:
                        pairs.append((first, this))
        for (first_split, first), (split, again) in pairs:
            self.faults.append((
                'duplicate', '{} ({}) and {} ({}) are the same picture'.format(
                    first, first_split, again, split)))
        return pairs

    def ceiling(self):
        """The confusion matrix of a perfect network on validation.

        None where the files do not tell the classes.
        """
        def measure(finding):
            _, codes, table = self.reader.read_raw(finding.image_path,
                                                   finding.label_path)
            ids = pixels.look_up(codes, table)
            return metrics.confusion_matrix(
                ids, restore(ids, self.data.image_size,
                             self.data.num_classes), self.data.num_classes)

        sound = [finding for finding in self.findings['valid']
                 if not finding.is_broken()]
        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            matrix = sum(pool.map(measure, sound))
        return matrix if np.any(matrix) else None

    def samples(self, split):
        """(path, picture, class numbers) of `keep` samples, faulty first."""
        if not self.own:
            return self.kept[split]
        shown = [finding for finding in self.findings[split] if finding.size]
        faulty = [finding for finding in shown if finding.faults]
        faulty = faulty[:self.keep // 4]
        rest = [finding for finding in shown if finding not in faulty]
        picked = faulty + [rest[k] for k in spread(
            len(rest), self.keep - len(faulty))]
        return [self.read_sample(finding) for finding in picked]

    def read_sample(self, finding):
        """A sample at `image_size`, with what is in no class kept so."""
        image, codes, table = self.data.read_raw(finding.image_path,
                                                 finding.label_path)
        size = self.data.image_size
        return (finding.image_path, pixels.resize_image(image, size),
                pixels.resize_ids(pixels.look_up(codes, table), size))


def spread(count, wanted):
    """`wanted` of `count` places, evenly spaced.

    >>> spread(9, 3), spread(2, 3)
    ([0, 3, 6], [0, 1])
    """
    wanted = min(count, wanted)
    return [k * count // wanted for k in range(wanted)]


def check_classes(data, names):
    """Faults of the class table: C names, and a BGR colour of each class."""
    faults = []
    if len(names) != data.num_classes:
        faults.append(('classes', 'class_names has {} names for {} classes'
                       .format(len(names), data.num_classes)))
    for number in range(data.num_classes):
        color = data.label_colors.get(number)
        if color is None or len(color) != 3 or \
                not all(0 <= part <= 255 for part in color):
            faults.append(('classes', 'label_colors of class {} is {}: three '
                           'values 0..255 are wanted'.format(number, color)))
    return faults


def check_rows(labels, ignore):
    """Check that each row of (H, W, C) labels is one 1 among zeros.

    Returns
    -------
    faults : list of str
    counts : (C,) array
        Ones of each class.
    """
    _, width, depth = labels.shape
    ones = np.ascontiguousarray(labels == 1).view(np.uint8)
    ones = ones.reshape(-1, depth)
    sums = cv2.reduce(ones, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    counts = cv2.reduce(ones, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    faults, proper = [], np.ones(len(sums), bool)
    if np.count_nonzero(labels) != counts.sum():
        other = ((labels != 0) & (labels != 1)).reshape(-1, depth)
        proper = ~other.any(axis=1)
        faults.append('value {:g} at row {}, column {} ({} values in all): '
                      '0 or 1 is wanted'.format(
                          labels.reshape(-1, depth)[other][0],
                          *divmod(int(proper.argmin()), width),
                          np.count_nonzero(other)))
    for bad, text in (
            ((sums == 0) & (not ignore), 'no 1 in the label row at row {}, '
             'column {} ({} pixels in all): only a source with `ignore` may '
             'have rows of zeros'),
            (sums > 1, 'several ones in the label row at row {}, column {} '
             '({} pixels in all): one is wanted')):
        bad &= proper
        if bad.any():
            faults.append(text.format(*divmod(int(bad.argmax()), width),
                                      np.count_nonzero(bad)))
    return faults, counts


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
