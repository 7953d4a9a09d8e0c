"""What KITTI road is: its file names, its folders, its calibrations.

The layout is DIR/training/image_2/um_000000.png and, beside image_2/,
gt_image_2/um_road_000000.png and calib/um_000000.txt; testing/ has no labels.
Pictures are um_, umm_ or uu_: of urban roads with marked lanes, with multiple
marked lanes and without (Fritsch, Kuehnl and Geiger 2013).
"""
import os
import re

import numpy as np

from segmentation import files
from segmentation.data import listing
from segmentation.errors import InputError

PICTURE = re.compile(r'(um|umm|uu)_(\d+)\.png')
# The matrices that the view from above needs, and their shapes by size.
REQUIRED = {'P2': (3, 4), 'R0_rect': (3, 3), 'Tr_cam_to_road': (3, 4)}
SHAPES = {9: (3, 3), 12: (3, 4)}


def find_root(data_dir):
    """Return the data_road folder: `data_dir` itself or one in it."""
    for root in (data_dir, os.path.join(data_dir, 'data_road')):
        if os.path.isdir(os.path.join(root, 'training', 'image_2')):
            return root
    name = data_dir.rstrip(os.sep) or os.sep
    raise FileNotFoundError(
        f'no training/image_2 in {name} nor in {name}/data_road: the '
        'unpacked data_road.zip of KITTI road is wanted')


def list_pictures(root, split):
    """Return the paths of the pictures of training or testing, sorted."""
    folder = os.path.join(root, split, 'image_2')
    names = listing.file_names(folder) if os.path.isdir(folder) else ()
    return [os.path.join(folder, name) for name in names
            if PICTURE.fullmatch(name)]


def match_picture(path):
    """Match a picture's file name; return (prefix, number) as text.

    Raises
    ------
    InputError
        It is not named as KITTI names its pictures.
    """
    match = PICTURE.fullmatch(os.path.basename(path))
    if not match:
        raise InputError(f'{path}: no picture of KITTI road: um_, umm_ or '
                         'uu_ and a number is wanted, such as um_000012.png')
    return match.groups()


def road_name(path):
    """Return the name of a picture's road map: its label, or a submission.

    >>> road_name('image_2/um_000012.png')
    'um_road_000012.png'
    """
    prefix, number = match_picture(path)
    return f'{prefix}_road_{number}.png'


def calibration_path(image_path):
    """Return where a frame's calibration lies: calib/ beside its image_2/."""
    folder, name = os.path.split(image_path)
    return os.path.join(os.path.dirname(folder), 'calib',
                        f'{os.path.splitext(name)[0]}.txt')


def read_calibration(path):
    """Read the matrices of a calibration file.

    Returns
    -------
    dict of name -> float64 array
        P0 .. P3 and Tr_* are (3, 4), R0_rect is (3, 3). P2 projects the
        colour camera's points in metres to pixels (x, y, 1); Tr_cam_to_road
        brings points of the rectified camera to the road's plane.

    Raises
    ------
    InputError
        A line is no 'name: numbers', or P2, R0_rect or Tr_cam_to_road is
        missing or has another number of them.
    """
    matrices = {}
    with open(path, encoding='utf-8', errors='replace') as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                name, matrix = parse_matrix(line, f'{path}: line {number}')
                matrices[name] = matrix
    missing = [name for name in REQUIRED if name not in matrices]
    if missing:
        raise InputError(f'{path}: {", ".join(missing)} wanted, found '
                         f'{", ".join(matrices) or "nothing"}')
    for name, shape in REQUIRED.items():
        if matrices[name].shape != shape:
            raise InputError(f'{path}: {name} has {matrices[name].size} '
                             f'numbers: {shape[0] * shape[1]} are wanted')
    return matrices


def write_calibration(path, matrices):
    """Write {name: matrix} as a file that `read_calibration` reads."""
    with files.atomic(path) as work, open(work, 'w') as file:
        for name, matrix in matrices.items():
            numbers = ' '.join(f'{value:.12e}' for value in np.ravel(matrix))
            file.write(f'{name}: {numbers}\n')


def parse_matrix(line, where):
    """Return the name and the matrix of one line of a calibration file."""
    name, _, text = line.partition(':')
    try:
        values = np.array([float(word) for word in text.split()])
    except ValueError as error:
        raise InputError(f'{where}: {error}')
    if values.size not in SHAPES or not np.isfinite(values).all():
        raise InputError(f'{where} is {line.strip()[:40]!r}: a name, a colon '
                         'and 9 or 12 numbers are wanted')
    return name.strip(), values.reshape(SHAPES[values.size])
