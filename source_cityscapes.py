"""Cityscapes, from label ids or from colour files, in 19 or 29 classes.

The official layout is DIR/leftImg8bit/SPLIT/CITY/*_leftImg8bit.png beside
DIR/gtFine/SPLIT/CITY/*_gtFine_labelIds.png or *_gtFine_color.png, with train
and val as SPLIT. DIR/samples and DIR/labels may stand for the two folders or
hold them; without a val folder a share of train is kept for validation.

Label ids are read where they are there. Colour files cannot tell a group of
poles (153, 153, 153) from a pole nor a licence plate (0, 0, 142) from a car:
of the 19 classes, a group of poles is then a pole where ids have it ignored.
The 29 classes are those that colours tell apart, for ids as well.
"""
import collections
import os

import source
from segmentation.errors import InputError

Label = collections.namedtuple('Label', 'id name color evaluated')

# Cordts et al. 2016, table of labels; colours are (red, green, blue).
LABELS = tuple(Label(*row) for row in (
    (-1, 'license plate', (0, 0, 142), False),
    (0, 'unlabeled', (0, 0, 0), False),
    (1, 'ego vehicle', (0, 0, 0), False),
    (2, 'rectification border', (0, 0, 0), False),
    (3, 'out of roi', (0, 0, 0), False),
    (4, 'static', (0, 0, 0), False),
    (5, 'dynamic', (111, 74, 0), False),
    (6, 'ground', (81, 0, 81), False),
    (7, 'road', (128, 64, 128), True),
    (8, 'sidewalk', (244, 35, 232), True),
    (9, 'parking', (250, 170, 160), False),
    (10, 'rail track', (230, 150, 140), False),
    (11, 'building', (70, 70, 70), True),
    (12, 'wall', (102, 102, 156), True),
    (13, 'fence', (190, 153, 153), True),
    (14, 'guard rail', (180, 165, 180), False),
    (15, 'bridge', (150, 100, 100), False),
    (16, 'tunnel', (150, 120, 90), False),
    (17, 'pole', (153, 153, 153), True),
    (18, 'polegroup', (153, 153, 153), False),
    (19, 'traffic light', (250, 170, 30), True),
    (20, 'traffic sign', (220, 220, 0), True),
    (21, 'vegetation', (107, 142, 35), True),
    (22, 'terrain', (152, 251, 152), True),
    (23, 'sky', (70, 130, 180), True),
    (24, 'person', (220, 20, 60), True),
    (25, 'rider', (255, 0, 0), True),
    (26, 'car', (0, 0, 142), True),
    (27, 'truck', (0, 0, 70), True),
    (28, 'bus', (0, 60, 100), True),
    (29, 'caravan', (0, 0, 90), False),
    (30, 'trailer', (0, 0, 110), False),
    (31, 'train', (0, 80, 100), True),
    (32, 'motorcycle', (0, 0, 230), True),
    (33, 'bicycle', (119, 11, 32), True)))
# A file has no negative values: licence plates are part of their car there.
IN_FILES = LABELS[1:]

LAYOUTS = (('leftImg8bit', 'gtFine'),
           ('samples/leftImg8bit', 'labels/gtFine'),
           ('samples', 'labels'))
PICTURE = '_leftImg8bit.png'
IDS, COLORS = '_gtFine_labelIds.png', '_gtFine_color.png'


class CityscapesSource(source.DataSource):
    """Cityscapes: leftImg8bit/train/CITY/ and gtFine/train/CITY/ are wanted.
    """

    benchmark = 'cityscapes'
    image_size = (512, 256)

    def __init__(self):
        self.choose_classes('19')

    def choose_classes(self, table):
        """Take the 19 evaluated classes, the rest ignored, or all 29 colours.

        Call it before labels are read. Of the 29, class 0 is 'unlabeled':
        every id whose colour is black.
        """
        if table == '19':
            classes = [label for label in LABELS if label.evaluated]
            known = {label.color for label in classes}
            self.void_colors = tuple(sorted(
                {label.color for label in LABELS} - known))
            self.ids = {label.id: source.IGNORE for label in IN_FILES}
            self.ids.update((label.id, number)
                            for number, label in enumerate(classes))
        elif table == '29':
            first = {}
            for label in IN_FILES:
                first.setdefault(label.color, label)
            classes = list(first.values())
            self.void_colors = ()
            numbers = {label.color: number
                       for number, label in enumerate(classes)}
            self.ids = {label.id: numbers[label.color] for label in IN_FILES}
        else:
            raise InputError('no class table {!r} of cityscapes: 19 and 29 '
                             'are there'.format(table))
        self.classes = tuple((label.name, label.color) for label in classes)

    def list_splits(self, data_dir, valid_fraction):
        """The data set's own split, or one drawn from train without val."""
        pictures, labels = find_folders(data_dir)
        if not os.path.isdir(os.path.join(pictures, 'val')):
            return super().list_splits(data_dir, valid_fraction)
        return {'train': list_split(pictures, labels, 'train'),
                'valid': list_split(pictures, labels, 'val')}

    def list_pairs(self, data_dir):
        """The (picture, label) paths of train."""
        return list_split(*find_folders(data_dir), split='train')

    def check_pair(self, image_path, label_path):
        """Raise FileNotFoundError where a picture has neither label file."""
        if not os.path.isfile(label_path):
            folder, name = os.path.split(label_path)
            raise FileNotFoundError('{}: no label {} or {} in {}'.format(
                os.path.basename(image_path), name,
                name.replace(COLORS, IDS), folder))


def find_folders(data_dir):
    """The folders of the pictures and of the labels, with train in both."""
    for layout in LAYOUTS:
        folders = [os.path.join(data_dir, *name.split('/'))
                   for name in layout]
        if all(os.path.isdir(os.path.join(folder, 'train'))
               for folder in folders):
            return folders
    raise FileNotFoundError(
        'no Cityscapes in {}: {} were looked for'.format(
            data_dir, ', '.join('{}/train with {}/train'.format(*layout)
                                for layout in LAYOUTS)))


def list_split(pictures, labels, split):
    """The (picture, label) paths of all cities of a split, sorted."""
    pairs = []
    for city in sorted(os.listdir(os.path.join(pictures, split))):
        folder = os.path.join(pictures, split, city)
        if os.path.isdir(folder):
            pairs += [(os.path.join(folder, name),
                       find_label(os.path.join(labels, split, city),
                                  name[:-len(PICTURE)]))
                      for name in sorted(os.listdir(folder))
                      if name.endswith(PICTURE)]
    return pairs


def find_label(folder, frame):
    """The file of a frame's label ids, or the colour file in its place."""
    ids, colors = (os.path.join(folder, frame + end) for end in (IDS, COLORS))
    return ids if os.path.isfile(ids) else colors


def get_source():
    return CityscapesSource()
