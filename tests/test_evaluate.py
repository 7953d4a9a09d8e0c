"""evaluate.py on a tiny run, against scikit-learn and other programs."""
import json
import os
import shutil
import warnings

import cv2
import numpy as np
import pytest
import sklearn.metrics

import drawing
import evaluate
import helpers
import infer


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working directory; the tiny sources are on the path."""
    helpers.data_dir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(helpers.folder())
    return tmp_path


@pytest.fixture(scope='module')
def run():
    return helpers.trained_run()


def score(run, *arguments):
    """The JSON that evaluate.py writes."""
    assert not evaluate.main(['--name', str(run), '--workers', '2', '--json',
                              'scores.json'] + list(arguments))
    with open('scores.json') as file:
        return json.load(file, parse_constant=pytest.fail)


def segment(run, pictures, *arguments):
    """The class numbers that infer.py writes for pictures, in order."""
    assert infer.main(['--name', run, '--samples-dir'] + pictures
                      + ['--output-dir', 'out', '--no-overlay',
                         '--class-ids'] + list(arguments)) == 0
    return [cv2.imread(os.path.join('out', 'class-ids',
                                    os.path.basename(path)), 0)
            for path in pictures]


def list_files(split):
    """The pictures of a split, and their label images."""
    base = os.path.join(helpers.data_dir(), split)
    names = sorted(name for name in os.listdir(base) if 'ids' not in name)
    return ([os.path.join(base, name) for name in names],
            [cv2.imread(os.path.join(base, name.replace('.', '_ids.')), 0)
             for name in names])


def assert_scores_are_of(found, truth, predicted):
    """Compare with scikit-learn, void left out."""
    truth = np.concatenate([ids.ravel() for ids in truth])
    predicted = np.concatenate([ids.ravel() for ids in predicted])
    scored = truth != helpers.VOID
    truth, predicted = truth[scored], predicted[scored]
    assert found['pixels'] == len(truth)
    assert found['ignored_pixels'] == (~scored).sum() > 0
    np.testing.assert_array_equal(
        found['matrix'], sklearn.metrics.confusion_matrix(
            truth, predicted, labels=range(len(helpers.CLASSES))))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')     # of a class that is never true
        wanted = {
            'pixel_accuracy': sklearn.metrics.accuracy_score(
                truth, predicted),
            'mean_accuracy': sklearn.metrics.balanced_accuracy_score(
                truth, predicted),
            'miou': sklearn.metrics.jaccard_score(
                truth, predicted, average='macro'),
            'fwiou': sklearn.metrics.jaccard_score(
                truth, predicted, average='weighted')}
    for name, value in wanted.items():
        np.testing.assert_allclose(found['scores'][name], value, rtol=0,
                                   atol=1e-9, err_msg=name)


def test_scores_at_the_size_of_the_labels(run, place):
    done = helpers.run_program(
        'evaluate.py', '--name', run, '--data-dir', helpers.data_dir(),
        '--split', 'valid', '--json', str(place / 'scores.json'), '--matrix',
        str(place / 'matrix.png'))
    assert done.returncode == 0, done.stderr
    pictures, truth = list_files('valid')
    with open('scores.json') as file:
        found = json.load(file, parse_constant=pytest.fail)
    assert_scores_are_of(found, truth, segment(run, pictures))
    assert found['split'] == 'valid' and found['pictures'] == 4
    assert found['checkpoint'].startswith('best-')
    assert found['class_names'] == list(helpers.CLASSES)
    assert found['accuracy']['never'] is None
    lines = done.stdout.splitlines()
    assert lines[0] == (
        '[i] {checkpoint} of {name}, valid split: 4 pictures, {pixels:,} '
        'pixels, {ignored_pixels:,} ignored'.format(**found))
    assert lines[1].startswith('[i] mIoU {miou:.2%}, pixel accuracy '
                               '{pixel_accuracy:.2%}'.format(
                                   **found['scores']))
    assert [line.split('  ')[0] for line in lines[2:]] == [
        'class   '.strip()] + list(helpers.CLASSES)
    assert min(cv2.imread('matrix.png').shape[:2]) > 4 * 40


@pytest.mark.parametrize('split, count', sorted(helpers.COUNTS.items()))
def test_each_split_can_be_scored(run, place, split, count):
    found = score(run, '--split', split)
    pictures, truth = list_files(split)
    assert found['pictures'] == count
    assert_scores_are_of(found, truth, segment(run, pictures))


@pytest.mark.parametrize('arguments', [['--native'],
                                       ['--image-size', '96x64']])
def test_network_can_run_at_another_size(run, place, arguments):
    found = score(run, *arguments)
    pictures, truth = list_files('valid')
    assert_scores_are_of(found, truth, segment(run, pictures, *arguments))


def test_batches_and_checkpoints_can_be_chosen(run, place):
    found = score(run, '--checkpoint', 'last', '--batch-size', '3')
    assert found['checkpoint'].startswith('last-')
    assert found['pictures'] == 4


def test_source_of_the_contract_alone_is_scored_at_image_size(run, place):
    pictures, truth = list_files('valid')
    os.mkdir('small')
    small = [os.path.join('small', os.path.basename(path))
             for path in pictures]
    for path, name in zip(pictures, small):
        cv2.imwrite(name, cv2.resize(cv2.imread(path), helpers.SIZE))
    truth = [cv2.resize(ids, helpers.SIZE, interpolation=cv2.INTER_NEAREST)
             for ids in truth]
    found = score(run, '--data-source', 'bare')
    assert_scores_are_of(found, truth, segment(run, small))
    assert score(run, '--data-source', 'bare', '--split',
                 'train')['pictures'] == helpers.COUNTS['train']


@pytest.mark.parametrize('arguments, message', [
    (['--data-source', 'bare', '--split', 'test'],
     'data source \'bare\' has no test split: train and valid are there'),
    (['--data-source', 'bare', '--native'],
     'data source \'bare\' gives samples of one size: --native does not '
     'apply'),
    (['--data-source', 'demo'],
     'the data source has 7 classes, the run {run} has 4'),
    (['--json', 'nowhere/a.json'], '{cwd}/nowhere: no such folder'),
    (['--matrix', '{data}/valid/0_ids.png'],
     '{data}/valid/0_ids.png is an input: it is not overwritten'),
    (['--json', '{run}/options.json'],
     '{run}/options.json is an input: it is not overwritten'),
    (['--matrix', 'matrix.txt'],
     'matrix.txt: no picture type that OpenCV writes'),
])
def test_what_is_refused(run, place, arguments, message):
    values = {'run': run, 'data': helpers.data_dir(), 'cwd': os.getcwd()}
    with pytest.raises((OSError, ValueError)) as error:
        evaluate.main(['--name', run] + [argument.format(**values)
                                         for argument in arguments])
    assert str(error.value) == message.format(**values)
    assert os.listdir('.') == []


def test_data_that_is_split_otherwise_is_refused(run, place):
    shutil.copytree(helpers.data_dir(), 'data')
    for end in ('.png', '_ids.png'):
        os.rename('data/train/3' + end, 'data/valid/9' + end)
    for split in ('train', 'valid'):
        with pytest.raises(ValueError, match='data: the train split is not '
                                             'that of the run: 1 differ'):
            evaluate.main(['--name', run, '--data-dir', 'data', '--split',
                           split])
    found = score(run, '--data-dir', 'data', '--split', 'test')
    assert found['pictures'] == 2


def test_unreadable_label_ends_in_one_line(run, place):
    shutil.copytree(helpers.data_dir(), 'data')
    (place / 'data' / 'valid' / '2_ids.png').write_bytes(b'broken')
    with pytest.raises(ValueError, match='2_ids.png: no picture that'):
        evaluate.main(['--name', run, '--data-dir', 'data'])


def test_missing_split_is_said(run, place):
    shutil.copytree(helpers.data_dir(), 'data')
    shutil.rmtree('data/test')
    os.mkdir('data/test')
    done = helpers.run_program('evaluate.py', '--name', run, '--data-dir',
                               str(place / 'data'), '--split', 'test')
    assert done.returncode == 1
    assert done.stderr == (
        "[!] data source 'tiny' has no test split in {}: train and valid are "
        'there\n'.format(place / 'data'))


def test_run_of_the_blog_takes_its_data_from_the_options(run, place):
    """The network of the run, under the blog's names."""
    from tf1 import tf
    best, = [name[:-6] for name in os.listdir(run)
             if name.startswith('best') and name.endswith('.index')]
    os.mkdir('old')
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(os.path.join(run, 'network.meta'))
        saver = tf.train.Saver(tf.global_variables())
        saver.restore(sess, os.path.join(run, best))
        graph_def = sess.graph.as_graph_def()
        renamed = {'logits': 'sum/Add_1', 'softmax': 'result/Softmax',
                   'classes': 'result/ArgMax'}
        for node in graph_def.node:
            node.name = renamed.get(node.name, node.name)
            for k, name in enumerate(node.input):
                node.input[k] = renamed.get(name, name)
        meta = tf.train.export_meta_graph(
            graph_def=graph_def, saver_def=saver.as_saver_def())
        saver.save(sess, 'old/final.ckpt', write_meta_graph=False)
    with open('old/final.ckpt.meta', 'wb') as file:
        file.write(meta.SerializeToString())
    for arguments, option in (([], 'source'), (['--data-source', 'tiny'],
                                               'dir')):
        with pytest.raises(ValueError) as error:
            evaluate.main(['--name', 'old'] + arguments)
        assert str(error.value) == ('old has no options.json: it takes '
                                    '--data-' + option)
    found = score('old', '--data-source', 'tiny', '--data-dir',
                  helpers.data_dir())
    assert found['checkpoint'] == 'final.ckpt'
    assert found['matrix'] == score(run)['matrix']


def test_confusion_picture_is_darkest_where_most_pixels_are():
    matrix = np.array([[90, 10, 0], [0, 0, 0], [5, 0, 95]])
    picture = drawing.confusion(matrix, ['road', 'sky', 'tree'], cell=50)
    cells = picture[-158:-8, -158:-8].reshape(3, 50, 3, 50, 3)
    corners = cells[:, 3, :, 3].astype(int)             # [row, column, 3]
    light = corners.sum(axis=-1)
    assert (light.argmin(axis=1)[[0, 2]] == [0, 2]).all()
    assert (light[matrix == 0] == 3 * 255).all()
    assert light[2, 2] < light[0, 0] < light[0, 1] < 3 * 255
