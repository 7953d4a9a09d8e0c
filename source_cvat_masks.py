"""CVAT's "Segmentation mask 1.1": labelmap.txt and SegmentationClass/.

labelmap.txt names the classes and their colours; ImageSets/Segmentation has
lists of frames, whose split is drawn unless there are train.txt and val.txt.
SegmentationClass/a.png is the label of JPEGImages/a.jpg, or of images/a.png
and the like. Labels are colours, or grey values: the lines of labelmap.txt
from 0 on. A label named ignore or ignored is not scored.
"""
import os

import source
from segmentation.data import label_files, splits
from segmentation.errors import InputError

TABLE = 'labelmap.txt'
LISTS = os.path.join('ImageSets', 'Segmentation')
IGNORED = ('ignore', 'ignored')
PICTURES = ('JPEGImages', 'images', '')


class CvatMasksSource(source.DataSource):
    """CVAT masks: labelmap.txt and SegmentationClass/ are wanted."""

    image_size = (480, 352)

    def choose_folder(self, data_dir):
        """Take the classes of labelmap.txt."""
        rows = read_label_map(os.path.join(data_dir, TABLE))
        self.classes = [row for row in rows if row[0] not in IGNORED]
        self.void_colors = [color for name, color in rows if name in IGNORED]
        index = {name: k for k, (name, _) in enumerate(self.classes)}
        self.ids = {k: index.get(name, source.IGNORE)
                    for k, (name, _) in enumerate(rows)}
        self.background = (['background'] if 'background' in index
                           and len(index) > 1 else None)

    def list_splits(self, data_dir, valid_fraction):
        """Return the split of train.txt and val.txt, or one that is drawn."""
        lists = splits.find_lists(os.path.join(data_dir, LISTS))
        if {'train', 'valid'} <= set(lists):
            return {split: read_list(data_dir, path)
                    for split, path in lists.items()}
        return super().list_splits(data_dir, valid_fraction)

    def list_pairs(self, data_dir):
        """Return the (picture, label) paths of all lists."""
        folder = os.path.join(data_dir, LISTS)
        return [pair for name in label_files.list_files(folder, ('.txt',))
                for pair in read_list(data_dir, os.path.join(folder, name))]


def read_label_map(path):
    """Return [(name, (red, green, blue))] of 'name:red,green,blue:...'."""
    rows = []
    for number, line in splits.read_lines(path):
        if line.startswith('#'):
            continue
        name, *rest = line.split(':')
        try:
            red, green, blue = (int(part) for part in rest[0].split(','))
        except (ValueError, IndexError):
            raise InputError(f'{path}, line {number}: {line[:60]!r}: '
                             'name:red,green,blue:: is wanted')
        if name in dict(rows) or (red, green, blue) in dict(rows).values():
            raise InputError(f'{path}, line {number}: {name} has the name or '
                             'the colour of an earlier line')
        rows.append((name, (red, green, blue)))
    return rows


def read_list(data_dir, path):
    """Return the pairs of a list with the name of a frame on each line."""
    return [(find_picture(data_dir, name),
             os.path.join(data_dir, 'SegmentationClass', f'{name}.png'))
            for _, name in splits.read_lines(path)]


def find_picture(data_dir, name):
    """Return the path of a frame, or where it is first looked for."""
    paths = [os.path.join(data_dir, folder, name + suffix)
             for folder in PICTURES for suffix in label_files.PICTURES]
    return next(filter(os.path.isfile, paths), paths[0])


def get_source():
    return CvatMasksSource()
