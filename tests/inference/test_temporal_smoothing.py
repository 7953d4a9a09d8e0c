"""Temporal smoothing: by hand, anew at each scene, and in its order."""
import numpy as np

from segmentation.inference.prediction import Prediction
from segmentation.inference.predictor import Result, Sample
from segmentation.inference.video import smoothing

SIZE = 6, 4


def prediction(share):
    """Return two classes, the first of that probability everywhere."""
    maps = np.empty((2, 3, 2), np.float32)
    maps[..., 0], maps[..., 1] = share, 1 - share
    return Prediction([maps], [False], SIZE)


def picture(level):
    return np.full((4, 6, 3), level, np.uint8)


def shares(smoother, frames):
    results = [Result(None, Sample(picture(level)), prediction(share))
               for level, share in frames]
    return [float(result.prediction.plane(0).mean())
            for result in smoothing.in_order(results, smoother)]


def test_the_average_by_hand():
    smoother = smoothing.TemporalSmoothing(.75)
    # .75 * 1 + .25 * 0 = .75; .75 * .75 + .25 * .2 = .6125
    np.testing.assert_allclose(shares(smoother, [
        (40, 1), (40, 0), (40, .2)]), [1, .75, .6125], atol=1e-6)
    assert smoother.changes == 0


def test_it_starts_anew_where_the_colours_are_others():
    smoother = smoothing.TemporalSmoothing(.5)
    # Levels 40 and 60 are both in the second of 8 bins, 200 is in the seventh.
    np.testing.assert_allclose(shares(smoother, [
        (40, 1), (60, 0), (200, .2), (200, .6)]), [1, .5, .2, .4], atol=1e-6)
    assert smoother.changes == 1


def test_half_of_the_pixels_in_common_is_the_same_scene():
    half = picture(40)
    half[:, 3:] = 200
    less = picture(200)
    less[:, :2] = 40
    for image, share in ((half, .5), (less, 0)):
        smoother = smoothing.TemporalSmoothing(.5)
        smoother.refine(picture(40), prediction(1))
        done = smoother.refine(image, prediction(0))
        np.testing.assert_allclose(done.plane(0), share)


def test_another_size_of_maps_starts_anew():
    smoother = smoothing.TemporalSmoothing(.5)
    smoother.refine(picture(40), prediction(1))
    larger = Prediction([np.zeros((4, 6, 2), np.float32)], [False], SIZE)
    np.testing.assert_array_equal(
        smoother.refine(picture(40), larger).plane(0), 0)


def test_what_could_not_be_read_has_no_part():
    smoother = smoothing.TemporalSmoothing(.5)
    failed = Result(None, error=OSError())
    assert list(smoothing.in_order([failed], smoother)) == [failed]
