"""The rasterizer of shapes, and run lengths, against other people's tools."""
import cv2
import numpy as np
import pytest

from segmentation.data.annotations import run_lengths, shapes

SIZE = 71, 53       # (width, height)
NAMES = {'road': 0, 'car': 1}


def star(seed, vertices=9, wild=False):
    """A polygon around the middle; a wild one crosses itself."""
    random = np.random.RandomState(seed)
    angles = random.uniform(0, 2 * np.pi, vertices)
    angles = angles if wild else np.sort(angles)
    radii = random.uniform(5, 30, vertices)
    return np.stack([35 + radii * np.cos(angles),
                     26 + radii * np.sin(angles)], axis=1)


def mask_of(*outlines, size=SIZE):
    return shapes.paint([shapes.Shape('car', outlines)], size, NAMES.get,
                        0) == 1


def near_outline(points, thickness=3):
    """The pixels that a polygon's edge runs through, and those beside."""
    band = np.zeros(SIZE[::-1], np.uint8)
    for shift in (0, -.5):
        cv2.polylines(band, [np.rint((points + shift) * 16).astype(np.int32)],
                      True, 1, thickness, shift=4)
    return band > 0


def perimeter(points):
    return np.hypot(*(points - np.roll(points, 1, axis=0)).T).sum()


def test_whole_pixels_are_exact():
    ids = shapes.paint([shapes.Shape('road', [shapes.rectangle(1, 2, 4, 4)])],
                       (6, 5), NAMES.get, 9)
    assert ids.tolist() == [[9] * 6, [9] * 6, [9, 0, 0, 0, 9, 9],
                            [9, 0, 0, 0, 9, 9], [9] * 6]


def test_a_pixel_is_inside_by_its_centre():
    assert mask_of(shapes.rectangle(1.4, 0, 3.6, 1)).sum() == 3
    assert mask_of(shapes.rectangle(1.6, 0, 3.4, 1)).sum() == 1


def test_what_reaches_beyond_the_picture_is_cut_off():
    assert mask_of(shapes.rectangle(-9, -9, 99, 99)).all()
    assert not mask_of(shapes.rectangle(80, 3, 90, 9)).any()
    assert not mask_of(shapes.rectangle(-9, 3, -1, 9)).any()
    mask = np.ones((4, 6), bool)
    ids = shapes.paint([shapes.Shape('car', (), mask, (-2, 50)),
                        shapes.Shape('car', (), mask, (68, -1))],
                       SIZE, NAMES.get, 0)
    assert ids[50:, :4].all() and ids[:3, 68:].all()
    assert ids.sum() == 3 * 4 + 3 * 3


def test_later_shapes_lie_on_top_and_outlines_of_a_shape_join():
    one, other = shapes.rectangle(0, 0, 6, 1), shapes.rectangle(4, 0, 9, 1)
    ids = shapes.paint([shapes.Shape('car', [one, other]),
                        shapes.Shape('road', [shapes.rectangle(3, 0, 5, 1)])],
                       (10, 1), NAMES.get, 7)
    assert ids.tolist() == [[1, 1, 1, 0, 0, 1, 1, 1, 1, 7]]


@pytest.mark.parametrize('seed', range(4))
def test_areas_with_common_edges_neither_overlap_nor_leave_gaps(seed):
    """A rectangle, cut into triangles that meet in a point."""
    corners = shapes.rectangle(3, 4, 66, 49)
    middle = np.random.RandomState(seed).uniform((10, 10), (60, 40))
    covered = sum(mask_of(np.stack([corners[k], corners[k - 1], middle])
                          ).astype(int) for k in range(4))
    assert (covered == mask_of(corners)).all()


@pytest.mark.parametrize('wild', [False, True])
@pytest.mark.parametrize('seed', range(6))
def test_polygons_are_those_of_coco_but_for_edge_pixels(seed, wild):
    coco = pytest.importorskip('pycocotools.mask')
    points = star(seed, wild=wild)
    other = coco.decode(coco.frPyObjects([points.ravel().tolist()],
                                         *SIZE[::-1]))[:, :, 0] > 0
    differ = mask_of(points) != other
    assert not (differ & ~near_outline(points)).any()
    # Along an edge, COCO rounds to fifths of a pixel.
    assert differ.sum() <= .1 * perimeter(points)


@pytest.mark.parametrize('seed', range(6))
def test_polygons_are_those_of_labelme_but_for_edge_pixels(seed):
    image = pytest.importorskip('PIL.Image')
    draw = pytest.importorskip('PIL.ImageDraw')
    points = star(seed)
    picture = image.fromarray(np.zeros(SIZE[::-1], np.uint8))
    draw.Draw(picture).polygon(list(map(tuple, points.tolist())), outline=1,
                               fill=1)
    other = np.array(picture) > 0
    differ = mask_of(points) != other
    assert not (differ & ~near_outline(points)).any()
    # Its outline is a pixel wide, half of it outside.
    assert differ.sum() <= perimeter(points)


def test_ellipses_have_their_area_and_turn_clockwise():
    mask = mask_of(shapes.ellipse((35, 26), (20, 8)))
    assert mask.sum() == pytest.approx(np.pi * 20 * 8, rel=.02)
    turned = mask_of(shapes.ellipse((35, 26), (20, 8), 90))
    assert turned.sum(axis=0).max() == pytest.approx(40, abs=1)
    turned = mask_of(shapes.ellipse((35, 26), (20, 4), 30))
    rows, columns = np.nonzero(turned)
    assert np.polyfit(columns, rows, 1)[0] > 0      # its right end is lower


def test_strokes_are_as_wide_as_they_say():
    mask = mask_of(*shapes.strokes([(10, 20), (50, 20), (50, 45)], 10))
    assert mask[:, 30].sum() == 10 and mask[40].sum() == 10
    assert mask[15:25, 10:50].all() and mask[20:45, 45:55].all()


@pytest.mark.parametrize('points', [[(1, 2), (3, 4)], [1, 2, 3], 'abc',
                                    [(0, 0), (1, 1), (float('nan'), 2)],
                                    [(0, 0), (1, 1), (1e300, 2)]])
def test_what_is_no_outline_is_refused(points):
    with pytest.raises(ValueError, match=r'^a.json: \S.*wanted$|outline$'):
        shapes.outline(points, 'a.json')


@pytest.mark.parametrize('seed', range(4))
def test_run_lengths_are_those_of_coco(seed):
    coco = pytest.importorskip('pycocotools.mask')
    random = np.random.RandomState(seed)
    mask = cv2.blur(random.rand(40, 300), (9, 9)) > .5
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    counts = run_lengths.parse_text(encoded['counts'].decode())
    assert (run_lengths.decode(counts, (300, 40), True) == mask).all()


def test_run_lengths_by_row_and_of_the_wrong_sum():
    assert run_lengths.decode([0, 2, 3, 1], (3, 2), False).tolist() == [
        [True, True, False], [False, False, True]]
    for counts in ([1, 2], [], [7, -1]):
        with pytest.raises(ValueError, match='3x2 are wanted'):
            run_lengths.decode(counts, (3, 2), False)
    with pytest.raises(ValueError, match="'!' in run lengths"):
        run_lengths.parse_text('5!')
