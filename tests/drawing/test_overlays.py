"""Classes over pictures: which are drawn, how, and what names them."""
import argparse

import cv2
import numpy as np
import pytest

from segmentation import option_types
from segmentation.drawing import legend, overlay, palettes, style
from segmentation.errors import InputError

NAMES = ['not road', 'road', 'car']
COLORS = {0: (255, 0, 0), 1: (0, 200, 0), 2: (0, 0, 100)}
IMAGE = np.full((2, 3, 3), 100, np.uint8)
IDS = np.array([[0, 1, 2], [0, 1, 255]], np.uint8)


def draw(**options):
    chosen = style.choose(NAMES, COLORS, ['not road'], **options)
    return overlay.draw(IMAGE, IDS, chosen).tolist()


def test_background_is_left_unpainted():
    # Half of each: (100 + 0) / 2 and (100 + 200) / 2.
    assert draw()[0] == [[100, 100, 100], [50, 150, 50], [50, 50, 100]]


def test_ignored_pixels_are_hatched_and_the_picture_is_not_changed():
    assert draw()[1][2] == [0, 0, 0]
    assert (IMAGE == 100).all()


def test_only_some_classes_are_painted():
    assert draw(only=['car'])[0] == [[100] * 3, [100] * 3, [50, 50, 100]]
    assert draw(only=['Not Road,car'])[0] == [
        [178, 50, 50], [100] * 3, [50, 50, 100]]
    assert draw(only=['all'])[0][0] == [178, 50, 50]


def test_opacity_goes_by_class():
    # .2 * 100 + .8 * (0, 200, 0); a named background is painted.
    assert draw(alpha=1, alphas={'road': .8})[0] == [
        [100] * 3, [20, 180, 20], [0, 0, 100]]
    assert draw(alphas={'not road': 1, 'road': 0})[0] == [
        [255, 0, 0], [100] * 3, [50, 50, 100]]


@pytest.mark.parametrize('options, message', [
    ({'only': ['raod']}, "only names 'raod': did you mean 'road'? The classes "
                         'are not road, road, car'),
    ({'only': ['xyz']}, "only names 'xyz': the classes are not road, road, "
                        'car'),
    ({'alphas': {'cra': 1}}, "alpha names 'cra': did you mean 'car'? The "
                             'classes are not road, road, car'),
    ({'only': ['road'], 'alphas': {'car': 1}},
     "alpha names 'car', which only leaves out"),
    ({'alpha': 0}, 'no class is left to draw: only and alpha choose among '
                   'not road, road, car')])
def test_what_cannot_be_drawn_is_said(options, message):
    with pytest.raises(InputError) as error:
        style.choose(NAMES, COLORS, ['not road'], **options)
    assert str(error.value) == message


@pytest.mark.parametrize('text', ['', 'x', '2', '-.1', 'nan', 'road', 'road=',
                                  '.5,.6', 'road=1,road=1', '.5,'])
def test_wrong_opacity_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        option_types.alpha(text)


def test_contours_lie_on_the_side_of_their_class():
    ids = np.zeros((40, 60), np.uint8)
    ids[10:30, 20:50] = 1
    chosen = style.choose(NAMES[:2], COLORS, ['not road'], outline=True)
    drawn = overlay.draw(np.full((40, 60, 3), 9, np.uint8), ids, chosen)
    painted = (drawn == (0, 200, 0)).all(axis=-1)
    inner = np.zeros_like(painted)
    inner[11:29, 21:49] = True
    np.testing.assert_array_equal(painted, (ids == 1) & ~inner)
    assert (drawn[~painted] == 9).all()


def test_a_picture_of_one_pixel_can_be_drawn():
    for outline in (False, True):
        chosen = style.choose(NAMES, COLORS, outline=outline, legend='on')
        drawn = legend.add(overlay.draw(IMAGE[:1, :1], IDS[:1, :1], chosen),
                           chosen)
        assert drawn.shape == (1, 1, 3)


@pytest.mark.parametrize('size', [(8, 8), (64, 32), (640, 480), (2000, 1500)])
def test_places_of_the_legend(size):
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    shapes = {}
    for place in legend.PLACES:
        chosen = style.choose(NAMES, COLORS, legend=place)
        drawn = legend.add(image, chosen)
        shapes[place] = drawn.shape
        if place != 'on':
            assert (drawn[:height, :width] == 0).all()
    assert shapes['on'] == image.shape
    assert shapes['below'][1] == width and shapes['below'][0] > height
    assert shapes['beside'][0] == height and shapes['beside'][1] > width


@pytest.mark.parametrize('size, rows', [
    ((1280, 480), 20 + 5 + 1), ((5120, 1920), 80 + 20 + 1)])
def test_the_legend_below_grows_with_the_picture(size, rows):
    width, height = size
    drawn = legend.below(np.zeros((height, width, 3), np.uint8), NAMES,
                         list(COLORS.values()))
    assert drawn.shape == (height + rows, width, 3)


def test_the_legend_below_does_not_outgrow_a_narrow_picture():
    drawn = legend.below(np.zeros((1920, 150, 3), np.uint8), NAMES,
                         list(COLORS.values()))
    written = (drawn[1920:] != 255).any(axis=(0, 2))
    assert written[:110].any() and not written[-4:].any()


def test_the_legend_names_what_is_drawn():
    image = np.zeros((100, 300, 3), np.uint8)
    chosen = style.choose(NAMES, COLORS, ['not road'], legend='below')
    strip = legend.add(image, chosen)[100:].reshape(-1, 3).tolist()
    assert [0, 200, 0] in strip and [0, 0, 100] in strip
    assert [255, 0, 0] not in strip


# Machado, Oliveira and Fernandes 2009, severity 1: linear RGB as it is seen.
MACHADO = np.array([
    [[.152286, 1.052583, -.204868], [.114503, .786281, .099216],
     [-.003882, -.048116, 1.051998]],
    [[.367322, .860646, -.227968], [.280085, .672501, .047413],
     [-.011820, .042940, .968881]]])


def least_distance(colors):
    """Return the least distance in Lab of two RGB colours as simulated."""
    values = np.array(colors) / 255
    linear = np.where(values <= .04045, values / 12.92,
                      ((values + .055) / 1.055) ** 2.4)
    least = []
    for matrix in MACHADO:
        seen = np.clip(linear @ matrix.T, 0, 1)
        gamma = np.where(seen <= .0031308, 12.92 * seen,
                         1.055 * seen ** (1 / 2.4) - .055)
        lab = cv2.cvtColor(gamma[None].astype(np.float32),
                           cv2.COLOR_RGB2Lab)[0]
        distances = np.linalg.norm(lab[:, None] - lab[None], axis=2)
        least.append(distances[np.triu_indices(len(lab), 1)].min())
    return min(least)


def test_the_palette_can_be_told_apart_by_the_colour_blind():
    camvid = [(128, 128, 128), (128, 0, 0), (192, 192, 128), (128, 64, 128),
              (60, 40, 222), (128, 128, 0), (192, 128, 128), (64, 64, 128),
              (64, 0, 128), (64, 64, 0), (0, 128, 192)]
    assert least_distance(palettes.colour_blind(11)) > \
        2 * least_distance(camvid)
    assert least_distance(palettes.colour_blind(19)) > 10


def test_the_palette_begins_as_published_and_never_repeats():
    colors = palettes.colour_blind(254)
    assert colors[:2] == [(230, 159, 0), (86, 180, 233)]
    assert len(set(colors)) == 254
    assert colors[:11] == palettes.colour_blind(11)


def test_background_takes_the_last_colour():
    chosen = palettes.choose('colour-blind', COLORS, {0})
    assert chosen[1] == (0, 159, 230) and chosen[0] == (115, 158, 0)
    assert palettes.choose('source', COLORS) == COLORS
