"""IDD: its table of labels, and its polygons in the format of Cityscapes.

References
----------
Varma et al. 2019, 'IDD: A dataset for exploring problems of autonomous
navigation in unconstrained environments'; the table of labels of its public
code, of which these are level3Id and csTrainId.
"""

from segmentation import files, text
from segmentation.data import label_files
from segmentation.data.annotations import shapes
from segmentation.data.road_scenes.labels import Label
from segmentation.errors import InputError

SCHEMA = {'imgWidth': int, 'imgHeight': int,
          'objects': [{'label': str, 'polygon': [[float]],
                       'deleted?': (int, bool)}]}
VOID = 255

# (name, level3Id, class in Cityscapes, colour)
TABLE = (
    ('road', 0, 'road', (128, 64, 128)),
    ('parking', 1, None, (250, 170, 160)),
    ('drivable fallback', 1, None, (81, 0, 81)),
    ('sidewalk', 2, 'sidewalk', (244, 35, 232)),
    ('rail track', 3, None, (230, 150, 140)),
    ('non-drivable fallback', 3, 'terrain', (152, 251, 152)),
    ('person', 4, 'person', (220, 20, 60)),
    ('animal', 4, None, (246, 198, 145)),
    ('rider', 5, 'rider', (255, 0, 0)),
    ('motorcycle', 6, 'motorcycle', (0, 0, 230)),
    ('bicycle', 7, 'bicycle', (119, 11, 32)),
    ('autorickshaw', 8, None, (255, 204, 54)),
    ('car', 9, 'car', (0, 0, 142)),
    ('truck', 10, 'truck', (0, 0, 70)),
    ('bus', 11, 'bus', (0, 60, 100)),
    ('caravan', 12, None, (0, 0, 90)),
    ('trailer', 12, None, (0, 0, 110)),
    ('train', 12, 'train', (0, 80, 100)),
    ('vehicle fallback', 12, None, (136, 143, 153)),
    ('curb', 13, None, (220, 190, 40)),
    ('wall', 14, 'wall', (102, 102, 156)),
    ('fence', 15, 'fence', (190, 153, 153)),
    ('guard rail', 16, None, (180, 165, 180)),
    ('billboard', 17, None, (174, 64, 67)),
    ('traffic sign', 18, 'traffic sign', (220, 220, 0)),
    ('traffic light', 19, 'traffic light', (250, 170, 30)),
    ('pole', 20, 'pole', (153, 153, 153)),
    ('polegroup', 20, None, (153, 153, 153)),
    ('obs-str-bar-fallback', 21, None, (169, 187, 214)),
    ('building', 22, 'building', (70, 70, 70)),
    ('bridge', 23, None, (150, 100, 100)),
    ('tunnel', 23, None, (150, 120, 90)),
    ('vegetation', 24, 'vegetation', (107, 142, 35)),
    ('sky', 25, 'sky', (70, 130, 180)),
    ('fallback background', 25, None, (169, 187, 214)),
    ('unlabeled', VOID, None, (0, 0, 0)),
    ('ego vehicle', VOID, None, (0, 0, 0)),
    ('rectification border', VOID, None, (0, 0, 0)),
    ('out of roi', VOID, None, (0, 0, 0)),
    ('license plate', VOID, None, (0, 0, 142)))
# What of several labels gives its name and colour to their class.
CLASSES = {1: 'drivable fallback', 3: 'non-drivable fallback',
           12: 'vehicle fallback'}
INDEX = {name: value for value, (name, *_) in enumerate(TABLE)}


def list_labels():
    """Return the Labels: their values are the rows of TABLE."""
    return [label_of_class(value, *row) for value, row in enumerate(TABLE)]


def label_of_class(value, name, level3, in_cityscapes, color):
    """Return the Label of a row, with the name and colour of its class."""
    first = next(row for row in TABLE if row[1] == level3
                 and row[0] == CLASSES.get(level3, row[0]))
    return Label(value, first[0], first[3], in_cityscapes, level3 == VOID)


def read_ids(path, image_path, size, class_ids):
    """Return the class ids (H, W) of the polygons of a picture.

    They are painted in their order, the last one on top; what is deleted is
    left out, and a group has the class of its members.

    Parameters
    ----------
    size : (width, height)
        Of the picture.
    class_ids : {row of TABLE: class id}
    """
    content = files.read_json(path, SCHEMA)
    label_files.check_sizes(image_path, size, path,
                            (content['imgWidth'], content['imgHeight']))
    areas = []
    for number, entry in enumerate(content['objects']):
        if not entry.get('deleted') and len(entry['polygon']) > 2:
            areas.append(shapes.Shape(entry['label'], [shapes.outline(
                entry['polygon'], f'{path}: objects[{number}]')]))
    return shapes.paint(areas, size,
                        lambda name: class_ids[row_of(name, path)],
                        class_ids[INDEX['unlabeled']])


def row_of(name, path):
    """Return the row of TABLE of a label, or of the members of a group."""
    for known in name, name[:-len('group')] if name.endswith('group') else '':
        if known in INDEX:
            return INDEX[known]
    raise InputError(f'{path}: no label {name!r} in IDD: '
                     f'{text.suggest(name, INDEX, "labels")}')
