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
import os
import shutil
import time

import numpy as np
import tqdm

from segmentation import files, text, threads
from segmentation.errors import InputError
from segmentation.training import batches

try:
    import fcntl
except ImportError:     # Windows
    fcntl = None

LARGEST = 65504         # of float16
FREE = 1 << 28          # bytes to leave on the disk
OFTEN = 8               # batches between two notes of progress


class Features:
    """The samples of a data source, their features to be fed.

    An epoch has every training sample twice, as it is and mirrored.

    Parameters
    ----------
    folder : str
        Is made where it does not exist.
    pictures : batches.Pictures
        The samples; their batch size and their seed are those of the
        features, too.
    data_dir : str
        Samples are told by their paths relative to it.
    tensors : list of tf.Tensor
        The features, [B, h, w, c] each.
    encode : function
        Of pictures (B, H, W, 3); returns the values of `tensors`.
    """

    def __init__(self, folder, pictures, data_dir, tensors, encode):
        self.folder = folder
        self.pictures = pictures
        self.data_dir = data_dir
        self.tensors = tensors
        self.encode = encode
        self.counts = {'train': pictures.num_training,
                       'valid': pictures.source.num_validation}
        self.progress = {split: [] for split in self.counts}
        self.arrays = {}

    @property
    def num_training(self):
        return 2 * self.counts['train']

    def path(self, name):
        return os.path.join(self.folder, name)

    def specify(self, values):
        """{file: (shape, dtype)} of all arrays, by the values of a sample."""
        source = self.pictures.source
        width, height = source.image_size
        specified = {}
        for split, count in self.counts.items():
            for k, value in enumerate(values):
                specified[f'{split}-features-{k}.npy'] = (
                    (count * (2 if split == 'train' else 1),)
                    + value.shape[1:], np.float16)
            specified[f"{split}-labels.npy"] = (
                (count, height, width, source.num_classes), np.uint8)
        specified['valid-images.npy'] = (
            (self.counts['valid'], height, width, 3), np.uint8)
        return specified

    def prepare(self):
        """Compute what is missing, saying before how much that is."""
        os.makedirs(self.folder, exist_ok=True)
        with locked(self.path('lock')):
            images = next(self.pictures.valid()).images[:1]
            specified = self.specify(self.encode(images))
            arrays = self.find(specified)
            self.announce(specified, images)
            self.arrays = arrays or {
                name: np.lib.format.open_memmap(self.path(name), 'w+', dtype,
                                                shape)
                for name, (shape, dtype) in specified.items()}
            for split in self.counts:
                self.fill(split)

    def find(self, specified):
        """The arrays that are there, with their progress; None without."""
        name = self.path('progress.json')
        if not os.path.exists(name):
            return None
        try:
            arrays = {name: np.lib.format.open_memmap(self.path(name), 'r+')
                      for name in specified}
        except (OSError, ValueError):       # missing, or cut off
            return None
        if any((arrays[name].shape, arrays[name].dtype) != (shape, dtype)
               for name, (shape, dtype) in specified.items()):
            return None
        self.progress = files.read_json(name, list(self.counts))
        return arrays

    def announce(self, specified, images):
        """Say what will be on disk and how long it takes; check the space."""
        missing = {split: count - len(self.progress[split])
                   for split, count in self.counts.items()}
        size = sum(np.dtype(dtype).itemsize * int(np.prod(shape, dtype=float))
                   for shape, dtype in specified.values())
        line = '[i] features of {} samples and their mirror images, and of ' \
            '{} to validate: {:.1f} GB in {}'.format(
                self.counts['train'], self.counts['valid'], size / 1e9,
                self.folder)
        if not any(missing.values()):
            print(f"{line}, from before", flush=True)
            return
        free = shutil.disk_usage(self.folder).free
        if free + self.taken() < size + FREE:
            raise OSError('{}: {:.1f} GB are free, the features take {:.1f} '
                          'GB: --feature-dir names another place'.format(
                              self.folder, free / 1e9, size / 1e9))
        start = time.perf_counter()
        self.encode(images)
        each = time.perf_counter() - start
        print('{}, {} to compute'.format(line, text.duration(
            each * (2 * missing['train'] + missing['valid']))), flush=True)

    def taken(self):
        """Bytes of the disk that the folder has; files may have holes."""
        statuses = (os.stat(self.path(name))
                    for name in os.listdir(self.folder))
        return sum(512 * getattr(status, 'st_blocks', 0)
                   for status in statuses)

    def fill(self, split):
        """Compute the samples of a split that are not done yet."""
        done, count = self.progress[split], self.counts[split]
        if len(done) == count:
            return
        samples = (self.pictures.train(1) if split == 'train'
                   else self.pictures.valid())
        first = computed = 0
        try:
            for batch in tqdm.tqdm(
                    samples, total=-(-count // self.pictures.batch_size),
                    disable=None, leave=False, desc=f"{split} features",
                    unit='batch'):
                rows = slice(first, first + len(batch.images))
                names = [os.path.relpath(path, self.data_dir)
                         for path in batch.paths]
                if done[rows] != names:
                    del done[first:]
                    self.compute(split, rows, batch.images, batch.labels)
                    done.extend(names)
                    computed += 1
                    if computed % OFTEN == 0:
                        self.note()
                first += len(batch.images)
        finally:
            self.note()
        if first != count:
            raise InputError('the data source gave {} {} samples: it tells '
                             'of {}'.format(first, split, count))

    def note(self):
        """Write the progress, once the features themselves are on disk."""
        for array in self.arrays.values():
            array.flush()
        files.write_json(self.path('progress.json'), self.progress)

    def compute(self, split, rows, images, labels):
        """Write the features of samples, and what goes with them."""
        self.write(split, rows, images)
        self.arrays[f"{split}-labels.npy"][rows] = labels
        if split == 'train':
            shift = self.counts['train']
            self.write(split, slice(rows.start + shift, rows.stop + shift),
                       images[:, :, ::-1])
        else:
            self.arrays['valid-images.npy'][rows] = np.rint(images).clip(
                0, 255)

    def write(self, split, rows, images):
        for k, value in enumerate(self.encode(images)):
            if abs(value).max() > LARGEST:
                raise InputError('{}: a feature of {:.3g} does not fit into '
                                 '16 bits'.format(self.tensors[k].name,
                                                  abs(value).max()))
            self.arrays[f'{split}-features-{k}.npy'][rows] = value

    def train(self, epoch):
        """The batches of epoch 1, 2, ..., in an order of its own."""
        order = np.random.RandomState([self.pictures.seed, epoch]).permutation(
            self.num_training)
        return self.batches('train', order)

    def valid(self):
        """The batches of the validation split, always in the same order."""
        return self.batches('valid', np.arange(self.counts['valid']))

    def batches(self, split, order):
        """Batches of these rows, read ahead."""
        size = self.pictures.batch_size
        chunks = [order[k:k + size] for k in range(0, len(order), size)]
        return threads.in_threads(1, lambda rows: self.read(split, rows),
                                  chunks, 2)

    def read(self, split, rows):
        """The Batch of some rows."""
        places = rows % self.counts[split]
        labels = self.arrays[f"{split}-labels.npy"][places]
        mirrored = rows >= self.counts[split]
        labels[mirrored] = labels[mirrored, :, ::-1]
        feed = {tensor: self.arrays[f'{split}-features-{k}.npy']
                [rows].astype(np.float32)
                for k, tensor in enumerate(self.tensors)}
        images = (self.arrays['valid-images.npy'][places]
                  if split == 'valid' else None)
        return batches.Batch(feed, images, labels, [
            self.progress[split][place] for place in places])

    def delete(self):
        """Remove the files, and the folder if nothing else is in it."""
        if not os.path.isdir(self.folder):
            return
        with locked(self.path('lock')):
            self.arrays = {}
            for name in os.listdir(self.folder):
                if name.startswith(('train-', 'valid-')) or name in (
                        'progress.json', 'lock'):
                    os.remove(self.path(name))
        with contextlib.suppress(OSError):
            os.rmdir(self.folder)


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
