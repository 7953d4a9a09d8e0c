"""Scores: worked by hand, and as scikit-learn has them."""
import helpers
import numpy as np
import pytest
import sklearn.metrics

from segmentation import metrics

# Truth 3 of class 0, 4 of class 1, 0 of class 2, 3 of class 3; class 4 is in
# neither, class 2 is predicted but never true.
TRUTH = np.array([0, 0, 0, 1, 1, 1, 1, 3, 3, 3])
PREDICTED = np.array([0, 0, 2, 1, 1, 1, 0, 3, 3, 1])
MATRIX = np.array([[2, 0, 1, 0, 0],
                   [1, 3, 0, 0, 0],
                   [0, 0, 0, 0, 0],
                   [0, 1, 0, 2, 0],
                   [0, 0, 0, 0, 0]])
IOU = [2 / 4, 3 / 5, 0, 2 / 3, np.nan]


def test_confusion_matrix_has_truth_in_rows():
    np.testing.assert_array_equal(
        metrics.confusion_matrix(TRUTH, PREDICTED, 5), MATRIX)


def test_ignored_pixels_are_left_out():
    truth = np.array([[0, 255, 1], [254, 2, 1]], np.uint8)
    predicted = np.array([[0, 0, 0], [1, 1, 1]], np.uint8)
    np.testing.assert_array_equal(
        metrics.confusion_matrix(truth, predicted, 2), [[1, 0], [1, 1]])


def test_counts_do_not_overflow_bytes():
    truth = np.full((40, 30), 19, np.uint8)
    matrix = metrics.confusion_matrix(truth, truth, 20)
    assert matrix[19, 19] == 1200 == matrix.sum()


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r'truth is \(2, 3\), prediction'):
        metrics.confusion_matrix(np.zeros((2, 3), int),
                                 np.zeros((3, 2), int), 2)


def test_iou_by_hand():
    np.testing.assert_allclose(metrics.iou(MATRIX), IOU)


def test_accuracy_and_precision_by_hand():
    np.testing.assert_allclose(metrics.accuracy(MATRIX),
                               [2 / 3, 3 / 4, np.nan, 2 / 3, np.nan])
    np.testing.assert_allclose(metrics.precision(MATRIX),
                               [2 / 3, 3 / 4, 0, 1, np.nan])


def test_scores_by_hand():
    scores = metrics.scores(MATRIX)
    assert scores['pixel_accuracy'] == pytest.approx(7 / 10)
    assert scores['mean_accuracy'] == pytest.approx((2 / 3 + 3 / 4 + 2 / 3)
                                                    / 3)
    assert scores['miou'] == pytest.approx((2 / 4 + 3 / 5 + 0 + 2 / 3) / 4)
    assert scores['fwiou'] == pytest.approx(.3 * 2 / 4 + .4 * 3 / 5
                                            + .3 * 2 / 3)


def test_nothing_to_score_is_nan():
    scores = metrics.scores(np.zeros((3, 3), int))
    assert all(np.isnan(value) for value in scores.values())


@pytest.mark.parametrize('seed', range(8))
def test_scores_are_those_of_scikit_learn(seed):
    random = np.random.RandomState(seed)
    classes = 12
    # Some classes are never true, some never predicted, some neither.
    truth = random.choice(random.permutation(classes)[:7], 700)
    predicted = np.where(random.rand(700) < .6, truth, random.choice(
        random.permutation(classes)[:8], 700))
    matrix = metrics.confusion_matrix(truth.reshape(20, 35),
                                      predicted.reshape(20, 35), classes)
    scores = metrics.scores(matrix)
    close = {'rtol': 0, 'atol': 1e-9}
    np.testing.assert_array_equal(matrix, sklearn.metrics.confusion_matrix(
        truth, predicted, labels=range(classes)))
    present = np.unique([truth, predicted])
    np.testing.assert_allclose(
        metrics.iou(matrix)[present],
        sklearn.metrics.jaccard_score(truth, predicted, average=None),
        **close)
    absent = np.setdiff1d(range(classes), present)
    assert np.isnan(metrics.iou(matrix)[absent]).all()
    wanted = helpers.scores_of_sklearn(truth, predicted)
    for name, value in wanted.items():
        np.testing.assert_allclose(scores[name], value, err_msg=name, **close)


def test_table_has_a_line_a_class_and_dashes_for_the_absent():
    names = ['road', 'sky', 'car', 'pole', 'train']
    lines = metrics.table(MATRIX, names).splitlines()
    assert lines[0].split() == ['class', 'share', 'accuracy', 'precision',
                                'IoU']
    assert lines[1].split() == ['road', '30.0', '66.7', '66.7', '50.0']
    assert lines[3].split() == ['car', '0.0', '-', '0.0', '0.0']
    assert lines[5].split() == ['train', '0.0', '-', '-', '-']
    assert len({len(line) for line in lines}) == 1


def test_summary_is_one_line():
    assert metrics.summary(metrics.scores(MATRIX)) == (
        'mIoU 44.17%, pixel accuracy 70.00%, mean accuracy 69.44%, '
        'frequency-weighted IoU 59.00%')


def test_median_frequency_weights_by_hand():
    # Class 0 is in both pictures: 30 of 40 pixels. Class 1 in the second
    # only: 5 of 20. Class 2 in both, 5 of 40. Class 3 in none.
    counts = [[18, 0, 2, 0], [12, 5, 3, 0]]
    np.testing.assert_allclose(metrics.median_frequency_weights(counts),
                               [.25 / .75, 1, .25 / .125, 1])
