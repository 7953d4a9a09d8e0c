"""What is made of a prediction: ids, colours and overlays, exactly."""
import cv2
import numpy as np
import pytest

from segmentation.drawing import overlay
from segmentation.inference.prediction import Prediction


@pytest.mark.parametrize('num_classes', [1, 2, 3, 7, 254])
def test_ids_are_the_argmax_of_resized_probabilities(num_classes):
    values = np.random.RandomState(num_classes).dirichlet(
        np.ones(num_classes), (5, 9)).astype(np.float32)
    prediction = Prediction([values], [False], (23, 14))
    planes = np.stack([cv2.resize(np.array(values[..., k]), (23, 14))
                       for k in range(num_classes)])
    np.testing.assert_array_equal(prediction.ids, planes.argmax(axis=0))
    np.testing.assert_array_equal(prediction.confidence, planes.max(axis=0))
    assert prediction.ids.dtype == np.uint8


def test_the_first_of_equal_classes_is_chosen():
    values = np.full((2, 3, 3), 1 / 3, np.float32)
    values[0, 1] = .2, .4, .4
    prediction = Prediction([values], [False], (3, 2))
    assert prediction.ids.tolist() == [[0, 1, 0], [0, 0, 0]]


def test_a_prediction_leaves_its_maps_as_they_are():
    values = np.array([[[.2, .5, .3]]], np.float32)     # of a single pixel
    before = values.copy()
    assert Prediction([values], [False], (1, 1)).ids.tolist() == [[1]]
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize('dtype', [np.uint8, np.int64])
def test_ids_without_a_colour_are_black(dtype):
    ids = np.array([[0, 2, 1], [254, 255, 2]], dtype)
    colors = overlay.colors_of(ids, {0: (1, 2, 3), 2: (255, 0, 7)})
    assert colors.tolist() == [[[1, 2, 3], [255, 0, 7], [0, 0, 0]],
                               [[0, 0, 0], [0, 0, 0], [255, 0, 7]]]
    assert colors.dtype == np.uint8
