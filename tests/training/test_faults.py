"""What may go wrong while train.py runs: it is said, and nothing is lost."""
import json
import os
import signal
import subprocess
import sys
import time

import helpers
import pytest
import saved_runs

import train
import utils

# Classes are columns of the picture. FAULT says what is wrong, or what happens
# at the fourth batch of more than one sample.
COLUMNS = '''
import os
import time

import numpy as np


class Columns:
    image_size = (64, 32)
    ignore = True
    num_training, num_validation = 4, 2

    def __init__(self):
        self.fault = os.environ.get('FAULT', '')
        self.num_classes = int(os.environ.get('CLASSES', 3))
        self.label_colors = {k: (k, 255 - k, 0)
                             for k in range(self.num_classes)}

    def load_data(self, data_dir, valid_fraction):
        self.batches = 0

    def read(self, split, count, batch_size, names):
        random = np.random.RandomState(0)
        ids = np.arange(64) * self.num_classes // 64
        for first in range(0, count, batch_size):
            size = min(batch_size, count - first)
            images = random.randint(256, size=(size, 32, 64, 3))
            labels = np.eye(self.num_classes, dtype=np.float32)[
                np.broadcast_to(ids, (size, 32, 64))]
            if self.fault == f'no {split} label':
                labels[:] = 0
            if self.fault == 'no last class':
                labels[..., -1] = 0
            if self.fault == 'shares' and batch_size > 1:
                labels[-1, 3, 5] = 1 / self.num_classes
            paths = [f'{split}-{k}.png' for k in range(first, first + size)]
            yield (images, labels, paths, paths) if names else (images, labels)

    def train_generator(self, batch_size, names=False):
        for batch in self.read('train', 4, batch_size, names):
            if batch_size > 1:
                self.batches += 1
            if self.fault == 'wait' and self.batches == 4:
                open('waiting', 'w').close()
                while not os.path.exists('go'):
                    time.sleep(.05)
            if self.fault == 'gone' and self.batches == 4:
                os.rename('run', 'elsewhere')
            if self.fault == 'replaced' and self.batches == 4:
                os.rename('run', 'elsewhere')
                os.mkdir('run')
            yield batch

    def valid_generator(self, batch_size, names=False):
        return self.read('valid', 2, batch_size, names)


def get_source():
    return Columns()
'''
TRAIN = ('--data-source', 'columns', '--model', 'fcn-lite', '--epochs', '2',
         '--batch-size', '2', '--name', 'run')
RESUME = ('--name', 'run', '--resume')


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with the source; signals stay as they were."""
    (tmp_path / 'source_columns.py').write_text(COLUMNS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.getsignal(number) for number in numbers]
    yield tmp_path
    for number, handler in zip(numbers, handlers):
        signal.signal(number, handler)
    sys.modules.pop('source_columns', None)


def run(arguments, **environment):
    """Run train.py in this process; return its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as stopped:
            utils.run(lambda: train.main(list(arguments)))
    return stopped.value.code or 0


def error_of(text):
    """The error in what should be its only line on stderr."""
    assert text.startswith('[!] ') and text.count('\n') == 1
    return text[4:-1]


def wait_for(path, process):
    """Wait until another process has made a file, or is at its end."""
    while not path.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(.05)


@pytest.mark.slow
@pytest.mark.parametrize('arguments', [TRAIN, RESUME])
def test_two_trainings_of_one_run_are_one(folder, arguments):
    """The second comes while the first is in its second epoch."""
    with subprocess.Popen(
            [sys.executable, os.path.join(helpers.ROOT, 'train.py'), *TRAIN],
            cwd=str(folder), env=dict(os.environ, FAULT='wait'),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            universal_newlines=True) as first:
        try:
            wait_for(folder / 'waiting', first)
            before = sorted(os.listdir(str(folder / 'run')))
            second = helpers.run_program('train.py', *arguments, cwd=folder)
            assert second.returncode == 1
            assert error_of(second.stderr) == (
                'run: another process trains there')
            assert sorted(os.listdir(str(folder / 'run'))) == before
            (folder / 'go').write_text('')
            assert first.wait(60) == 0
        finally:
            first.kill()
    assert saved_runs.epochs(folder / 'run') == [1, 2]
    assert '.lock' not in os.listdir(str(folder / 'run'))


@pytest.mark.parametrize('fault', ['gone', 'replaced'])
def test_a_directory_that_vanishes_ends_the_run(folder, capfd, fault):
    assert run(TRAIN, FAULT=fault) == 1
    out, error = capfd.readouterr()
    assert error_of(error).startswith('run is gone: somebody has removed')
    assert 'best mIoU' not in out
    assert saved_runs.epochs(folder / 'elsewhere') == [1]
    assert not (folder / 'run').exists() or not os.listdir('run')


@pytest.mark.parametrize('split, name', [('train', 'training'),
                                         ('valid', 'validation')])
def test_a_split_without_a_label_is_an_error(folder, capfd, split, name):
    assert run(TRAIN, FAULT=f'no {split} label') == 1
    assert error_of(capfd.readouterr().err) == (
        f'no pixel of the {name} split is labelled')
    assert not (folder / 'run' / 'log.jsonl').exists()


def test_weights_of_no_label_are_an_error(folder, capfd):
    assert run(TRAIN + ('--class-weights', 'median'),
               FAULT='no train label') == 1
    assert error_of(capfd.readouterr().err) == (
        'no pixel of the training split is labelled')
    assert not (folder / 'run').exists()


@pytest.mark.parametrize('weights', [[0, 0, 0, 5], [0, 0, .1, 0]])
def test_weights_that_no_label_has_are_an_error(folder, capfd, weights):
    """The fourth class is in no label; FAULT leaves it to the source."""
    (folder / 'weights.json').write_text(json.dumps(
        dict(zip('0123', weights))))
    status = run(TRAIN + ('--class-weights', 'weights.json', '--epochs', '1'),
                 CLASSES='4', FAULT='no last class')
    error = capfd.readouterr().err
    if weights[3]:
        assert error_of(error) == (
            'weights.json: no pixel of the training split is of a class that '
            'has a weight above 0: 3')
        assert not (folder / 'run').exists()
    assert status == (1 if weights[3] else 0), error


def test_shares_that_would_become_zeros_are_an_error(folder, capfd):
    assert run(TRAIN, FAULT='shares') == 1
    assert error_of(capfd.readouterr().err) == (
        'train-1.png: class 0 is 0.333333 at row 3, column 5: 0 or 1 is '
        'wanted')


def test_as_many_classes_train_as_ids_have_room_for(folder, capfd):
    assert run(TRAIN + ('--epochs', '1'), CLASSES='254') == 0
    assert capfd.readouterr().err == ''
    entry, = saved_runs.read_log(folder / 'run')
    assert len(entry['iou']) == 254
    assert abs(entry['first_batch_loss'] - 5.537) < .1      # ln(254)


def test_one_class_more_is_refused_first(folder, capfd):
    assert run(TRAIN, CLASSES='255') == 1
    assert error_of(capfd.readouterr().err) == (
        "data source 'columns': num_classes is 255: 1 to 254 classes are "
        'wanted')
    assert not (folder / 'run').exists()


def test_what_a_kill_left_goes_when_the_run_is_resumed(folder, capfd):
    assert run(TRAIN) == 0
    left = {'resume-9.index', 'resume-9.data-00000-of-00001.tempstate12'}
    before = set(os.listdir('run'))
    for name in left:
        (folder / 'run' / name).write_text('')
    capfd.readouterr()
    assert run(RESUME) == 0
    assert ('[i] files of a killed process removed from run: 2\n'
            in capfd.readouterr().out)
    assert set(os.listdir('run')) == before


SAVED = [
    ({'epochs': 'x'}, 'argument --epochs: invalid '),
    ({'epochs': None}, 'argument --epochs: invalid '),
    ({'batch_size': 0}, 'argument --batch-size: 0: a number above 0'),
    ({'image_size': [64, 33]}, 'argument --image-size: '),
    ({'crop_size': [64, 33]}, 'argument --crop-size: crop_size is (64, 33): '),
    ({'model': 'nope'}, "argument --model: invalid choice: 'nope'"),
    ({'augment': []}, "argument --augment: invalid choice: '[]'"),
    ({'augment': 'no'}, "argument --augment: invalid choice: 'no'"),
    ({'vgg_dir': ''}, 'argument --vgg-dir: a name is wanted'),
    ({'vgg_dir': {}}, 'vgg_dir is {}'), ({'vgg_dir': False}, 'vgg_dir is Fa'),
    ({'skip_scales': [1]}, 'argument --skip-scales: expected 2 arguments'),
    ({'seed': -1}, 'seed is -1')]


@pytest.mark.parametrize('change, message', SAVED)
def test_an_option_that_no_run_saves_is_named(folder, capfd, change, message):
    options = vars(train.parse_options(TRAIN))
    (folder / 'run').mkdir()
    (folder / 'run' / 'options.json').write_text(
        json.dumps({'options': dict(options, **change)}))
    assert run(RESUME) == 1
    assert error_of(capfd.readouterr().err).startswith(
        f'{os.path.join("run", "options.json")}: {message}')
    assert os.listdir('run') == ['options.json']


def test_options_come_back_as_they_were_saved(folder):
    options = train.parse_options(TRAIN + (
        '--image-size', '96x64', '--augment', '--crop-size', '64x32',
        '--skip-scales', '.5', '.25',
        '--learning-rate', '3.3e-5', '--group-by=-(.*)_', '--patience', '3',
        '--data-dir=-data'))
    (folder / 'run').mkdir()
    (folder / 'run' / 'options.json').write_text(
        json.dumps({'options': dict(vars(options), gone='by now')}))
    resumed = train.parse_options(RESUME)
    assert vars(resumed) == dict(vars(options), resume=True)
