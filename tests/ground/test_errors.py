"""Bad input is one line; a bug keeps its traceback and says whose it is."""
import os

import helpers
import pytest

import utils
from segmentation import errors

SOURCE = '''
import numpy as np


class BrokenSource:
    image_size = (64, 32)
    num_classes = 2
    label_colors = {0: (0, 0, 0), 1: (255, 255, 255)}
    num_training = num_validation = 1

    def load_data(self, data_dir, valid_fraction):
        pass

    def train_generator(self, batch_size, names=False):
        yield np.zeros((1, 32, 64, 3)) + np.zeros((1, 31, 64, 3)), None

    valid_generator = train_generator


def get_source():
    return BrokenSource()
'''


def end(error):
    """Return the status with which a program ends that raises an error."""
    def main():
        raise error

    with pytest.raises(SystemExit) as stopped:
        utils.run(main)
    return stopped.value.code


@pytest.mark.parametrize('error, line', [
    (errors.InputError('a.png: no picture'), 'a.png: no picture'),
    (errors.MissingModuleError('pip install it'), 'pip install it'),
    (FileNotFoundError(2, 'No such file', 'a.png'), 'a.png: No such file'),
    (OSError('the disk is full'), 'the disk is full')])
def test_bad_input_is_one_line(capsys, error, line):
    assert end(error) == 1
    assert capsys.readouterr().err == f'[!] {line}\n'


@pytest.mark.parametrize('path', ['out', os.path.join('out', 'a', 'b')])
def test_a_file_where_a_folder_is_wanted_is_named(capsys, tmp_path,
                                                  monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    open('out', 'w').close()
    with pytest.raises(OSError) as made:
        os.makedirs(path, exist_ok=True)
    assert end(made.value) == 1
    assert capsys.readouterr().err == (
        '[!] out is a file: a folder is wanted\n')


@pytest.mark.parametrize('error', [
    ValueError('could not broadcast'), KeyError('road'), ImportError('no x'),
    AttributeError('no size'), AssertionError()])
def test_any_other_exception_keeps_its_traceback(capsys, error):
    assert end(error) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == 'Traceback (most recent call last):'
    assert any('test_errors.py' in line and 'in main' in line
               for line in lines)
    assert lines[-1].startswith('[!] ')
    assert type(error).__name__ in lines[-1]
    assert 'please report it' in lines[-1]


def test_interrupt_has_its_status(capsys):
    assert end(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == '[!] interrupted\n'


def test_a_bug_of_a_source_names_its_file_and_line(tmp_path):
    path = tmp_path / 'source_broken.py'
    path.write_text(SOURCE)
    done = helpers.run_program('train.py', '--data-source', 'broken',
                               '--name', str(tmp_path / 'run'),
                               cwd=str(tmp_path))
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    number = 1 + SOURCE.splitlines().index(next(
        line for line in SOURCE.splitlines() if 'yield' in line))
    assert lines[0] == 'Traceback (most recent call last):'
    assert lines[-1].startswith(
        f'[!] {os.path.realpath(str(path))}, line {number}: ValueError: '
        'operands could not be broadcast')
    assert not (tmp_path / 'run').exists()
