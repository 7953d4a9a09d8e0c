"""KITTI road in its official layout: data_road/training/image_2, ...

The picture training/image_2/um_000000.png has its ground truth in
training/gt_image_2/um_road_000000.png, and so have umm_ and uu_; the lanes
(um_lane_) are not used. Red is not road, magenta is road, and black was not
evaluated: it is ignored (Fritsch, Kuehnl and Geiger 2013). Pictures are of
four sizes: 1242x375, 1241x376, 1238x374 and 1226x370.
"""
import os
import re

import numpy as np

import source
from segmentation.errors import InputError

PICTURE = re.compile(r'(um|umm|uu)_(\d+)\.png')
CALIBRATED = ('P2', 'R0_rect', 'Tr_cam_to_road')    # what a road view needs
SHAPES = {9: (3, 3), 12: (3, 4)}


class KittiSource(source.DataSource):
    """KITTI road: training/image_2/um_000000.png, ... are wanted."""

    benchmark = 'kitti road'
    image_size = (576, 160)
    classes = (('not road', (255, 0, 0)),
               ('road', (255, 0, 255)))
    void_colors = ((0, 0, 0),)

    def list_pairs(self, data_dir):
        """The (picture, label) paths of the training folder."""
        folder = os.path.join(find_root(data_dir), 'training')
        names = sorted(os.listdir(os.path.join(folder, 'image_2')))
        found = [match for match in map(PICTURE.fullmatch, names) if match]
        return [(os.path.join(folder, 'image_2', match.group(0)),
                 os.path.join(folder, 'gt_image_2',
                              '{}_road_{}.png'.format(*match.groups())))
                for match in found]


def find_root(data_dir):
    """The data_road folder: `data_dir` itself or one in it."""
    for root in (data_dir, os.path.join(data_dir, 'data_road')):
        if os.path.isdir(os.path.join(root, 'training', 'image_2')):
            return root
    raise FileNotFoundError(
        'no training/image_2 in {0} nor in {0}/data_road: the unpacked '
        'data_road.zip of KITTI road is wanted'.format(
            data_dir.rstrip(os.sep) or os.sep))


def calibration_path(image_path):
    """Where the calibration of a frame lies: calib/ beside its image_2/."""
    folder, name = os.path.split(image_path)
    return os.path.join(os.path.dirname(folder), 'calib',
                        f"{os.path.splitext(name)[0]}.txt")


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
    ValueError
        A line is no 'name: numbers', or P2, R0_rect or Tr_cam_to_road lacks.
    """
    matrices = {}
    with open(path) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                name, matrix = parse_matrix(line, path, number)
                matrices[name] = matrix
    missing = [name for name in CALIBRATED if name not in matrices]
    if missing:
        raise InputError('{}: {} wanted, found {}'.format(
            path, ', '.join(missing), ', '.join(matrices) or 'nothing'))
    return matrices


def parse_matrix(line, path, number):
    """The name and the matrix of one line of a calibration file."""
    name, _, text = line.partition(':')
    try:
        values = np.array([float(word) for word in text.split()])
    except ValueError as error:
        raise InputError(f'{path}: line {number}: {error}')
    if values.size not in SHAPES or not np.isfinite(values).all():
        raise InputError(
            '{}: line {} is {!r}: a name, a colon and 9 or 12 numbers are '
            'wanted'.format(path, number, line.strip()[:40]))
    return name.strip(), values.reshape(SHAPES[values.size])


def get_source():
    return KittiSource()
