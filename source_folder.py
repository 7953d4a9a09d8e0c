"""Any folder of labelled pictures: DIR/images, DIR/labels, DIR/classes.csv.

The picture images/a/b.jpg (or .png) has its label in labels/a/b.png: grey
ids, a palette or colours, as classes.csv says (its columns are explained in
segmentation/data/class_table.py; `check_source.py --write-classes` drafts
one). The split is, whichever comes first,

- by lists: train.txt and valid.txt (or val.txt), perhaps test.txt, beside
  classes.csv, with a picture's path in images/ on each line,
- by sub-folders: images/train and images/valid (or val), perhaps test,
- drawn from images/train or from all: --valid-fraction of the pictures. With
  --group-by REGEX those whose paths in images/ match it alike stay on one
  side: it is searched in the path, and its first (group), or what it matches
  as a whole, is compared. '^[^/]+' is the first sub-folder, '^(.*)_' all
  before the last '_'.

Without --image-size the network's input is as large as the first picture, in
multiples of 32, up to about 480x352 pixels.
"""
import os

import source
from segmentation import text
from segmentation.data import class_table, label_files, splits
from segmentation.data.annotations import tabled
from segmentation.errors import InputError


class FolderSource(tabled.TabledSource):
    """A folder: images/, labels/ and classes.csv are wanted."""

    def first_picture(self):
        """Return the path of the first picture of the folder."""
        return os.path.join(self.folder, 'images',
                            *list_pictures(self.folder)[0].split('/'))

    def use_table(self, path):
        """Take the classes of a class table."""
        rows = class_table.read(path)
        self.classes = tuple(class_table.complete(rows))
        self.void_colors = tuple(row.color for row in rows
                                 if row.ignore and row.color)
        index = {name: k for k, name in enumerate(self.class_names)}
        self.background = [row.name for row in rows if row.background
                           and class_table.is_class(row)] or None
        self.more_colors = [(row.part_of, row.color) for row in rows
                            if row.part_of and row.color]
        self.ids = {row.id: source.IGNORE if row.ignore
                    else index[row.class_name()]
                    for row in rows if row.id is not None} or None
        # Colours that come from the palette are in no label file.
        self.has_colors = all(row.color for row in rows if not row.ignore)

    def load_data(self, data_dir, valid_fraction):
        """List the samples; the labels of a test split are checked too."""
        super().load_data(data_dir, valid_fraction)
        for pair in self.splits.get('test', ()):
            self.check_pair(*pair)

    def list_splits(self, data_dir, valid_fraction):
        """Return the split of lists or sub-folders, or one that is drawn."""
        pictures = list_pictures(data_dir)
        labels = list_labels(data_dir)
        lists = splits.find_lists(data_dir)
        folders = splits.find_folders(os.path.join(data_dir, 'images'))
        if lists:
            parts = {split: splits.read_list(path, data_dir, set(pictures))
                     for split, path in lists.items()}
            splits.check_apart(parts, lists)
        else:
            check_orphans(data_dir, pictures, labels)
            parts = {'train': pictures}
            if 'train' in folders or 'valid' in folders:
                parts = splits.by_folder(data_dir, pictures, folders)
        if lists or 'valid' in parts:
            self.refuse_groups(lists or folders)
        else:
            parts.update(splits.draw(parts['train'], valid_fraction,
                                     self.seed, self.group_by))
        if not any(stem(name) in labels for name in parts.get('test', ())):
            parts.pop('test', None)     # a test set without labels
        return {split: pair_up(data_dir, names, labels)
                for split, names in parts.items()}

    def refuse_groups(self, parts):
        """Raise InputError if there are groups, but nothing to draw."""
        if self.group_by:
            paths = ' and '.join(sorted(parts.values()))
            raise InputError(f'--group-by does not apply: {paths} give the '
                             'split')

    def check_pair(self, image_path, label_path):
        """Raise InputError or FileNotFoundError if there is no PNG label."""
        if not label_path.lower().endswith('.png'):
            wanted = f'{stem(os.path.basename(label_path))}.png'
            raise InputError(f'{label_path}: a JPEG: its compression changes '
                             f'the values of a label, so that {wanted} is '
                             'wanted')
        super().check_pair(image_path, label_path)

    def read_codes(self, path):
        """Return the values of a label file: ids, if it has one channel."""
        png = label_files.open_png(path)
        if not self.ids:
            return label_files.read_colors(png)
        if self.has_colors and png.kind not in (
                label_files.GREY, label_files.PALETTE, label_files.GREY_ALPHA):
            return label_files.read_colors(png)
        ids = label_files.read_ids(png)
        if ids is None:
            raise InputError(f'{path}: colours, but {tabled.TABLE} in '
                             f'{self.folder} has no r, g and b of every '
                             'class')
        return ids


def stem(name):
    """Return a file name without its suffix."""
    return os.path.splitext(name)[0]


def list_pictures(data_dir):
    """Return the paths of all pictures, relative to images/, with '/'."""
    folder = os.path.join(data_dir, 'images')
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'{folder}: no such folder: it is to hold '
                                'the pictures')
    names = label_files.list_files(folder)
    if not names:
        raise InputError(f'{folder}: no PNG or JPEG picture in it')
    for first, second in zip(names, names[1:]):
        if stem(first) == stem(second):
            raise InputError(f'{folder}: {first} and {second} would have one '
                             'label')
    return names


def list_labels(data_dir):
    """Return {stem: path relative to labels/}; a PNG goes before a JPEG."""
    folder = os.path.join(data_dir, 'labels')
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'{folder}: no such folder: it is to hold '
                                'the labels')
    names = label_files.list_files(folder)
    return {stem(name): name for name in sorted(
        names, key=lambda name: name.lower().endswith('.png'))}


def check_orphans(data_dir, pictures, labels):
    """Raise InputError if there are labels without a picture."""
    orphans = sorted(set(labels) - set(map(stem, pictures)))
    if orphans:
        folder = os.path.join(data_dir, 'labels')
        raise InputError(
            f'{folder}: {labels[orphans[0]]} has no picture in images/ '
            f'({text.counted(len(orphans), "such label")} in all): remove '
            'it, or list the pictures in train.txt and valid.txt')


def pair_up(data_dir, names, labels):
    """Return the (picture, label) paths of pictures, sorted."""
    pairs = []
    for name in sorted(names):
        label = labels.get(stem(name), f'{stem(name)}.png')
        pairs.append((os.path.join(data_dir, 'images', *name.split('/')),
                      os.path.join(data_dir, 'labels', *label.split('/'))))
    return pairs


def get_source():
    return FolderSource()
