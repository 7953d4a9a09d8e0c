"""search.py as a user runs it: a study, its best options, and refusals."""
import json
import os
import subprocess
import sys

import helpers
import pytest
import saved_runs

import train

optuna = pytest.importorskip('optuna')

SPACE = {'learning_rate': {'low': 1e-3, 'high': 1e-2, 'log': True},
         'batch_size': [3, 9], 'augment': ['light', False]}
# As if the package were not installed.
WITHOUT_OPTUNA = f'''
import sys
from importlib import machinery
find = machinery.PathFinder.find_spec
machinery.PathFinder.find_spec = lambda name, *more: (
    None if name == 'optuna' else find(name, *more))
sys.path.insert(0, {helpers.ROOT!r})
import search, utils
utils.run(search.main)
'''


@pytest.fixture
def data(place):
    (place / 'space.json').write_text(json.dumps(SPACE))
    for name in os.listdir(helpers.folder()):
        if name.endswith('.py'):
            os.symlink(os.path.join(helpers.folder(), name), str(place / name))
    os.symlink(helpers.data_dir(), 'data')
    return place


def search(*options, train=(), cwd='.'):
    arguments = ['--', '--data-source', 'tiny', '--model', 'fcn-lite', *train]
    return helpers.run_program('search.py', '--study', 's', *options,
                               *arguments * bool(train), cwd=cwd, timeout=280)


def load():
    return optuna.load_study(study_name='search',
                             storage='sqlite:///s/study.db')


def read(*names):
    with open(os.path.join(*names)) as file:
        return json.load(file)


@pytest.mark.slow
def test_study_goes_on_and_its_best_options_train(data):
    first = search('--trials', '1', '--space', 'space.json',
                   train=['--epochs', '2', '--hold-out', '[1-3].png'])
    assert (first.returncode, first.stderr) == (0, '')
    # What follows --, and the space, are those of the first call.
    second = search('--trials', '2', '--keep', '1')
    assert (second.returncode, second.stderr) == (0, '')
    trials = load().trials
    assert [trial.state.name for trial in trials] == ['COMPLETE'] * 2
    best = max(trials, key=lambda trial: trial.value)
    run = f's/trial-{best.number:04d}'
    assert [name for name in sorted(os.listdir('s'))
            if os.path.isdir(os.path.join('s', name))] == [run[2:]]
    log = saved_runs.read_log(run)
    assert [(entry['epoch'], entry['miou']) for entry in log] == list(
        best.intermediate_values.items())
    assert best.value == max(entry['miou'] for entry in log)
    saved = read(run, 'options.json')['options']
    assert {name: saved[name] for name in SPACE} == best.params
    assert saved['hold_out'] == '[1-3].png'
    again = vars(train.parse_options(
        ['--recipe', 's/best.json', '--name', 'again']))
    assert dict(json.loads(json.dumps(again)), name=run, recipe=None,
                hold_out='[1-3].png') == saved
    shown = helpers.run_program('search.py', '--study', 's', '--show',
                                cwd='.')
    assert shown.returncode == 0, shown.stderr
    head, *rows = shown.stdout.splitlines()
    assert head.split() == ['trial', 'mIoU', 'epochs', 'time', *SPACE]
    assert rows[0].split()[:3] == [str(best.number), f'{best.value:.2%}'[:-1],
                                   '2']
    assert second.stdout.endswith(shown.stdout)
    assert rows[-1].endswith('train.py --recipe s/best.json')
    other = search('--trials', '3', train=[
        '--epochs', '3', '--hold-out', '[1-3].png'])
    assert (other.returncode, other.stderr) == (
        1, '[!] --epochs is 2 in s, 3 here: --study starts another search\n')
    other = search('--trials', '3', train=[
        '--epochs', '2', '--hold-out', '[1-3].png', '--validation-interval',
        '2'])
    assert (other.returncode, other.stderr) == (
        1, '[!] --validation-interval is 1 in s, 2 here: --study starts '
        'another search\n')


@pytest.mark.slow
def test_pruned_run_is_saved_and_best_options_reach_the_same(data):
    common = ['--epochs', '60', '--checkpoint-interval', '9', '--seed', '3']
    (data / 'space.json').write_text(json.dumps(
        {'learning_rate': [3e-3, 1e-12]}))
    first = search('--trials', '1', '--full-trials', '1', '--space',
                   'space.json', train=common)
    assert first.returncode == 0, first.stderr
    for rate in (3e-3, 1e-12):
        load().enqueue_trial({'learning_rate': rate})
    # In the first epochs a network that learns may be the worse one.
    done = search('--trials', '3', '--full-trials', '1', '--min-epochs', '30')
    assert done.returncode == 0, done.stderr
    pruned = [trial for trial in load().trials
              if trial.state.name == 'PRUNED']
    assert pruned and {trial.params['learning_rate'] for trial in pruned} == {
        1e-12}
    run = f's/trial-{pruned[0].number:04d}'
    assert read(run, 'state.json')['epoch'] == len(
        pruned[0].intermediate_values) < 60
    again = helpers.run_program('train.py', '--recipe', 's/best.json',
                                '--name', 'again', cwd='.')
    assert again.returncode == 0, again.stderr
    assert read('again', 'state.json')['best_miou'] == load().best_value


def test_first_trial_that_fails_is_the_end(data):
    (data / 'space.json').write_text(json.dumps({'l2': [0, 1]}))
    done = search('--space', 'space.json', train=[
        '--model', 'fcn8s', '--offline', '--vgg-dir', 'none'])
    assert done.returncode == 1
    line = load().trials[0].user_attrs['error']
    assert 'none' in line and done.stderr == f'[!] {line}\n'
    assert not os.path.exists('s/trial-0000')


@pytest.mark.parametrize('options, common, status, message', [
    (['--space', 'space.json'], ['--lr', '3'], 2,
     'train.py: error: --lr: did you mean --learning-rate?'),
    (['--space', 'nothing.json'], ['--epochs', '3'], 1,
     '[!] --space nothing.json: one of frozen or a JSON file is wanted'),
    (['--space', 'space.json'], ['--batch-size', '3'], 1,
     '[!] space space.json: batch_size is given to all trials: it cannot be '
     'searched as well'),
    ([], ['--epochs', '3'], 2,
     'search.py: error: --space is missing: a JSON file, or frozen'),
    (['--space', 'space.json'], [], 2,
     'train.py: error: --data-source is missing: after --, search.py takes '
     'the options of train.py that all trials share'),
    (['--show'], [], 1, '[!] no study in s'),
    (['--trails', '3'], [], 2, 'search.py: error: --trails: did you mean '
     '--trials?')])
def test_what_is_no_search_is_told_and_leaves_nothing(
        data, options, common, status, message):
    done = search(*options, train=common)
    assert (done.returncode, done.stderr.splitlines()[0]) == (status, message)
    assert not os.path.exists('s')


def test_unknown_option_is_told_with_the_nearest(data):
    (data / 'space.json').write_text(json.dumps({'learning_rates': [1]}))
    done = search('--space', 'space.json', train=['--epochs', '1'])
    assert (done.returncode, done.stderr) == (
        1, "[!] space space.json: 'learning_rates' is no option of a recipe: "
        "did you mean 'learning_rate'?\n")


def test_folder_without_a_study_is_left_alone(data):
    (data / 's').mkdir()
    (data / 's' / 'mine').write_text('')
    done = search('--space', 'space.json', train=['--epochs', '1'])
    assert (done.returncode, done.stderr) == (
        1, '[!] s exists already and holds no study: --study starts another\n')


def test_missing_optuna_is_one_line(place):
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT_OPTUNA, '--study', 's', '--show'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    assert (done.returncode, done.stderr) == (
        1, '[!] search.py needs the package optuna, which is not installed: '
        'pip install -r requirements-search.txt\n')
