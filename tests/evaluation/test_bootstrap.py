"""Comparing two runs: by hand, and by SciPy's bootstrap."""
import itertools

import numpy as np
import pytest
from scipy import stats

from segmentation import metrics
from segmentation.evaluation import bootstrap, comparison, scorer, tally
from segmentation.trained import run_dir


def draw_matrices(seed, right, count=24, classes=3):
    """Matrices of pictures of 200 pixels, right with that probability."""
    random = np.random.RandomState(seed)
    truth = np.random.RandomState(1).randint(classes, size=(count, 200))
    predicted = np.where(random.rand(count, 200) < right, truth,
                         random.randint(classes, size=(count, 200)))
    return np.stack([metrics.confusion_matrix(*pair, classes)
                     for pair in zip(truth, predicted)])


def test_ious_by_hand_and_without_absent_classes():
    # Hits 3, 3, 0; true 4, 4, 0; predicted 4, 4, 0.
    matrix = np.array([[[3, 1, 0], [1, 3, 0], [0, 0, 0]]])
    values = bootstrap.ious(bootstrap.sums(matrix))
    np.testing.assert_allclose(values, [[3 / 5, 3 / 5, np.nan, 3 / 5]])


def test_interval_of_two_pictures_by_hand():
    # Four equally likely draws: both, the first twice, the second twice.
    first = np.array([[[1, 1], [1, 1]], [[2, 2], [2, 2]]])
    second = np.array([[[2, 0], [0, 2]], [[2, 2], [2, 2]]])
    lows, highs = bootstrap.interval(first, second, resamples=400)
    # The second picture alone: no difference. The first: 1 - 1/3.
    np.testing.assert_allclose(lows, 0, atol=1e-12)
    np.testing.assert_allclose(highs, 2 / 3)


def test_interval_is_that_of_scipy():
    first, second = draw_matrices(2, .6), draw_matrices(3, .65)

    def difference(places):
        places = np.asarray(places, int)
        return (metrics.scores(second[places].sum(axis=0))['miou']
                - metrics.scores(first[places].sum(axis=0))['miou'])

    wanted = stats.bootstrap(
        (np.arange(len(first)),), difference, vectorized=False,
        n_resamples=2000, method='percentile',
        random_state=7).confidence_interval
    lows, highs = bootstrap.interval(first, second)
    assert lows[-1] == pytest.approx(wanted.low, abs=.006)
    assert highs[-1] == pytest.approx(wanted.high, abs=.006)


def test_interval_is_the_same_again():
    pair = draw_matrices(2, .6), draw_matrices(3, .65)
    for a, b in zip(bootstrap.interval(*pair), bootstrap.interval(*pair)):
        np.testing.assert_array_equal(a, b)


def test_class_that_no_picture_has_is_left_out():
    first, second = (np.pad(draw_matrices(seed, .6), ((0, 0), (0, 1), (0, 1)),
                            mode='constant') for seed in (2, 3))
    lows, highs = bootstrap.interval(first, second)
    assert np.isnan(lows[3]) and np.isnan(highs[3])
    assert not np.isnan(np.delete(lows, 3)).any()


def test_one_picture_has_no_interval():
    with pytest.raises(ValueError, match='1 picture: an interval over '):
        bootstrap.interval(np.ones((1, 2, 2)), np.ones((1, 2, 2)))


def test_a_gain_a_loss_and_noise_are_told_apart():
    worse, better = draw_matrices(2, .5), draw_matrices(3, .9)
    for pair, word, line in (
            ((worse, better), 'gain', 'over 24 pictures: B is better'),
            ((better, worse), 'loss', 'over 24 pictures: B is worse'),
            ((worse, draw_matrices(5, .5)), 'noise',
             'the interval contains 0: this may be noise'),
            ((worse, worse), 'same', 'no difference')):
        result = comparison.compare(*pair, class_names=['a', 'b', 'c'])
        assert result['miou']['verdict'] == word
        assert comparison.verdict(result).endswith(line)
        ends = [metrics.scores(matrices.sum(axis=0))['miou']
                for matrices in pair]
        assert result['miou']['iou'] == pytest.approx(ends)
        assert result['miou']['difference'] == pytest.approx(
            ends[1] - ends[0])
        assert result['miou']['low'] <= result['miou']['high']
        assert comparison.table(result).splitlines()[-1].split()[-1] == word


def test_few_pictures_are_said_to_be_few():
    pair = draw_matrices(2, .5, count=3), draw_matrices(3, .9, count=3)
    result = comparison.compare(*pair, class_names=['a', 'b', 'c'])
    assert comparison.verdict(result).endswith(
        'over 3 pictures: B is better, as far as so few pictures tell')


def make_tally(names, matrices):
    total = tally.Tally()
    for name, matrix in zip(names, matrices):
        total.add(tally.Outcome(name, matrix, 0, 0, 0))
    return total


def test_pictures_are_matched_by_name_and_not_by_place():
    matrices = draw_matrices(2, .5, count=3)
    first = make_tally('abc', matrices)
    for order in itertools.permutations(range(3)):
        second = make_tally(['abc'[k] for k in order], matrices[list(order)])
        ours, theirs = comparison.align(first, second, ('runs/a', 'runs/b'))
        np.testing.assert_array_equal(ours, theirs)


def test_other_pictures_or_labels_are_refused():
    matrices = draw_matrices(2, .5, count=3)
    first, names = make_tally('abc', matrices), ('runs/a', 'runs/b')
    with pytest.raises(ValueError) as error:
        comparison.align(first, make_tally('abx', matrices), names)
    assert str(error.value) == ('runs/a and runs/b are not of the same '
                                'pictures: 2 differ, such as c')
    changed = matrices.copy()
    changed[1, 0, 0] += 1
    with pytest.raises(ValueError) as error:
        comparison.align(first, make_tally('abc', changed), names)
    assert str(error.value) == ('b: its labels are not the same for runs/a '
                                'and for runs/b')


def make_run(directory, class_names):
    return run_dir.Run(directory, None, None, None, class_names, None, None)


def make_scorer(pairs):
    return scorer.PairScorer(None, pairs, 'data')


def test_what_cannot_be_compared_is_said_before_it_is_scored():
    run = make_run('runs/a', ['sky', 'road'])
    scorers = [make_scorer([('data/1.png', 'x'), (f'data/{name}', 'y')])
               for name in ('2.png', '3.png')]
    for runs, its, message in (
            ((run, make_run('runs/b', ['sky', 'tree'])), scorers,
             'runs/a has the classes sky, road; runs/b has sky, tree'),
            ((run, make_run('runs/b', ['sky', 'road'])), scorers,
             'runs/a and runs/b are not of the same pictures: 2 differ, such '
             'as 2.png'),
            ((run, run), 2 * [make_scorer([('data/1.png', 'x')])],
             '1 picture: an interval over pictures takes two or more')):
        with pytest.raises(ValueError) as error:
            comparison.check(runs, its)
        assert str(error.value) == message
