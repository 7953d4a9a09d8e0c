"""254 classes, as many as 8 bits hold: checked, scored, shown and used."""
import csv
import json
import os

import cv2
import folders
import numpy as np
import pytest
import runs
import sklearn.metrics

import check_source
import evaluate
import infer
from segmentation import pixels
from segmentation.data import augmentation

COUNT = 254
TABLE = 'name,id\n' + ''.join(f'class {k},{k}\n' for k in range(COUNT))
# 16 by 16 squares of four pixels: each class has one, the last one three.
IDS = np.kron(np.minimum(np.arange(256), COUNT - 1).reshape(16, 16),
              np.ones((4, 4))).astype(np.uint8)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp('many')
    data = folder / 'data'
    for seed, name in enumerate(['train/0.png', 'valid/1.png',
                                 'valid/2.png']):
        image = np.random.RandomState(seed).randint(
            0, 256, IDS.shape + (3,)).astype(np.uint8)
        folders.write_picture(str(data / 'images' / name), image)
        folders.write_picture(str(data / 'labels' / name),
                              np.roll(IDS, 4 * seed, axis=1))
    (data / 'classes.csv').write_text(TABLE)
    return runs.make(folder / 'run', 'folder', data, image_size=(64, 64))


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def data_of(run):
    return os.path.join(os.path.dirname(run), 'data')


def test_they_are_checked(run, place):
    assert check_source.main([
        '--data-source', 'folder', '--data-dir', data_of(run),
        '--output-dir', 'out', '--ceiling', '--json', 'found.json']) == 0
    with open('found.json') as file:
        found = json.load(file)
    assert len(found['classes']) == len(found['values']) == COUNT
    assert found['ceiling']['miou'] == 1
    assert cv2.imread('out/sheet_valid.png') is not None


@pytest.mark.slow
def test_they_are_scored_as_infer_sees_them(run, place):
    evaluate.main(['--name', run, '--flip', '--scales', '1,2', '--json',
                   'a.json'])
    evaluate.main(['--name', run, '--json', 'b.json', '--csv', 'b.csv',
                   '--matrix', 'matrix.png', '--reliability', 'plot.png',
                   '--report', 'report'])
    folder = os.path.join(data_of(run), 'images', 'valid')
    assert infer.main(['--name', run, '--samples-dir', folder,
                       '--output-dir', 'out', '--class-ids', '--colors',
                       '--legend', '--confidence', 'class 253']) == 0
    names = sorted(os.listdir('out/class-ids'))
    assert names == ['1.png', '2.png']
    truth, predicted = ([cv2.imread(os.path.join(parent, name), -1).ravel()
                         for name in names] for parent in (
        os.path.join(data_of(run), 'labels', 'valid'), 'out/class-ids'))
    with open('b.json') as file:
        scores = json.load(file)
    np.testing.assert_array_equal(
        scores['matrix'], sklearn.metrics.confusion_matrix(
            np.concatenate(truth), np.concatenate(predicted),
            labels=range(COUNT)))
    assert len(np.unique(predicted)) > COUNT / 2
    with open('b.csv', newline='') as file:
        assert len(next(csv.reader(file))) == 7 + COUNT
    height, width, _ = cv2.imread('matrix.png').shape
    assert COUNT * 14 < width < 5000 and height < 5000
    assert os.path.isfile('report/index.html')


def test_two_runs_are_compared(run, place):
    evaluate.main(['--compare', run, run, '--json', 'a.json'])
    with open('a.json') as file:
        assert len(json.load(file)['classes']) == COUNT


def test_soft_labels_are_augmented():
    image = np.zeros(IDS.shape + (3,), np.uint8)
    for seed in range(8):
        _, shares = augmentation.augment(
            image, IDS, (96, 96), seed,
            lambda ids, size: pixels.area_shares(ids, size, COUNT))
        assert shares.shape == (96, 96, COUNT)
        assert shares.sum(axis=-1).max() <= 257     # 255, rounded
