"""evaluate.py on a data set of other classes, by a table of common ones."""
import os

import cv2
import folders
import helpers
import numpy as np
import programs
import pytest
import runs
import sklearn.metrics

TABLE = ('name,id,ignore\nair,0,\nthing,1,\nway,2,\n'
         f'void,{helpers.VOID},1\n')
MAP = 'model,data\nsky,air\nroad,way\nnot road,way\n'


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    helpers.data_dir()
    path = tmp_path_factory.mktemp('runs') / 'run'
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(helpers.folder())
        return runs.make(path, 'tiny', helpers.data_dir(), seed=3)


@pytest.fixture
def data(place):
    (place / 'map.csv').write_text(MAP)
    return folders.write(place / 'data', [
        f'{split}/{k}.png' for split in ('train', 'valid') for k in range(3)],
        TABLE)


def score(run, *arguments):
    return programs.score(run, '--data-source', 'folder', '--data-dir',
                          'data', '--map', 'map.csv', *arguments)


def test_scores_are_of_the_common_classes(run, data):
    scores = score(run)
    truth, predicted = [], []
    for k in range(3):
        image = cv2.imread(os.path.join(data, 'images', 'valid', f'{k}.png'))
        ids = cv2.imread(os.path.join(data, 'labels', 'valid', f'{k}.png'), 0)
        small = cv2.resize(image, helpers.SIZE, interpolation=cv2.INTER_AREA)
        sky, not_road, road, _ = np.moveaxis(programs.run_network(small, 3),
                                             -1, 0)
        common = np.stack([sky, road + not_road], axis=-1)
        common /= common.sum(axis=-1, keepdims=True)
        predicted.append(programs.enlarge(common, ids.shape).argmax(axis=-1))
        truth.append(np.array([0, 255, 1] + 253 * [255])[ids])
    truth, predicted = np.ravel(truth), np.ravel(predicted)
    matrix = sklearn.metrics.confusion_matrix(
        truth[truth < 2], predicted[truth < 2], labels=[0, 1])
    assert list(scores['class_names']) == ['air', 'way']
    assert scores['ignored_pixels'] == (truth == 255).sum()
    # TensorFlow and SciPy may round a tie to either side.
    assert abs(np.array(scores['matrix']) - matrix).sum() <= 4


def test_without_a_table_other_classes_are_refused(run, data):
    with pytest.raises(ValueError, match='has 3 classes, .* has 4'):
        programs.score(run, '--data-source', 'folder', '--data-dir', 'data')


@pytest.mark.parametrize('table, message', [
    ('model,data\nskies,air\n', "line 2: .*run has no class 'skies': did "
                                "you mean 'sky'[?] The classes are sky, "),
    ('model,data\nsky,hair\n', "line 2: the data set has no class 'hair': "
                               "did you mean 'air'[?] The classes are "),
    ('sky,air\n', 'the first line is not model,data'),
    ('model,data\nsky\n', "line 2: 'sky': a class of the model and one of"),
    ('model,data\nsky,air\nsky,way\n', '1 common class: two or more')])
def test_tables_that_do_not_fit_are_named(run, data, place, table, message):
    (place / 'map.csv').write_text(table)
    with pytest.raises(ValueError, match=message):
        score(run)


def test_what_does_not_go_with_a_table_is_refused(run, data):
    with pytest.raises(ValueError, match='--tune is for the classes of the'):
        score(run, '--crf', '--tune', '2')
    with pytest.raises(ValueError, match='the data source lists no files'):
        programs.score(run, '--data-source', 'bare', '--data-dir',
                       helpers.data_dir(), '--map', 'map.csv')
