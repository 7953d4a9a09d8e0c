"""KITTI road's calibration files: written, read, and refused by line."""
import os

import numpy as np
import pytest

from segmentation.data import kitti_road
from segmentation.errors import InputError

MATRIX = ' '.join(str(k) for k in range(12))
CALIBRATION = ('P2: {0}\nR0_rect: 1 0 0 0 1 0 0 0 1\n\n'
               'Tr_cam_to_road: {0}\n'.format(MATRIX))


def test_calibration_lies_beside_the_pictures():
    path = os.path.join('data_road', 'testing', 'image_2', 'uu_000066.png')
    assert kitti_road.calibration_path(path) == os.path.join(
        'data_road', 'testing', 'calib', 'uu_000066.txt')


def test_calibration_is_a_dict_of_matrices(tmp_path):
    path = tmp_path / 'um_000000.txt'
    path.write_text(CALIBRATION)
    matrices = kitti_road.read_calibration(str(path))
    assert matrices['P2'].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7],
                                       [8, 9, 10, 11]]
    assert matrices['R0_rect'].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert matrices['Tr_cam_to_road'].shape == (3, 4)


def test_calibration_is_read_as_it_was_written(tmp_path):
    path = str(tmp_path / 'um_000000.txt')
    matrices = {'P2': np.arange(12).reshape(3, 4) / 8,
                'R0_rect': np.eye(3), 'Tr_cam_to_road': np.eye(3, 4) * -1.5}
    kitti_road.write_calibration(path, matrices)
    found = kitti_road.read_calibration(path)
    assert list(found) == list(matrices)
    for name, matrix in matrices.items():
        np.testing.assert_array_equal(found[name], matrix)


@pytest.mark.parametrize('text, message', [
    (f"P2: {MATRIX}\n", 'R0_rect, Tr_cam_to_road wanted, found P2'),
    ('', 'found nothing'),
    (f"{CALIBRATION}P3: 1 2 3\n", 'line 5 is .P3: 1 2 3'),
    (CALIBRATION.replace('P2: 0', 'P2: x'), 'line 1: .*x'),
    (CALIBRATION.replace('P2: 0', 'P2: nan'), 'line 1 is'),
    (f'{CALIBRATION}R0_rect: {MATRIX}\n', 'R0_rect has 12 numbers: 9 are'),
    ('no matrices here\n', 'line 1 is')])
def test_broken_calibration_is_named_with_its_line(tmp_path, text, message):
    path = tmp_path / 'um_000000.txt'
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        kitti_road.read_calibration(str(path))
    assert str(path) in str(caught.value)


def test_calibration_that_is_no_text_is_named(tmp_path):
    path = tmp_path / 'um_000000.txt'
    path.write_bytes(b'\x89PNG\xff\xfe')
    with pytest.raises(InputError, match='um_000000.txt: line 1 is'):
        kitti_road.read_calibration(str(path))
