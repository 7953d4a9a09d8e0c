"""The base of data sources whose labels are shapes with names."""
import os
import re

from segmentation import pixels
from segmentation.data import splits
from segmentation.data.annotations import names, tabled
from segmentation.errors import InputError

# What names a split: train2017, val, Validation, instances_valid.json ...
SPLIT = re.compile(r'(?:.*_)?(train|val|test)(?:id|idation|ing)?\d*'
                   r'(?:\.json|\.xml)?', re.IGNORECASE)
SPLITS = {'train': 'train', 'val': 'valid', 'test': 'test'}


class AnnotationSource(tabled.TabledSource):
    """A folder of pictures and annotations, and classes.csv.

    A subclass defines `open_annotations(data_dir)`, which returns an object
    with `list_samples`, `check_names`, `count_names` and `read_ids`, as
    those of the modules beside this one.
    """

    _annotations = None

    def open_annotations(self, data_dir):
        """Return the annotations of a folder."""
        raise NotImplementedError

    @property
    def annotations(self):
        """The annotations of the folder, which are read once."""
        if self._annotations is None:
            self._annotations = self.open_annotations(self.folder)
        return self._annotations

    def use_table(self, path):
        """Take the classes of a class table."""
        self.names = names.Names(path)
        self.classes = self.names.classes
        self.background = self.names.background or None
        self._annotations = None

    def first_picture(self):
        """Return the path of the first picture of the folder."""
        return self.samples_of_folder()[0][1]

    def count_names(self, data_dir):
        """Return ({name: names.Count}, whether there is a background)."""
        annotations = self.open_annotations(data_dir)
        return annotations.count_names(), annotations.has_background

    @property
    def ignore(self):
        """Whether there are pixels that are not scored."""
        return (not self.annotations.has_background or pixels.IGNORE in (
            self.names.uncovered, *self.names.class_ids.values()))

    def identity(self):
        """Return all that decides how a label file is read, as text."""
        return repr([super().identity(), self.names.uncovered,
                     sorted(self.names.class_ids.items())])

    def samples_of_folder(self):
        """Return [(what may name the split, picture, label)], not empty."""
        samples = self.annotations.list_samples()
        if not samples:
            raise InputError(f'{self.folder}: no annotations in it')
        return samples

    def list_splits(self, data_dir, valid_fraction):
        """Return the split that the files' names tell, or one that is drawn.

        An unknown name is refused where it is cheap.
        """
        self.annotations.check_names(self.names)
        parts = {}
        for hint, *pair in self.samples_of_folder():
            parts.setdefault(split_of(hint), []).append(tuple(pair))
        rest = parts.pop(None, [])
        if rest and {'train', 'valid'} & set(parts):
            raise InputError(f'{data_dir}: {rest[0][1]} belongs to no split, '
                             f'while others belong to {", ".join(parts)}')
        if 'valid' in parts and self.group_by:
            raise InputError(f'--group-by does not apply: {data_dir} has a '
                             'split of its own')
        if 'valid' not in parts:
            by_name = {os.path.relpath(pair[0], data_dir): pair
                       for pair in rest + parts.get('train', [])}
            drawn = splits.draw(sorted(by_name), valid_fraction, self.seed,
                                self.group_by)
            parts.update((split, [by_name[name] for name in part])
                         for split, part in drawn.items())
        return {split: sorted(pairs) for split, pairs in parts.items()}

    def read_pair(self, image_path, label_path):
        """Read a picture (H, W, 3) BGR and its class ids (H, W), uint8."""
        image = pixels.read(image_path)
        return image, self.annotations.read_ids(
            image_path, label_path, pixels.size_of(image), self.names)


def split_of(hint):
    """Return the split that a part of a path names, or None.

    >>> [split_of(path) for path in ('a/Train/b', 'test_drive/a',
    ...                              'annotations/instances_val2017.json')]
    ['train', None, 'valid']
    """
    for part in hint.split(os.sep):
        match = SPLIT.fullmatch(part)
        if match:
            return SPLITS[match.group(1).lower()]
    return None
