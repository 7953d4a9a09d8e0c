"""KITTI road: scores by hand and by scikit-learn."""
import numpy as np
import pytest
import sklearn.metrics

from segmentation.data import kitti_road
from segmentation.evaluation.benchmarks import road_scores


def score(confidence, truth):
    return road_scores.scores(road_scores.counts(
        np.array(confidence, np.uint8), np.array(truth, np.uint8)))


def test_counts_have_a_row_of_not_road_and_a_row_of_road():
    histograms = road_scores.counts(
        np.array([[7, 7, 255], [0, 7, 9]], np.uint8),
        np.array([[1, 0, 1], [0, 1, 0]], np.uint8))
    wanted = np.zeros((2, 256), int)
    wanted[0, [0, 7, 9]] = 1
    wanted[1, [7, 255]] = 2, 1
    np.testing.assert_array_equal(histograms, wanted)
    assert histograms.dtype == np.int64


def test_black_pixels_are_left_out():
    histograms = road_scores.counts(
        np.array([[9, 200, 255], [0, 7, 9]], np.uint8),
        np.array([[1, 255, 255], [0, 255, 255]], np.uint8))
    assert histograms.sum() == histograms[1, 9] + histograms[0, 0] == 2


def test_perfect_confidences_score_1():
    result = score([[255, 0, 255], [0, 0, 255]], [[1, 0, 1], [0, 0, 1]])
    assert result == {'MaxF': 1, 'AP': 1, 'PRE': 1, 'REC': 1, 'FPR': 0,
                      'FNR': 0, 'threshold': 1 / 255}


def test_scores_by_hand_where_all_road_is_found():
    # Road at 200, 100, 60, the rest at 150, 60, 10. At k up to
    #  10: 3 hits, 3 false: precision 1/2, recall 1,   F1 2/3
    #  60: 3 hits, 2 false: precision 3/5, recall 1,   F1 3/4
    # 100: 2 hits, 1 false: precision 2/3, recall 2/3, F1 2/3
    # 150: 1 hit,  1 false: precision 1/2, recall 1/3, F1 2/5
    # 200: 1 hit,  0 false: precision 1,   recall 1/3, F1 1/2
    result = score([[200, 150, 100], [60, 60, 10]], [[1, 0, 1], [1, 0, 0]])
    assert result == pytest.approx({
        'MaxF': 3 / 4, 'PRE': 3 / 5, 'REC': 1, 'FPR': 2 / 3, 'FNR': 0,
        'threshold': 11 / 255,
        'AP': (4 * 1 + 3 * 2 / 3 + 4 * 3 / 5) / 11}, abs=1e-12)


def test_scores_by_hand_where_some_road_is_missed():
    # Road at 200, 180, 0, the rest at 20, 10, 0. At k up to
    #   0: 3 hits, 3 false: precision 1/2, recall 1,   F1 2/3
    #  10: 2 hits, 2 false: precision 1/2, recall 2/3, F1 4/7
    #  20: 2 hits, 1 false: precision 2/3, recall 2/3, F1 2/3
    # 180: 2 hits, 0 false: precision 1,   recall 2/3, F1 4/5
    # 200: 1 hit,  0 false: precision 1,   recall 1/3, F1 1/2
    result = score([[200, 180, 0], [20, 10, 0]], [[1, 1, 1], [0, 0, 0]])
    assert result == pytest.approx({
        'MaxF': 4 / 5, 'PRE': 1, 'REC': 2 / 3, 'FPR': 0, 'FNR': 1 / 3,
        'threshold': 21 / 255, 'AP': (7 * 1 + 4 / 2) / 11}, abs=1e-12)


def test_of_equal_f1_the_lowest_threshold_counts():
    # One road pixel at 9; false at 5. At 6 to 9, and there alone, F1 is 1.
    assert score([[9, 5]], [[1, 0]])['threshold'] == 6 / 255
    # Road at 9 and 2, the rest at 5 twice: F1 is 2/3 at 0 to 2 (recall 1)
    # and at 6 to 9 (recall 1/2).
    result = score([[9, 5], [5, 2]], [[1, 0], [0, 1]])
    assert (result['threshold'], result['REC']) == (0, 1)


def test_confidence_of_k_is_road_at_k_and_not_above():
    result = score([[255, 254, 254]], [[1, 0, 0]])
    assert (result['MaxF'], result['threshold']) == (1, 1)
    result = score([[1, 0, 0]], [[1, 0, 0]])
    assert (result['MaxF'], result['threshold']) == (1, 1 / 255)


def test_a_recall_of_3_in_10_reaches_the_recall_of_3_tenths():
    # 3 of 10 road pixels stand above 90 false ones, 7 below: the precision
    # is 1 at the recalls 0 to .3 and 10/100 at .4 to 1.
    confidence = [[200] * 3 + [100] * 90 + [50] * 7]
    truth = [[1] * 3 + [0] * 90 + [1] * 7]
    assert score(confidence, truth)['AP'] == pytest.approx(
        (4 * 1 + 7 * .1) / 11)


def test_without_road_every_score_is_nan():
    for truth in ([[0, 0, 255]], [[255, 255, 255]]):
        result = score([[9, 200, 3]], truth)
        assert sorted(result) == sorted(road_scores.NAMES)
        assert all(np.isnan(value) for value in result.values())


def test_with_road_alone_only_the_false_positive_rate_is_nan():
    result = score([[9, 200, 3]], [[1, 1, 1]])
    assert np.isnan(result.pop('FPR'))
    assert result == {'MaxF': 1, 'AP': 1, 'PRE': 1, 'REC': 1, 'FNR': 0,
                      'threshold': 0}


def random_frame(seed):
    """Confidences that know something of the truth, and some black."""
    random = np.random.RandomState(seed)
    truth = random.choice([0, 1, 255], (37, 53), p=[.5, .4, .1])
    spread = random.randint(5, 200)
    confidence = 128 + 60 * (truth == 1) + random.normal(0, spread, (37, 53))
    return np.clip(confidence, 0, 255).astype(np.uint8), truth.astype(np.uint8)


@pytest.mark.parametrize('seed', range(8))
def test_scores_are_those_of_scikit_learn(seed):
    confidence, truth = random_frame(seed)
    scored = truth != 255
    curve = sklearn.metrics.precision_recall_curve(truth[scored],
                                                   confidence[scored] / 255)
    # The last point, precision 1 and recall 0, belongs to no threshold.
    precision, recall = curve[0][:-1], curve[1][:-1]
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    result = score(confidence, truth)
    close = {'rel': 0, 'abs': 1e-6}
    assert result['MaxF'] == pytest.approx(f1.max(), **close)
    assert result['PRE'] == pytest.approx(precision[f1.argmax()], **close)
    assert result['REC'] == pytest.approx(recall[f1.argmax()], **close)
    assert result['AP'] == pytest.approx(np.mean(
        [precision[recall >= k / 10].max() for k in range(11)]), **close)
    (kept, false), (missed, hits) = sklearn.metrics.confusion_matrix(
        truth[scored], confidence[scored] / 255 >= result['threshold'],
        labels=[0, 1])
    assert result['FPR'] == pytest.approx(false / (false + kept), **close)
    assert result['FNR'] == pytest.approx(missed / (missed + hits), **close)


def test_adding_counts_is_putting_the_pixels_together():
    frames = [random_frame(seed) for seed in (3, 4)]
    together = [np.concatenate(parts) for parts in zip(*frames)]
    np.testing.assert_array_equal(
        sum(road_scores.counts(*frame) for frame in frames),
        road_scores.counts(*together))


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r'confidence is \(2, 3\), truth'):
        road_scores.counts(np.zeros((2, 3), np.uint8),
                           np.zeros((3, 2), np.uint8))


def test_confidences_that_are_no_bytes_are_refused():
    with pytest.raises(ValueError, match='confidence is float32: uint8'):
        road_scores.counts(np.zeros((2, 3), np.float32),
                           np.zeros((2, 3), np.uint8))


@pytest.mark.parametrize('name, category, wanted', [
    ('um_000012.png', 'UM', 'um_road_000012.png'),
    ('umm_000003.png', 'UMM', 'umm_road_000003.png'),
    ('testing/image_2/uu_000099.png', 'UU', 'uu_road_000099.png')])
def test_names_tell_the_category_and_the_submission(name, category, wanted):
    assert road_scores.category(name) == category
    assert kitti_road.road_name(name) == wanted


@pytest.mark.parametrize('name', ['000012.png', 'um_road_000012.png',
                                  'ummm_000012.png', 'um_000012.jpg'])
def test_other_names_are_refused(name):
    for function in (road_scores.category, kitti_road.road_name):
        with pytest.raises(ValueError, match=f'{name}: no picture of KITTI'):
            function(name)


def test_frames_are_pooled_by_category_and_all_together():
    frames = [(name, np.full((2, 256), value)) for name, value in
              (('uu_000001.png', 1), ('um_000001.png', 2),
               ('uu_000002.png', 4))]
    pooled = road_scores.pool(frames)
    assert list(pooled) == ['UM', 'UU', 'URBAN']        # no frame of UMM
    assert [values[1, 255] for values in pooled.values()] == [2, 5, 7]
    assert (frames[0][1] == 1).all()
    assert road_scores.pool([]) == {}
