"""The temperature: by brute force, and as evaluate.py writes it."""
import json
import os
import re

import numpy as np
import programs
import pytest
import scipy.special
import sklearn.metrics

import evaluate
import export
import infer
from segmentation.evaluation.scaling import fitting
from segmentation.evaluation.scaling.samples import Samples
from segmentation.trained import exported


@pytest.fixture(scope='module')
def run(untrained):
    return untrained


@pytest.fixture
def fitted(run):
    """Its temperature.json, which is removed again."""
    name = os.path.join(run, 'temperature.json')
    yield name
    if os.path.exists(name):
        os.remove(name)


@pytest.mark.parametrize('temperature', [.5, 1, 2.5])
def test_a_known_temperature_is_found(temperature):
    """Labels are drawn by the probabilities of logits over T."""
    random = np.random.RandomState(3)
    logits = 3 * random.randn(40000, 5)
    cumulated = scipy.special.softmax(logits / temperature, axis=1).cumsum(
        axis=1)
    labels = (random.rand(40000, 1) > cumulated).sum(axis=1).clip(0, 4)
    probabilities = scipy.special.softmax(logits, axis=1)
    found = fitting.fit(Samples(probabilities.astype(np.float32),
                                labels.astype(np.uint8), 7))
    assert found.temperature == pytest.approx(temperature, rel=.03)

    def loss(value):
        return sklearn.metrics.log_loss(
            labels, scipy.special.softmax(logits / value, axis=1))

    assert found.likelihoods == pytest.approx(
        (loss(1), loss(found.temperature)), abs=1e-4)
    for factor in (.98, 1.02):
        assert loss(found.temperature * factor) > loss(found.temperature)
    assert found.errors[1] < .01
    assert (found.pictures, found.pixels) == (7, 40000)


def test_perfect_predictions_take_a_low_temperature():
    probabilities = np.float32([[.9, .1], [.2, .8]])
    found = fitting.fit(Samples(probabilities, np.array([0, 1], np.uint8), 1))
    assert .01 <= found.temperature < .2
    assert np.isfinite(found.likelihoods).all()


def error_of(scores):
    return scores['calibration']['expected_calibration_error']


def test_the_temperature_is_fitted_and_taken(run, fitted, place, capsys):
    raw = programs.score(run)
    capsys.readouterr()
    calibrated = programs.score(run, '--calibrate')
    lines = capsys.readouterr().out.splitlines()
    with open(fitted) as file:
        saved = json.load(file)
    value = saved['temperature']
    assert (saved['checkpoint'], saved['split']) == ('best-1', 'valid')
    assert saved['pictures'] == 4
    before, after = saved['negative_log_likelihood']
    assert after < before
    at = lines.index(f'[i] calibration on {saved["pixels"]:,} pixels of 4 '
                     f'pictures: temperature {value:.3f}')
    before, after = saved['expected_calibration_error']
    assert lines[at + 2:at + 4] == [
        f'[i] expected calibration error {before:.2%} -> {after:.2%}',
        f'[i] {fitted}']
    assert before == pytest.approx(error_of(raw), abs=.01)
    assert after == pytest.approx(error_of(calibrated), abs=.03)
    assert calibrated['engine']['temperature'] == value
    again = programs.score(run)
    assert (f'[i] temperature {value:.3f}: fitted on the valid split'
            in capsys.readouterr().out.splitlines())
    assert again['matrix'] == calibrated['matrix']
    assert programs.score(run, '--temperature', '1')['calibration'] == raw[
        'calibration']


def write(path, **values):
    with open(path, 'w') as file:
        json.dump(dict({
            'temperature': 2., 'checkpoint': 'best-1', 'split': 'valid',
            'pictures': 1, 'pixels': 9, 'negative_log_likelihood': [1, .5],
            'expected_calibration_error': [.2, .1]}, **values), file)


def segment(name, *arguments):
    pictures, _ = programs.list_files('valid')
    assert infer.main(['--name', name, '--samples-dir', *pictures,
                       '--output-dir', 'out', '--no-overlay', '--confidence',
                       'road', *arguments]) == 0
    return [np.fromfile(os.path.join('out/confidence-road',
                                     os.path.basename(path)), np.uint8)
            for path in pictures]


def test_an_exported_model_carries_it(run, fitted, place, capsys):
    write(fitted, checkpoint='best-7')
    assert export.main(['--name', run, '--output', 'road.pb']) is None
    assert exported.read('road.pb').description['temperature'][
        'temperature'] == 2
    capsys.readouterr()
    theirs = segment('road.pb', '--engine', 'tensorflow')
    line = ('[i] temperature 2.000: fitted on the valid split, with the '
            'checkpoint best-7')
    assert line in capsys.readouterr().out.splitlines()
    ours = segment(run)
    os.remove(fitted)
    for one, other, given in zip(theirs, ours, segment(
            run, '--temperature', '2')):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, given)


@pytest.mark.parametrize('values, message', [
    ({'temperature': 0}, 'temperature.json: temperature is 0: 0.01 to 100'),
    ({'temperature': float('nan')}, 'temperature is nan'),
    ({'temperature': 'x'}, "temperature is 'x': float is wanted"),
    ({'pixels': None}, 'pixels is None: int is wanted')])
def test_a_temperature_that_is_none_is_refused(run, fitted, place, values,
                                               message):
    write(fitted, **values)
    with pytest.raises(ValueError, match=re.escape(message)):
        evaluate.main(['--name', run])


@pytest.mark.parametrize('arguments, message', [
    (['--mc', '3'], '--mc does not go with --calibrate'),
    (['--flip'], '--flip does not go with --calibrate'),
    (['--scales', '1,2'], '--scales does not go with --calibrate'),
    (['--temperature', '2'], '--temperature does not go with --calibrate'),
    (['--processes', '2'], '--calibrate does not go with --processes'),
    (['--split', 'test'], '--calibrate does not go with --split test'),
    (['--compare', 'a', 'b'], '--compare does not go with --calibrate')])
def test_options_that_do_not_go_with_it(place, capsys, arguments, message):
    with pytest.raises(SystemExit) as error:
        evaluate.main(['--calibrate', *arguments])
    assert error.value.code == 2
    assert message in capsys.readouterr().err
