"""Each engine against TensorFlow: the same probabilities, in every way in."""
import json
import os
import shutil

import cv2
import exports
import helpers
import numpy as np
import pytest

import evaluate
import infer
from segmentation import processor
from segmentation.errors import InputError, MissingModuleError
from segmentation.inference import engines
from segmentation.inference.engines.engine import Setup
from segmentation.trained import exported, lookup, run_dir

RUN = run_dir.Run('runs/a', '', 'runs/a/best-1', (64, 32), ['sky', 'road'],
                  {0: (0, 0, 0), 1: (1, 1, 1)}, None)


def draw_batches():
    """Return three batches of two sizes, neither that of the training."""
    random = np.random.RandomState(4)
    return [random.randint(256, size=shape).astype(np.uint8)
            for shape in ((2, 64, 96, 3), (1, 32, 128, 3), (3, 64, 96, 3))]


@pytest.mark.slow
@pytest.mark.parametrize('order', ['BGR', 'RGB'])
@pytest.mark.parametrize('name, engine', exports.ROWS)
def test_probabilities_are_those_of_tensorflow(name, engine, order):
    model = exported.read(exports.make(name, engine, order))
    batches = draw_batches()
    with engines.open(model, engine, throughput=True) as opened:
        described = opened.describe()
        found = list(opened.stream(iter(batches)))
        alone = opened.probabilities(batches[1])
    assert described['engine'] == engine
    assert described['precision'] == 'float32'
    assert len(found) == 3
    wanted = helpers.softmax(helpers.trained_run(), batches)
    for expected, probabilities in zip(wanted, found):
        assert probabilities.dtype == np.float32
        np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-4)
    np.testing.assert_allclose(alone, found[1], atol=1e-6)


def test_a_run_gives_what_its_graph_gives():
    images = draw_batches()[0]
    model = run_dir.find(helpers.trained_run())
    with engines.open(model, num_threads=1) as engine:
        assert engine.describe()['threads'] == 1
        np.testing.assert_allclose(
            engine.probabilities(images),
            helpers.softmax(model.path, [images])[0], atol=1e-6)


@pytest.mark.skipif(not processor.has_bfloat16(),
                    reason='this processor does not compute in bfloat16')
@pytest.mark.parametrize('name, engine', [
    ('pb', 'tensorflow'), ('onnx', 'openvino'), ('openvino', 'openvino')])
def test_bfloat16_gives_the_same_classes(name, engine):
    if engine == 'tensorflow':
        from segmentation import tf1
        if tf1.is_first():
            pytest.skip('TensorFlow 1 does not compute in bfloat16')
    model = exported.read(exports.make(name, engine))
    images = np.stack([cv2.resize(helpers.draw_scene(seed)[0], (64, 32))
                       for seed in range(8)])
    with engines.open(model, engine, 'auto') as opened:
        assert opened.describe()['precision'] == 'bfloat16'
        found = opened.probabilities(images).argmax(axis=-1)
    wanted, = helpers.softmax(helpers.trained_run(), [images])
    assert (found == wanted.argmax(axis=-1)).mean() >= .998


@pytest.mark.parametrize('name', ['pb', 'openvino'])
def test_bfloat16_is_refused_where_the_processor_has_none(name, place,
                                                          monkeypatch):
    path = exports.make(name)
    monkeypatch.setattr(processor, 'has_bfloat16', lambda: False)
    os.mkdir('in')
    cv2.imwrite('in/a.png', helpers.draw_scene(0)[0])
    with pytest.raises(InputError, match='--precision bfloat16: .* does not '
                                         'compute in it'):
        infer.main(['--name', path, '--samples-dir', 'in', '--output-dir',
                    'out', '--precision', 'bfloat16'])
    assert os.listdir('.') == ['in']


@pytest.mark.parametrize('name, engine', exports.ROWS)
def test_scores_are_those_of_the_run(name, engine, place):
    path = exports.make(name, engine)
    scores = []
    for arguments in (['--name', helpers.trained_run()],
                      ['--name', path, '--engine', engine]):
        assert not evaluate.main(arguments + ['--flip', '--json', 'a.json',
                                              '--workers', '2'])
        with open('a.json') as file:
            scores.append(json.load(file))
    assert scores[1]['engine']['engine'] == engine
    assert scores[1]['name'] == path
    for key, value in scores[0]['scores'].items():
        assert abs(value - scores[1]['scores'][key]) < .001, key


@pytest.mark.slow
def test_an_exported_model_has_a_report_and_can_be_compared(place, capsys):
    path = exports.make('pb')
    assert not evaluate.main(['--name', path, '--report', 'report'])
    with open('report/index.html', encoding='utf-8') as file:
        assert f'<title>{path}: valid split' in file.read()
    capsys.readouterr()
    assert not evaluate.main(['--compare', helpers.trained_run(), path,
                              '--json', 'a.json'])
    assert 'no difference' in capsys.readouterr().out
    with open('a.json') as file:
        assert [one['engine']['engine'] for one in json.load(file)['runs']
                ] == ['tensorflow', 'tensorflow']


def describe(**changed):
    """Return an Exported without a file, in float32 and of free size."""
    description = dict({'precision': 'float32', 'fixed_size': None}, **changed)
    return exported.Exported('a.onnx', description.pop('format', 'onnx'),
                             (64, 32), ['sky', 'road'], RUN.label_colors,
                             description)


@pytest.mark.parametrize('model, arguments, message', [
    (RUN, ('openvino',), '--engine openvino: runs/a is a run, which '
     'tensorflow opens; export.py makes other models of a run'),
    (describe(), ('tensorflow',), '--engine tensorflow: a.onnx is onnx, '
     'which openvino and onnxruntime open'),
    (describe(format='tflite'), (), 'a.onnx: no engine opens tflite here; '
     'docs/export.md shows what does'),
    (describe(), ('onnxruntime', 'bfloat16'), '--precision bfloat16: '
     'onnxruntime computes in float32 or int8'),
    (describe(), (None, 'int8'), '--precision int8: a.onnx is float32; '
     'export.py --int8 makes int8 of a run'),
    (describe(precision='int8'), (None, 'float32'),
     '--precision float32: a.onnx is int8')])
def test_what_no_engine_does_is_refused(model, arguments, message):
    with pytest.raises(InputError) as error:
        engines.open(model, *arguments)
    assert str(error.value) == message


@pytest.mark.parametrize('model, precision, wanted', [
    (RUN, None, 'float32'), (RUN, 'auto', 'auto'),
    (describe(precision='int8'), None, 'int8'),
    (describe(precision='int8'), 'auto', 'int8')])
def test_precision_is_the_models_own_unless_asked(model, precision, wanted):
    assert engines.choose_precision(model, engines.choose(model),
                                    precision) == wanted


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(engines.importlib.util, 'find_spec', lambda _: None)
    with pytest.raises(MissingModuleError) as error:
        engines.open(describe())
    assert str(error.value) == (
        'a.onnx is opened by onnxruntime: the package onnxruntime is not '
        'installed (pip install -r requirements-engines.txt)')


def test_a_model_of_one_size_takes_no_other(place):
    from segmentation.inference.model_options import Settings
    model = describe(fixed_size=[1, 32, 64])
    settings = Settings(None, None, 0, None, False, 4, True)
    assert settings.augmentation(model).image_size == (64, 32)
    for other, scales in ((settings._replace(native=True), (1,)),
                          (settings._replace(image_size=(96, 32)), (1,)),
                          (settings, (1, 2))):
        with pytest.raises(InputError, match='takes pictures of 64x32 alone'):
            other.augmentation(model, scales)


@pytest.mark.parametrize('name, file, engine', [
    helpers.slow('pb', 'road.pb', 'tensorflow'), ('pb', 'road.pb', 'openvino'),
    helpers.slow('savedmodel', os.path.join('road', 'saved_model.pb'),
                 'tensorflow'),
    ('openvino', 'road.bin', 'openvino'), ('openvino', 'road.xml', 'openvino'),
    ('onnx', 'road.onnx', 'onnxruntime'), ('onnx', 'road.onnx', 'openvino')])
def test_broken_files_end_in_one_line(name, file, engine, place):
    path = exports.make(name, engine)
    shutil.copytree(os.path.dirname(path), 'models')
    with open(os.path.join('models', file), 'r+b') as opened:
        opened.truncate(os.path.getsize(os.path.join('models', file)) // 2)
    os.mkdir('in')
    cv2.imwrite('in/a.png', helpers.draw_scene(0)[0])
    done = helpers.run_program(
        'infer.py', '--name', os.path.join('models', os.path.basename(path)),
        '--engine', engine, '--samples-dir', 'in', '--output-dir', 'out',
        cwd=str(place))
    assert (done.returncode, done.stdout) == (1, ''), done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith('[!] models'), lines
    assert not os.path.exists('out')


def test_a_damaged_cache_of_compiled_models_is_made_anew(place):
    model = exported.read(exports.make('openvino', 'openvino'))
    images = draw_batches()[0]
    results = []
    for _ in range(2):
        with engines.open(model) as engine:
            results.append(engine.probabilities(images))
        folder = os.path.join(os.environ['XDG_CACHE_HOME'], 'fcn-road-scenes',
                              'openvino')
        blobs = os.listdir(folder)
        assert blobs
        for blob in blobs:
            path = os.path.join(folder, blob)
            os.chmod(path, 0o600)
            with open(path, 'r+b') as file:
                file.truncate(os.path.getsize(path) // 2)
    np.testing.assert_array_equal(*results)


def test_checkpoints_go_with_runs(place):
    path = exports.make('pb')
    with pytest.raises(InputError, match='--checkpoint goes with a run'):
        lookup.find(path, 'last')


def test_an_engine_has_a_default_setup():
    assert Setup() == ('float32', 0, False, None)
