"""COCO: instances (polygons and run lengths) and panoptic segments.

    DIR/annotations/instances_train2017.json      DIR/train2017/*.jpg
    DIR/annotations/panoptic_val2017.json         DIR/val2017/*.jpg
    DIR/annotations/panoptic_val2017/*.png

Other JSON files of this kind are read as well, in DIR, in DIR/annotations or
beside their pictures, as CVAT and Roboflow export them.

The polygons of an object are filled one by one. Objects are painted in the
order of the file, the last one on top, as COCO's own tools do; crowds have
the class of what they are. Segments of a panoptic file cover their picture
but for what is unlabelled, which is ignored.
"""
import collections
import glob
import os

import numpy as np

from segmentation import files, pixels
from segmentation.data import label_files
from segmentation.data.annotations import names, run_lengths, shapes
from segmentation.errors import InputError

SCHEMA = {'images': [{'id': (int, str), 'file_name': str, 'width': int,
                      'height': int}],
          'annotations': [{'image_id': (int, str)}],
          'categories': [{'id': int, 'name': str}]}
INSTANCE = {'category_id': int, 'segmentation': (list, dict)}
SEGMENTS = {'file_name': str, 'segments_info': [{'id': int,
                                                 'category_id': int}]}
PATTERNS = ('annotations/{kind}_*.json', '*.json', 'annotations/*.json',
            '*/_annotations.coco.json')


class Annotations:
    """The JSON files of a folder, all instances or all panoptic.

    Parameters
    ----------
    kind : str
        'instances' or 'panoptic', for a folder that has both.
    """

    def __init__(self, data_dir, kind='instances'):
        self.has_background = kind == 'instances'
        self.files = [JsonFile(path, data_dir, kind == 'panoptic')
                      for path in find_files(data_dir, kind)]
        self.by_picture = {picture: (file, image) for file in self.files
                           for picture, image in file.pictures.items()}

    def list_samples(self):
        """Return [(what may name the split, picture, label)]."""
        return [(file.hint, picture, file.label_path(image))
                for file in self.files
                for picture, image in file.pictures.items()]

    def check_names(self, known):
        """Raise InputError where a category that is used is in no class."""
        for file in self.files:
            for annotation in file.annotations:
                for category in file.categories_of(annotation):
                    known.class_id(category, file.path)

    def count_names(self):
        """Return {name: names.Count} of all categories, used or not."""
        counts = {}
        for file in self.files:
            for name in file.categories.values():
                counts.setdefault(name, names.Count())
            for image in file.pictures.values():
                per_picture = collections.Counter(
                    name for annotation in file.of_image[image['id']]
                    for name in file.categories_of(annotation))
                for name, number in per_picture.items():
                    counts[name] = counts[name].add(number)
        return counts

    def read_ids(self, image_path, label_path, size, known):
        """Return the class ids (H, W) of a picture of (width, height)."""
        file, image = self.by_picture[image_path]
        label_files.check_sizes(image_path, size, file.path,
                                (image['width'], image['height']))
        annotations = file.of_image[image['id']]

        def class_id(name):
            return known.class_id(name, file.path)
        if file.is_panoptic:
            return read_segments(label_path, annotations[0], file, class_id)
        return shapes.paint([file.parse(annotation, size)
                             for annotation in annotations],
                            size, class_id, known.uncovered)


class JsonFile:
    """A JSON file of COCO's, checked.

    Attributes
    ----------
    path, hint : str
        The hint is what may name the split.
    categories : {id: name}
    annotations : list of dict
    of_image : {image id: its annotations}
    pictures : {path: entry of images}
    """

    def __init__(self, path, data_dir, is_panoptic):
        self.path, self.is_panoptic = path, is_panoptic
        self.hint = os.path.relpath(path, data_dir)
        annotation = SEGMENTS if is_panoptic else INSTANCE
        content = files.read_json(path, dict(SCHEMA, annotations=[
            dict(annotation, image_id=(int, str))]))
        self.categories = {
            category['id']: names.from_text(category['name'], path)
            for category in content['categories']}
        self.annotations = content['annotations']
        self.of_image = collections.defaultdict(list)
        for annotation in self.annotations:
            self.of_image[annotation['image_id']].append(annotation)
        images = [image for image in content['images']
                  if not is_panoptic or self.of_image[image['id']]]
        folder = find_folder(path, data_dir, images)
        self.pictures = {
            os.path.join(folder, *name_of(image, path).split('/')): image
            for image in images}

    def label_path(self, image):
        """Return the label of an entry of images: its PNG, or this file."""
        if not self.is_panoptic:
            return self.path
        annotation = self.of_image[image['id']][0]
        return os.path.join(os.path.splitext(self.path)[0],
                            name_of(annotation, self.path))

    def categories_of(self, annotation):
        """Return the names of an object, or of the segments of a picture."""
        return [self.category(entry['category_id'], annotation)
                for entry in annotation.get('segments_info', [annotation])]

    def category(self, number, annotation):
        """Return the name of a category."""
        if number not in self.categories:
            raise InputError(f'{self.path}: {number} of the annotation of '
                             f'image {annotation["image_id"]} is in no '
                             'category')
        return self.categories[number]

    def parse(self, annotation, size):
        """Return the shapes.Shape of an object in a (width, height)."""
        name, = self.categories_of(annotation)
        where = f'{self.path}: annotation {annotation.get("id")}'
        area = annotation['segmentation']
        if not area:
            raise InputError(f'{where} has no segmentation: a box is no '
                             'outline')
        if isinstance(area, list):
            return shapes.Shape(name, [shapes.outline(ring, where)
                                       for ring in area])
        try:
            counts = area['counts']
            if isinstance(counts, str):
                counts = run_lengths.parse_text(counts)
            return shapes.Shape(name, (), run_lengths.decode(counts, size,
                                                             True))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(f'{where}: no run lengths: {error}')


def name_of(entry, path):
    return names.file_name(entry['file_name'], path)


def read_segments(path, annotation, file, class_id):
    """Return the class ids (H, W) of a PNG whose colours number segments."""
    codes = label_files.read_colors(label_files.open_png(path))
    # A segment's number is red + 256 green + 65536 blue; 0 has no label.
    numbers, where = np.unique(codes, return_inverse=True)
    class_ids = {0: pixels.IGNORE}
    for segment, name in zip(annotation['segments_info'],
                             file.categories_of(annotation)):
        class_ids[segment['id']] = class_id(name)
    table = []
    for number in numbers:
        red, green, blue = pixels.unpack(number)
        segment = red + 256 * green + 65536 * blue
        if segment not in class_ids:
            raise InputError(f'{path}: segment {segment} is not in '
                             f'{file.path}')
        table.append(class_ids[segment])
    return np.array(table, np.uint8)[where].reshape(codes.shape)


def find_files(data_dir, kind):
    """Return the paths of the JSON files of a kind in a folder."""
    for pattern in PATTERNS:
        paths = sorted(glob.glob(os.path.join(
            glob.escape(data_dir), *pattern.format(kind=kind).split('/'))))
        if paths:
            return paths
    raise FileNotFoundError(f'{data_dir}: no annotations/{kind}_*.json nor '
                            'other JSON file: COCO is wanted')


def find_folder(path, data_dir, images):
    """Return the folder of the pictures of a JSON file: of the first one."""
    part = os.path.splitext(os.path.basename(path))[0].split('_', 1)[-1]
    folders = [os.path.join(data_dir, part),
               os.path.join(data_dir, 'images', part),
               os.path.join(data_dir, 'images'), os.path.dirname(path),
               data_dir]
    for folder in folders if images else folders[:1]:
        if not images or os.path.isfile(os.path.join(
                folder, *name_of(images[0], path).split('/'))):
            return folder
    raise FileNotFoundError(f'{path}: no picture {images[0]["file_name"]} in '
                            f'{", ".join(folders)}')
