"""The base class of data sources: a class table and a list of files.
"""
import collections
import concurrent.futures
import os

import cv2
import numpy as np

from segmentation import pixels
from segmentation.data import augmentation
from segmentation.errors import InputError

IGNORE = pixels.IGNORE      # class number of a pixel that is not scored


class DataSource:
    """A data source out of a class table and a list of files.

    A subclass sets `image_size` and `classes`, and either `list_pairs` (the
    split is then drawn) or `list_splits` (the data set has its own).

    Attributes
    ----------
    classes : sequence of (name, (red, green, blue))
        Class numbers are places in it. A name may stand once only; more
        colours of a class go to `more_colors`.
    more_colors : sequence of (name, (red, green, blue))
    void_colors : sequence of (red, green, blue)
        Colours of pixels to ignore.
    ids : dict {value in a single-channel label file: class number}
        For labels that are ids, not colours; IGNORE is a class number too.
    augment, soft : bool
        Whether training samples are varied, and whether their label rows
        are the share of each class in the pixel, in 255ths.
    seed, workers, epoch : int
        Seed of split and order, threads, and which epoch comes next: the
        same epoch of the same seed is the same, whatever the number of
        workers.
    required_splits : sequence of str
        Splits that must not be empty.
    benchmark : str
        Whose rules evaluate.py knows: 'cityscapes' or 'kitti road'.
    """

    image_size = None
    classes = ()
    more_colors = ()
    void_colors = ()
    ids = None
    seed = 0
    workers = os.cpu_count() or 1
    augment = False
    soft = False
    epoch = 0
    required_splits = ('train', 'valid')
    benchmark = None

    def list_pairs(self, data_dir):
        """All (picture path, label path) of a data set without a split."""
        raise NotImplementedError

    def list_splits(self, data_dir, valid_fraction):
        """{'train': pairs, 'valid': pairs}; by default drawn by the seed."""
        pairs = sorted(self.list_pairs(data_dir))
        order = np.random.RandomState(self.seed).permutation(len(pairs))
        count = max(1, int(round(len(pairs) * valid_fraction)))
        return {'train': sorted(pairs[k] for k in order[count:]),
                'valid': sorted(pairs[k] for k in order[:count])}

    def load_data(self, data_dir, valid_fraction):
        """List the samples; every label file must be there."""
        self.splits = self.list_splits(data_dir, valid_fraction)
        for split in self.required_splits:
            if not self.splits.get(split):
                raise InputError('{}: no {} pictures ({})'.format(
                    data_dir, split, (self.__doc__ or 'data source')
                    .splitlines()[0].rstrip('.')))
            for image_path, label_path in self.splits[split]:
                self.check_pair(image_path, label_path)

    def check_pair(self, image_path, label_path):
        """Raise FileNotFoundError where a picture has no label."""
        if not os.path.isfile(label_path):
            raise FileNotFoundError('{}: no label {} in {}'.format(
                os.path.basename(image_path), os.path.basename(label_path),
                os.path.dirname(label_path)))

    @property
    def num_classes(self):
        return len(self.classes)

    @property
    def class_names(self):
        return [name for name, _ in self.classes]

    @property
    def label_colors(self):
        return {number: tuple(reversed(color))
                for number, (_, color) in enumerate(self.classes)}

    @property
    def ignore(self):
        return bool(self.void_colors) or IGNORE in (self.ids or {}).values()

    @property
    def num_training(self):
        return len(self.splits['train'])

    @property
    def num_validation(self):
        return len(self.splits['valid'])

    def read_codes(self, path):
        """The values of a label file as they stand in it.

        Returns
        -------
        (H, W) array
            Ids of a single-channel file (uint8 or uint16) where the source
            has `ids`, else red << 16 | green << 8 | blue (int32).
        """
        label = pixels.read(path, cv2.IMREAD_UNCHANGED)
        if label.ndim == 2 and self.ids:
            return label
        if label.dtype != np.uint8:
            raise InputError('{}: {} colours: 8 bit a channel are wanted'
                             .format(path, label.dtype))
        if label.ndim == 2:
            label = cv2.cvtColor(label, cv2.COLOR_GRAY2BGR)
        return pixels.pack(label)

    def table(self, codes):
        """The class number of every code: IGNORE, UNKNOWN or 0.. C-1"""
        if codes.dtype != np.int32:
            return self._tables('ids', np.iinfo(codes.dtype).max + 1,
                                self.ids)
        return self._tables('colors', 1 << 24, self.color_codes())

    def color_codes(self):
        """{packed colour: class number}."""
        numbers = {name: k for k, name in enumerate(self.class_names)}
        colors = [(color, IGNORE) for color in self.void_colors]
        colors += [(color, numbers[name]) for name, color
                   in tuple(self.classes) + tuple(self.more_colors)]
        return {pixels.pack_color(color): number for color, number in colors}

    def _tables(self, kind, size, known):
        key = f'_{kind}_table_{size}'
        if key not in self.__dict__:
            table = np.full(size, pixels.UNKNOWN, np.uint8)
            for code, number in known.items():
                if code < size:
                    table[code] = number
            self.__dict__[key] = table
        return self.__dict__[key]

    def read_ids(self, path):
        """The class numbers (H, W) uint8 of a label file, at its own size."""
        codes = self.read_codes(path)
        ids = pixels.look_up(codes, self.table(codes))
        if (ids == pixels.UNKNOWN).any():
            raise InputError(self.describe_unknown(path, codes, ids))
        return ids

    def describe_unknown(self, path, codes, ids):
        """One line on the first value of a label that is in no class."""
        row, column = np.argwhere(ids == pixels.UNKNOWN)[0]
        code = codes[row, column]
        value = (f'colour {pixels.unpack(code)}'
                 if codes.dtype == np.int32 else f'id {code}')
        return '{}: {} at row {}, column {} is in no class ({} pixels in ' \
            'all)'.format(path, value, row, column, (codes == code).sum())

    def read_pair(self, image_path, label_path):
        """A picture (H, W, 3) BGR and its class numbers (H, W), uint8."""
        image = pixels.read(image_path)
        ids = self.read_ids(label_path)
        if image.shape[:2] != ids.shape:
            raise InputError(
                '{} is {}x{} but its label {} is {}x{}'.format(
                    image_path, *image.shape[1::-1], label_path,
                    *ids.shape[::-1]))
        return image, ids

    def read_raw(self, image_path, label_path):
        """Read a pair without refusing values that are in no class.

        Returns
        -------
        (h, w, 3) uint8 array
            The picture, BGR.
        (h, w) array
            The values of the label file, as `read_codes` returns them; class
            numbers of a source that decodes labels in its own way.
        (N,) uint8 array
            The class number of each value: IGNORE, UNKNOWN or 0 .. C-1.
        """
        if (type(self).read_pair is DataSource.read_pair
                and type(self).read_ids is DataSource.read_ids):
            codes = self.read_codes(label_path)
            return pixels.read(image_path), codes, self.table(codes)
        image, ids = self.read_pair(image_path, label_path)
        table = np.full(256, pixels.UNKNOWN, np.uint8)
        table[:self.num_classes] = np.arange(self.num_classes)
        if self.ignore:
            table[pixels.IGNORE] = pixels.IGNORE
        return image, ids, table

    def identity(self):
        """Return all that decides how a label file is read, as text."""
        return repr([self.class_names, self.label_colors, self.more_colors,
                     self.void_colors, self.ids])

    def train_generator(self, batch_size, names=False):
        """One epoch of training batches, in an order of its own."""
        random = np.random.RandomState([self.seed, self.epoch])
        pairs = self.splits['train']
        jobs = [(pairs[k], random.randint(1 << 31) if self.augment else None)
                for k in random.permutation(len(pairs))]
        self.epoch += 1
        return self.generate(jobs, batch_size, names, self.soft)

    def valid_generator(self, batch_size, names=False):
        """All validation batches, always in the same order."""
        jobs = [(pair, None) for pair in self.splits['valid']]
        return self.generate(jobs, batch_size, names)

    def generate(self, jobs, batch_size, names, soft=False):
        """Yield the batches of (pair, seed) jobs, read ahead by threads."""
        width, height = self.image_size
        rows = pixels.one_hot_rows(self.num_classes)

        def resize_labels(ids, size):
            if soft:
                return pixels.area_shares(ids, size, self.num_classes)
            # mode='clip' lets take() do without a copy.
            return np.take(rows, pixels.resize_ids(ids, size), axis=0,
                           mode='clip')

        def fill(images, labels, k, pair, seed):
            image, ids = self.read_pair(*pair)
            if seed is None:
                images[k] = pixels.resize_image(image, self.image_size)
                labels[k] = resize_labels(ids, self.image_size)
            else:
                images[k], labels[k] = augmentation.vary(
                    image, ids, self.image_size, seed, resize_labels)

        def start(chunk):
            images = np.empty((len(chunk), height, width, 3), np.uint8)
            labels = np.empty((len(chunk), height, width, self.num_classes),
                              np.uint8)
            futures = [pool.submit(fill, images, labels, k, *job)
                       for k, job in enumerate(chunk)]
            return chunk, images, labels, futures

        chunks = [jobs[k:k + batch_size]
                  for k in range(0, len(jobs), batch_size)]
        # Two batches ahead, or as many as keep every worker at work.
        ahead = 1 + max(1, -(-self.workers // batch_size))
        pool = concurrent.futures.ThreadPoolExecutor(self.workers)
        under_way = collections.deque()
        try:
            for chunk in chunks:
                under_way.append(start(chunk))
                if len(under_way) > ahead:
                    yield finish(under_way.popleft(), names)
            while under_way:
                yield finish(under_way.popleft(), names)
        finally:
            for _, _, _, futures in under_way:
                for future in futures:
                    future.cancel()
            pool.shutdown()


def finish(batch, names):
    """Wait for the workers of a batch; their first error is raised here."""
    chunk, images, labels, futures = batch
    for future in futures:
        future.result()
    if not names:
        return images, labels
    return (images, labels, [pair[0] for pair, _ in chunk],
            [pair[1] for pair, _ in chunk])
