"""The pictures of check_source.py: their text grows with the picture."""
import numpy as np
import pytest

from segmentation.checking import audit, gallery
from segmentation.drawing import style

STYLE = style.choose(['sky', 'road'], {0: (200, 100, 0), 1: (0, 0, 200)})


def sample(path, width, height, class_id=0):
    return audit.Sample(path, np.zeros((height, width, 3), np.uint8),
                        np.full((height, width), class_id, np.uint8))


@pytest.mark.parametrize('height, above, row', [
    (240, 22, 20), (480, 22, 20), (1440, 3 * 22, 3 * 20)])
def test_name_and_legend_grow_with_the_picture(height, above, row):
    drawn = gallery.picture(sample('a.png', 700, height), STYLE)
    below = row + row // 4 + 1
    assert drawn.shape == (above + height + below, 700 + 4 + 700, 3)
    assert not drawn[above:above + height, :700].any()
    ignored = gallery.picture(sample('a.png', 700, height, 255), STYLE)
    assert len(ignored) == len(drawn) + row


def test_a_long_name_grows_no_further_than_it_fits():
    drawn = gallery.picture(sample('x' * 40, 300, 1440), STYLE)
    short = gallery.picture(sample('x', 300, 1440), STYLE)
    assert len(drawn) < len(short)
    assert (drawn[:22, 400:] != 255).any() and (drawn[:22, -2:] == 255).all()


def test_a_sheet_has_text_of_one_size():
    drawn = gallery.sheet([sample('a.png', 700, 1400)] * 2, STYLE)
    # Two cells of 240 + 4 + 240 by 22 + 480, 12 apart, and a row of classes.
    assert drawn.shape == (22 + 480 + 26, 2 * 484 + 12, 3)
