"""Features of a frozen encoder: computed once, then read from files.

    samples of a source -> encoder -> float16 arrays in a folder -> batches

    train-features-0 ...   (2N, h, w, c), of the N samples in the order in
                           which they came, then of their mirror images;
                           epochs draw from them in the order of their names
    train-labels           (N, H, W) uint8 class ids, or (N, H, W, C) rows
    view1-features-0 ...   (N, h, w, c), of other views of the samples: crops
    view1-labels           at other scales, in another light; view2 ...
    valid-features-0 ...   (N, h, w, c), of the validation samples
    valid-labels, valid-images

A store of them goes by the pictures and labels, how they are read, their
size and the encoder's weights: the next run with the same finds it.
"""
import hashlib
import os
import time

import numpy as np

from segmentation import pixels, text, threads
from segmentation.data import augmentation, batching, cache, contract
from segmentation.errors import InputError
from segmentation.store import array_store
from segmentation.terminal import progress
from segmentation.training import batches

LARGEST = 65504         # of float16


def fingerprint(source, data_dir, weights, views, *others):
    """Return a text that differs wherever the features would.

    Parameters
    ----------
    source : data source
    data_dir : str
    weights : list of arrays
        What the features are computed with.
    views : int
        Those after the first are drawn by the seed of the source.
    others
        What else decides: the tensors' names, the precision, the labels.

    Returns
    -------
    str or None
        None for a source that does not list its files.
    """
    files = cache.fingerprint(source, data_dir, pictures=True)
    if files is None:
        return None
    drawn = [] if views == 1 else [views, contract.ask(source, 'seed'),
                                   augmentation.RECIPES['views']]
    digest = hashlib.sha256(repr([files, *others, *drawn]).encode())
    for array in weights:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


def specify(pictures, values, labels, views=()):
    """Return {name: (shape, dtype)} of all arrays, given samples of each.

    Parameters
    ----------
    pictures : batches.Pictures
    values : list of (1, h, w, c) arrays
        The features of one sample.
    labels : {split: array of B labels}
    views : sequence of str, optional
        Splits like `train`, which have no mirror images.
    """
    width, height = pictures.source.image_size
    specification = {}
    counts = {'valid': pictures.num_validation,
              **dict.fromkeys(('train', *views), pictures.num_training)}
    for split, count in counts.items():
        rows = 2 * count if split == 'train' else count
        for k, value in enumerate(values):
            specification[f'{split}-features-{k}'] = (
                (rows,) + value.shape[1:], np.float16)
        shape = labels['valid' if split == 'valid' else 'train'].shape[1:]
        specification[f'{split}-labels'] = (count,) + shape, np.uint8
    specification['valid-images'] = (
        (pictures.num_validation, height, width, 3), np.uint8)
    return specification


class Features:
    """The samples of a data source, their features to be fed.

    An epoch has every training sample twice, as it is and mirrored; with
    further views by two of them all, which are drawn for each.

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
    views : int, optional
        Views of a training sample: 1 is the sample and its mirror image, each
        further one a crop at another scale, in another light.

    Attributes
    ----------
    store : array_store.ArrayStore
        To be opened and locked before `compute`.
    """

    what = 'features'

    def __init__(self, folder, pictures, data_dir, tensors, encode, views=1):
        self.pictures = pictures
        self.views = [f'view{number}' for number in range(1, views)]
        self.data_dir = data_dir
        self.tensors = tensors
        self.encode = encode
        valid = batches.first_of(pictures.whole('valid'), 'validation')
        self.image = valid.images[:1]       # to encode, and to time that
        self.store = array_store.ArrayStore(
            folder, specify(pictures, encode(self.image),
                            {'train': pictures.first().labels,
                             'valid': valid.labels}, self.views),
            {**dict.fromkeys(('train', *self.views), pictures.num_training),
             'valid': pictures.num_validation})

    @property
    def num_training(self) -> int:
        """Return how many samples an epoch has."""
        return 2 * self.pictures.num_training

    def describe(self):
        """Return of how many samples the features are, in words."""
        counts = self.store.counts
        further = (f', with {text.counted(len(self.views), "further view")} '
                   'of each' if self.views else '')
        return (f'features of {text.counted(counts["train"], "sample")}, '
                f'mirrored as well{further}, and of {counts["valid"]:,} to '
                'validate')

    def estimate(self, plan):
        """Return how many seconds the features missing in a Plan take."""
        if plan.is_complete:
            return 0
        start = time.perf_counter()
        self.encode(self.image)
        return (time.perf_counter() - start) * (
            plan.missing['train'] + sum(plan.missing.values()))

    def compute(self, plan):
        """Compute the features that are missing in a Plan."""
        for split, missing in plan.missing.items():
            if missing:
                self.store.fill(split, self.samples(split), self.write)

    def samples(self, split):
        """Yield (names, Batch) of all samples, and show the progress."""
        whole = (self.pictures.augmented(2 + self.views.index(split))
                 if split in self.views else self.pictures.whole(split))
        for batch in progress.track(whole, self.store.counts[split],
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
        elif split == 'valid':
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
        blocks = ['train', 'train'] + self.views
        rows = np.array([self.in_order(split) + block * self.store.counts[
            'train'] for block, split in enumerate(blocks)])
        random = np.random.RandomState([self.pictures.seed, epoch])
        if self.views:      # two of each sample's rows
            chosen = np.argsort(random.uniform(size=rows.shape), axis=0)[:2]
            rows = np.take_along_axis(rows, chosen, axis=0)
        return self.batches('train', random.permutation(rows.ravel()))

    def in_order(self, split):
        """Return the rows of a split by name, whichever seed's run wrote it.
        """
        written = self.store.progress.samples[split]
        return np.array(sorted(range(len(written)),
                               key=lambda k: written[k].name))

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
        count = self.store.counts[split]
        blocks, samples = np.divmod(rows, count)
        # The second block of rows is of the mirror images, then come views.
        splits = [self.views[block - 2] if block > 1 else split
                  for block in blocks]
        for name, sample in zip(splits, samples):
            self.store.check(name, [sample])
        labels = self.take(splits, 'labels', samples)
        labels[blocks == 1] = labels[blocks == 1, :, ::-1]
        positions = samples + count * (blocks == 1)
        feed = {tensor: self.take(splits, f'features-{k}', positions).astype(
                    np.float32) for k, tensor in enumerate(self.tensors)}
        images = (self.store.arrays['valid-images'][samples]
                  if split == 'valid' else None)
        written = self.store.progress.samples
        return batches.Batch(feed, images, labels, [
            written[name][k].name for name, k in zip(splits, samples)])

    def take(self, splits, name, rows):
        """Return rows of an array, each of another split, as one array."""
        return np.stack([self.store.arrays[f'{split}-{name}'][row]
                         for split, row in zip(splits, rows)])
