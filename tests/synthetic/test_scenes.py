"""Tests of the synthetic road scenes."""
import cv2
import numpy as np
import pytest

from segmentation.synthetic import scenes, stage

ROAD, SKY = (
    [name for name, _ in stage.CLASSES].index(name)
    for name in ('road', 'sky'))


def draw(seed, width=192, height=96):
    return scenes.draw(np.random.RandomState(seed), width, height)


def gradient(image):
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.hypot(cv2.Sobel(grey, cv2.CV_64F, 1, 0),
                    cv2.Sobel(grey, cv2.CV_64F, 0, 1))


def boundary(ids):
    """Return the pixels on either side of a change of class."""
    ids = ids.astype(int)
    edge = np.zeros(ids.shape, bool)
    across, down = np.diff(ids, axis=1) != 0, np.diff(ids, axis=0) != 0
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge


@pytest.mark.parametrize('width, height',
                         [(96, 64), (250, 130), (63, 97), (256, 128)])
def test_image_and_ids_have_the_size_asked_for(width, height):
    image, ids = draw(3, width, height)
    assert image.shape == (height, width, 3) and image.dtype == np.uint8
    assert ids.shape == (height, width) and ids.dtype == np.uint8


def test_class_names_and_colours_are_distinct():
    names, colours = zip(*stage.CLASSES)
    assert len(set(names)) == len(set(colours)) == len(stage.CLASSES)


def test_same_seed_gives_same_bytes():
    for first, second in zip(draw(5), draw(5)):
        assert first.tobytes() == second.tobytes()


def test_another_seed_gives_another_scene():
    (image, ids), (other_image, other_ids) = draw(5), draw(6)
    assert (image != other_image).mean() > .5
    assert (ids != other_ids).mean() > .1


def test_one_generator_gives_one_scene_after_another():
    rng = np.random.RandomState(5)
    first, second = (scenes.draw(rng, 96, 64)[1] for _ in range(2))
    assert (first != second).any()


def test_every_class_has_its_share_and_every_pixel_its_class():
    counts = sum(np.bincount(draw(seed)[1].ravel(),
                             minlength=len(stage.CLASSES))
                 for seed in range(30))
    assert len(counts) == len(stage.CLASSES)   # none beyond the table
    shares = counts / counts.sum()
    assert shares.min() >= .005 and shares.max() <= .5


@pytest.mark.parametrize('seed', range(8))
def test_sky_is_above_the_road(seed):
    _, ids = draw(seed)
    sky, road = (np.nonzero(ids == number)[0] for number in (SKY, ROAD))
    assert road.size and road.min() > sky.max(initial=-1)


def test_edges_of_the_labels_are_edges_of_the_image():
    at_edges, elsewhere, shifted = [], [], []
    for seed in range(10):
        image, ids = draw(seed)
        slope, edge = gradient(image), boundary(ids)
        at_edges.append(slope[edge].mean())
        elsewhere.append(slope[~edge].mean())
        # labels two pixels off would not fit as well
        shifted += [slope[np.roll(edge, step, axis)].mean()
                    for step in (-2, 2) for axis in (0, 1)]
    assert np.mean(at_edges) > 1.8 * np.mean(elsewhere)
    assert np.mean(at_edges) > 1.2 * np.mean(shifted)


def test_one_colour_does_not_tell_the_class():
    pairs = [draw(seed) for seed in range(8)]
    pixels = np.concatenate([image.reshape(-1, 3) for image, _ in pairs])
    ids = np.concatenate([ids.ravel() for _, ids in pairs])
    means = np.stack([pixels[ids == number].mean(0)
                      for number in range(len(stage.CLASSES))])
    distance = ((pixels[:, None] - means) ** 2).sum(2)     # [pixels, C]
    assert (distance.argmin(1) == ids).mean() < .6


def test_a_camera_is_calibrated_for_the_picture():
    # The canvas has two pixels for each of the picture. A point 3 m to the
    # right, 8 m ahead and .5 m above the ground is 1.5 m below the camera.
    camera = stage.Camera(focal=200, u=120, v=60, height=2, aside=0, bend=0)
    matrices = stage.calibrate(camera)
    x, y, depth = matrices['P2'] @ (3, 1.5, 8, 1)
    # On the canvas at (120 + 200 * 3 / 8, 60 + 200 * 1.5 / 8), counted from
    # its border; the picture's first pixel has its centre at 0.
    assert (x / depth, y / depth, depth) == (195 / 2 - .5, 97.5 / 2 - .5, 8)
    assert (matrices['Tr_cam_to_road'] @ (3, 1.5, 8, 1)).tolist() == [
        3, -.5, 8]
    assert matrices['R0_rect'].tolist() == np.eye(3).tolist()
