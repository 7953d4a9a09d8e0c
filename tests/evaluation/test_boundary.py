"""Trimaps: by hand, and by SciPy's distance transform."""
import numpy as np
import pytest
import sklearn.metrics
from scipy import ndimage

from segmentation import pixels
from segmentation.evaluation import boundary


def distances(ids):
    """How far each pixel is from the nearest of another class."""
    result = np.full(ids.shape, np.inf)
    for number in np.unique(ids):
        inside = ids == number
        if not inside.all():
            result[inside] = ndimage.distance_transform_edt(inside)[inside]
    return result


def draw(seed):
    """Blobs of four classes and of ignored pixels, 53 by 47."""
    random = np.random.RandomState(seed)
    noise = ndimage.gaussian_filter(random.randn(53, 47), 4)
    ids = np.digitize(noise, np.percentile(noise, [20, 50, 80])).astype(
        np.uint8)
    ids[30:40, 10:15] = pixels.IGNORE
    return ids


def test_trimap_by_hand():
    ids = np.array([[0, 0, 0, 1, 1, 1, 1]] * 2, np.uint8)
    assert boundary.trimap(ids, 1)[0].tolist() == [
        False, False, True, True, False, False, False]
    assert boundary.trimap(ids, 2)[1].tolist() == [
        False, True, True, True, True, False, False]


def test_one_class_has_no_boundary_not_even_at_the_edge():
    assert not boundary.trimap(np.full((9, 7), 3, np.uint8), 16).any()


@pytest.mark.parametrize('radius', boundary.RADII)
@pytest.mark.parametrize('seed', range(3))
def test_trimap_is_that_of_the_distance_transform(seed, radius):
    ids = draw(seed)
    np.testing.assert_array_equal(boundary.trimap(ids, radius),
                                  distances(ids) <= radius)


def test_matrices_are_of_the_scored_pixels_of_each_trimap():
    truth = draw(5)
    random = np.random.RandomState(6)
    predicted = np.where(random.rand(53, 47) < .7, truth % 4,
                         random.randint(4, size=(53, 47))).astype(np.uint8)
    found = boundary.confusion_matrices(truth, predicted, 4)
    assert found.shape == (5, 4, 4)
    for radius, matrix in zip((1, 2, 4, 8, 16), found):
        near = (distances(truth) <= radius) & (truth < 4)
        np.testing.assert_array_equal(matrix, sklearn.metrics.confusion_matrix(
            truth[near], predicted[near], labels=range(4)))
