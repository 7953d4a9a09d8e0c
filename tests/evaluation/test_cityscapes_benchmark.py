"""Cityscapes: our table against the benchmark's own program."""
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import runs

import source_cityscapes
from segmentation import metrics
from segmentation.data.cityscapes import LABELS
from segmentation.evaluation import submission
from segmentation.evaluation.benchmarks import cityscapes
from segmentation.evaluation.scorer import PairScorer
from segmentation.evaluation.tally import Tally
from segmentation.inference.prediction import Prediction
from segmentation.inference.predictor import Result

SIZE = 96, 64       # of pictures and labels
FRAMES = ('ulm_000000_000019', 'ulm_000001_000019', 'jena_000007_000301')
# The benchmark's program asks for np.in1d, which NumPy 2 does not have.
SCORER = '''
import numpy
import runpy
if not hasattr(numpy, 'in1d'):
    numpy.in1d = numpy.isin
runpy.run_module(
    'cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling',
    run_name='__main__')
'''


def draw_labels(seed):
    """Label ids (64, 96): bands and boxes of most ids, some never seen."""
    random = np.random.RandomState(seed)
    known = [k for k in range(34) if k not in (16, 31)]
    labels = np.repeat(random.choice(known, (8, 1)), 8, axis=0).astype(
        np.uint8) * np.ones((1, SIZE[0]), np.uint8)
    for number in random.permutation(known)[:24]:
        x, y = random.randint(SIZE[0] - 16), random.randint(SIZE[1] - 12)
        labels[y:y + 12, x:x + 16] = number
    return labels


@pytest.fixture(scope='module')
def city(tmp_path_factory):
    """Cityscapes of three frames in train and the same in val."""
    root = tmp_path_factory.mktemp('city')
    for split in ('train', 'val'):
        for k, frame in enumerate(FRAMES):
            labels = draw_labels(k)
            image = np.random.RandomState(k).randint(
                256, size=labels.shape + (3,)).astype(np.uint8)
            for kind, end, array in (
                    ('leftImg8bit', 'leftImg8bit', image),
                    ('gtFine', 'gtFine_labelIds', labels),
                    ('gtFine', 'gtFine_instanceIds',
                     labels.astype(np.uint16))):
                folder = root / kind / split / frame.split('_')[0]
                folder.mkdir(parents=True, exist_ok=True)
                path = folder / f'{frame}_{end}.png'
                assert cv2.imwrite(str(path), array)
    return root


def run_scorer(city, results, place):
    """Return the IoU of each class by the benchmark's own program."""
    pytest.importorskip('cityscapesscripts')
    done = subprocess.run(
        [sys.executable, '-c', SCORER], timeout=120, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True,
        env=dict(os.environ, CITYSCAPES_DATASET=str(city),
                 CITYSCAPES_RESULTS=str(results),
                 CITYSCAPES_EXPORT_DIR=str(place)))
    assert done.returncode == 0, done.stdout
    with open(str(place / 'resultPixelLevelSemanticLabeling.json')) as file:
        scores = json.load(file)['classScores']
    return {label.name: scores[label.name]
            for label in LABELS if label.evaluated}


def assert_same(ours, theirs):
    assert list(ours) == list(theirs) and len(ours) == 19
    np.testing.assert_allclose(
        [np.nan if value is None else value for value in ours.values()],
        list(theirs.values()), rtol=0, atol=1e-6)


def predict_perfectly(truth, data):
    return np.where(truth < data.num_classes, truth, 0)


def predict_shifted(truth, data):
    return np.roll(predict_perfectly(truth, data), (2, 5), axis=(0, 1))


def predict_without_cars(truth, data):
    car = data.class_names.index('car')
    return np.where(truth == car, 0, predict_perfectly(truth, data))


def predict_ignored(truth, data):
    """Shifted, and 'unlabeled' and 'ground' in places of their own."""
    predicted = predict_shifted(truth, data)
    predicted[10:30, 20:50] = data.class_names.index('unlabeled')
    predicted[40:50, 5:25] = data.class_names.index('ground')
    return predicted


@pytest.mark.parametrize('table, predict', [
    ('19', predict_perfectly), ('19', predict_shifted),
    ('19', predict_without_cars), ('29', predict_ignored)])
def test_table_is_that_of_the_benchmark(city, tmp_path, table, predict):
    data = source_cityscapes.get_source()
    data.choose_classes(table)
    data.load_data(str(city), .1)
    pairs = data.splits['valid']
    results = tmp_path / 'results'
    export = submission.Writer(str(results))
    benchmark = cityscapes.CityscapesBenchmark(data, export)
    benchmark.prepare(pairs)
    scorer, tally = PairScorer(data, pairs, str(city), benchmark), Tally()
    with export:
        for pair in pairs:
            sample = scorer.read(pair)
            certain = np.eye(data.num_classes, dtype=np.float32)[
                predict(sample.ids, data)]
            tally.add(scorer.score(Result(pair, sample, Prediction(
                [certain], [False], SIZE))))
    ours = tally.describe(data.class_names)['iou']
    lines, scores = benchmark.report(tally.names, tally.benchmark_counts)
    if table == '29':
        assert scores['benchmark']['iou']['road'] != ours['road']
        assert lines[0].startswith('[i] by the 19 classes of the benchmark: ')
        ours = scores['benchmark']['iou']
    assert_same(ours, run_scorer(city, results, tmp_path))
    if predict is predict_perfectly:
        assert {value for value in ours.values() if value == value} == {1}


@pytest.mark.parametrize('table', ['19', '29'])
def test_exported_predictions_score_as_the_program_prints(
        city, tmp_path, monkeypatch, table):
    """All of evaluate.py: a network, two scales, mirrored."""
    import evaluate
    run = runs.make(tmp_path / 'run', 'cityscapes', city, classes=table)
    monkeypatch.chdir(tmp_path)
    evaluate.main(['--name', run, '--export', 'results', '--flip', '--scales',
                   '1,1.5', '--json', 'scores.json', '--workers', '2'])
    assert sorted(os.listdir('results')) == sorted(
        f'{frame}_pred_labelIds.png' for frame in FRAMES)
    exported = [cv2.imread(os.path.join('results', name),
                           cv2.IMREAD_UNCHANGED)
                for name in os.listdir('results')]
    assert {(one.shape, str(one.dtype)) for one in exported} == {
        (SIZE[::-1], 'uint8')}
    assert len(np.unique(exported)) > 5
    with open('scores.json') as file:
        found = json.load(file)
    assert_same(found.get('benchmark', found)['iou'],
                run_scorer(city, 'results', tmp_path))


def test_ids_of_the_19_classes_are_those_of_the_benchmark():
    assert cityscapes.label_ids(
        source_cityscapes.get_source()).tolist() == [
            7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31,
            32, 33]


def test_of_several_ids_of_a_class_the_first_is_written():
    data = source_cityscapes.get_source()
    data.choose_classes('29')
    ids = dict(zip(data.class_names, cityscapes.label_ids(data)))
    assert [ids[name] for name in ('unlabeled', 'pole', 'car')] == [0, 17, 26]


def test_prediction_that_is_not_evaluated_is_a_miss():
    # Road (id 7) is found once, missed once as ground (6), once as sky (23).
    matrix = cityscapes.score(
        np.array([[0, 0, 0, 255]], np.uint8),
        np.array([[7, 6, 23, 7]], np.uint8))
    assert matrix.shape == (19, 20)
    assert (matrix[0, 0], matrix[0, 10], matrix[0, 19]) == (1, 1, 1)
    assert matrix.sum() == 3
    assert metrics.iou(matrix)[[0, 10]].tolist() == [1 / 3, 0]
    assert metrics.precision(matrix)[0] == 1
    assert metrics.scores(matrix)['pixel_accuracy'] == pytest.approx(1 / 3)


def test_names_that_the_benchmark_does_not_know_are_refused():
    with pytest.raises(ValueError, match='a_leftImg8bit.png: no name of the '
                                         'benchmark: CITY_SEQUENCE_FRAME_'):
        cityscapes.output_name('x/a_leftImg8bit.png')


def test_pictures_of_the_test_split_are_exported_without_labels(
        city, tmp_path, monkeypatch, capsys):
    import evaluate
    run = runs.make(tmp_path / 'run', 'cityscapes', city)
    folder = city / 'leftImg8bit' / 'test' / 'bonn'
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / 'bonn_000000_000019_leftImg8bit.png'),
                np.full(SIZE[::-1] + (3,), 99, np.uint8))
    monkeypatch.chdir(tmp_path)
    evaluate.main(['--name', run, '--split', 'test', '--export', 'out/test',
                   '--zip'])
    assert os.listdir(os.path.join('out', 'test')) == [
        'bonn_000000_000019_pred_labelIds.png']
    assert os.path.isfile(os.path.join('out', 'test.zip'))
    assert capsys.readouterr().out.splitlines()[6] == (
        '[i] no pixel has a label: nothing is scored')
