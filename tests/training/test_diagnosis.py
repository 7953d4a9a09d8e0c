"""train.py --sanity and the warnings of an epoch."""
import os

import cv2
import helpers
import numpy as np
import pytest

from segmentation.training.diagnosis import epoch, measure, verdicts

NAMES = ['road', 'sky']
NAN = float('nan')


@pytest.mark.parametrize('loss, num_classes, is_pretrained, words', [
    (.693, 2, False, ''), (3., 2, False, 'the scores start far from equal'),
    (NAN, 2, False, 'the scores start far from equal'),
    (.1, 2, False, 'the network knows the labels'), (.1, 2, True, ''),
    (0., 1, False, 'there is one class')])
def test_first_loss(loss, num_classes, is_pretrained, words):
    found = verdicts.first_loss(loss, num_classes, is_pretrained)
    assert found.diagnosis.startswith(words)
    assert bool(found.diagnosis) == bool(words)


@pytest.mark.parametrize('distances, highest, words', [
    ([(0., 30.)] * 4, 255., ''), ([(30., 0.)] * 3 + [None], 255., 'RGB'),
    ([None, (1., 1.)], 255., ''), ([None], 1., 'no value')])
def test_channel_order(distances, highest, words):
    found = verdicts.channels(distances, highest, 'RGB')
    assert words in found.diagnosis
    assert bool(found.diagnosis) == bool(words)


@pytest.mark.parametrize('norms, unreached, words', [
    ([[0, 1], [.1, 1]], [], ''),
    ([[0, 1], [0, 1]], [], 'no gradient reaches a'),
    ([[1, 1]], ['c', 'd'], 'no gradient reaches c and 1 more'),
    ([[1, 1], [1, NAN]], [], 'the gradient of b is not finite')])
def test_gradients(norms, unreached, words):
    found = verdicts.gradients(['a', 'b'], np.array(norms, float), unreached)
    assert found.diagnosis.startswith(words)
    assert bool(found.diagnosis) == bool(words)


def test_constant_guess_has_the_entropy_of_the_shares():
    wanted = -(.75 * np.log(.75) + .25 * np.log(.25))
    assert verdicts.constant_loss(np.array([3, 1, 0])) == pytest.approx(wanted)
    # Weights of 1 and 3 make the two equally frequent.
    assert verdicts.constant_loss(np.array([3, 1]), [1, 3]) == pytest.approx(
        np.log(2))


@pytest.mark.parametrize('losses, words', [
    ([.7, .2], ''), ([.7, 9.], 'the loss rises'), ([.7, NAN], 'the loss ri'),
    ([.7, .69], 'the loss hardly falls'),
    ([.7, .5], 'nothing in the pictures is learned')])
def test_overfitting(losses, words):
    found = verdicts.overfitted(losses, .5, 1e-4)
    assert found.diagnosis.startswith(words)
    assert bool(found.diagnosis) == bool(words)


def test_shares():
    assert verdicts.shares(NAMES, np.array([[60, 5], [5, 30]])).diagnosis == ''
    found = verdicts.shares(NAMES, np.array([[60, 0], [40, 0]]))
    assert found.diagnosis.startswith('100.0% of the predictions are road, '
                                      'which is 60.0% of the labels')
    few = np.array([[60, 0], [38, 2]])
    assert verdicts.shares(NAMES, few).diagnosis.startswith(
        'sky is 40.0% of the labels and 2.0%')
    assert verdicts.shares(NAMES, few, is_learned=False).diagnosis == ''


def test_a_picture_is_compared_with_its_file(tmp_path):
    file = np.zeros((6, 8, 3), np.uint8)
    file[...] = 200, 90, 30
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, file)
    # Swapped, blue and red are 170 off each, green is not: 340 / 3.
    assert measure.compare_channels(file, path) == pytest.approx(
        (0, 340 / 3))
    assert measure.compare_channels(file, 'nowhere.png') is None


def test_warnings_of_an_epoch():
    matrix = np.array([[60, 0], [40, 0]])
    assert epoch.warnings(matrix, NAMES, np.array([1., 0, NAN, 0]),
                          list('abcd')) == [
        '100.0% of the predictions are road, 60.0% of the labels',
        'the gradient of c is not finite',
        'the gradient of b and 1 more is zero']
    assert epoch.warnings(np.array([[1000, 0], [1, 0]]), NAMES, None, []) == []
    assert epoch.warnings(None, NAMES, np.zeros(1), ['a']) == [
        'the gradient of a is zero']


@pytest.mark.slow
@pytest.mark.parametrize('swap, status', [(False, 0), (True, 1)])
def test_sanity_writes_nothing_and_says_what_is_wrong(place, swap, status):
    data = helpers.data_dir()
    with open(os.path.join(helpers.folder(), 'source_tiny.py')) as file:
        code = file.read()
    if swap:
        code = code.replace('def list_splits', '''def read_pair(self, *paths):
        image, ids = super().read_pair(*paths)
        return image[..., ::-1], ids

    def list_splits''')
    (place / 'source_here.py').write_text(code)
    done = helpers.run_program(
        'train.py', '--sanity', '--data-source', 'here', '--data-dir', data,
        '--model', 'fcn-lite', '--learning-rate', '.01', cwd=str(place),
        timeout=400)
    assert done.returncode == status, done.stdout + done.stderr
    assert os.path.exists('runs') is False
    for words in ('first loss', 'channel order', 'a gradient in every layer',
                  'four pictures overfitted', 'share of each class'):
        assert words in done.stdout
    assert done.stdout.count('FAILED') == status
    assert ('the data source gives RGB' in done.stderr) == swap
