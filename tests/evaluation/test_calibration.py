"""Calibration: by hand, and by scikit-learn's calibration curve."""
import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from segmentation import pixels
from segmentation.evaluation import calibration


def test_error_by_hand():
    # Two pixels at .62, one right: a gap of .12. One at .9, right: of .1.
    # The fourth is not scored.
    truth = np.array([[0, 1], [1, pixels.IGNORE]], np.uint8)
    predicted = np.array([[0, 0], [1, 1]], np.uint8)
    confidence = np.array([[.62, .62], [.9, .5]], np.float32)
    bins = calibration.count(truth, predicted, confidence, 2)
    assert bins[0].sum() == 3
    assert calibration.error(bins) == pytest.approx((2 * .12 + .1) / 3)


def test_a_bin_holds_its_upper_edge_and_not_its_lower():
    confidence = np.array([[3 / 15, 3 / 15 + 1e-9, 0, 1]])
    bins = calibration.count(np.zeros((1, 4)), np.zeros((1, 4)), confidence,
                             2)
    assert np.flatnonzero(bins[0]).tolist() == [0, 2, 3, 14]


@pytest.mark.parametrize('seed', range(4))
def test_bins_are_those_of_scikit_learn(seed):
    random = np.random.RandomState(seed)
    confidence = random.uniform(.2, 1, (41, 57))
    truth = random.randint(3, size=(41, 57))
    predicted = np.where(random.rand(41, 57) < confidence, truth,
                         (truth + 1) % 3)
    bins = calibration.count(truth, predicted, confidence, 3)
    accuracy, means = calibration_curve(
        (truth == predicted).ravel(), confidence.ravel(), n_bins=15)
    there = bins[0] > 0
    np.testing.assert_allclose(bins[1][there] / bins[0][there], accuracy)
    np.testing.assert_allclose(bins[2][there] / bins[0][there], means)
    weights = bins[0][there] / confidence.size
    assert calibration.error(bins) == pytest.approx(
        (weights * abs(accuracy - means)).sum())


def test_nothing_scored_has_no_error():
    bins = calibration.count(np.full((2, 3), 255), np.zeros((2, 3)),
                             np.ones((2, 3)), 2)
    assert np.isnan(calibration.error(bins))
    assert calibration.plot(bins).shape[2] == 3


def test_bars_of_the_plot_are_as_high_as_the_shares_of_right_pixels():
    # Bin 11 (.733 to .8) has the mean confidence .75 and half of it right.
    bins = np.zeros((3, calibration.BINS))
    bins[:, 11] = 8, 4, 6
    picture = calibration.plot(bins, side=300)
    column = picture[:, 62 + 230]           # through the bin, left at 62
    blue = (column == (176, 112, 48)).all(axis=1).sum()
    red = (column == (96, 96, 232)).all(axis=1).sum()
    assert abs(red - .25 * 300) <= 3        # less the diagonal's pixels
    assert abs(blue - .5 * 300) <= 3
