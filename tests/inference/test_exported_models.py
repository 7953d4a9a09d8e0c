"""infer.py and evaluate.py on exported models: without TensorFlow, checked."""
import json
import os
import shutil
import subprocess
import sys

import cv2
import exports
import helpers
import numpy as np
import pytest

import evaluate
import infer
from segmentation.errors import InputError
from segmentation.inference import engines, golden
from segmentation.trained import exported, lookup

# Prints what is loaded of TensorFlow once a program has run.
WATCHED = '''
import sys
sys.path.insert(0, {root!r})
import {program}
{program}.main({arguments!r})
print([name for name in sys.modules if name.split('.')[0] in (
    'tensorflow', 'tensorflow_core', 'keras') or name in (
    'segmentation.tf1', 'segmentation.nn.network')])
'''
TUNED = {'parameters': {
    'iterations': 3, 'gaussian_sxy': 2, 'gaussian_compat': 1,
    'bilateral_sxy': 20, 'bilateral_srgb': 8, 'bilateral_compat': 2},
    'checkpoint': 'best-1', 'split': 'valid', 'pictures': ['a.png'],
    'raw_miou': .5, 'miou': .6}


@pytest.fixture
def picture(place):
    os.mkdir('in')
    cv2.imwrite('in/a.png', helpers.draw_scene(0)[0])


def segment(path, *arguments):
    """Return the class ids and infer.json that infer.py writes."""
    assert not infer.main(['--name', path, '--samples-dir', 'in',
                           '--output-dir', 'out', '--class-ids', *arguments])
    with open('out/infer.json') as file:
        return cv2.imread('out/class-ids/a.png', 0), json.load(file)


@pytest.mark.parametrize('program, arguments', [
    ('infer', ['--samples-dir', 'in', '--output-dir', 'out']),
    ('evaluate', ['--split', 'valid', '--json', 'a.json'])])
@pytest.mark.parametrize('name', ['onnx', 'openvino'])
def test_tensorflow_is_not_loaded(name, program, arguments, picture):
    code = WATCHED.format(root=helpers.ROOT, program=program, arguments=[
        '--name', exports.make(name)] + arguments)
    done = subprocess.run(
        [sys.executable, '-c', code], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True,
        env=dict(os.environ, PYTHONPATH=helpers.folder()))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == '[]'


@pytest.mark.parametrize('name', ['savedmodel', 'pb', 'onnx', 'openvino'])
def test_outputs_are_those_of_the_run(name, picture, capsys):
    path = exports.make(name)
    wanted, _ = segment(helpers.trained_run())
    shutil.rmtree('out')
    capsys.readouterr()
    found, record = segment(path, '--threads', '1')
    np.testing.assert_array_equal(found, wanted)
    described = record['engine']
    assert record['run'] == path
    assert (described['precision'], described['threads']) == ('float32', 1)
    model, engine, device = capsys.readouterr().out.splitlines()[1:4]
    assert model.startswith(f'[i] model: {path}, best-')
    assert model.endswith(' parameters')
    assert engine == (f'[i] engine: {described["engine"]} '
                      f'{described["version"]}, float32, 1 thread')
    assert described['device'] in device


def test_a_run_records_its_engine(picture):
    _, record = segment(helpers.trained_run())
    assert record['engine']['engine'] == 'tensorflow'
    assert record['checkpoint'].startswith(helpers.trained_run())


def with_description(path, **changed):
    """Return a copy of a frozen graph whose description is changed."""
    shutil.copy(path, 'copy.pb')
    with open(f'{path}.json') as file:
        description = json.load(file)
    description.update(changed)
    with open('copy.pb.json', 'w') as file:
        json.dump(description, file)
    return 'copy.pb'


def with_wrong_golden(path, count):
    """Return a copy whose golden picture has `count` other pixels."""
    from segmentation.trained import golden as pictures
    image, ids = pictures.decode(exported.read(path))
    ids = ids.copy()
    ids.ravel()[:count] = (ids.ravel()[:count] + 1) % len(helpers.CLASSES)
    return with_description(path, golden=pictures.encode(image, ids))


def test_a_golden_picture_that_comes_out_otherwise_is_refused(picture):
    # 205 of 64 x 32 pixels are 10 %.
    path = with_wrong_golden(exports.make('pb'), 205)
    with pytest.raises(InputError) as error:
        segment(path)
    assert str(error.value) == (
        'copy.pb: 10.01% of the pixels of its golden picture have another '
        'class than where it was exported: at most 0.01% are wanted '
        '(--skip-golden does without)')
    assert not os.path.exists('out')
    segment(path, '--skip-golden')


class Half(engines.Engine):
    """An engine in half precision that is wrong everywhere."""

    def __exit__(self, *_):
        pass

    def probabilities(self, images):
        return np.eye(4, dtype=np.float32)[np.full(images.shape[:3], 3)]

    def describe(self):
        return {'engine': 'half', 'version': '1', 'precision': 'bfloat16',
                'threads': 0, 'device': 'none'}


def test_in_bfloat16_what_comes_out_otherwise_is_said(place):
    model = exported.read(exports.make('pb'))
    lines = golden.check_once(Half(model), model)
    assert len(lines) == 1 and lines[0].startswith(f'[i] {model.path}: ')


def test_the_golden_picture_is_run_once(picture, monkeypatch):
    path = with_description(exports.make('pb'))
    calls = []
    check = golden.check
    monkeypatch.setattr(golden, 'check', lambda *arguments: (
        calls.append(1), check(*arguments))[1])
    segment(path)
    segment(path)
    assert len(calls) == 1
    os.utime(path, (1, 1))      # it may be another model now
    segment(path)
    assert len(calls) == 2


@pytest.mark.parametrize('name', ['savedmodel', 'openvino'])
def test_a_replaced_file_of_a_model_makes_it_another(name, place):
    model = exported.read(exports.make(name))
    before = golden.key(model, {})
    assert golden.key(model, {}) == before
    inner = (os.path.join(model.path, 'saved_model.pb')
             if name == 'savedmodel' else f'{model.path[:-4]}.bin')
    os.utime(inner, (1, 1))
    assert golden.key(model, {}) != before


def test_tuned_parameters_of_the_crf_go_with_the_model(picture):
    pytest.importorskip('pydensecrf.densecrf',
                        reason='the CRF takes pydensecrf2')
    path = with_description(exports.make('pb'), crf=TUNED)
    _, record = segment(path, '--crf')
    assert record['crf']['preset'] == 'tuned'
    assert record['crf']['parameters'] == TUNED['parameters']
    other = exports.make('pb')
    with pytest.raises(OSError, match='road.pb has no tuned parameters'):
        segment(other, '--crf', 'tuned')
    with pytest.raises(InputError, match='--tune goes with its run'):
        evaluate.main(['--name', other, '--crf', '--tune', '2'])


def test_broken_tuned_parameters_are_named(picture):
    pytest.importorskip('pydensecrf.densecrf',
                        reason='the CRF takes pydensecrf2')
    path = with_description(exports.make('pb'), crf={'parameters': 3})
    with pytest.raises(InputError, match='copy.pb: crf lacks checkpoint'):
        segment(path, '--crf')


@pytest.mark.parametrize('path, message', [
    ('nowhere.onnx', 'no run in nowhere.onnx: no such folder'),
    ('text.txt', 'text.txt: no exported model: a folder with saved_model.pb'),
    ('text.onnx', 'text.onnx is no ONNX file'),
    ('text.pb', 'text.pb has no description of its classes: it was not')])
def test_what_is_no_model_is_named(path, message, place):
    for name in ('text.txt', 'text.onnx', 'text.pb'):
        with open(name, 'w') as file:
            file.write('no model')
    with pytest.raises((InputError, OSError)) as error:
        lookup.find(path)
    assert message in str(error.value)


def test_an_exported_model_is_no_place_for_outputs(place):
    path = with_description(exports.make('pb'))
    for output in (path, f'{path}.json'):
        with pytest.raises(InputError, match='is an input'):
            evaluate.main(['--name', path, '--json', output])
