"""Pictures, sizes and scales beyond all bounds: one line, with the file."""
import json
import os
import struct
import zlib

import cv2
import folders
import helpers
import numpy as np
import pytest
import runs

import check_source
import evaluate
import infer
from segmentation import opencv
from segmentation.data import label_files
from segmentation.errors import InputError


# Its labels are read by the base class, in any format that OpenCV reads.
PLAIN = '''
import os

import source


class PlainSource(source.DataSource):
    """Plain scenes: images/ and labels/ are wanted."""

    image_size = (64, 32)
    classes = (('sky', (0, 0, 0)), ('road', (255, 0, 0)))
    ids = {0: 0, 1: 0, 2: 1, 9: source.IGNORE}

    def list_splits(self, data_dir, valid_fraction):
        return {split: [(os.path.join(data_dir, 'images', split, name),
                         os.path.join(data_dir, 'labels', split, name))]
                for split, name in (('train', '0.png'), ('valid', '1.png'))}


def get_source():
    return PlainSource()
'''


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp('limits')
    data = folders.write(folder / 'data', ['train/0.png', 'valid/1.png'])
    return runs.make(folder / 'run', 'folder', data)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def claim(path, width, height):
    """Write a grey PNG of few bytes whose header claims a size."""
    folders.write_picture(path, np.zeros((2, 3), np.uint8))
    with open(path, 'r+b') as file:
        data = bytearray(file.read())
        data[16:24] = struct.pack('>II', width, height)
        data[29:33] = struct.pack('>I', zlib.crc32(bytes(data[12:29])))
        file.seek(0)
        file.write(data)


@pytest.mark.parametrize('width, height', [
    (100000, 100000), (2 ** 31 - 1, 1), (1, 2 ** 31 - 1), (0, 5)])
def test_a_picture_that_claims_a_size_is_named(run, place, capsys, width,
                                               height):
    folders.write_picture('in/a.png', np.zeros((20, 30, 3), np.uint8))
    claim('in/b.png', width, height)
    assert infer.main(['--name', run, '--samples-dir', 'in', '--output-dir',
                       'out']) == 1
    assert capsys.readouterr().err.splitlines() == [
        '[!] 1 of 2 pictures could not be read:',
        '[!] in/b.png: no picture that OpenCV reads']
    assert sorted(os.listdir('out')) == ['a.png', 'infer.json']
    with pytest.raises(InputError, match='^in/b.png: a broken PNG'):
        label_files.decode(label_files.open_png('in/b.png'))


@pytest.mark.parametrize('main, arguments', [
    (infer.main, ['--samples-dir', '{data}/images/valid', '--output-dir',
                  'out']),
    (evaluate.main, [])])
def test_a_network_input_that_fits_nowhere_names_the_picture(
        run, place, main, arguments):
    data = os.path.join(os.path.dirname(run), 'data')
    arguments = [argument.format(data=data) for argument in arguments]
    with pytest.raises(SystemExit) as stopped:
        main(['--name', run, '--image-size', '32000x32000'] + arguments)
    assert stopped.value.code == 2
    if main is evaluate.main:
        for scale in ('1000', '.5,999'):
            with pytest.raises(MemoryError, match='1.png: a network input of '
                                                  r'\d+x\d+$'):
                main(['--name', run, '--scales', scale, '--image-size',
                      '1024x1024'] + arguments)
        with pytest.raises(SystemExit):
            main(['--name', run, '--scales', '1e308'] + arguments)


@pytest.mark.parametrize('raised, wanted', [
    (MemoryError, lambda: bytes(1 << 60)),
    (InputError, lambda: cv2.resize(np.zeros((2, 2)), (10 ** 12, 5))),
    (InputError, lambda: cv2.resize(np.zeros((0, 2)), (5, 5))),
    (InputError, lambda: cv2.cvtColor(np.zeros((2, 2, 7)), 8))])
def test_what_opencv_raises_is_input_or_memory(raised, wanted):
    with pytest.raises(raised, match='^a.png: ') as error:
        with opencv.blaming('a.png'):
            wanted()
    assert str(error.value).count('\n') == 0


@pytest.mark.parametrize('array', [
    np.zeros((20, 30), np.float32),
    helpers.slow(np.zeros((20, 30, 3), np.float32)),
    helpers.slow(np.zeros((20, 30), np.int32)),
    helpers.slow(np.zeros((20, 30, 4), np.uint16)),
    helpers.slow(np.zeros((20, 30), np.float64))])
def test_a_tiff_named_png_is_read_or_named(place, array):
    data = folders.write('data', ['train/0.png', 'valid/1.png'])
    for kind in ('images', 'labels'):
        folders.write_picture(f'{data}/{kind}/train/0.png', array, '.tif')
    with open('source_plain.py', 'w') as file:
        file.write(PLAIN)
    for name in ('folder', 'plain'):
        done = helpers.run_program(
            'check_source.py', '--data-source', name, '--data-dir', 'data',
            '--output-dir', 'out', cwd=str(place))
        assert done.returncode == 1
        assert 'Traceback' not in done.stderr and done.stderr.count('\n') <= 2
        for line in done.stderr.splitlines():
            assert 'train/0.png' in line


@pytest.mark.parametrize('shape', [(1, 1), (1, 7), (7, 1)])
def test_pictures_of_a_single_pixel_are_scored(run, place, capsys, shape):
    data = folders.write('data', ['train/0.png', 'valid/1.png'])
    for part, number in (('train', 0), ('valid', 1)):
        folders.write_picture(f'{data}/images/{part}/{number}.png',
                              np.full(shape + (3,), 50 + number, np.uint8))
        folders.write_picture(f'{data}/labels/{part}/{number}.png',
                              np.full(shape, 2, np.uint8))
    assert check_source.main(['--data-source', 'folder', '--data-dir', data,
                              '--output-dir', 'out', '--ceiling',
                              '--image-size', '64x32']) == 0
    evaluate.main(['--name', run, '--data-dir', data, '--json', 'a.json',
                   '--report', 'report', '--native'])
    assert ' split: 1 picture, ' in capsys.readouterr().out
    with open('a.json') as file:
        assert json.load(file)['pixels'] == shape[0] * shape[1]
    assert infer.main(['--name', run, '--samples-dir', f'{data}/images',
                       '--output-dir', 'segmented', '--legend']) == 0
