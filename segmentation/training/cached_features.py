"""Features of a frozen encoder: computed once, then read from files.

    samples of a source -> encoder -> float16 arrays in a folder -> batches

    train-features-0 ...   (2N, h, w, c), of the N samples in the order in
                           which they came, then of their mirror images;
                           epochs draw from them in the order of their names
    train-labels           (N, H, W) uint8 class ids, or (N, H, W, C) rows
    valid-features-0 ...   (N, h, w, c), of the validation samples
    valid-labels, valid-images

A store of them goes by the pictures and labels, how they are read, their
size and the encoder's weights: the next run with the same finds it.
"""
import hashlib
import inspect
import os
import time

import numpy as np

from segmentation import pixels, text, threads
from segmentation.data import batching, cache
from segmentation.errors import InputError
from segmentation.store import array_store
from segmentation.terminal import progress
from segmentation.training import batches

LARGEST = 65504         # of float16


def fingerprint(source, data_dir, soft_labels, precision, names, weights):
    """Return a text that differs wherever the features would.

    Parameters
    ----------
    source : data source
    data_dir : str
    soft_labels : bool
        Whether labels are shares of the classes.
    precision : str
        What the features are computed in.
    names : list of str
        Names of the tensors that are the features.
    weights : list of arrays
        What the features are computed with.

    Returns
    -------
    str or None
        None for a source that does not list its files.
    """
    files = cache.fingerprint(source, data_dir, pictures=True)
    if files is None:
        return None
    digest = hashlib.sha256(repr(
        [files, soft_labels, precision] + names).encode())
    with open(inspect.getfile(type(source)), 'rb') as file:
        digest.update(file.read())
    for array in weights:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


def specify(pictures, values, labels):
    """Return {name: (shape, dtype)} of all arrays, given samples of each.

    Parameters
    ----------
    pictures : batches.Pictures
    values : list of (1, h, w, c) arrays
        The features of one sample.
    labels : {split: array of B labels}
    """
    width, height = pictures.source.image_size
    specification = {}
    for split, rows in (('train', 2 * pictures.num_training),
                        ('valid', pictures.num_validation)):
        for k, value in enumerate(values):
            specification[f'{split}-features-{k}'] = (
                (rows,) + value.shape[1:], np.float16)
    for split, rows in (('train', pictures.num_training),
                        ('valid', pictures.num_validation)):
        specification[f'{split}-labels'] = (
            (rows,) + labels[split].shape[1:], np.uint8)
    specification['valid-images'] = (
        (pictures.num_validation, height, width, 3), np.uint8)
    return specification


class Features:
    """The samples of a data source, their features to be fed.

    An epoch has every training sample twice, as it is and mirrored.

    Parameters
    ----------
    folder : str
        The folder of the store, made where it does not exist.
    pictures : batches.Pictures
        The samples; their batch size and seed are those of the features too.
    data_dir : str
        Samples go by their paths relative to it.
    tensors : list of tf.Tensor
        The features, [B, h, w, c] each.
    encode : function of pictures (B, H, W, 3)
        Returns the values of `tensors`. It is run on one picture here, whose
        features specify the arrays.

    Attributes
    ----------
    store : array_store.ArrayStore
        To be opened and locked before `compute`.
    """

    what = 'features'

    def __init__(self, folder, pictures, data_dir, tensors, encode):
        self.pictures = pictures
        self.data_dir = data_dir
        self.tensors = tensors
        self.encode = encode
        valid = batches.first_of(pictures.whole('valid'), 'validation')
        self.image = valid.images[:1]       # to encode, and to time that
        self.store = array_store.ArrayStore(
            folder, specify(pictures, encode(self.image),
                            {'train': pictures.first().labels,
                             'valid': valid.labels}),
            {'train': pictures.num_training, 'valid': pictures.num_validation})

    @property
    def num_training(self) -> int:
        """Return how many samples an epoch has."""
        return 2 * self.pictures.num_training

    def describe(self):
        """Return of how many samples the features are, in words."""
        counts = self.store.counts
        return (f'features of {text.counted(counts["train"], "sample")}, '
                f'mirrored as well, and of {counts["valid"]:,} to validate')

    def estimate(self, plan):
        """Return how many seconds the features missing in a Plan take."""
        if plan.is_complete:
            return 0
        start = time.perf_counter()
        self.encode(self.image)
        return (time.perf_counter() - start) * (
            2 * plan.missing['train'] + plan.missing['valid'])

    def compute(self, plan):
        """Compute the features that are missing in a Plan."""
        for split, missing in plan.missing.items():
            if missing:
                self.store.fill(split, self.samples(split), self.write)

    def samples(self, split):
        """Yield (names, Batch) of all samples, and show the progress."""
        for batch in progress.track(self.pictures.whole(split),
                                    self.store.counts[split],
                                    f'{split} features',
                                    size=lambda batch: len(batch.labels)):
            names = [os.path.relpath(path, self.data_dir)
                     for path in batch.paths]
            yield names, batch

    def write(self, split, rows, batch):
        """Write the features of a Batch, and what goes with them."""
        arrays = self.store.arrays
        self.write_features(split, rows, batch.images)
        arrays[f'{split}-labels'][rows] = batch.labels
        if split == 'train':
            shift = self.pictures.num_training
            self.write_features(
                split, slice(rows.start + shift, rows.stop + shift),
                batch.images[:, :, ::-1])
        else:
            arrays['valid-images'][rows] = pixels.to_uint8(batch.images)

    def write_features(self, split, rows, images):
        """Write the features of pictures (B, H, W, 3)."""
        for k, value in enumerate(self.encode(images)):
            largest = abs(value).max()
            if largest > LARGEST:
                raise InputError(f'{self.tensors[k].name}: a feature of '
                                 f'{largest:.3g} does not fit into 16 bits')
            self.store.arrays[f'{split}-features-{k}'][rows] = value

    def train(self, epoch):
        """Return the batches of epoch 1, 2, ..., in an order of its own."""
        written = self.store.progress.samples['train']
        # Whichever seed's run has written them.
        rows = np.array(sorted(range(len(written)),
                               key=lambda k: written[k].name))
        rows = np.append(rows, rows + len(rows))
        return self.batches('train', np.random.RandomState(
            [self.pictures.seed, epoch]).permutation(rows))

    def valid(self):
        """Return the batches of the validation split, always in one order."""
        return self.batches('valid', np.arange(self.pictures.num_validation))

    def batches(self, split, order):
        """Yield batches of rows in this order, read ahead."""
        rank, size = self.pictures.rank, self.pictures.size
        step = self.pictures.batch_size * size
        chunks = [batching.part(order[k:k + step], rank, size)
                  for k in range(0, len(order), step)]
        return threads.in_threads(1, lambda rows: self.read(split, rows),
                                  chunks, 2)

    def read(self, split, rows):
        """Return the Batch of some rows of the features; of none, padding."""
        if not len(rows):
            batch = self.read(split, np.arange(1))
            return batch._replace(paths=[], labels=np.full(
                batch.labels.shape[:3], pixels.IGNORE, np.uint8))
        arrays, count = self.store.arrays, self.store.counts[split]
        samples = rows % count
        self.store.check(split, samples)
        labels = arrays[f'{split}-labels'][samples]
        mirrored = rows >= count
        labels[mirrored] = labels[mirrored, :, ::-1]
        feed = {tensor: arrays[f'{split}-features-{k}'][rows].astype(
                    np.float32) for k, tensor in enumerate(self.tensors)}
        images = arrays['valid-images'][samples] if split == 'valid' else None
        written = self.store.progress.samples[split]
        return batches.Batch(feed, images, labels,
                             [written[k].name for k in samples])
