"""The base class of data sources: a class table and a list of files."""
import os
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from segmentation import opencv, pixels
from segmentation.data import augmentation, batching, contract, label_files
from segmentation.errors import InputError

IGNORE = pixels.IGNORE      # class id of a pixel that is not scored
Color = Tuple[int, int, int]        # red, green, blue
Pairs = List[Tuple[str, str]]       # (picture path, label path)


class DataSource:
    """A data source made of a class table and a list of files.

    A subclass sets `image_size` and `classes`, and defines either
    `list_pairs` (the split is then drawn) or `list_splits` (the data set has
    its own).

    Attributes
    ----------
    image_size, crop_size : (width, height)
        Of the network's input, and of augmented training samples where theirs
        is another; in pixels, each side divisible by 32.
    classes : sequence of (name, (red, green, blue))
        The index of a class is its id. A name may occur only once; further
        colours of a class go to `more_colors`.
    more_colors : sequence of (name, (red, green, blue))
    void_colors : sequence of (red, green, blue)
        Colours of pixels to ignore.
    ids : dict {value in a single-channel label file: class id}
        For labels that are ids, not colours; IGNORE is a class id too.
    augment, soft, labels_as_ids : bool
        Whether training samples are augmented (or which of augmentation.
        RECIPES), label rows shares in 255ths, other labels ids (B, H, W).
    seed, workers, epoch : int
        Seed, threads, epochs done. Any threads read the same epoch.
    samples : training.caching.cached_samples.CachedSamples, optional
        Has the samples decoded: they are read from there.
    required_splits : sequence of str
        Splits that must not be empty.
    background : sequence of str
        Names of the classes that overlays leave unpainted.
    benchmark : str
        Whose rules evaluate.py applies: 'cityscapes' or 'kitti road'.
    """

    image_size: Optional[Tuple[int, int]] = None
    crop_size: Optional[Tuple[int, int]] = None
    classes: Sequence[Tuple[str, Color]] = ()
    more_colors: Sequence[Tuple[str, Color]] = ()
    void_colors: Sequence[Color] = ()
    ids: Optional[Dict[int, int]] = None
    seed = 0
    workers = os.cpu_count() or 1
    augment: Union[bool, str] = False
    soft = False
    labels_as_ids = False
    epoch = 0
    samples: Any = None
    shard = 0, 1        # rank and number of the processes
    required_splits: Sequence[str] = ('train', 'valid')
    background: Optional[Sequence[str]] = None
    benchmark: Optional[str] = None

    def list_pairs(self, data_dir: str) -> Pairs:
        """Return the pairs of a data set that has no split of its own."""
        raise NotImplementedError

    def list_splits(self, data_dir: str,
                    valid_fraction: float) -> Dict[str, Pairs]:
        """Return the pairs of each split; by default drawn by the seed."""
        pairs = sorted(self.list_pairs(data_dir))
        order = np.random.RandomState(self.seed).permutation(len(pairs))
        count = max(1, int(round(len(pairs) * valid_fraction)))
        return {'train': sorted(pairs[k] for k in order[count:]),
                'valid': sorted(pairs[k] for k in order[:count])}

    def load_data(self, data_dir: str, valid_fraction: float) -> None:
        """List the samples; raise where a required label is missing."""
        self.splits = self.list_splits(data_dir, valid_fraction)
        for split in self.required_splits:
            if not self.splits.get(split):
                wanted = (self.__doc__ or 'data source').splitlines()[0]
                raise InputError(f'{data_dir}: no {split} pictures '
                                 f'({wanted.rstrip(".")})')
            for image_path, label_path in self.splits[split]:
                self.check_pair(image_path, label_path)

    def check_pair(self, image_path: str, label_path: str) -> None:
        """Raise FileNotFoundError if a file of a pair is missing."""
        label_files.check_exists(label_path, 'label', image_path)
        label_files.check_exists(image_path, 'picture', label_path)

    @property
    def num_classes(self) -> int:
        return len(self.classes)

    @property
    def class_names(self) -> List[str]:
        return [name for name, _ in self.classes]

    @property
    def label_colors(self) -> Dict[int, tuple]:
        """The (blue, green, red) of each class id."""
        return {class_id: tuple(reversed(color))
                for class_id, (_, color) in enumerate(self.classes)}

    @property
    def ignore(self) -> bool:
        """Whether there are pixels that are not scored."""
        return bool(self.void_colors) or IGNORE in (self.ids or {}).values()

    @property
    def num_training(self) -> int:
        return len(self.splits['train'])

    @property
    def num_validation(self) -> int:
        return len(self.splits['valid'])

    def read_codes(self, path):
        """Return the values of a label file, as they are in it.

        Returns
        -------
        (H, W) array
            Ids of a single-channel file (uint8 or uint16) where the source
            has `ids`, else red << 16 | green << 8 | blue (int32).
        """
        label = pixels.read(path, cv2.IMREAD_UNCHANGED)
        if label.ndim == 2 and self.ids:
            label_files.check_ids(path, label)
            return label
        label_files.check_colors(path, label)
        if label.ndim == 2:
            label = cv2.cvtColor(label, cv2.COLOR_GRAY2BGR)
        return pixels.pack(label)

    def table(self, codes):
        """Return the class id of every value that `codes` may have.

        Returns
        -------
        (N,) uint8 array
            0 .. C-1, IGNORE or UNKNOWN; N is 2^24 for packed colours.
        """
        if codes.dtype != np.int32:
            return pixels.make_table(self.ids, np.iinfo(codes.dtype).max + 1)
        return pixels.make_table(self.color_codes(), 1 << 24)

    def color_codes(self):
        """Return {packed colour: class id} of all known colours."""
        index = {name: k for k, name in enumerate(self.class_names)}
        colors = [(color, IGNORE) for color in self.void_colors]
        colors += [(color, index[name]) for name, color
                   in tuple(self.classes) + tuple(self.more_colors)]
        return {pixels.pack_color(color): class_id
                for color, class_id in colors}

    def read_ids(self, path: str) -> np.ndarray:
        """Return the class ids (H, W) uint8 of a label file, at its size."""
        codes = self.read_codes(path)
        ids = pixels.look_up(codes, self.table(codes))
        if (ids == pixels.UNKNOWN).any():
            raise InputError(label_files.describe_unknown(path, codes, ids))
        return ids

    def read_pair(self, image_path: str, label_path: str
                  ) -> Tuple[np.ndarray, np.ndarray]:
        """Read a picture (H, W, 3) BGR and its class ids (H, W), uint8."""
        image = pixels.read(image_path)
        ids = self.read_ids(label_path)
        if image.shape[:2] != ids.shape:
            raise InputError(label_files.describe_sizes(
                image_path, image.shape, label_path, ids.shape))
        return image, ids

    def read_raw(self, image_path: str, label_path: str
                 ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read a pair without refusing values that are in no class.

        Returns
        -------
        (h, w, 3) uint8 array
            The picture, BGR.
        (h, w) array
            The values of the label file, as `read_codes` returns them; class
            ids of a source that decodes labels in its own way.
        (N,) uint8 array
            The class id of each value: IGNORE, UNKNOWN or 0 .. C-1.
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

    def identity(self) -> str:
        """Return all that decides how a label file is read, as text."""
        return repr([self.class_names, self.label_colors, self.more_colors,
                     self.void_colors, self.ids])

    def train_generator(self, batch_size: int,
                        names: bool = False) -> Iterator[tuple]:
        """Yield the training batches of one epoch, in an order of its own."""
        random = np.random.RandomState([self.seed, self.epoch])
        pairs = self.splits['train']
        order = random.permutation(len(pairs))
        jobs = [batching.Job(pairs[k], random.randint(1 << 31)
                             if self.augment else None) for k in order]
        self.epoch += 1
        return self.generate(batching.share(jobs, batch_size, *self.shard),
                             batch_size, names,
                             contract.sample_size(self, 'train'), self.soft)

    def valid_generator(self, batch_size: int,
                        names: bool = False) -> Iterator[tuple]:
        """Yield all validation batches, always in the same order."""
        jobs = list(map(batching.Job, self.splits['valid']))
        return self.generate(batching.share(jobs, batch_size, *self.shard),
                             batch_size, names, self.image_size)

    def generate(self, jobs, batch_size, names, size, soft=False):
        """Yield the batches of batching.Jobs as the contract wants them."""
        rows = pixels.one_hot_rows(self.num_classes)
        resize = augmentation.label_resizer(self.num_classes, soft,
                                            self.samples is not None)
        are_ids = self.labels_as_ids and not soft

        def resize_labels(ids, size):
            labels = resize(ids, size)
            return (labels if soft or are_ids
                    else np.take(rows, labels, 0, mode='clip'))  # no copy

        def read(job):
            with opencv.blaming(job.pair[0]):
                image, ids = (self.samples.read(job) if self.samples
                              else self.read_pair(*job.pair))
                if job.seed is not None:
                    return augmentation.augment(
                        image, ids, size, job.seed, resize_labels,
                        augmentation.RECIPES[self.augment], self.image_size)
                return (pixels.resize_image(image, size),
                        resize_labels(ids, size))

        for batch in batching.read_ahead(
                jobs, batch_size, size,
                () if are_ids else (self.num_classes,), read, self.workers):
            paths = map(list, zip(*(job.pair for job in batch.jobs)))
            yield (batch.images, batch.labels, *(paths if names else ()))
