"""The features of a frozen encoder, computed once and kept in files.

    samples of a source -> encoder -> float16 arrays in a folder -> batches

    train-features-0.npy ...  (2N, h, w, c), of the N samples in the order in
                              which they came, then of their mirror images
    train-labels.npy          (N, H, W, C) uint8 label rows
    valid-features-0.npy ...  (N, h, w, c), of the validation samples
    valid-labels.npy, valid-images.npy
    progress.json             which samples are done

Whoever is interrupted goes on after the last sample in progress.json.
"""
import contextlib
import hashlib
import os
import shutil
import tempfile
import time

import numpy as np
import tqdm

from segmentation import ahead, batches, cache, contract
import utils

try:
    import fcntl
except ImportError:     # Windows
    fcntl = None

LARGEST = 65504         # of float16
FREE = 1 << 28          # bytes to leave on the disk


class Features:
    """The samples of a data source, their features to be fed.

    An epoch has every training sample twice, as it is and mirrored.

    Parameters
    ----------
    folder : str
        Is made where it does not exist.
    source : data source
    tensors : list of tf.Tensor
        The features, [B, h, w, c] each.
    encode : function
        Of pictures (B, H, W, 3); returns the values of `tensors`.
    batch_size : int
    seed : int
        Of the order in which training samples come.
    """

    def __init__(self, folder, source, tensors, encode, batch_size, seed):
        self.folder = folder
        self.source = source
        self.tensors = tensors
        self.encode = encode
        self.batch_size = batch_size
        self.seed = seed
        self.counts = {'train': source.num_training,
                       'valid': source.num_validation}
        self.progress = {split: [] for split in self.counts}
        self.arrays = {}

    @property
    def num_training(self):
        return 2 * self.counts['train']

    def path(self, name):
        return os.path.join(self.folder, name)

    def specify(self, values):
        """{file: (shape, dtype)} of all arrays, by the values of a sample."""
        width, height = self.source.image_size
        specified = {}
        for split, count in self.counts.items():
            for k, value in enumerate(values):
                specified['{}-features-{}.npy'.format(split, k)] = (
                    (count * (2 if split == 'train' else 1),)
                    + value.shape[1:], np.float16)
            specified[split + '-labels.npy'] = (
                (count, height, width, self.source.num_classes), np.uint8)
        specified['valid-images.npy'] = (
            (self.counts['valid'], height, width, 3), np.uint8)
        return specified

    def prepare(self):
        """Compute what is missing, saying before how much that is."""
        os.makedirs(self.folder, exist_ok=True)
        with locked(self.path('lock')):
            if os.path.exists(self.path('progress.json')):
                self.progress = utils.read_json(self.path('progress.json'),
                                                list(self.counts))
            images = next(iter(self.source.valid_generator(1)))[0]
            specified = self.specify(self.encode(images))
            self.announce(specified, images)
            self.open(specified)
            for split in self.counts:
                self.fill(split)

    def announce(self, specified, images):
        """Say what will be on disk and how long it takes; check the space."""
        missing = {split: count - len(self.progress[split])
                   for split, count in self.counts.items()}
        size = sum(np.dtype(dtype).itemsize * int(np.prod(shape, dtype=float))
                   for shape, dtype in specified.values())
        text = '[i] features of {} samples and their mirror images, and of ' \
            '{} to validate: {:.1f} GB in {}'.format(
                self.counts['train'], self.counts['valid'], size / 1e9,
                self.folder)
        if not any(missing.values()):
            print(text + ', from before', flush=True)
            return
        there = sum(os.path.getsize(self.path(name)) for name in specified
                    if os.path.exists(self.path(name)))
        free = shutil.disk_usage(self.folder).free
        if free + there < size + FREE:
            raise OSError('{}: {:.1f} GB are free, the features take {:.1f} '
                          'GB: --feature-dir names another place'.format(
                              self.folder, free / 1e9, size / 1e9))
        start = time.perf_counter()
        self.encode(images)
        each = time.perf_counter() - start
        print('{}, {} to compute'.format(text, utils.duration(
            each * (2 * missing['train'] + missing['valid']))), flush=True)

    def open(self, specified):
        """Map the arrays, made anew where one is missing or none begun."""
        begun = any(self.progress.values()) and all(
            os.path.exists(self.path(name)) for name in specified)
        if not begun:
            self.progress = {split: [] for split in self.counts}
        for name, (shape, dtype) in specified.items():
            split, what = name[:-4].split('-', 1)
            self.arrays[split, what] = np.lib.format.open_memmap(
                self.path(name), *(('r+',) if begun else
                                   ('w+', dtype, shape)))

    def fill(self, split):
        """Compute the samples of a split that are not done yet."""
        done, count = self.progress[split], self.counts[split]
        if len(done) == count:
            return
        self.source.epoch = 0
        contract.seed_globals(contract.epoch_seed(self.seed, 1))
        generator = {'train': self.source.train_generator,
                     'valid': self.source.valid_generator}[split]
        first = 0
        with tqdm.tqdm(total=count, disable=None, leave=False,
                       desc=split + ' features', unit='image') as bar:
            for images, labels, paths, _ in contract.checked(
                    self.source, generator(self.batch_size, names=True)):
                rows = slice(first, first + len(images))
                if done[rows] != list(paths):
                    del done[first:]
                    self.compute(split, rows, images, labels)
                    done.extend(paths)
                    utils.write_json(self.path('progress.json'),
                                     self.progress)
                first += len(images)
                bar.update(len(images))
        if first != count:
            raise ValueError('the data source gave {} {} samples: it tells '
                             'of {}'.format(first, split, count))

    def compute(self, split, rows, images, labels):
        """Write the features of samples, and what goes with them."""
        self.write(split, rows, images)
        self.arrays[split, 'labels'][rows] = labels
        if split == 'train':
            shift = self.counts['train']
            self.write(split, slice(rows.start + shift, rows.stop + shift),
                       images[:, :, ::-1])
        else:
            self.arrays[split, 'images'][rows] = np.clip(images, 0, 255)

    def write(self, split, rows, images):
        for k, value in enumerate(self.encode(images)):
            if abs(value).max() > LARGEST:
                raise ValueError('{}: a feature of {:.3g} does not fit into '
                                 '16 bits'.format(self.tensors[k].name,
                                                  abs(value).max()))
            self.arrays[split, 'features-{}'.format(k)][rows] = value

    def train(self, epoch):
        """The batches of epoch 1, 2, ..., in an order of its own."""
        order = np.random.RandomState([self.seed, epoch]).permutation(
            self.num_training)
        return self.batches('train', order)

    def valid(self):
        """The batches of the validation split, always in the same order."""
        return self.batches('valid', np.arange(self.counts['valid']))

    def batches(self, split, order):
        """Batches of these rows, read ahead."""
        chunks = [order[k:k + self.batch_size]
                  for k in range(0, len(order), self.batch_size)]
        return ahead.in_threads(1, lambda rows: self.read(split, rows),
                                chunks, 2)

    def read(self, split, rows):
        """The Batch of some rows."""
        places = rows % self.counts[split]
        labels = self.arrays[split, 'labels'][places]
        mirrored = rows >= self.counts[split]
        labels[mirrored] = labels[mirrored, :, ::-1]
        feed = {tensor: self.arrays[split, 'features-{}'.format(k)][rows]
                .astype(np.float32) for k, tensor in enumerate(self.tensors)}
        images = (self.arrays[split, 'images'][places] if split == 'valid'
                  else None)
        return batches.Batch(feed, images, labels, [
            self.progress[split][place] for place in places])

    def delete(self):
        """Remove the files, and the folder if nothing else is in it."""
        self.arrays.clear()
        for name in os.listdir(self.folder):
            if name.startswith(('train-', 'valid-')) or name in (
                    'progress.json', 'lock'):
                os.remove(self.path(name))
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


@contextlib.contextmanager
def opened(options, source, tensors, encode, weights):
    """The Features of a run, prepared, in a folder of their own.

    The folder goes by data, size and `weights`, a list of arrays, so that the
    next run with the same finds it. For a source that does not tell its files
    it is deleted in the end.
    """
    place = options.feature_dir or cache.folder()
    os.makedirs(place, exist_ok=True)
    key = fingerprint(options, source, tensors, weights)
    folder = (os.path.join(place, 'features-' + key) if key else
              tempfile.mkdtemp(prefix='features-', dir=place))
    features = Features(folder, source, tensors, encode, options.batch_size,
                        options.seed)
    try:
        features.prepare()
        yield features
    finally:
        if key is None:
            features.delete()


def fingerprint(options, source, tensors, weights):
    """A text that is another for other features; None if it cannot tell."""
    data = cache.fingerprint(source, options.data_dir, pictures=True)
    if data is None:
        return None
    told = hashlib.sha256(repr([data, options.soft_labels] + [
        tensor.name for tensor in tensors]).encode())
    for array in weights:
        told.update(np.ascontiguousarray(array))
    return told.hexdigest()[:16]


@contextlib.contextmanager
def locked(path):
    """Hold a file as long as no other process does; OSError if one does."""
    with open(path, 'w') as file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OSError('{}: another run computes these features'.format(
                os.path.dirname(path)))
        yield
