"""Samples of a data source: decoded and resized once, then read from files.

    picture and label files -> uint8 arrays in a folder -> data source

    train-images, valid-images   (N, H W 3), BGR
    train-ids, valid-ids         (N, H W) class ids
    train-sizes, valid-sizes     (N, 2), width and height of each sample

Samples have the network's size and give the batches that the files give.
Those to be augmented are kept at up to the largest scale of that, so that
crops have their resolution; a smaller picture stays as it is, at the beginning
of its row.

A store of them goes by the files, how they are read, and the size: the next
run with the same finds it.
"""
import concurrent.futures
import hashlib
import os
import threading
import time

import cv2
import numpy as np

from segmentation import opencv, pixels, text
from segmentation.data import augmentation, cache, contract
from segmentation.store import array_store
from segmentation.terminal import progress

CHUNK = 8               # samples that a thread decodes between two writes
LAYOUT = 1              # of the arrays; another number makes them anew


class CachedSamples:
    """The samples of a data source that lists its files.

    Parameters
    ----------
    parent : str
        Where the folder of the store is made.
    source : data source
        With its data loaded; `augment` and `workers` are those of the run.
    data_dir : str
        Samples go by their paths relative to it.

    Attributes
    ----------
    store : array_store.ArrayStore
        To be opened and locked before `compute`.
    """

    what = 'samples'

    def __init__(self, parent, source, data_dir):
        self.source = source
        self.data_dir = data_dir
        self.pairs = {split: contract.pairs(source, split)
                      for split in contract.COUNTS}
        augmented = contract.ask(source, 'augment')
        self.sizes = {split: tuple(source.image_size) for split in self.pairs}
        if augmented:
            _, ahead = augmentation.RECIPES[augmented].scales
            self.sizes['train'] = tuple(int(side * ahead)
                                        for side in source.image_size)
        self.index = {(pair, bool(augmented and split == 'train')):
                      (split, number) for split, pairs in self.pairs.items()
                      for number, pair in enumerate(pairs)}
        self.lock = threading.Lock()
        self.store = array_store.ArrayStore(
            array_store.choose_folder(parent, 'samples', self.fingerprint()),
            self.specify(), {split: len(pairs)
                             for split, pairs in self.pairs.items()})

    def fingerprint(self):
        """Return a text that differs wherever the samples would."""
        return hashlib.sha256(repr([
            cache.fingerprint(self.source, self.data_dir, pictures=True),
            self.sizes, len(self.pairs['train']), cv2.__version__,
            LAYOUT]).encode()).hexdigest()[:16]

    def specify(self):
        """Return {name: (shape, dtype)} of all arrays."""
        specification = {}
        for split, (width, height) in self.sizes.items():
            rows, pixels_each = len(self.pairs[split]), width * height
            specification.update({
                f'{split}-images': ((rows, 3 * pixels_each), np.uint8),
                f'{split}-ids': ((rows, pixels_each), np.uint8),
                f'{split}-sizes': ((rows, 2), np.int32)})
        return specification

    def describe(self):
        """Return how many samples there are, in words."""
        counts = self.store.counts
        return (f'{text.counted(counts["train"], "sample")} and '
                f'{counts["valid"]:,} to validate, decoded')

    def decode(self, split, pair):
        """Return the picture and class ids of a pair at the size to keep."""
        with opencv.blaming(pair[0]):
            image, ids = self.source.read_pair(*pair)
            size = self.sizes[split]
            if size != tuple(self.source.image_size):   # never enlarged
                size = tuple(map(min, size, pixels.size_of(image)))
            return (pixels.resize_image(image, size),
                    pixels.resize_ids(ids, size))

    def estimate(self, plan):
        """Return how many seconds the samples missing in a Plan take."""
        if plan.is_complete:
            return 0
        start = time.perf_counter()
        self.decode('train', self.pairs['train'][0])
        return ((time.perf_counter() - start) * sum(plan.missing.values())
                / min(contract.ask(self.source, 'workers'),
                      os.cpu_count() or 1))

    def compute(self, plan):
        """Decode the samples that are missing in a Plan."""
        workers = contract.ask(self.source, 'workers')
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            def write(split, rows, pairs):
                decoded = pool.map(lambda pair: self.decode(split, pair),
                                   pairs)
                for row, (image, ids) in enumerate(decoded, rows.start):
                    self.write(split, row, image, ids)

            for split, missing in plan.missing.items():
                if missing:
                    self.store.fill(split, self.chunks(split, CHUNK * workers),
                                    write)

    def chunks(self, split, size):
        """Yield (names, pairs) of all samples, and show the progress."""
        pairs = self.pairs[split]
        with progress.show(len(pairs), f'{split} samples', 'sample') as bar:
            for first in range(0, len(pairs), size):
                chunk = pairs[first:first + size]
                yield [os.path.relpath(picture, self.data_dir)
                       for picture, _ in chunk], chunk
                bar.update(len(chunk))

    def write(self, split, row, image, ids):
        """Write a sample to its row of the arrays."""
        arrays = self.store.arrays
        arrays[f'{split}-images'][row, :image.size] = image.ravel()
        arrays[f'{split}-ids'][row, :ids.size] = ids.ravel()
        arrays[f'{split}-sizes'][row] = pixels.size_of(image)

    def read(self, job):
        """Return the picture and class ids of a batching.Job; in threads.

        Both are views of the arrays, which must not be written to.
        """
        split, row = self.index[job.pair, job.seed is not None]
        with self.lock:     # of damage one thread alone may report
            self.store.check(split, [row])
        # Views as NumPy's own arrays are faster than as memory maps.
        image, ids, size = (np.asarray(self.store.arrays[f'{split}-{name}'])[
            row] for name in ('images', 'ids', 'sizes'))
        width, height = size.tolist()
        count = width * height
        return (image[:3 * count].reshape(height, width, 3),
                ids[:count].reshape(height, width))
