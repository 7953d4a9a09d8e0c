"""Labels of a data set, each with its class in Cityscapes, as class tables."""
import os
from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from segmentation import pixels
from segmentation.data import cityscapes, data_source, label_files
from segmentation.errors import InputError

CITYSCAPES = 'cityscapes'


class Label(NamedTuple):
    """A value of label files."""

    value: int                      # an id, or a packed colour
    name: str                       # of its class; several may have it
    color: Tuple[int, int, int]     # red, green, blue
    cityscapes: Optional[str]       # which of the 19; None is ignored there
    ignore: bool = False            # not scored in the data set's own classes


def own_classes(labels: Sequence[Label]) -> cityscapes.ClassTable:
    """Return the data set's own ClassTable; a class has its first colour."""
    first = {}
    for label in labels:
        if not label.ignore:
            first.setdefault(label.name, label.color)
    index = {name: k for k, name in enumerate(first)}
    return cityscapes.ClassTable(tuple(first.items()), (), {
        label.value: pixels.IGNORE if label.ignore else index[label.name]
        for label in labels})


def in_cityscapes(labels: Sequence[Label]) -> cityscapes.ClassTable:
    """Return the ClassTable of the 19 classes of Cityscapes."""
    classes = cityscapes.class_table('19').classes
    index = {name: k for k, (name, _) in enumerate(classes)}
    return cityscapes.ClassTable(classes, (), {
        label.value: index[label.cityscapes] if label.cityscapes
        else pixels.IGNORE for label in labels})


class RoadSource(data_source.DataSource):
    """A data source with `labels`: its own classes, or Cityscapes'."""

    labels: Sequence[Label] = ()
    by_color = False        # whether values are packed colours, or else ids

    def use(self, labels):
        """Take the own classes of labels."""
        self.labels = tuple(labels)
        self.classes, _, self.ids = own_classes(self.labels)

    def choose_classes(self, table):
        """Take the 19 classes of Cityscapes."""
        check_table(table)
        self.classes, _, self.ids = in_cityscapes(self.labels)

    def read_codes(self, path):
        """Return the values of a label file, ids or packed colours."""
        png = label_files.open_png(path)
        codes = (label_files.read_colors(png) if self.by_color
                 else label_files.read_ids(png))
        if codes is None:
            raise InputError(f'{path}: colours: a PNG of ids is wanted')
        return codes

    def table(self, codes):
        """Return the class id of every value that `codes` may have."""
        return pixels.make_table(self.ids, 1 << 24 if self.by_color
                                 else np.iinfo(codes.dtype).max + 1)


def check_table(table):
    """Raise InputError unless --classes is cityscapes."""
    if table != CITYSCAPES:
        raise InputError(f'no class table {table!r}: {CITYSCAPES} is there, '
                         'and without --classes the own one')


def pair_up(pictures, labels, rename):
    """Return the (picture, label) paths of a folder, sorted.

    Parameters
    ----------
    pictures, labels : str
        Folders; that of the pictures is searched with its sub-folders.
    rename : function
        Returns the label's path in its folder for a picture's in its own, and
        None for a file that is no picture of the data set.
    """
    pairs = []
    for name in label_files.list_files(pictures):
        label = rename(name)
        if label:
            pairs.append((os.path.join(pictures, *name.split('/')),
                          os.path.join(labels, *label.split('/'))))
    return pairs


def find_root(data_dir, layouts, wanted):
    """Return the first of several (folder, folder, ...) that are all there.

    Parameters
    ----------
    layouts : sequence of tuples of str
        Paths in `data_dir`, separated by '/'.
    wanted : str
        The name of the data set.
    """
    for layout in layouts:
        folders = [os.path.join(data_dir, *path.split('/'))
                   for path in layout]
        if all(map(os.path.isdir, folders)):
            return folders
    looked_for = ', '.join(' with '.join(layout) for layout in layouts)
    raise FileNotFoundError(f'no {wanted} in {data_dir}: {looked_for} were '
                            'looked for')
