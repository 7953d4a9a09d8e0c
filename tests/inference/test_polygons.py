"""Outlines of predicted classes: read back, they are the classes again."""
import json

import cv2
import numpy as np
import pytest

from segmentation.data.annotations import labelme
from segmentation.inference import polygons

NAMES = {0: 'ground', 1: 'road', 2: 'car'}


class Known:
    """Names as a table has them, without a background."""

    uncovered = 9

    def class_id(self, name, where):
        return {name: k for k, name in NAMES.items()}[name]


def scene(seed, size=(90, 60)):
    """Blobs of three classes, some of them inside others."""
    random = np.random.RandomState(seed)
    noise = cv2.GaussianBlur(random.rand(size[1], size[0]), (0, 0), 6)
    return np.digitize(noise, np.percentile(noise, [40, 75])).astype(np.uint8)


def read_back(tmp_path, ids, names):
    path = tmp_path / 'a.json'
    polygons.write(str(path), ids, names, str(tmp_path / 'in' / 'a.jpg'))
    content = json.loads(path.read_text())
    assert content['imagePath'] == 'in/a.jpg'
    assert (content['imageWidth'], content['imageHeight']) == ids.shape[::-1]
    return labelme.Annotations(str(tmp_path)).read_ids(
        'a.jpg', str(path), ids.shape[::-1], Known())


def test_rectangles_come_back_as_they_were(tmp_path):
    ids = np.zeros((40, 60), np.uint8)
    ids[20:], ids[25:35, 10:30], ids[28:32, 15:25] = 1, 2, 0
    assert (read_back(tmp_path, ids, NAMES) == ids).all()


@pytest.mark.parametrize('seed', range(4))
def test_most_pixels_of_blobs_come_back(tmp_path, seed):
    ids = scene(seed)
    found = read_back(tmp_path, ids, NAMES)
    assert (found == ids).mean() > .95
    # All that differs is within two pixels of a border, the picture's too.
    framed = np.pad(ids, 2, mode='constant', constant_values=3)
    border = cv2.morphologyEx(framed, cv2.MORPH_GRADIENT,
                              np.ones((5, 5)))[2:-2, 2:-2]
    large = np.ones_like(ids)
    for class_id in NAMES:
        count, parts, boxes, _ = cv2.connectedComponentsWithStats(
            (ids == class_id).astype(np.uint8), connectivity=4)
        for part in range(1, count):
            if boxes[part][-1] < polygons.FEWEST:
                large[parts == part] = 0
    assert not ((found != ids) & (border == 0) & (large == 1)).any()


def test_classes_without_a_name_are_left_uncovered(tmp_path):
    ids = np.zeros((40, 60), np.uint8)
    ids[20:] = 1
    found = read_back(tmp_path, ids, {1: 'road'})
    assert (found[:20] == 9).all() and (found[20:] == 1).all()


def test_specks_and_thin_lines(tmp_path):
    ids = np.zeros((40, 60), np.uint8)
    ids[5, 5] = 2
    ids[20, 10:50] = 2
    found = read_back(tmp_path, ids, NAMES)
    assert found[5, 5] == 0 and (found[20, 11:49] == 2).all()
