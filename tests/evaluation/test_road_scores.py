"""KITTI road: scores by hand and by scikit-learn, the view by projection."""
import cv2
import numpy as np
import pytest
import sklearn.metrics

from segmentation.evaluation.benchmarks import road_scores

ROWS, COLUMNS = 800, 400
WIDTH, HEIGHT = 1242, 375


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
    assert road_scores.submission_name(name) == wanted


@pytest.mark.parametrize('name', ['000012.png', 'um_road_000012.png',
                                  'ummm_000012.png', 'um_000012.jpg'])
def test_other_names_are_refused(name):
    for function in (road_scores.category, road_scores.submission_name):
        with pytest.raises(ValueError, match=f"{name}: no picture of KITTI"):
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


def rotation(*axis_times_angle):
    return cv2.Rodrigues(np.array(axis_times_angle))[0]


@pytest.fixture
def calibration():
    """A camera 1.6 m above the road that pitches, rolls and looks aside."""
    return {'P2': np.array([[700., 0, 610, 45], [0, 705, 170, -.4],
                            [0, 0, 1, .003]]),
            'R0_rect': rotation(.004, -.007, .01),
            'Tr_cam_to_road': np.column_stack(
                [rotation(.011, -.03, .005), [.1, -1.6, .3]])}


def project(calibration, x, z):
    """The picture's (x, y) and the depth of the road's (x, 0, z) metres."""
    turn = calibration['Tr_cam_to_road'][:, :3]
    shift = calibration['Tr_cam_to_road'][:, 3]
    camera = turn.T @ (np.array([x, 0, z]) - shift)
    rectified = calibration['R0_rect'] @ camera
    u, v, depth = calibration['P2'] @ np.append(rectified, 1)
    return u / depth, v / depth, depth


def projected(calibration, rows, columns):
    """(len(rows), len(columns), 3): x, y and depth of bird's eye pixels."""
    return np.array([[project(calibration, -10 + .05 * (column + .5),
                              46 - .05 * (row + .5)) for column in columns]
                     for row in rows])


def coordinates():
    """A picture (H, W, 2) that holds at each pixel its x and its y."""
    rows, columns = np.indices((HEIGHT, WIDTH), np.float32)
    return np.dstack([columns, rows])


def test_view_is_800_rows_by_400_columns(calibration):
    for shape in ((HEIGHT, WIDTH), (HEIGHT, WIDTH, 3)):
        view = road_scores.to_birds_eye(np.zeros(shape, np.uint8),
                                        calibration)
        assert view.shape == (ROWS, COLUMNS) + shape[2:]
        assert view.dtype == np.uint8


def test_a_camera_straight_ahead_by_hand():
    # 2 m above the road, focal length 100, centre (50, 40), no rotation: the
    # point (x, 0, z) is 2 m below the camera, at (50 + 100 x / z,
    # 40 + 200 / z).
    straight = {'P2': [[100, 0, 50, 0], [0, 100, 40, 0], [0, 0, 1, 0]],
                'R0_rect': np.eye(3),
                'Tr_cam_to_road': [[1, 0, 0, 0], [0, 1, 0, -2], [0, 0, 1, 0]]}
    matrix = road_scores.homography(straight)
    # Row 719.5 is z = 10 and column 219.5 is x = 1; the last row and the
    # first column have their centres at z = 6.025 and x = -9.975.
    np.testing.assert_allclose(matrix @ [219.5, 719.5, 1],
                               [60 * 10, 60 * 10, 10])
    np.testing.assert_allclose(
        matrix @ [0, 799, 1],
        [50 * 6.025 - 997.5, 40 * 6.025 + 200, 6.025])


@pytest.mark.parametrize('x, z', [(-2.3, 8.1), (3.2, 9.4), (.7, 13.6),
                                  (-4.5, 11.2)])
def test_a_blob_on_the_road_is_seen_where_it_lies(calibration, x, z):
    u, v, _ = project(calibration, x, z)
    distance = np.square(coordinates() - (u, v)).sum(axis=2)
    picture = (250 * np.exp(-distance / 2 / 1.5 ** 2)).astype(np.uint8)
    view = road_scores.to_birds_eye(picture, calibration)
    moments = cv2.moments(view)
    column, row = (moments[name] / moments['m00'] for name in ('m10', 'm01'))
    assert column == pytest.approx((x + 10) / .05 - .5, abs=1)
    assert row == pytest.approx((46 - z) / .05 - .5, abs=1)


def test_every_pixel_of_the_view_is_taken_where_its_point_projects(
        calibration):
    rows, columns = range(3, ROWS, 61), range(2, COLUMNS, 37)
    wanted = projected(calibration, rows, columns)
    inside = ((wanted[..., :2] > 0).all(axis=2)
              & (wanted[..., 0] < WIDTH - 1) & (wanted[..., 1] < HEIGHT - 1))
    assert .6 < inside.mean() < 1
    for interpolation, error in ((cv2.INTER_LINEAR, .02),   # 1/32 pixel
                                 (cv2.INTER_NEAREST, .501)):
        view = road_scores.to_birds_eye(coordinates(), calibration,
                                        interpolation)
        found = view[np.ix_(rows, columns)]
        assert np.abs(found - wanted[..., :2])[inside].max() < error


def test_outside_of_the_picture_the_truth_is_ignored(calibration):
    # A tenth of the size, so that half a pixel is wide, and cut at each side.
    width, height = 90, 12
    calibration['P2'][:2] /= 10
    calibration['P2'][:2] -= np.outer((20, 22), calibration['P2'][2])
    view = road_scores.to_birds_eye(np.ones((height, width), np.uint8),
                                    calibration, cv2.INTER_NEAREST)
    rows, columns = range(0, ROWS, 7), range(0, COLUMNS, 5)
    u, v, _ = np.moveaxis(projected(calibration, rows, columns), 2, 0)
    inside = (u > -.5) & (u < width - .5) & (v > -.5) & (v < height - .5)
    np.testing.assert_array_equal(view[np.ix_(rows, columns)],
                                  np.where(inside, 1, 255))
    for values, side in ((u, width), (v, height)):      # each side is reached
        assert values.min() < -.5 and values.max() > side - .5


def test_confidences_do_not_fade_at_the_border_of_the_picture(calibration):
    full = np.full((HEIGHT, WIDTH), 200, np.uint8)
    view = road_scores.to_birds_eye(full, calibration)
    truth = road_scores.to_birds_eye(full, calibration, cv2.INTER_NEAREST)
    np.testing.assert_array_equal(view, np.where(truth == 255, 0, 200))


def test_a_camera_that_looks_back_sees_nothing(calibration):
    calibration['R0_rect'] = rotation(0, np.pi, 0)
    truth = np.ones((HEIGHT, WIDTH), np.uint8)
    assert (road_scores.to_birds_eye(truth, calibration, cv2.INTER_NEAREST)
            == 255).all()


def test_a_painted_road_comes_back_from_its_photograph(calibration):
    # Waves of 4 m; OpenCV takes the photograph. Up to 20 m ahead a pixel of
    # it covers .35 m at most.
    rows, columns = np.indices((ROWS, COLUMNS))
    paint = (120 + 50 * np.sin(rows * np.pi / 40)
             + 50 * np.cos(columns * np.pi / 40)).astype(np.uint8)
    photograph = cv2.warpPerspective(
        paint, road_scores.homography(calibration), (WIDTH, HEIGHT))
    view = road_scores.to_birds_eye(photograph, calibration)
    near = np.s_[(46 - 20) * 20:-40, 120:280]
    difference = cv2.absdiff(view, paint)[near]
    assert difference.mean() < 2 and difference.max() < 16
