"""The header of each program: what runs on what, and where."""
import os
import re

import cv2
import helpers
import numpy as np
import pytest
import runs

import infer
import train
import utils
from segmentation import processor, tf1
from segmentation.data import loading
from segmentation.terminal import header

TENSORFLOW = f'[i] engine: tensorflow {tf1.tf.version.VERSION}, float32, '


def head(lines):
    """Return {title: text} of the lines of a header."""
    return dict(re.match(r'\[i\] (\w+): (.*)', line).groups()
                for line in lines if re.match(r'\[i\] \w+: ', line))


def test_a_source_below_the_working_directory_is_relative(place):
    assert header.data('a', str(place / 'source_a.py'), 'd') == (
        '[i] data: a (source_a.py) in d')
    assert header.data('a', '/nowhere/source_a.py') == (
        '[i] data: a (/nowhere/source_a.py)')


def test_a_source_that_draws_its_pictures_has_no_folder(place, capsys):
    options = train.parse_options(['--data-source', 'demo'])
    utils.print_source(options, loading.load_source(options))
    assert capsys.readouterr().out.splitlines() == [
        f"[i] data: demo ({os.path.join(helpers.ROOT, 'source_demo.py')})",
        '[i] samples: 600 training, 40 validation; 7 classes, input 256x128']


def test_numbers_of_one_have_no_plural():
    assert header.samples({'test': 1}, 1) == (
        '[i] samples: 1 test; 1 class, input native')


@pytest.mark.slow
def test_training_and_scoring_begin_with_all_that_matters(tmp_path):
    run = str(tmp_path / 'run')
    done = helpers.run_program(
        'train.py', '--data-source', 'tiny', '--data-dir',
        helpers.data_dir(), '--model', 'fcn-lite', '--name', run, '--epochs',
        '1', '--batch-size', '4', '--device', 'cpu')
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    found = head(lines[:5])
    assert found['data'] == f'tiny (source_tiny.py) in {helpers.data_dir()}'
    assert found['samples'] == ('9 training, 4 validation, 2 test; 4 classes, '
                                'input 64x32')
    assert found['device'] == f'CPU, {processor.name()}: as --device asks'
    assert lines[3] == f'{TENSORFLOW}all cores'
    count = re.fullmatch('fcn-lite; ([0-9,]+) parameters', found['model'])
    assert int(count.group(1).replace(',', '')) == count_weights(run)

    done = helpers.run_program('evaluate.py', '--name', run, '--split', 'val')
    assert done.returncode == 0, done.stderr
    found = head(done.stdout.splitlines()[:5])
    assert found['samples'] == '4 validation; 4 classes, input 64x32'
    assert found['model'].endswith(f'; {count.group(1)} parameters')
    assert ', valid split: 4 pictures' in done.stdout


def count_weights(run):
    """Return how many numbers are in the best checkpoint of a run."""
    with open(os.path.join(run, 'state.json')) as file:
        best = re.search('"best": "(.*?)"', file.read()).group(1)
    reader = tf1.tf.train.load_checkpoint(os.path.join(run, best))
    return sum(int(np.prod(shape))
               for name, shape in reader.get_variable_to_shape_map().items()
               if name != 'global_step')


def test_inference_says_pictures_model_and_device(place, capsys):
    run = runs.make('run', 'tiny', helpers.data_dir())
    cv2.imwrite('a.png', np.zeros((9, 7, 3), np.uint8))
    assert infer.main(['--name', run, '--samples-dir', 'a.png',
                       '--output-dir', 'out', '--native']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ['[i] pictures: 1; 4 classes, input native',
                         # 3x3 pixels of 3 colours to 4 classes
                         '[i] model: run, best-1; 108 parameters',
                         f'{TENSORFLOW}all cores']
    if not tf1.gpus():
        assert lines[3].startswith(
            f'[i] device: CPU, {processor.name()}: no GPU found')


def test_checking_begins_with_the_data(tmp_path):
    done = helpers.run_program(
        'check_source.py', '--data-source', 'bare', '--data-dir',
        helpers.data_dir(), '--output-dir', str(tmp_path / 'out'))
    assert done.stdout.splitlines()[:2] == [
        f'[i] data: bare (source_bare.py) in {helpers.data_dir()}',
        '[i] samples: 9 training, 4 validation; 4 classes, input 64x32']
