"""train.py --teacher: a network that learns from another one's run."""
import glob
import os
import shutil

import cluster_runs
import cv2
import helpers
import numpy as np
import programs
import pytest
import saved_runs

import train
from segmentation import files
from segmentation.inference import teacher
from segmentation.trained import run_dir

STUDENT = ('--data-source', 'tiny', '--model', 'fcn-lite', '--batch-size', '4',
           '--learning-rate', '2e-3', '--schedule', 'constant',
           '--keep-prob', '1', '--workers', '2')


def start(name, *arguments):
    """Train a network in the working directory; return the log."""
    assert train.main(['--name', name, '--data-dir', helpers.data_dir(),
                       *STUDENT, *arguments]) == 0
    return saved_runs.read_log(name)


@pytest.fixture
def teachers(place, pair):
    """Two runs that nothing was trained in, and pictures without labels."""
    for k in range(3):
        os.makedirs('more', exist_ok=True)
        cv2.imwrite(f'more/{k}.jpg', helpers.draw_scene(700 + k)[0])
    return [os.path.relpath(path) for path in pair]


def test_a_teacher_says_what_its_network_does(pair, place):
    (paths, _), seed = programs.list_files('train'), 1
    for flip in (False, True):
        model = teacher.Teacher(pair[seed], flip=flip, workers=2)
        found = list(model.probabilities(
            [(path,) for path in paths], lambda job: cv2.imread(job[0]),
            (16, 8)))
        assert len(found) == len(paths)
        for path, probabilities in zip(paths, found):
            image = cv2.resize(cv2.imread(path), (64, 32),
                               interpolation=cv2.INTER_AREA)
            wanted = programs.run_network(image, seed)
            if flip:
                mirrored = programs.run_network(image[:, ::-1], seed)
                wanted = (wanted + mirrored[:, ::-1]) / 2
            np.testing.assert_allclose(probabilities, programs.enlarge(
                wanted, (8, 16)), rtol=0, atol=1e-3)


def test_what_was_calibrated_teaches_the_same(pair, place):
    shutil.copytree(pair[1], 'calibrated')
    files.write_json(os.path.join('calibrated', 'temperature.json'), {
        'temperature': 3., 'checkpoint': 'best-1', 'split': 'valid',
        'pictures': 1, 'pixels': 9, 'negative_log_likelihood': [1., .9],
        'expected_calibration_error': [.1, .1]})
    paths, _ = programs.list_files('train')
    jobs = [(path,) for path in paths[:2]]
    plain, calibrated = [
        list(teacher.Teacher(run).probabilities(
            jobs, lambda job: cv2.imread(job[0]), (16, 8)))
        for run in (pair[1], 'calibrated')]
    np.testing.assert_array_equal(plain, calibrated)


@pytest.mark.slow
def test_a_network_learns_from_a_teacher_and_is_resumed(teachers, capsys):
    taught = ('--teacher', teachers[0], '--unlabelled', 'more', '--augment',
              'strong', '--ema', '.9', '--lovasz', '.2', '--temperature', '3',
              '--teacher-weight', '0.9', '--teacher-flip', '--cache-dir',
              'kept')
    whole = start('whole', '--epochs', '3', *taught)
    said = capsys.readouterr().out
    assert (f'[i] teacher: {teachers[0]}, 90% of the loss at temperature 3, '
            'and 3 pictures without labels\n') in said
    assert said.count(' to compute\n') == 2
    assert len(glob.glob('kept/teacher-*')) == 2
    saved = run_dir.read_options('whole')
    assert saved['options']['teacher'] == teachers[0]
    assert len(saved['teacher']) == 16
    with open('whole/network.meta', 'rb') as file:
        assert b'teacher' not in file.read()

    start('cut', '--epochs', '1', *taught)
    shutil.move('more', 'moved')
    # A run may have moved, and so may the pictures.
    assert train.main(['--name', 'cut', '--resume', '--epochs', '3',
                       '--unlabelled', 'moved']) == 0
    cluster_runs.assert_equal(whole, saved_runs.read_log('cut'))
    assert ', from before\n' in capsys.readouterr().out
    with pytest.raises(ValueError, match='cut was trained with another '
                       '--teacher'):
        train.main(['--name', 'cut', '--resume', '--epochs', '4', '--teacher',
                    teachers[1], '--unlabelled', 'moved'])


@pytest.mark.slow
def test_what_the_teacher_says_is_learned(teachers):
    """Labels and teacher differ: by its weight the student follows one."""
    def miou(weight):
        taught = () if weight is None else (
            '--teacher', teachers[0], '--teacher-weight', weight)
        return start(f'run{weight}', '--epochs', '8', '--delete-cache'
                     if taught else '--table', *taught)[-1]['miou']

    alone, some, all_of_it = map(miou, (None, '0.1', '1'))
    assert run_dir.read_options('runNone')['teacher'] is None
    assert alone > .4 and some > .4 and all_of_it < .3
    assert not glob.glob(os.path.join(os.environ['XDG_CACHE_HOME'],
                                      'fcn-road-scenes', 'teacher-*'))


@pytest.mark.parametrize('arguments, message', [
    (('--teacher', 'nowhere'), 'no run in nowhere: no such folder'),
    (('--temperature', '4'), '--temperature goes with --teacher'),
    (('--unlabelled', 'more'), '--unlabelled goes with --teacher'),
    (('--teacher', 'RUN', '--unlabelled', 'nothing'),
     'nothing: no such file or folder'),
    (('--teacher', 'RUN', '--unlabelled', helpers.data_dir()),
     'the data source has all pictures in it'),
    (('--teacher', 'RUN', '--model', 'fcn-pools', '--freeze-encoder'),
     '--freeze-encoder trains on stored features: --teacher does not apply '
     'without --augment'),
    (('--teacher', 'RUN', '--accumulate', '2'), '--accumulate weights batches '
     'by their labelled pixels: --teacher does not apply'),
    (('--teacher', 'RUN', '--data-source', 'bare'),
     "data source 'bare' does not list its files: --teacher does not apply"),
    (('--teacher', 'RUN', '--data-source', 'demo'),
     '--teacher RUN has 4 classes, the data source has 7')])
def test_what_does_not_go_together_is_refused_first(
        teachers, arguments, message):
    arguments = [teachers[0] if value == 'RUN' else value
                 for value in arguments]
    with pytest.raises((ValueError, OSError)) as refused:
        start('run', *arguments)
    assert message.replace('RUN', teachers[0]) in str(refused.value)
    assert not glob.glob('run/*.*')


@pytest.mark.slow
def test_two_processes_learn_as_one(teachers):
    # Adam enlarges rounding by its rate: at 2e-3 a pixel may change its class.
    taught = (*STUDENT, '--learning-rate', '2e-4', '--data-dir',
              helpers.data_dir(), '--augment',
              '--crop-size', '32x64', '--teacher',
              os.path.abspath(teachers[1]), '--unlabelled',
              os.path.abspath('more'), '--epochs', '2', '--cache-dir',
              os.path.abspath('kept'))
    logs = []
    for name, arguments in (('one', ('--batch-size', '4')),
                            ('two', ('--batch-size', '2', '--processes',
                                     '2'))):
        done = helpers.run_program('train.py', '--name', os.path.abspath(name),
                                   *taught, *arguments)
        assert done.returncode == 0, done.stderr
        logs.append(saved_runs.read_log(name))
    cluster_runs.assert_equal(*logs)
