"""Any folder of labelled pictures: DIR/images, DIR/labels, DIR/classes.csv.

The picture images/a/b.jpg (or .png) has its label in labels/a/b.png: grey
ids, a palette or colours, as classes.csv says (see classtable.py;
`check_source.py --write-classes` drafts one). The split is, whichever comes
first,

- by lists: train.txt and valid.txt (or val.txt), perhaps test.txt, beside
  classes.csv, with a picture's path in images/ on each line,
- by sub-folders: images/train and images/valid (or val), perhaps test,
- drawn, of images/train or of all: --valid-fraction of the pictures. With
  --group-by REGEX those whose paths in images/ match it alike stay on one
  side: it is searched in the path, and its first (group), or what it matches
  as a whole, is compared. '^[^/]+' is the first sub-folder, '^(.*)_' all
  before the last '_'.

Without --image-size the network's input is as large as the first picture, in
multiples of 32, but of no more than about 480x352 pixels.
"""
import os

import source
from segmentation import pixels
from segmentation.data import class_table, label_files
from segmentation.data import splits as splitting
from segmentation.errors import InputError

TABLE = 'classes.csv'
LARGEST = 480 * 352     # pixels: what a training step on CamVid takes


class FolderSource(source.DataSource):
    """A folder: images/, labels/ and classes.csv are wanted."""

    group_by = None
    folder = None
    _size = None

    @property
    def image_size(self):
        """(width, height); by the first picture unless it is set."""
        if self._size is None and self.folder is not None:
            pictures = list_pictures(self.folder)
            image = pixels.read(os.path.join(self.folder, 'images',
                                             pictures[0]))
            self._size = fit(image.shape[1::-1])
        return self._size

    @image_size.setter
    def image_size(self, size):
        self._size = size

    def choose_folder(self, data_dir):
        """Take the classes of a folder; before labels are read."""
        path = os.path.join(data_dir, TABLE)
        if not os.path.isfile(path):
            raise FileNotFoundError(
                '{}: no {}: check_source.py --write-classes drafts one'
                .format(data_dir, TABLE) if os.path.isdir(data_dir) else
                f'{data_dir}: no such folder')
        rows = class_table.read(path)
        classes = class_table.complete(rows)
        numbers = {name: number for number, (name, _) in enumerate(classes)}
        self.classes = tuple(classes)
        self.void_colors = tuple(row.color for row in rows
                                 if row.ignore and row.color)
        self.ids = {row.id: source.IGNORE if row.ignore else numbers[row.name]
                    for row in rows if row.id is not None} or None
        # Colours that were drawn from the palette are in no label file.
        self.has_colors = all(row.color for row in rows if not row.ignore)
        self.folder = data_dir

    def load_data(self, data_dir, valid_fraction):
        if self.folder != data_dir:
            self.choose_folder(data_dir)
        super().load_data(data_dir, valid_fraction)
        for pair in self.splits.get('test', ()):
            self.check_pair(*pair)

    def list_splits(self, data_dir, valid_fraction):
        """The split of lists or sub-folders, or one drawn by groups."""
        pictures = list_pictures(data_dir)
        labels = list_labels(data_dir)
        lists = splitting.find_parts(data_dir, '.txt')
        folders = splitting.find_parts(os.path.join(data_dir, 'images'), '')
        if lists:
            splits = {split: splitting.read_list(path, data_dir,
                                                 set(pictures))
                      for split, path in lists.items()}
            splitting.check_apart(splits, lists)
        elif 'train' in folders or 'valid' in folders:
            check_orphans(data_dir, pictures, labels)
            splits = splitting.by_folder(data_dir, pictures, folders)
        else:
            check_orphans(data_dir, pictures, labels)
            splits = {'train': pictures}
        if lists or 'valid' in splits:
            self.refuse_groups(lists or folders)
        else:
            splits.update(splitting.draw(splits['train'], valid_fraction,
                                         self.seed, self.group_by))
        if not any(stem(name) in labels for name in splits.get('test', ())):
            splits.pop('test', None)    # a test set without labels
        return {split: pair_up(data_dir, names, labels)
                for split, names in splits.items()}

    def refuse_groups(self, parts):
        """Raise ValueError if --group-by was asked for in vain."""
        if self.group_by:
            raise InputError('--group-by does not apply: {} give the split'
                             .format(' and '.join(sorted(parts.values()))))

    def check_pair(self, image_path, label_path):
        """Raise FileNotFoundError or ValueError without a label in PNG."""
        stem_, suffix = os.path.splitext(label_path)
        if suffix.lower() != '.png':
            raise InputError('{}: a JPEG: its compression changes the values '
                             'of a label, so that {}.png is wanted'.format(
                                 label_path, os.path.basename(stem_)))
        super().check_pair(image_path, label_path)

    def read_codes(self, path):
        """The values of a label file: ids where it has one channel of them.
        """
        png = label_files.open_png(path)
        if not self.ids:
            return label_files.read_colors(png)
        if self.has_colors and png.kind not in (
                label_files.GREY, label_files.PALETTE, label_files.GREY_ALPHA):
            return label_files.read_colors(png)
        ids = label_files.read_ids(png)
        if ids is None:
            raise InputError('{}: colours, but {} in {} has no r, g and b of '
                             'every class'.format(path, TABLE, self.folder))
        return ids


def fit(size):
    """The network input for pictures of a (width, height).

    >>> fit((480, 360)), fit((1920, 1080)), fit((40, 500))
    ((480, 352), (544, 320), (32, 512))
    """
    scale = min(1, (LARGEST / (size[0] * size[1])) ** .5)
    return tuple(max(32, int(round(side * scale / 32)) * 32) for side in size)


def stem(name):
    return os.path.splitext(name)[0]


def list_pictures(data_dir):
    """The paths of all pictures, relative to images/ and parted by '/'."""
    folder = os.path.join(data_dir, 'images')
    if not os.path.isdir(folder):
        raise FileNotFoundError('{}: no such folder: it is to hold the '
                                'pictures'.format(folder))
    names = label_files.list_files(folder)
    if not names:
        raise InputError(f'{folder}: no PNG or JPEG picture in it')
    for first, second in zip(names, names[1:]):
        if stem(first) == stem(second):
            raise InputError('{}: {} and {} would have one label'.format(
                folder, first, second))
    return names


def list_labels(data_dir):
    """{stem: path relative to labels/}, the PNG where there is a JPEG too."""
    folder = os.path.join(data_dir, 'labels')
    if not os.path.isdir(folder):
        raise FileNotFoundError('{}: no such folder: it is to hold the '
                                'labels'.format(folder))
    names = label_files.list_files(folder)
    return {stem(name): name for name in sorted(
        names, key=lambda name: name.lower().endswith('.png'))}


def check_orphans(data_dir, pictures, labels):
    """Raise ValueError where labels are there without a picture."""
    orphans = sorted(set(labels) - set(map(stem, pictures)))
    if orphans:
        raise InputError(
            '{}: {} has no picture in images/ ({} such labels in all): take '
            'it away, or list the pictures in train.txt and valid.txt'.format(
                os.path.join(data_dir, 'labels'), labels[orphans[0]],
                len(orphans)))


def pair_up(data_dir, names, labels):
    """The (picture, label) paths of pictures, sorted."""
    return [(os.path.join(data_dir, 'images', *name.split('/')),
             os.path.join(data_dir, 'labels', *labels.get(
                 stem(name), f"{stem(name)}.png").split('/')))
            for name in sorted(names)]


def get_source():
    return FolderSource()
