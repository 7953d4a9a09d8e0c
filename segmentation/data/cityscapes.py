"""What Cityscapes is: its table of labels, its classes, its folders.

The official layout is DIR/leftImg8bit/SPLIT/CITY/*_leftImg8bit.png beside
DIR/gtFine/SPLIT/CITY/*_gtFine_labelIds.png or *_gtFine_color.png.

References
----------
Cordts et al. 2016, 'The Cityscapes dataset for semantic urban scene
understanding'.
"""
import os
from typing import Dict, NamedTuple, Tuple

from segmentation import pixels
from segmentation.data import listing
from segmentation.errors import InputError

Color = Tuple[int, int, int]    # (red, green, blue)


class Label(NamedTuple):
    """A row of the table of labels."""

    id: int
    name: str
    color: Color
    evaluated: bool     # whether the benchmark scores it


class ClassTable(NamedTuple):
    """Some classes of Cityscapes, as a DataSource has them."""

    classes: Tuple[Tuple[str, Color], ...]
    void_colors: Tuple[Color, ...]  # of pixels that are ignored
    ids: Dict[int, int]             # {label id: class id or IGNORE}


# Cordts et al. 2016, table of labels.
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


def class_table(name):
    """Return the ClassTable '19' or '29'.

    The 19 are the evaluated classes, the rest ignored. The 29 are the classes
    that colours tell apart; class 0 is 'unlabeled', every id whose colour is
    black.
    """
    tables = {'19': evaluated_classes, '29': classes_by_color}
    if name not in tables:
        raise InputError(f'no class table {name!r} of cityscapes: 19 and 29 '
                         'are there')
    return tables[name]()


def evaluated_classes():
    """Return the ClassTable of the 19 classes that the benchmark scores."""
    labels = [label for label in LABELS if label.evaluated]
    known = {label.color for label in labels}
    ids = {label.id: pixels.IGNORE for label in IN_FILES}
    ids.update((label.id, number) for number, label in enumerate(labels))
    return ClassTable(named_colors(labels), tuple(sorted(
        {label.color for label in LABELS} - known)), ids)


def classes_by_color():
    """Return the ClassTable of the 29 colours; each has its first name."""
    first = {}
    for label in IN_FILES:
        first.setdefault(label.color, label)
    numbers = {color: number for number, color in enumerate(first)}
    return ClassTable(named_colors(first.values()), (), {
        label.id: numbers[label.color] for label in IN_FILES})


def named_colors(labels):
    """Return the (name, color) of labels."""
    return tuple((label.name, label.color) for label in labels)


def find_folders(data_dir):
    """Return the folders of pictures and of labels that both have train."""
    for layout in LAYOUTS:
        folders = [os.path.join(data_dir, *name.split('/'))
                   for name in layout]
        if all(os.path.isdir(os.path.join(folder, 'train'))
               for folder in folders):
            return folders
    wanted = ', '.join(f'{pictures}/train with {labels}/train'
                       for pictures, labels in LAYOUTS)
    raise FileNotFoundError(
        f'no Cityscapes in {data_dir}: {wanted} were looked for')


def list_split(pictures, labels, split):
    """Return the (picture, label) paths of all cities of a split, sorted."""
    pairs = []
    for city in sorted(os.listdir(os.path.join(pictures, split))):
        folder = os.path.join(pictures, split, city)
        if os.path.isdir(folder):
            pairs += [(os.path.join(folder, name),
                       find_label(os.path.join(labels, split, city),
                                  name[:-len(PICTURE)]))
                      for name in listing.file_names(folder)
                      if name.endswith(PICTURE)]
    return pairs


def find_label(folder, frame):
    """Return a frame's file of label ids, or else of colours."""
    ids, colors = (os.path.join(folder, frame + end) for end in (IDS, COLORS))
    return ids if os.path.isfile(ids) else colors
