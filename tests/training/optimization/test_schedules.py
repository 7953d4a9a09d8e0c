"""The learning rate over a run."""
import pytest

from segmentation.training.optimization import schedules


@pytest.mark.parametrize('name, done, factor', [
    ('constant', 0, 1), ('constant', 1, 1),
    ('step', .66, 1), ('step', .67, .1), ('step', .9, .01),
    ('poly', 0, 1), ('poly', .5, .5 ** .9), ('poly', 1, 0),
    ('cosine', 0, 1), ('cosine', 1 / 3, .75), ('cosine', 1, 0)])
def test_factor_at_a_share_of_the_run(name, done, factor):
    assert schedules.factor(name, done) == pytest.approx(factor)


def test_rate_rises_from_nothing_while_it_warms_up():
    factors = [schedules.factor('poly', done, warm_up=.2)
               for done in (0, .1, .2, .3)]
    assert factors[0] == 0
    assert factors[1] == pytest.approx(.5 * .9 ** .9)
    assert factors[2] == pytest.approx(.8 ** .9)
    assert factors[3] == pytest.approx(.7 ** .9)
