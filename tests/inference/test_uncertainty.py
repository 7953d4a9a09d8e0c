"""How sure a network is: passes with dropout, their maps, and a ranking."""
import csv
import json
import os
import sys

import cv2
import helpers
import numpy as np
import programs
import pytest
import runs
import scipy.special
import scipy.stats

import evaluate
import infer
from segmentation.inference.uncertainty import measures, ranking
from segmentation.nn import monte_carlo

KEEP = .5
RANDOM = np.random.RandomState(0)
PASSES = RANDOM.dirichlet([.3] * 4, (3, 2, 5, 7)).astype(np.float32)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """A run whose network drops out values of the picture."""
    helpers.data_dir()
    sys.path.insert(0, helpers.folder())
    yield runs.make(tmp_path_factory.mktemp('unsure') / 'run', 'tiny',
                    helpers.data_dir(), seed=1, keep_prob=KEEP)
    sys.path.remove(helpers.folder())


def test_entropy_is_that_of_scipy():
    found = measures.entropy(measures.by_class(PASSES[0]))
    np.testing.assert_allclose(
        found, scipy.stats.entropy(PASSES[0].astype(float), axis=-1),
        atol=1e-5)
    certain = np.float32([[[1]], [[0]]])
    assert measures.entropy(certain) == 0


def test_mutual_information_is_the_mean_divergence_from_the_mean():
    mean, information = measures.mean_and_information(iter(PASSES))
    np.testing.assert_allclose(mean, PASSES.mean(axis=0), atol=1e-6)
    divergences = [scipy.special.rel_entr(
        one.astype(float), PASSES.astype(float).mean(axis=0)).sum(axis=-1)
        for one in PASSES]
    np.testing.assert_allclose(information, np.mean(divergences, axis=0),
                               atol=1e-5)
    _, none = measures.mean_and_information([PASSES[0]] * 3)
    assert abs(none).max() < 1e-6


@pytest.mark.parametrize('temperature', [.4, 1, 1.7, 20])
def test_rescaling_divides_the_logits(temperature):
    logits = 4 * RANDOM.randn(6, 5, 4)
    found = measures.rescale(scipy.special.softmax(logits, axis=-1).astype(
        np.float32), temperature)
    np.testing.assert_allclose(found, scipy.special.softmax(
        logits / temperature, axis=-1), atol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=-1),
                                  logits.argmax(axis=-1))


def by_hand(picture, count):
    """Return the probabilities (N, H, W, 4) of passes, by SciPy."""
    image = cv2.resize(cv2.imread(picture), (64, 32),
                       interpolation=cv2.INTER_AREA).astype(float)
    return np.stack([programs.run_network(
        image * (monte_carlo.draw(k, 0, (1, 32, 64, 3))[0] < KEEP) / KEEP, 1)
        for k in range(count)])


def level(values, white):
    return np.rint(255 * np.clip(values / white, 0, 1))


@pytest.mark.parametrize('batch_size', ['1', '4'])
def test_outputs_are_those_of_the_mean_of_the_passes(run, place, capsys,
                                                     batch_size):
    pictures, _ = programs.list_files('valid')
    assert infer.main([
        '--name', run, '--samples-dir', *pictures, '--output-dir', 'out',
        '--mc', '3', '--uncertainty', '--class-ids', '--no-overlay',
        '--rank', 'rank.csv', '--batch-size', batch_size]) == 0
    assert ('[i] mean of 3 passes with dropout, keep_prob 0.5\n'
            in capsys.readouterr().out)
    informations = {}
    for picture in pictures:
        passes = by_hand(picture, 3)
        shape = cv2.imread(picture).shape
        mean = programs.enlarge(passes.mean(axis=0), shape)
        small = scipy.special.rel_entr(passes, passes.mean(axis=0)).sum(
            axis=-1).mean(axis=0)
        information = programs.enlarge(small[..., np.newaxis], shape)[..., 0]
        informations[picture] = information.mean()
        found = {name: cv2.imread(os.path.join(
            'out', name, os.path.basename(picture)), 0)
            for name in ('entropy', 'mutual-information', 'class-ids')}
        assert (found['class-ids'] == mean.argmax(axis=-1)).mean() > .995
        for name, values, white in (
                ('entropy', scipy.stats.entropy(mean, axis=-1), np.log(4)),
                ('mutual-information', information, np.log(4) / 4)):
            assert abs(found[name] - level(values, white)).max() <= 1, name
    with open('rank.csv') as file:
        rows = list(csv.DictReader(file))
    assert [row['rank'] for row in rows] == ['1', '2', '3', '4']
    assert rows[0]['picture'] == max(informations, key=informations.get)
    for row in rows:
        assert float(row['mutual_information']) == pytest.approx(
            informations[row['picture']], abs=1e-4)
    with open('out/infer.json') as file:
        engine = json.load(file)['engine']
    assert (engine['passes'], engine['keep_prob']) == (3, KEEP)


def test_entropy_takes_no_passes(run, place):
    picture = programs.list_files('valid')[0][0]
    assert infer.main(['--name', run, '--samples-dir', picture,
                       '--output-dir', 'out', '--uncertainty', '--rank',
                       'out/rank.csv']) == 0
    image = cv2.imread(picture)
    small = cv2.resize(image, (64, 32), interpolation=cv2.INTER_AREA)
    wanted = scipy.stats.entropy(programs.enlarge(
        programs.run_network(small, 1), image.shape), axis=-1)
    found = cv2.imread(f'out/entropy/{os.path.basename(picture)}', 0)
    assert abs(found - level(wanted, np.log(4))).max() <= 1
    assert not os.path.exists('out/mutual-information')
    with open('out/rank.csv') as file:
        row, = csv.DictReader(file)
    assert row['mutual_information'] == ''
    assert float(row['entropy']) == pytest.approx(wanted.mean(), abs=1e-3)


def test_scores_are_of_the_mean_of_the_passes(run, place):
    found = programs.score(run, '--mc', '3')
    predicted = [programs.enlarge(by_hand(picture, 3).mean(axis=0), ids.shape)
                 .argmax(axis=-1)
                 for picture, ids in zip(*programs.list_files('valid'))]
    _, truth = programs.list_files('valid')
    matrix = sum(np.histogram2d(
        ids[ids < 4], one[ids < 4], [range(5)] * 2)[0]
        for ids, one in zip(truth, predicted))
    assert abs(matrix - found['matrix']).sum() <= .005 * matrix.sum()
    assert found['engine']['passes'] == 3


@pytest.mark.parametrize('arguments, message', [
    (['--mc-keep-prob', '.5'], '--mc-keep-prob goes with --mc'),
    (['--mc', '0'], '0: a number above 0 is wanted'),
    (['--rank', 'a.csv', '--shard', '1/2'], '--shard leaves pictures out'),
    (['--rank', 'a.csv', '--skip-existing'],
     '--skip-existing leaves pictures out'),
    (['--rank', 'a.csv', '--processes', '2'],
     '--rank does not go with --processes')])
def test_options_that_make_no_sense_are_usage_errors(place, capsys, arguments,
                                                     message):
    with pytest.raises(SystemExit) as error:
        infer.main(['--samples-dir', 'in', '--output-dir', 'out', *arguments])
    assert error.value.code == 2
    assert message in capsys.readouterr().err


@pytest.fixture(scope='module')
def without(pair):
    """A run whose network has no dropout."""
    return pair[0]


@pytest.mark.parametrize('arguments, message', [
    ([], 'does not say with which --keep-prob it was trained: --mc-keep-prob'),
    (['--mc-keep-prob', '.5'], 'the network has no dropout')])
def test_networks_without_dropout_are_refused(without, place, arguments,
                                              message):
    with pytest.raises(ValueError, match=message):
        evaluate.main(['--name', without, '--mc', '2', *arguments])


def test_a_run_trained_without_dropout_is_refused(run, place):
    with open(os.path.join(run, 'options.json')) as file:
        saved = json.load(file)
    saved['options']['keep_prob'] = 1
    os.mkdir('copy')
    for name in os.listdir(run):
        if name != 'options.json':
            os.symlink(os.path.join(run, name), os.path.join('copy', name))
    with open('copy/options.json', 'w') as file:
        json.dump(saved, file)
    with pytest.raises(ValueError, match='was trained with --keep-prob 1: '):
        evaluate.main(['--name', 'copy', '--mc', '2'])


def test_pictures_are_not_overwritten_by_their_ranking(run, place):
    cv2.imwrite('a.png', helpers.draw_scene(0)[0])
    with pytest.raises(ValueError, match='a.png is an input'):
        infer.main(['--name', run, '--samples-dir', 'a.png', '--output-dir',
                    'out', '--rank', 'a.png'])


def make(worth, class_id):
    """Return a Measured of a picture of one class."""
    shares = np.zeros((ranking.GRID, ranking.GRID, 3))
    shares[..., class_id] = 1
    return ranking.Measured(worth, None, 0, shares)


def test_what_differs_comes_before_what_is_alike():
    names = ['a.png', 'b.png', 'c.png', 'd.png']
    measured = [make(.9, 0), make(.8, 0), make(.2, 1), make(.3, 2)]
    assert ranking.order(names, measured) == [0, 3, 2, 1]


def test_neighbours_of_a_drive_wait():
    """Picture 0 is worth most; the nearer to it, the lower is the rest."""
    random = np.random.RandomState(1)
    names = [f'drive/{k:04}.png' for k in range(0, 900, 30)] + ['x/0001.png']
    measured = [ranking.Measured(1 + (k == 4) + .001 * k, .5, 0,
                                 random.dirichlet([1] * 3, (4, 4)))
                ._replace(information=None) for k in range(31)]
    first = ranking.order(names, measured)[:3]
    assert first[0] == 4
    assert abs(first[1] - 4) >= 5 or first[1] == 30
    assert sorted(ranking.order(names, measured)) == list(range(31))


def test_equal_pictures_are_all_ranked():
    assert sorted(ranking.order(['a', 'b', 'c'], [make(0, 0)] * 3)) == [
        0, 1, 2]
    assert ranking.order([], []) == []


@pytest.mark.parametrize('names, drives, places', [
    (['0001TP_006690.png', '0001TP_006720.png', '0006R0_f00930.png'],
     [0, 0, 1], [0, 1, 0]),
    (['a_000001_000019_leftImg8bit.png', 'a_000001_000007_leftImg8bit.png'],
     [0, 0], [1, 0]),
    (['20190401121727_camera_frontcenter_000000291.png',
      '20190401121733_camera_frontcenter_000000382.png',
      '20190401121727_camera_frontcenter_000000305.png'],
     [0, 1, 0], [0, 0, 1]),
    (['a/9.png', 'a/10.png', 'b/9.png', 'b/no.png'], [0, 0, 1, 2],
     [0, 1, 0, 0]),
    (['a/99.png', 'a/0100.png', 'a/99.jpg', 'b/0100.png', 'b/0099.png'],
     [0, 0, 0, 1, 1], [0, 2, 1, 1, 0])])
def test_drives_go_by_the_names(names, drives, places):
    found = ranking.find_drives(names)
    assert (found[0].tolist(), found[1].tolist()) == (drives, places)
