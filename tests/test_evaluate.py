"""evaluate.py on a tiny run, against scikit-learn and other programs."""
import csv
import json
import os
import shutil

import cv2
import helpers
import numpy as np
import pytest
import runs
import sklearn.metrics
from programs import (assert_scores_are_of, enlarge, list_files, run_network,
                      score, segment)
from scipy import ndimage

import evaluate
from segmentation.drawing import confusion


@pytest.fixture(scope='module')
def run():
    return helpers.trained_run()


def test_scores_at_the_size_of_the_labels(run, place):
    done = helpers.run_program(
        'evaluate.py', '--name', run, '--data-dir', helpers.data_dir(),
        '--split', 'valid', '--json', str(place / 'scores.json'), '--matrix',
        str(place / 'matrix.png'))
    assert done.returncode == 0, done.stderr
    pictures, truth = list_files('valid')
    with open('scores.json') as file:
        scores = json.load(file, parse_constant=pytest.fail)
    assert_scores_are_of(scores, truth, segment(run, pictures))
    assert scores['split'] == 'valid' and scores['pictures'] == 4
    assert scores['checkpoint'].startswith('best-')
    assert scores['class_names'] == list(helpers.CLASSES)
    assert scores['accuracy']['never'] is None
    lines = done.stdout.splitlines()[5:]    # behind the header
    assert lines[0] == (
        '[i] {checkpoint} of {name}, valid split: 4 pictures, {pixels:,} '
        'pixels, {ignored_pixels:,} ignored'.format(**scores))
    assert lines[1].startswith('[i] mIoU {miou:.2%}, pixel accuracy '
                               '{pixel_accuracy:.2%}'.format(
                                   **scores['scores']))
    assert lines[2].startswith('[i] mIoU near boundaries, up to 1 px ')
    assert lines[3].startswith('[i] expected calibration error ')
    assert [line.split('  ')[0] for line in lines[4:]] == [
        'class   '.strip()] + list(helpers.CLASSES)
    assert min(cv2.imread('matrix.png').shape[:2]) > 4 * 40


@pytest.mark.parametrize('split, count', sorted(helpers.COUNTS.items()))
def test_each_split_can_be_scored(run, place, split, count):
    scores = score(run, '--split', split)
    pictures, truth = list_files(split)
    assert scores['pictures'] == count
    assert_scores_are_of(scores, truth, segment(run, pictures))


def test_run_is_scored_on_what_it_held_out(place):
    run = runs.make('held', 'tiny', helpers.data_dir(), hold_out='train/[12]')
    for split, count in (('valid', 2), ('train', helpers.COUNTS['train'] - 2)):
        score(run, '--split', split, '--csv', 'all.csv')
        with open('all.csv', newline='') as file:
            names = {row['picture'] for row in csv.DictReader(file)}
        held_out = {'train/1.png', 'train/2.png'}
        assert len(names) == count
        assert names & held_out == (held_out if split == 'valid' else set())


@pytest.mark.parametrize('arguments', [['--native'],
                                       ['--image-size', '96x64']])
def test_network_can_run_at_another_size(run, place, arguments):
    scores = score(run, *arguments)
    pictures, truth = list_files('valid')
    assert_scores_are_of(scores, truth, segment(run, pictures, *arguments))


def test_batches_and_checkpoints_can_be_chosen(run, place):
    scores = score(run, '--checkpoint', 'last', '--batch-size', '3')
    assert scores['checkpoint'].startswith('last-')
    assert scores['pictures'] == 4


def test_source_of_the_contract_alone_is_scored_at_image_size(run, place):
    pictures, truth = list_files('valid')
    os.mkdir('small')
    small = [os.path.join('small', os.path.basename(path))
             for path in pictures]
    for path, name in zip(pictures, small):
        cv2.imwrite(name, cv2.resize(cv2.imread(path), helpers.SIZE))
    truth = [cv2.resize(ids, helpers.SIZE, interpolation=cv2.INTER_NEAREST)
             for ids in truth]
    scores = score(run, '--data-source', 'bare')
    assert_scores_are_of(scores, truth, segment(run, small))
    assert score(run, '--data-source', 'bare', '--split',
                 'train')['pictures'] == helpers.COUNTS['train']


@pytest.mark.parametrize('arguments, message', [
    (['--data-source', 'bare', '--split', 'test'],
     'data source \'bare\' has no test split: train and valid are there'),
    (['--data-source', 'bare', '--native'],
     'data source \'bare\' gives samples of one size: --native does not '
     'apply'),
    (['--data-source', 'demo'],
     'the data source has 7 classes, {run} has 4'),
    (['--json', 'nowhere/a.json'], '{cwd}/nowhere: no such folder'),
    (['--matrix', '{data}/valid/0_ids.png'],
     '{data}/valid/0_ids.png is an input: it is not overwritten'),
    (['--json', '{run}/options.json'],
     '{run}/options.json is a file of the run {run}: it is not '
     'overwritten'),
    (['--matrix', 'matrix.txt'],
     'matrix.txt: no picture type that OpenCV writes'),
    (['--reliability', 'plot.txt'],
     'plot.txt: no picture type that OpenCV writes'),
    (['--json', 'a', '--csv', './a'],
     './a: two outputs would be written to it'),
    (['--list', 'list.txt', '--data-source', 'bare'],
     'data source \'bare\' lists no files: --list does not apply'),
    (['--export', 'maps'],
     'data source \'tiny\' has no benchmark: --export and --birds-eye '
     'know cityscapes and kitti'),
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
        os.rename(f'data/train/3{end}', f'data/valid/9{end}')
    for split in ('train', 'valid'):
        with pytest.raises(ValueError, match='data: the train split is not '
                                             'that of the run: 1 differ'):
            evaluate.main(['--name', run, '--data-dir', 'data', '--split',
                           split])
    scores = score(run, '--data-dir', 'data', '--split', 'test')
    assert scores['pictures'] == 2


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
    from segmentation.tf1 import tf
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
        assert str(error.value) == ('old does not say what it was trained '
                                    'on: it takes --data-' + option)
    scores = score('old', '--data-source', 'tiny', '--data-dir',
                   helpers.data_dir())
    assert scores['checkpoint'] == 'final.ckpt'
    assert scores['matrix'] == score(run)['matrix']


@pytest.mark.parametrize('arguments, sizes, flip', [
    (['--flip'], [(64, 32)], True),
    (['--scales', '.5,1,2'], [(32, 32), (64, 32), (128, 64)], False),
    (['--scales', '1,2', '--flip', '--image-size', '32x32'],
     [(32, 32), (64, 64)], True)])
def test_scales_and_mirrored_pictures_are_averaged(pair, place, arguments,
                                                   sizes, flip):
    scores = score(pair[1], '--batch-size', '3', *arguments)
    pictures, truth = list_files('valid')
    predicted = []
    for path, ids in zip(pictures, truth):
        image, mean = cv2.imread(path), 0
        for size in sizes:
            # Area means along what shrinks, then linear along what grows.
            smaller = (min(size[0], image.shape[1]),
                       min(size[1], image.shape[0]))
            scaled = cv2.resize(
                cv2.resize(image, smaller, interpolation=cv2.INTER_AREA),
                size, interpolation=cv2.INTER_LINEAR)
            mean = mean + enlarge(run_network(scaled, 1), ids.shape)
            if flip:
                mean = mean + enlarge(run_network(scaled[:, ::-1], 1),
                                      ids.shape)[:, ::-1]
        predicted.append(mean.argmax(axis=-1))
    matrix = sum(
        sklearn.metrics.confusion_matrix(ids.ravel(), guess.ravel(),
                                         labels=range(4))
        for ids, guess in zip(truth, predicted))
    # Where two classes are alike within rounding either may win.
    assert abs(matrix - scores['matrix']).sum() <= 4
    assert scores['flip'] == flip


def test_listed_pictures_alone_are_scored_and_stand_in_the_csv(pair, place):
    (place / 'list.txt').write_text('valid/3.png\n\nvalid/1.png\n')
    scores = score(pair[0], '--list', 'list.txt', '--csv', 'scores.csv')
    assert scores['pictures'] == 2
    with open('scores.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['picture'] for row in rows] == ['valid/1.png', 'valid/3.png']
    for row in rows:
        (place / 'one.txt').write_text(f"{row['picture']}\n")
        alone = score(pair[0], '--list', 'one.txt')
        assert int(row['pixels']) == alone['pixels']
        assert int(row['ignored_pixels']) == alone['ignored_pixels'] > 0
        for name, value in alone['scores'].items():
            assert float(row[name]) == pytest.approx(value, abs=1e-12)
        for name, value in alone['iou'].items():
            assert row[f'iou {name}'] == ('' if value is None else
                                          repr(value))
    assert sum(int(row['pixels']) for row in rows) == scores['pixels']


@pytest.mark.parametrize('lines, message', [
    ('valid/1.png\ntrain/1.png\n', 'list.txt, line 2: train/1.png is no '
                                   'picture of the valid split in {data}'),
    ('valid/1.png\n./valid/1.png\n', 'list.txt, line 2: ./valid/1.png '
                                     'stands there twice'),
    ('\n', 'list.txt: no picture in it')])
def test_broken_lists_end_in_one_line(pair, place, lines, message):
    (place / 'list.txt').write_text(lines)
    with pytest.raises(ValueError) as error:
        evaluate.main(['--name', pair[0], '--list', 'list.txt'])
    assert str(error.value) == message.format(data=helpers.data_dir())


def test_trimaps_and_calibration_are_in_the_scores(pair, place):
    scores = score(pair[1], '--reliability', 'plot.png')
    _, truth = list_files('valid')
    counts = [scores['trimaps'][radius]['pixels']
              for radius in ('1', '2', '4', '8', '16')]
    for radius, count in zip((1, 2, 4, 8, 16), counts):
        assert count == sum(
            ((distances(ids) <= radius) & (ids != helpers.VOID)).sum()
            for ids in truth)
    bins = scores['calibration']['bins']
    assert sum(one['pixels'] for one in bins) == scores['pixels']
    right = sum(one['pixels'] * (one['accuracy'] or 0) for one in bins)
    assert right == pytest.approx(np.trace(scores['matrix']))
    assert scores['calibration']['expected_calibration_error'] == (
        pytest.approx(sum(
            one['pixels'] * abs(one['accuracy'] - one['confidence'])
            for one in bins if one['pixels']) / scores['pixels']))
    assert cv2.imread('plot.png').shape[0] > 300


def distances(ids):
    """How far each pixel is from the nearest of another class."""
    return sum(ndimage.distance_transform_edt(ids == number)
               for number in np.unique(ids))


def test_two_runs_are_compared(pair, place, capsys):
    evaluate.main(['--compare'] + pair + ['--split', 'train', '--json',
                                          'difference.json'])
    with open('difference.json') as file:
        scores = json.load(file, parse_constant=pytest.fail)
    a, b = (score(name, '--split', 'train')['iou'] for name in pair)
    assert scores['pictures'] == helpers.COUNTS['train']
    assert [one['name'] for one in scores['runs']] == pair
    for name, row in scores['classes'].items():
        assert row['iou'] == pytest.approx([a[name], b[name]])
        assert row['low'] <= row['difference'] <= row['high']
    lines = capsys.readouterr().out.splitlines()[10:]   # two headers
    assert lines[0] == f'[i] A: best-1 of {pair[0]}, train split'
    assert lines[2].startswith('[i] mIoU {:.2f} % -> {:.2f} %, '.format(
        *(100 * value for value in scores['miou']['iou'])))
    assert [line.split('  ')[0] for line in lines[3:9]] == [
        'class', 'sky', 'not road', 'road', 'never', 'mIoU']


def test_comparison_takes_two_pictures(pair, place):
    (place / 'list.txt').write_text('valid/3.png\n')
    with pytest.raises(ValueError, match='1 picture: an interval over pict'):
        evaluate.main(['--compare'] + pair + ['--list', 'list.txt'])


def test_run_is_no_better_than_itself(pair, place, capsys):
    evaluate.main(['--compare', pair[0], pair[0]])
    assert capsys.readouterr().out.splitlines()[12].endswith(
        '+0.00 points, 95 % interval +0.00 .. +0.00 over 4 pictures: no '
        'difference, as far as so few pictures tell')


def test_sources_of_the_contract_alone_can_be_asked_for_all_of_it(
        pair, place):
    options = ['--data-source', 'bare', '--split', 'train']
    score(pair[0], *options, '--flip', '--scales', '1,2', '--csv', 'a.csv')
    with open('a.csv', newline='') as file:
        assert [row['picture'] for row in csv.DictReader(file)] == [
            f'train/{k}.png' for k in range(helpers.COUNTS['train'])]
    evaluate.main(['--compare'] + pair + options)


def test_test_split_needs_no_other(pair, place):
    shutil.copytree(os.path.join(helpers.data_dir(), 'test'), 'data/test')
    for split in ('train', 'valid'):
        os.mkdir(f'data/{split}')
    scores = score(pair[0], '--data-dir', 'data', '--split', 'test')
    assert scores['matrix'] == score(pair[0], '--split', 'test')['matrix']
    os.remove('data/test/1_ids.png')
    with pytest.raises(FileNotFoundError, match='1.png: no label 1_ids.png'):
        evaluate.main(['--name', pair[0], '--data-dir', 'data', '--split',
                       'test'])


@pytest.mark.parametrize('arguments, message', [
    (['--compare', 'a', 'b', '--csv', 'c'],
     '--csv does not go with --compare'),
    (['--compare', 'a', 'b', '--export', 'c'],
     '--export does not go with --compare'),
    (['--zip'], '--zip goes with --export or --birds-eye'),
    (['--scales', '1,x'], '\'1,x\': numbers are wanted, such as .75,1,1.25'),
    (['--scales', '0'], '0: a number above 0 is wanted')])
def test_options_that_make_no_sense_are_usage_errors(place, capsys, arguments,
                                                     message):
    with pytest.raises(SystemExit) as error:
        evaluate.main(arguments)
    assert error.value.code == 2
    assert message in capsys.readouterr().err


def test_confusion_picture_is_darkest_where_most_pixels_are():
    matrix = np.array([[90, 10, 0], [0, 0, 0], [5, 0, 95]])
    picture = confusion.draw(matrix, ['road', 'sky', 'tree'], cell=50)
    cells = picture[-158:-8, -158:-8].reshape(3, 50, 3, 50, 3)
    corners = cells[:, 3, :, 3].astype(int)             # [row, column, 3]
    light = corners.sum(axis=-1)
    assert (light.argmin(axis=1)[[0, 2]] == [0, 2]).all()
    assert (light[matrix == 0] == 3 * 255).all()
    assert light[2, 2] < light[0, 0] < light[0, 1] < 3 * 255
