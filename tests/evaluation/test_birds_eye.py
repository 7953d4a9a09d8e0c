"""KITTI road's view from above: by hand and by projection."""
import cv2
import numpy as np
import pytest

from segmentation.evaluation.benchmarks import birds_eye

ROWS, COLUMNS = 800, 400
WIDTH, HEIGHT = 1242, 375


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
        view = birds_eye.view(np.zeros(shape, np.uint8), calibration)
        assert view.shape == (ROWS, COLUMNS) + shape[2:]
        assert view.dtype == np.uint8


def test_a_camera_straight_ahead_by_hand():
    # 2 m above the road, focal length 100, centre (50, 40), no rotation: the
    # point (x, 0, z) is 2 m below the camera, at (50 + 100 x / z,
    # 40 + 200 / z).
    straight = {'P2': [[100, 0, 50, 0], [0, 100, 40, 0], [0, 0, 1, 0]],
                'R0_rect': np.eye(3),
                'Tr_cam_to_road': [[1, 0, 0, 0], [0, 1, 0, -2], [0, 0, 1, 0]]}
    matrix = birds_eye.homography(straight)
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
    view = birds_eye.view(picture, calibration)
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
        view = birds_eye.view(coordinates(), calibration, interpolation)
        found = view[np.ix_(rows, columns)]
        assert np.abs(found - wanted[..., :2])[inside].max() < error


def test_outside_of_the_picture_the_truth_is_ignored(calibration):
    # A tenth of the size, so that half a pixel is wide, and cut at each side.
    width, height = 90, 12
    calibration['P2'][:2] /= 10
    calibration['P2'][:2] -= np.outer((20, 22), calibration['P2'][2])
    view = birds_eye.view(np.ones((height, width), np.uint8),
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
    view = birds_eye.view(full, calibration)
    truth = birds_eye.view(full, calibration, cv2.INTER_NEAREST)
    np.testing.assert_array_equal(view, np.where(truth == 255, 0, 200))


def test_a_camera_that_looks_back_sees_nothing(calibration):
    calibration['R0_rect'] = rotation(0, np.pi, 0)
    truth = np.ones((HEIGHT, WIDTH), np.uint8)
    assert (birds_eye.view(truth, calibration, cv2.INTER_NEAREST)
            == 255).all()


def test_a_painted_road_comes_back_from_its_photograph(calibration):
    # Waves of 4 m; OpenCV takes the photograph. Up to 20 m ahead a pixel of
    # it covers .35 m at most.
    rows, columns = np.indices((ROWS, COLUMNS))
    paint = (120 + 50 * np.sin(rows * np.pi / 40)
             + 50 * np.cos(columns * np.pi / 40)).astype(np.uint8)
    photograph = cv2.warpPerspective(
        paint, birds_eye.homography(calibration), (WIDTH, HEIGHT))
    view = birds_eye.view(photograph, calibration)
    near = np.s_[(46 - 20) * 20:-40, 120:280]
    difference = cv2.absdiff(view, paint)[near]
    assert difference.mean() < 2 and difference.max() < 16
