"""labelme: a JSON file of shapes beside each picture.

Shapes are painted in their order in the file, the last one on top. A line is
10 pixels wide and a point is a disc of radius 5, as in labelme's own
`shape_to_mask`. Groups join shapes to objects; classes do not need them.
"""
import base64
import binascii
import collections
import os

import cv2
import numpy as np

from segmentation import files, pixels, text
from segmentation.data import label_files, listing
from segmentation.data.annotations import names, shapes
from segmentation.errors import InputError

LINE_WIDTH, POINT_RADIUS = 10, 5    # pixels; labelme's defaults
SIDE = (int, None)
SCHEMA = {'shapes': [{'label': str, 'points': [[float]],
                      'shape_type?': (str, None), 'mask?': (str, None)}],
          'imagePath?': (str, None), 'imageWidth?': SIDE,
          'imageHeight?': SIDE}
IGNORED, BACKGROUND = '__ignore__', '_background_'  # names of labelme's own


class Annotations:
    """The JSON files of a folder and its sub-folders."""

    has_background = True       # pixels in no shape are of a class

    def __init__(self, data_dir):
        self.data_dir = data_dir

    def list_samples(self):
        """Return [(what may name the split, picture, label)] of all files."""
        samples = []
        for path in listing.walk(self.data_dir):
            if path.lower().endswith('.json'):
                folder = os.path.dirname(path)
                samples.append((os.path.relpath(folder, self.data_dir),
                                find_picture(path), path))
        return samples

    def check_names(self, known):
        """Do nothing: a file is checked when it is read."""

    def count_names(self):
        """Return {name: names.Count} of all files."""
        counts = {}
        for _, _, path in self.list_samples():
            per_file = collections.Counter(
                name_of(shape, where) for where, shape in read(path))
            for name, number in per_file.items():
                counts[name] = counts.get(name, names.Count()).add(number)
        return {name: counts[name] for name in sorted(counts)}

    def read_ids(self, image_path, label_path, size, known):
        """Return the class ids (H, W) of a picture of (width, height)."""
        return shapes.paint(
            [parse(shape, where)
             for where, shape in read(label_path, image_path, size)],
            size, lambda name: known.class_id(name, label_path),
            known.uncovered)


def read(path, image_path=None, size=None):
    """Return [(where, shape)] of a file; `where` names the shape."""
    content = files.read_json(path, SCHEMA)
    declared = content.get('imageWidth'), content.get('imageHeight')
    if size and None not in declared:
        label_files.check_sizes(image_path, size, path, declared)
    return [(f'{path}: shapes[{k}]', shape)
            for k, shape in enumerate(content['shapes'])]


def find_picture(path):
    """Return the picture of a JSON file: of its name, or as it says."""
    stem = os.path.splitext(path)[0]
    for suffix in label_files.PICTURES:
        for name in stem + suffix, stem + suffix.upper():
            if os.path.isfile(name):
                return name
    named = files.read_json(path, SCHEMA).get('imagePath') or (
        f'{os.path.basename(stem)}.jpg')
    return os.path.normpath(os.path.join(
        os.path.dirname(path), *names.file_name(named, path).split('\\')))


def name_of(shape, where):
    return names.from_text(shape['label'], where)


def parse(shape, where):
    """Return a shapes.Shape of what is in a JSON file."""
    name, points = name_of(shape, where), shape['points']
    kind = shape.get('shape_type') or 'polygon'
    if kind not in PARSERS:
        raise InputError(f'{where}: shape_type is {kind!r}: '
                         f'{", ".join(PARSERS)} are known')
    least, outlines = PARSERS[kind]
    if len(points) < least or not all(
            len(point) == 2 and all(abs(value) < shapes.FARTHEST
                                    for value in point) for point in points):
        raise InputError(f'{where}: {text.counted(len(points), "point")} of a '
                         f'{kind}: {least} are wanted, of an x and a y each, '
                         f'below {shapes.FARTHEST:.0e}')
    if kind == 'mask':
        left, top = np.min(points, axis=0).astype(int).tolist()
        return shapes.Shape(name, (), read_mask(shape.get('mask'), where),
                            (left, top))
    return shapes.Shape(name, outlines(points))


def read_mask(text, where):
    """Return the mask (h, w) bool of a picture in base64."""
    try:
        data = base64.b64decode(text or '', validate=True)
    except (binascii.Error, ValueError):
        data = b''
    mask = pixels.decode(where, data, cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise InputError(f'{where}: mask: a PNG in base64 is wanted')
    return mask > 0


def circle(points):
    """Return the outline of a centre and a point on the circle."""
    radius = np.hypot(*np.subtract(points[1], points[0]))
    return [shapes.ellipse(points[0], (radius, radius))]


# {shape_type: (fewest points, function that returns outlines)}
PARSERS = {
    'polygon': (3, lambda points: [np.array(points, float)]),
    'rectangle': (2, lambda points: [
        shapes.rectangle(*np.min(points, axis=0), *np.max(points, axis=0))]),
    'oriented_rectangle': (4, lambda points: [np.array(points, float)]),
    'circle': (2, circle),
    'line': (2, lambda points: shapes.strokes(points, LINE_WIDTH)),
    'linestrip': (2, lambda points: shapes.strokes(points, LINE_WIDTH)),
    'point': (1, lambda points: [
        shapes.ellipse(points[0], (POINT_RADIUS, POINT_RADIUS))]),
    'mask': (2, None)}
