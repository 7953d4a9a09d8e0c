"""A survey of label files of which no class is known yet: all their values."""
import collections
import concurrent.futures
import os

import cv2
import numpy as np

from segmentation import pixels
from segmentation.data import label_files
from segmentation.errors import InputError

COLORS = 100000     # more are no labels

# `core` counts the pixels whose eight neighbours have the value, too.
Value = collections.namedtuple('Value', 'pixels core files')


class Survey:
    """The values of all label files of a folder.

    Attributes
    ----------
    is_color : bool
        Whether values are packed colours; else they are ids.
    values : dict {code: Value}
    total, files : int
        Pixels and files.
    palette : (N, 3) array
        Red, green, blue of the ids; empty where files have no palette.
    """

    def __init__(self, folder, workers=1):
        names = label_files.list_files(folder)
        if not names:
            raise InputError(f'{folder}: no label in it')
        paths = [os.path.join(folder, *name.split('/')) for name in names]
        self.files = len(paths)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            kinds = set(pool.map(kind_of, paths))
            self.choose_kind(kinds)
            self.add_up(pool.map(self.look, paths), folder)
        if self.is_color and all(is_grey(code) for code in self.values):
            # Ids in three equal channels.
            self.is_color = False
            self.values = {code & 255: value
                           for code, value in self.values.items()}

    def choose_kind(self, kinds):
        """Ids, unless there are true colours, or palettes that disagree."""
        palettes = sorted((palette for kind, palette in kinds
                           if kind == label_files.PALETTE), key=len)
        one = all(palettes[-1].startswith(other) for other in palettes)
        indexed = (label_files.GREY, label_files.GREY_ALPHA,
                   label_files.PALETTE)
        self.is_color = not one or any(kind not in indexed
                                       for kind, _ in kinds)
        only = len(palettes) == len(kinds) and not self.is_color
        self.palette = np.frombuffer(palettes[-1] if only else b'',
                                     np.uint8).reshape(-1, 3)

    def look(self, path):
        """A file, {code: (pixels, core)} of it, and its pixels."""
        png = label_files.open_png(path)
        codes = label_files.read_colors(png) if self.is_color else \
            label_files.read_samples(png)
        return path, count(codes), codes.size

    def add_up(self, results, folder):
        """Add up what `look` found in each file."""
        self.total, self.values = 0, {}
        for path, counts, size in results:
            self.total += size
            for code, (number, core) in counts.items():
                old = self.values.get(code, Value(0, 0, 0))
                self.values[code] = Value(old.pixels + number,
                                          old.core + core, old.files + 1)
            if len(self.values) > COLORS:
                raise InputError(
                    '{}: more than {} values with {}: no label images, or '
                    'saved with loss once'.format(folder, COLORS,
                                                  os.path.basename(path)))

    def color(self, code):
        """(red, green, blue) of a value; None of an id without a palette."""
        if self.is_color:
            return pixels.unpack(code)
        if code < len(self.palette):
            return tuple(int(part) for part in self.palette[code])
        return None

    def describe(self, code):
        """'colour (255, 0, 128)' or 'id 12'."""
        return f'colour {pixels.unpack(code)}' if self.is_color \
            else f'id {code}'


def kind_of(path):
    """The colour type and the palette, as bytes, of a label file."""
    png = label_files.open_png(path)
    return png.kind, label_files.read_palette(png).tobytes()


def is_grey(code):
    red, green, blue = pixels.unpack(code)
    return red == green == blue


def count(codes):
    """{code: (pixels, core)} of an image of codes (H, W).

    At the border of the image, the neighbours that are there are compared.

    >>> count(np.array([[7, 7, 7, 1], [7, 7, 7, 1], [7, 7, 7, 1]], np.uint8))
    {1: (3, 0), 7: (9, 6)}
    """
    values, counts = np.unique(codes, return_counts=True)
    wide = cv2.copyMakeBorder(codes, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    same = wide[:, 1:] == wide[:, :-1]
    rows = same[:, 1:] & same[:, :-1]       # like both neighbours of its row
    same = wide[1:, 1:-1] == wide[:-1, 1:-1]
    core = rows[1:-1] & rows[:-2] & rows[2:] & same[1:] & same[:-1]
    cores = dict(zip(*(array.tolist() for array in np.unique(
        codes[core], return_counts=True))))
    return {value: (number, cores.get(value, 0))
            for value, number in zip(values.tolist(), counts.tolist())}
