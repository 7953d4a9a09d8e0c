"""CVAT for images 1.1: one XML file of the shapes in all pictures.

    DIR/annotations.xml     DIR/images/*.jpg, or in folders of subsets

Boxes, ellipses, polygons and masks are painted by their z_order, and as they
follow in the file where that is equal, the last one on top. Lines and points
have no area: CVAT's own masks leave them out, and so does this.
"""
import collections
import glob
import os
from xml.etree import ElementTree

from segmentation.data import label_files
from segmentation.data.annotations import names, run_lengths, shapes
from segmentation.errors import InputError


class Annotations:
    """The XML files of a folder."""

    has_background = True

    def __init__(self, data_dir):
        paths = sorted(glob.glob(os.path.join(glob.escape(data_dir),
                                              '*.xml')))
        if not paths:
            raise FileNotFoundError(f'{data_dir}: no XML file in it: '
                                    'annotations.xml, as CVAT exports "CVAT '
                                    'for images 1.1", is wanted')
        self.colors = {}        # of the labels, None where CVAT gives none
        self.images = {}        # {picture: (path of its XML, element)}
        for path in paths:
            root = parse_xml(path)
            for label in root.iterfind('meta//label'):
                name = names.from_text(label.findtext('name'), path)
                self.colors[name] = parse_color(label.findtext('color'))
            for image in root.iterfind('image'):
                picture = find_picture(data_dir, attribute(image, 'name',
                                                           path),
                                       image.get('subset'))
                if picture in self.images:
                    raise InputError(f'{path}: {picture} is in '
                                     f'{self.images[picture][0]} already')
                self.images[picture] = path, image

    def list_samples(self):
        """Return [(what may name the split, picture, label)]."""
        return [(image.get('subset') or os.path.basename(path), picture, path)
                for picture, (path, image) in self.images.items()]

    def check_names(self, known):
        """Raise InputError where a label that is used is in no class."""
        for path, image in self.images.values():
            for element in areas(image):
                known.class_id(name_of(element, path), path)

    def count_names(self):
        """Return {name: names.Count} of all labels, used or not."""
        counts = {name: names.Count(color=color)
                  for name, color in self.colors.items()}
        for path, image in self.images.values():
            per_picture = collections.Counter(
                name_of(element, path) for element in areas(image))
            for name, number in per_picture.items():
                counts[name] = counts.get(name, names.Count()).add(number)
        return counts

    def read_ids(self, image_path, label_path, size, known):
        """Return the class ids (H, W) of a picture of (width, height)."""
        path, image = self.images[image_path]
        where = f'{path}: {image.get("name")}'
        label_files.check_sizes(image_path, size, path, [
            int(value) for value in floats(image, ('width', 'height'),
                                           where)])
        ordered = sorted(areas(image), key=lambda element: floats(
            element, ('z_order',), where, '0'))
        return shapes.paint([parse(element, where) for element in ordered],
                            size, lambda name: known.class_id(name, where),
                            known.uncovered)


def parse_xml(path):
    """Return the root of an XML file of pictures."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(f'{path}: no XML: {error}')
    if root.tag != 'annotations' or root.find('track') is not None:
        raise InputError(f'{path}: no annotations of pictures: an export as '
                         '"CVAT for images 1.1" is wanted')
    return root


def find_picture(data_dir, name, subset):
    """Return the path of a picture, whether it is there or not."""
    paths = [os.path.join(data_dir, 'images', subset or '', name),
             os.path.join(data_dir, 'images', name),
             os.path.join(data_dir, name)]
    return next(filter(os.path.isfile, paths), paths[1])


def areas(image):
    """Return the elements of an image that have an area."""
    return [element for element in image if element.tag in PARSERS]


def attribute(element, name, where, default=None):
    """Return an attribute of an element, or raise InputError."""
    value = element.get(name, default)
    if value is None:
        raise InputError(f'{where}: {element.tag} without {name}')
    return value


def floats(element, attributes, where, default=None):
    """Return attributes of an element as numbers, or raise InputError."""
    values = []
    for name in attributes:
        text = attribute(element, name, where, default)
        try:
            values.append(float(text))
        except ValueError:
            values.append(float('nan'))
        if not abs(values[-1]) < shapes.FARTHEST:
            raise InputError(f'{where}: {name} of a {element.tag} is '
                             f'{text!r}: a number is wanted')
    return values


def name_of(element, where):
    return names.from_text(element.get('label'), where)


def parse(element, where):
    """Return the shapes.Shape of an element that has an area."""
    where = f'{where}: {element.tag} {element.get("label")}'
    return PARSERS[element.tag](element, name_of(element, where), where)


def polygon(element, name, where):
    text = attribute(element, 'points', where)
    try:
        points = [[float(value) for value in point.split(',')]
                  for point in text.split(';')]
    except ValueError:
        raise InputError(f'{where}: points are {text[:40]!r}: x,y;x,y;... is '
                         'wanted')
    return shapes.Shape(name, [shapes.outline(points, where)])


def box(element, name, where):
    corners = floats(element, ('xtl', 'ytl', 'xbr', 'ybr'), where)
    rotation, = floats(element, ('rotation',), where, '0')
    return shapes.Shape(name, [shapes.outline(
        shapes.rectangle(*corners, rotation), where)])


def ellipse(element, name, where):
    x, y, *radii = floats(element, ('cx', 'cy', 'rx', 'ry'), where)
    rotation, = floats(element, ('rotation',), where, '0')
    return shapes.Shape(name, [shapes.outline(
        shapes.ellipse((x, y), radii, rotation), where)])


def mask(element, name, where):
    left, top, width, height = map(int, floats(
        element, ('left', 'top', 'width', 'height'), where))
    try:
        counts = list(map(int, attribute(element, 'rle', where).split(',')))
        area = run_lengths.decode(counts, (width, height), False)
    except (ValueError, OverflowError) as error:
        raise InputError(f'{where}: no run lengths: {error}')
    return shapes.Shape(name, (), area, (left, top))


PARSERS = {'polygon': polygon, 'box': box, 'ellipse': ellipse, 'mask': mask}


def parse_color(text):
    """Return the (red, green, blue) of '#rrggbb', or None."""
    try:
        return tuple(bytes.fromhex((text or '').lstrip('#')[:6])) or None
    except ValueError:
        return None
