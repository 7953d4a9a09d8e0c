"""evaluate.py on KITTI road: maps to hand in and the benchmark's scores."""
import json
import os
import zipfile

import cv2
import numpy as np
import pytest
import runs
import sklearn.metrics
from road_frames import FRAMES, SIZE, write_frame

import evaluate
import source_kitti
from segmentation import pixels
from segmentation.evaluation.benchmarks import kitti_road, road_scores

# The camera 1.65 m above the road, looking ahead.
CALIBRATION = '''P2: 180 0 155 0 0 180 43 0 0 0 1 0
R0_rect: 1 0 0 0 1 0 0 0 1
Tr_cam_to_road: 1 0 0 0 0 1 0 -1.65 0 0 1 0
'''


@pytest.fixture(scope='module')
def kitti(tmp_path_factory):
    """data_road: four labelled frames, one of them calibrated; two to test.
    """
    root = tmp_path_factory.mktemp('kitti')
    for k, name in enumerate(FRAMES):
        write_frame(root / 'training', name, k)
    for k, name in enumerate(('umm_000005', 'uu_000000')):
        write_frame(root / 'testing', name, 50 + k, labelled=False)
    (root / 'training' / 'calib').mkdir()
    (root / 'training' / 'calib' / 'umm_000000.txt').write_text(CALIBRATION)
    return root


@pytest.fixture(scope='module')
def run(kitti, tmp_path_factory):
    return runs.make(tmp_path_factory.mktemp('runs') / 'road', 'kitti', kitti,
                     seed=3, image_size=(160, 64), valid_fraction=.25)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def list_frames(kitti, split):
    data = source_kitti.get_source()
    data.seed = 3
    data.load_data(str(kitti), .25)
    return [(os.path.basename(picture)[:-4], data.read_ids(label))
            for picture, label in data.splits[split]]


def assert_scores_are_of(found, truth, confidence):
    """Compare with scikit-learn: flat arrays of the evaluated pixels."""
    precision, recall, _ = sklearn.metrics.precision_recall_curve(
        truth, confidence / 255)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    assert found['MaxF'] == pytest.approx(f1.max(), abs=1e-6)
    assert found['PRE'] == pytest.approx(precision[f1.argmax()], abs=1e-6)
    assert found['REC'] == pytest.approx(recall[f1.argmax()], abs=1e-6)
    assert found['AP'] == pytest.approx(np.mean(
        [precision[:-1][recall[:-1] >= k / 10].max() for k in range(11)]),
        abs=1e-6)


def test_scores_of_each_category_are_those_of_the_exported_maps(
        run, kitti, place, capsys):
    evaluate.main(['--name', run, '--split', 'train', '--export', 'maps',
                   '--json', 'scores.json', '--zip'])
    frames = list_frames(kitti, 'train')
    maps = {}
    for name, ids in frames:
        path = os.path.join('maps', f"{name.replace('_', '_road_')}.png")
        maps[name] = cv2.imread(path, cv2.IMREAD_UNCHANGED)
        assert maps[name].shape == ids.shape == SIZE[::-1]
        assert maps[name].dtype == np.uint8
    with zipfile.ZipFile('maps.zip') as archive:
        assert sorted(archive.namelist()) == sorted(os.listdir('maps'))
        assert archive.testzip() is None
    with open('scores.json') as file:
        found = json.load(file, parse_constant=pytest.fail)['road']['picture']
    wanted = {'URBAN': frames}
    for name, ids in frames:
        wanted.setdefault(name.split('_')[0].upper(), []).append((name, ids))
    assert sorted(found) == sorted(wanted)
    for category, its in wanted.items():
        truth = np.concatenate([ids[ids < 2] for _, ids in its])
        confidence = np.concatenate([maps[name][ids < 2] for name, ids in its])
        assert len(np.unique(confidence)) > 50
        assert_scores_are_of(found[category], truth, confidence)
        assert found[category]['frames'] == len(its)
    lines = capsys.readouterr().out.splitlines()
    assert '[i] road, picture plane: 3 of 3 frames' in lines
    shown = [line.split() for line in lines if line.startswith('URBAN')][0]
    assert shown[1:3] == ['3', '{MaxF:.2f}'.format(**{
        key: 100 * value for key, value in found['URBAN'].items()})]


def test_calibrated_frames_are_scored_and_written_from_above(
        run, kitti, place):
    with open('list.txt', 'w') as file:
        file.write('training/image_2/umm_000000.png\n')
    split = ('train' if 'umm_000000' in dict(list_frames(kitti, 'train'))
             else 'valid')
    evaluate.main(['--name', run, '--split', split, '--list', 'list.txt',
                   '--export', 'maps', '--birds-eye', 'above', '--json',
                   'scores.json'])
    view = cv2.imread(os.path.join('above', 'umm_road_000000.png'),
                      cv2.IMREAD_UNCHANGED)
    assert view.shape == (800, 400) and view.dtype == np.uint8
    ids = dict(list_frames(kitti, split))['umm_000000']
    # Ahead at the depth z and x to the right: column 155 + 180 x / z, row
    # 43 + 180 * 1.65 / z; looked up by hand, pixel by pixel.
    rows, columns = np.indices((800, 400))
    z, x = 46 - .05 * (rows + .5), -10 + .05 * (columns + .5)
    u = np.rint(155 + 180 * x / z).astype(int)
    v = np.rint(43 + 180 * 1.65 / z).astype(int)
    seen = (u >= 0) & (u < SIZE[0]) & (v >= 0) & (v < SIZE[1])
    truth = np.full((800, 400), pixels.IGNORE)
    truth[seen] = ids[v[seen], u[seen]]
    scored = truth < 2
    with open('scores.json') as file:
        road = json.load(file)['road']
    assert road['birds_eye']['UMM']['frames'] == 1
    found = road['birds_eye']['UMM']
    assert found == road['birds_eye']['URBAN']
    assert found['MaxF'] != road['picture']['UMM']['MaxF']
    assert_scores_are_of(found, truth[scored], view[scored])


def test_frames_without_labels_are_written_and_not_scored(run, place, capsys):
    evaluate.main(['--name', run, '--split', 'test', '--export', 'maps',
                   '--json', 'scores.json', '--csv', 'scores.csv'])
    assert sorted(os.listdir('maps')) == ['umm_road_000005.png',
                                          'uu_road_000000.png']
    out = capsys.readouterr().out
    assert out.splitlines()[6:] == ['[i] no pixel has a label: nothing is '
                                    'scored']
    with open('scores.json') as file:
        found = json.load(file, parse_constant=pytest.fail)
    assert found['scores']['miou'] is None and 'road' not in found


def test_table_has_a_line_a_category():
    histograms = np.zeros((2, 256), int)
    histograms[0, 5], histograms[1, 200] = 3, 1
    lines = kitti_road.table(kitti_road.score(
        [('um_000001.png', histograms), ('uu_000002.png', histograms)]))
    assert [line.split() for line in lines.splitlines()] == [
        ['category', 'frames'] + list(road_scores.NAMES[:6]),
        ['UM', '1', '100.00', '100.00', '100.00', '100.00', '0.00', '0.00'],
        ['UU', '1', '100.00', '100.00', '100.00', '100.00', '0.00', '0.00'],
        ['URBAN', '2', '100.00', '100.00', '100.00', '100.00', '0.00',
         '0.00']]


@pytest.mark.parametrize('arguments, message', [
    (['--split', 'test'], 'data source \'kitti\' has no test split in '
                          '{kitti}: train and valid are there'),
    (['--split', 'train', '--birds-eye', 'maps'],
     '{kitti}/training/image_2/um_000000.png: no calibration '
     '{kitti}/training/calib/um_000000.txt: --birds-eye needs it'),
    (['--export', 'maps', '--birds-eye', './maps'],
     'maps: two kinds of maps would be written to it'),
])
def test_what_is_refused(run, kitti, place, arguments, message):
    if '--birds-eye' in arguments:
        names = [name for name, _ in list_frames(kitti, 'train')]
        message = message.replace('um_000000', next(
            name for name in names if name != 'umm_000000'))
    with pytest.raises((OSError, ValueError)) as error:
        evaluate.main(['--name', run] + arguments)
    assert str(error.value) == message.format(kitti=kitti)
    assert os.listdir('.') == []


def test_broken_calibration_is_said_before_anything_is_written(
        run, kitti, place):
    path = kitti / 'training' / 'calib' / 'umm_000000.txt'
    good = path.read_text()
    path.write_text('P2: 1 2 3\n')
    try:
        for split in ('train', 'valid'):
            if 'umm_000000' in dict(list_frames(kitti, split)):
                with pytest.raises(ValueError, match='umm_000000.txt: line 1'):
                    evaluate.main(['--name', run, '--split', split,
                                   '--export', 'maps'])
        assert os.listdir('.') == []
    finally:
        path.write_text(good)
