"""What exporting is made of: formats, calibration, comparison, placing."""
import os

import cv2
import numpy as np
import pytest

from segmentation.export import calibration, check, formats, placing
from segmentation.trained import run_dir

ROW = formats.FORMATS['openvino']


@pytest.mark.parametrize('path, wanted, name', [
    ('a/road.onnx', None, 'onnx'), ('ROAD.XML', None, 'openvino'),
    ('a.b/road', None, 'savedmodel'), ('road/', None, 'savedmodel'),
    ('road.pb', 'pb', 'pb'), ('v1.2', 'savedmodel', 'savedmodel'),
    ('road.tflite', None, 'tflite')])
def test_the_suffix_chooses_the_format(path, wanted, name):
    assert formats.choose(path, wanted) == name


def answer(probabilities):
    softmax = np.array([[probabilities]], np.float32)
    return check.Answer(softmax, softmax.argmax(axis=-1).astype(np.uint8))


def test_a_difference_is_that_of_the_worst_probability():
    wanted = answer([[.9, .1], [.45, .55], [.3, .7], [.2, .8]])
    found = answer([[.9, .1], [.55, .45], [.25, .75], [.2, .8]])
    difference = check.compare(found, wanted, 'a.onnx')
    assert abs(difference.largest - .1) < 1e-6
    assert difference.changed == 1 / 4
    assert difference.in_words() == (
        'probabilities differ by at most 0.1, the class of 25.000% of the '
        'pixels is another')
    with pytest.raises(ValueError, match='a.onnx is not the same network'):
        check.refuse_other(difference, 'a.onnx')
    check.refuse_other(check.Difference(9e-5, 9e-5), 'a.onnx')
    for values in ((2e-4, 0), (0, 2e-4)):
        with pytest.raises(ValueError, match='not the same'):
            check.refuse_other(check.Difference(*values), 'a.onnx')


def test_what_is_no_answer_is_refused():
    wanted = answer([[.9, .1], [.4, .6]])
    with pytest.raises(ValueError, match=r'a.onnx gives \(1, 1, 1, 2\): \(1, '
                                         r'1, 2, 2\) is wanted'):
        check.compare(answer([[.9, .1]]), wanted, 'a.onnx')
    with pytest.raises(ValueError, match='that are no numbers'):
        check.compare(answer([[.9, .1], [np.nan, .6]]), wanted, 'a.onnx')


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A Run of pictures data/a/*.png; those of a/9*.png are to judge it."""
    monkeypatch.chdir(tmp_path)
    os.makedirs('data/a')
    os.makedirs('data/b')
    for k in range(250):
        cv2.imwrite(f'data/a/{k:03}.png', np.full((2, 3), k, np.uint8))
    cv2.imwrite('data/b/000.png', np.zeros((2, 3), np.uint8))
    return run_dir.Run('run', '', '', (96, 32), [], {}, {
        'options': {'data_dir': 'data'},
        'split': {'train': ['b/000.png'], 'valid': ['a/249.png']}})


def test_pictures_of_calibration_are_evenly_spaced(run):
    os.remove('data/a/249.png')
    names = calibration.list_pictures(['data/a', 'data/b/000.png'], 'road.xml',
                                      run, None)
    # 250 in all: every 2.5th
    assert names[:4] == [f'data/a/{k:03}.png' for k in (0, 2, 5, 7)]
    assert len(names) == len(set(names)) == 100
    assert names[-1] == 'data/a/247.png'
    batches = calibration.read_batches(names[:3], run.image_size, 2)
    assert [batch.shape for batch in batches] == [(1, 32, 96, 3)] * 3
    assert [batch[0, 0, 0, 0] for batch in batches] == [0, 2, 5]


@pytest.mark.parametrize('data_dir', [None, os.path.join('a', '..')])
def test_a_validation_picture_is_found_by_any_name(run, data_dir):
    os.symlink('data', 'link')
    base = None if data_dir is None else os.path.join('link', data_dir)
    with pytest.raises(ValueError, match='249.png is a validation picture'):
        calibration.list_pictures(['link/a'], 'road.xml', run, base)


def test_both_files_take_their_place_or_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ('old', 'new'):
        with placing.placed('a.xml', ROW) as work:
            for path in (work, placing.beside(work, ROW)):
                with open(path, 'w') as file:
                    file.write(text)
    assert sorted(os.listdir()) == ['a.bin', 'a.xml']
    with pytest.raises(KeyboardInterrupt):
        with placing.placed('a.xml', ROW) as work:
            with open(work, 'w') as file:
                file.write('half')
            raise KeyboardInterrupt
    assert sorted(os.listdir()) == ['a.bin', 'a.xml']
    for path in ('a.bin', 'a.xml'):
        with open(path) as file:
            assert file.read() == 'new'
