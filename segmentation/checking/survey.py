"""A survey of label files whose classes are unknown yet: all their values."""
import concurrent.futures
import os
from typing import Dict, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from segmentation import pixels
from segmentation.data import label_files
from segmentation.errors import InputError
from segmentation.terminal import progress

COLORS = 100000     # more are no labels


class Value(NamedTuple):
    """A value of the label files of a folder."""

    pixels: int
    core: int       # pixels whose eight neighbours have the value, too
    files: int      # that have it


class Survey:
    """The values of all label files of a folder.

    Attributes
    ----------
    is_color : bool
        Whether values are packed colours; else they are ids.
    values : {code: Value}
    total, files : int
        Number of pixels and of files.
    palette : (N, 3) uint8 array
        Red, green, blue of the ids; empty if the files have no palette.
    """

    def __init__(self, folder: str, workers: int = 1):
        names = label_files.list_files(folder)
        if not names:
            raise InputError(f'{folder}: no label in it')
        paths = [os.path.join(folder, *name.split('/')) for name in names]
        self.files, self.total = len(paths), 0
        self.values: Dict[int, Value] = {}
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            self.is_color, self.palette = choose_kind(
                set(pool.map(read_kind, paths)))
            self.add_up(progress.track(pool.map(self.count, paths),
                                       len(paths), 'labels', 'file'), folder)
        if self.is_color and all(is_grey(code) for code in self.values):
            # Ids in three equal channels.
            self.is_color = False
            self.values = {code & 255: value
                           for code, value in self.values.items()}

    def count(self, path):
        """Return a path, {code: (pixels, core)} of its file, and its pixels.
        """
        png = label_files.open_png(path)
        codes = label_files.read_colors(png) if self.is_color else \
            label_files.read_samples(png)
        return path, count(codes), codes.size

    def add_up(self, results, folder):
        """Add up the results of `count`."""
        for path, counts, size in results:
            self.total += size
            for code, (number, core) in counts.items():
                old = self.values.get(code, Value(0, 0, 0))
                self.values[code] = Value(old.pixels + number,
                                          old.core + core, old.files + 1)
            if len(self.values) > COLORS:
                raise InputError(f'{folder}: more than {COLORS} values with '
                                 f'{os.path.basename(path)}: no label '
                                 'images, or saved with loss once')

    def color(self, code: int) -> Optional[Tuple[int, ...]]:
        """Return (red, green, blue); None of an id without a palette."""
        if self.is_color:
            return pixels.unpack(code)
        if code < len(self.palette):
            return tuple(int(part) for part in self.palette[code])
        return None


def read_kind(path):
    """Return the colour type and the palette, as bytes, of a label file."""
    png = label_files.open_png(path)
    return png.kind, label_files.read_palette(png).tobytes()


def choose_kind(kinds):
    """Choose between ids and colours for the results of `read_kind`.

    Values are ids unless there are true colours, or different palettes.

    Returns
    -------
    bool
        Whether values are colours.
    (N, 3) uint8 array
        The palette of all ids; empty if they have none.
    """
    palettes = sorted((palette for kind, palette in kinds
                       if kind == label_files.PALETTE), key=len)
    same = all(palettes[-1].startswith(other) for other in palettes)
    indexed = (label_files.GREY, label_files.GREY_ALPHA, label_files.PALETTE)
    is_color = not same or any(kind not in indexed for kind, _ in kinds)
    only = len(palettes) == len(kinds) and not is_color
    return is_color, np.frombuffer(palettes[-1] if only else b'',
                                   np.uint8).reshape(-1, 3)


def is_grey(code):
    """Return whether the three parts of a packed colour are equal."""
    red, green, blue = pixels.unpack(code)
    return red == green == blue


def count(codes):
    """Return {code: (pixels, core)} of an image of codes (H, W).

    At the border of the image, the neighbours that exist are compared.

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
