"""segmentation.load: a model for programs that build on this one."""
import os
import re
import subprocess
import sys

import cv2
import exporting
import exports
import helpers
import numpy as np
import pytest

import infer
import segmentation
from segmentation.drawing import overlay
from segmentation.errors import InputError


def read_document():
    """Return the code in docs/python.md, in one piece."""
    with open(os.path.join(helpers.ROOT, 'docs', 'python.md')) as file:
        return '\n'.join(re.findall(r'```python\n(.*?)```', file.read(),
                                    re.DOTALL))


@pytest.mark.slow
def test_the_code_of_the_documentation_runs(place):
    exporting.skip_without('openvino')
    os.symlink(helpers.trained_run(), 'kitti')
    os.mkdir('runs')
    os.symlink(helpers.trained_run(), os.path.join('runs', 'kitti'))
    os.symlink(exports.make('onnx'), 'kitti.onnx')
    image, _ = helpers.draw_scene(0)
    cv2.imwrite('street.png', image)
    done = subprocess.run(
        [sys.executable, '-c', read_document()], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True,
        env=dict(os.environ, PYTHONPATH=helpers.ROOT))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == '(45, 70)'
    assert lines[-1].startswith('--precision int8: kitti.onnx is float32')
    assert cv2.imread('overlay.png').shape == image.shape


@pytest.mark.parametrize('name', [
    'run', 'pb', helpers.slow('onnx'), helpers.slow('openvino')])
def test_predictions_are_those_of_infer(name, place):
    path = helpers.trained_run() if name == 'run' else exports.make(name)
    os.mkdir('in')
    image, _ = helpers.draw_scene(3, (101, 57))
    cv2.imwrite('in/a.png', image)
    assert not infer.main(['--name', path, '--samples-dir', 'in',
                           '--output-dir', 'out', '--class-ids', '--native',
                           '--confidence', 'road'])
    with segmentation.load(path, native=True, num_threads=1) as model:
        assert model.class_names == list(helpers.CLASSES)
        assert model.engine['threads'] == 1
        prediction = model.predict(image)
    np.testing.assert_array_equal(prediction.ids,
                                  cv2.imread('out/class-ids/a.png', 0))
    road = prediction.probabilities(2)
    assert road.shape == (57, 101) and road.dtype == np.float32
    np.testing.assert_array_equal(
        np.rint(255 * road), cv2.imread('out/confidence-road/a.png', 0))
    every = prediction.probabilities()
    assert every.shape == (57, 101, 4)
    np.testing.assert_array_equal(every[..., 2], road)
    np.testing.assert_allclose(every.max(axis=-1), prediction.confidence)
    np.testing.assert_array_equal(prediction.overlay(),
                                  cv2.imread('out/a.png'))
    np.testing.assert_array_equal(
        prediction.overlay(1), overlay.colors_of(prediction.ids,
                                                 model.label_colors))


def test_models_can_be_closed_in_any_order(place):
    image, _ = helpers.draw_scene(0)
    first, second = (segmentation.load(helpers.trained_run(), flip=flip)
                     for flip in (False, True))
    before = second.predict(image).confidence
    assert (first.predict(image).confidence != before).any()
    first.close()
    np.testing.assert_array_equal(second.predict(image).confidence, before)
    second.close()


def test_importing_loads_nothing():
    done = subprocess.run(
        [sys.executable, '-c', 'import sys\nbefore = set(sys.modules)\n'
         'import segmentation\nprint(sorted(set(sys.modules) - before))'],
        stdout=subprocess.PIPE, universal_newlines=True,
        env=dict(os.environ, PYTHONPATH=helpers.ROOT))
    assert done.stdout == "['segmentation']\n"


@pytest.mark.parametrize('image, found', [
    (np.zeros((4, 5, 3), np.float32), r'float32 \(4, 5, 3\)'),
    (np.zeros((4, 5), np.uint8), r'uint8 \(4, 5\)'),
    (np.zeros((0, 5, 3), np.uint8), r'uint8 \(0, 5, 3\)'),
    (None, 'NoneType')])
def test_what_is_no_picture_is_refused(image, found, place):
    with segmentation.load(exports.make('pb')) as model:
        with pytest.raises(InputError, match=f'the picture is {found}: a '
                                             'uint8 array'):
            model.predict(image)


@pytest.mark.parametrize('options, message', [
    ({'image_size': (60, 32)}, '60 is not divisible by 32'),
    ({'image_size': (64, 32), 'native': True}, 'exclude one another'),
    ({'image_size': (64, 32), 'tiles': (64, 32)}, 'exclude one another'),
    ({'overlap': 32}, 'overlap goes with tiles'),
    ({'precision': 'int8'}, 'road.pb is float32'),
    ({'engine': 'onnxruntime'}, 'road.pb is pb, which tensorflow and '
                                'openvino open')])
def test_options_that_cannot_be_had_are_refused(options, message, place):
    with pytest.raises(InputError, match=message):
        segmentation.load(exports.make('pb'), **options)
