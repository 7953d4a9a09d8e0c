"""The search with a stand-in for train.py; Optuna itself reads the study."""
import functools
import json
import os
import signal
import sqlite3
import subprocess
import sys

import helpers
import pytest
import saved_runs

import train_options
from segmentation.errors import InputError

optuna = pytest.importorskip('optuna')
from segmentation.search import (  # noqa: E402
    command, loop, ranking, runner, study)
from segmentation.search import space as spaces  # noqa: E402

TRAIN = [sys.executable, os.path.join(helpers.ROOT, 'tests', 'search',
                                      'standing_in.py')]
SPACE = {'learning_rate': {'low': .1, 'high': .9},
         'keep_prob': [1.0]}
EPOCHS = 3
# The same as `search` below, as a program that takes the number of trials.
PROGRAM = f'''
import sys
sys.path[:0] = {[helpers.ROOT, os.path.join(helpers.ROOT, 'tests'),
                 os.path.join(helpers.ROOT, 'tests', 'search')]}
import test_search_loop
sys.exit(test_search_loop.search('s', int(sys.argv[1])))
'''


@pytest.fixture(autouse=True)
def fast(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, 'INTERVAL', .02)


def search(folder, count, keep=None, full_trials=5, space=None):
    """Search learning rates; return the exit status."""
    space = space or {'learning_rate': SPACE['learning_rate']}
    shared = command.Command(train_options.make_parser, [], [
        '--data-source=demo', f'--epochs={EPOCHS}'])
    return loop.search(
        study.Study(folder, full_trials=full_trials), TRAIN, shared, space,
        spaces.distributions_of(space, shared, 'space'), count, keep)


def load(folder='s'):
    """Return the study as Optuna has it, by no module of ours."""
    return optuna.load_study(study_name='search',
                             storage=f'sqlite:///{folder}/study.db')


def enqueue(*rates, folder='s', **more):
    for rate in rates:
        load(folder).enqueue_trial(dict(learning_rate=rate, **more))


def states(folder='s'):
    return [trial.state.name for trial in load(folder).trials]


def log(number):
    return saved_runs.read_log(f's/trial-{number:04d}')


def test_trials_are_what_train_logged(capsys):
    assert search('s', 2) == 0
    trials = load().trials
    assert states() == ['COMPLETE', 'COMPLETE']
    for number, trial in enumerate(trials):
        rate = trial.params['learning_rate']
        assert .1 <= rate <= .9
        assert trial.value == rate
        assert trial.intermediate_values == {k: rate for k in (1, 2, 3)}
        assert [entry['miou'] for entry in log(number)] == [rate] * EPOCHS
    best = max(trial.value for trial in trials)
    with open('s/best.json') as file:
        assert json.load(file) == {'data_source': 'demo', 'epochs': EPOCHS,
                                   'learning_rate': best}
    assert not [name for name in os.listdir('s') if name.endswith('.lock')]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f'[i] trial 0: --learning-rate={trials[0].value}'
    assert said[-1].endswith(f'; best {100 * best:.2f} % in trial '
                             f'{[t.value for t in trials].index(best)}')


def test_same_seed_tries_the_same_however_it_is_interrupted():
    search('a', 3)
    for count in (1, 2, 3):
        search('b', count)
    tried = [[trial.params for trial in load(folder).trials]
             for folder in 'ab']
    assert tried[0] == tried[1]
    assert len({trial['learning_rate'] for trial in tried[0]}) == 3


def test_trial_below_the_median_is_pruned_after_an_epoch(capsys):
    study.Study('s')
    enqueue(.5)
    search('s', 1, full_trials=1)
    open('SLOW', 'w').close()       # only a signal ends an epoch then
    enqueue(.25)
    assert search('s', 2, full_trials=1) == 0
    trial = load().trials[1]
    assert (trial.state.name, trial.intermediate_values) == (
        'PRUNED', {1: .25})
    assert len(log(1)) == 1
    assert 'trial 1: pruned; best 50.00 % in trial 0' in (
        capsys.readouterr().out)


def test_a_signal_while_a_trial_is_pruned_ends_the_search(monkeypatch):
    study.Study('s')
    enqueue(.5, .25)
    open('SLOW', 'w').close()

    def prune(_):
        signal.getsignal(signal.SIGTERM)(signal.SIGTERM, None)
        return True
    monkeypatch.setattr(optuna.trial.Trial, 'should_prune', prune)
    assert search('s', 2) == 128 + signal.SIGTERM
    assert states() == ['PRUNED', 'WAITING']


def test_first_trial_that_fails_ends_the_search_with_its_line():
    failing = dict(SPACE, keep_prob=[.5])
    with pytest.raises(InputError) as failed:
        search('s', 3, space=failing)
    assert str(failed.value) == 'the disk is full'
    trial, = load().trials
    assert (trial.state.name, trial.user_attrs['error']) == (
        'FAIL', 'the disk is full')
    with open('s/trial-0000.txt') as file:
        assert file.read() == ('[i] training\n[!] early\n'
                               '[!] the disk is full\n')


def test_later_trial_that_fails_is_recorded(capsys):
    study.Study('s')
    space = dict(SPACE, keep_prob=[1.0, .5])
    enqueue(.5, keep_prob=1.0)
    enqueue(.75, keep_prob=.5)
    enqueue(.25, keep_prob=1.0)
    assert search('s', 3, space=space) == 0
    assert states() == ['COMPLETE', 'FAIL', 'COMPLETE']
    assert 'trial 1: failed: the disk is full' in capsys.readouterr().out
    trials = load().trials
    assert ranking.failures(trials) == ['trial 1 failed: the disk is full']
    lines = [line.split() for line in ranking.table(
        trials, ['learning_rate', 'keep_prob']).splitlines()]
    assert [(line[0], line[1], line[2], line[-1]) for line in lines[1:]] == [
        ('0', '50.00', '3', '1'), ('2', '25.00', '3', '1'),
        ('1', '75.00', '1', 'failed')]


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_interrupted_trial_goes_on_in_the_next_call(number, capsys):
    study.Study('s')
    enqueue(.5)
    with open('EVENT', 'w') as file:
        file.write(str(int(number)))
    open('SLOW', 'w').close()
    # A process of its own: the signal goes to whoever has begun the trial.
    assert subprocess.run([sys.executable, '-c', PROGRAM, '2'],
                          timeout=120).returncode == 128 + number
    assert states() == ['FAIL', 'WAITING']
    assert len(log(0)) == 1
    os.remove('SLOW')
    assert search('s', 2) == 0
    assert states() == ['FAIL', 'COMPLETE', 'COMPLETE']
    trial = load().trials[1]
    assert trial.intermediate_values == {1: .5, 2: .5, 3: .5}
    assert [entry['epoch'] for entry in log(1)] == [1, 2, 3]
    assert not os.path.exists('s/trial-0000')
    assert 'trial 1: --learning-rate=0.5 (goes on)' in capsys.readouterr().out


def test_trial_of_a_killed_process_is_done_again():
    study.Study('s')
    enqueue(.5)
    # A process that has it, and then is gone.
    load().ask({'learning_rate': optuna.distributions.FloatDistribution(
        .1, .9)})
    assert search('s', 1) == 0
    assert states() == ['FAIL', 'COMPLETE']
    assert load().trials[1].value == .5


@pytest.mark.slow
def test_two_processes_share_the_trials():
    study.Study('s')
    processes = [subprocess.Popen([sys.executable, '-c', PROGRAM, '4'],
                                  stdout=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    trials = load().trials
    assert states() == ['COMPLETE'] * 4
    assert len({trial.value for trial in trials}) == 4
    assert sorted(b''.join(said).count(b'trial %d: --' % k)
                  for k in range(4)) == [1] * 4


def test_runs_but_the_best_are_removed():
    study.Study('s')
    enqueue(.5, .75, .25)
    os.makedirs('s/mine')
    assert search('s', 3, keep=2) == 0
    assert sorted(name for name in os.listdir('s') if os.path.isdir(
        os.path.join('s', name))) == ['mine', 'trial-0000', 'trial-0001']
    # All trials are done, and yet another run goes.
    assert search('s', 3, keep=1) == 0
    assert sorted(name for name in os.listdir('s') if os.path.isdir(
        os.path.join('s', name))) == ['mine', 'trial-0001']


def test_folder_of_somebody_else_is_left_alone():
    search('s', 1)
    os.makedirs('s/trial-0001')
    open('s/trial-0001/mine', 'w').close()
    with pytest.raises(FileExistsError, match='trial-0001 exists already'):
        search('s', 2)
    search('s', 3, keep=1)
    assert states() == ['COMPLETE', 'FAIL', 'COMPLETE']
    assert os.listdir('s/trial-0001') == ['mine']


def test_importance_is_that_of_the_option_that_matters():
    one = optuna.create_study(direction='maximize')
    domains = {name: optuna.distributions.FloatDistribution(0, 1)
               for name in ('matters', 'idle')}
    for k in range(8):
        one.add_trial(optuna.trial.create_trial(
            params={'matters': k / 8, 'idle': k % 3 / 3},
            distributions=domains, value=k / 8))
        if k == 2:
            assert ranking.importance(one) == {}
    shares = ranking.importance(one)
    assert shares['matters'] > .5 > shares['idle']


def test_no_database_is_told(capsys):
    from segmentation.search import storage
    os.makedirs('s')
    with open('s/study.db', 'w') as file:
        file.write('no database at all\n' * 100)
    with pytest.raises(InputError, match=r's/study\.db: Optuna cannot use it'):
        with storage.errors('s'):
            study.Study('s')


def test_odd_names_of_folders_are_taken():
    name = 'a ?#%{x}\xe9'
    search(name, 1)
    connect = functools.partial(sqlite3.connect, f'{name}/study.db')
    found = optuna.load_study(
        study_name='search', storage=optuna.storages.RDBStorage(
            'sqlite://', engine_kwargs={'creator': connect}))
    assert len(found.trials) == 1
