"""Several processes of train.py, on few small pictures: as one, and ended."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import fixtures
import helpers
import pytest

from segmentation.training.cluster import launching, place

pytestmark = pytest.mark.slow
TRAIN = os.path.join(helpers.ROOT, 'train.py')
# Ignored pixels, class weights and regularization; no dropout.
SETTINGS = ('--keep-prob', '1', '--learning-rate', '2e-4', '--l2', '.01',
            '--class-weights', 'median', '--augment')
FROZEN = ('--keep-prob', '1', '--learning-rate', '2e-4', '--l2', '.01',
          '--model', 'fcn-pools', '--freeze-encoder', '--feature-dir', 'cache')


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    """A folder with sources, data of which some are unlabelled, and VGG16."""
    folder = tmp_path_factory.mktemp('cluster')
    shutil.copytree(helpers.data_dir(), str(folder / 'data'))
    for name in ('tiny', 'bare'):
        shutil.copy(os.path.join(helpers.folder(), f'source_{name}.py'),
                    str(folder))
    fixtures.make_vgg(folder)
    return folder


@pytest.fixture(autouse=True)
def in_workspace(workspace, monkeypatch):
    monkeypatch.chdir(workspace)


def start(name, *arguments, source='tiny', environment=()):
    """Start train.py; a resumed run has its options."""
    first = () if '--resume' in arguments else (
        '--data-source', source, '--data-dir', 'data', '--workers', '2')
    return subprocess.Popen(
        [sys.executable, TRAIN, '--name', name, *first, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, env=dict(os.environ, **dict(environment)))


def finish(process):
    """Return the status, stdout and the lines on stderr of a process."""
    said, errors = process.communicate(timeout=200)
    return process.returncode, said, [line for line in errors.splitlines()
                                      if line.startswith('[')]


def train(name, *arguments, **more):
    """Train to the end; return the log."""
    status, said, errors = finish(start(name, *arguments, **more))
    assert (status, errors) == (0, []), errors
    assert said.count('[i] best mIoU') == 1
    return read_log(name)


def read_log(name):
    try:
        with open(os.path.join(name, 'log.jsonl')) as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


def wait_for_epoch(name):
    """Wait until the first epoch of a run is saved."""
    while not glob.glob(os.path.join(name, 'last-*.index')):
        time.sleep(.05)


def children(process):
    """Return the ids of the processes that a process has started."""
    path = f'/proc/{process.pid}/task/{process.pid}/children'
    with open(path) as file:
        return list(map(int, file.read().split()))


def assert_equal(log, other, epochs):
    assert len(log) == len(other) == epochs
    for one, two in zip(log, other):
        for key in ('train_loss', 'first_batch_loss', 'valid_loss', 'miou',
                    'pixel_accuracy'):
            # TensorFlow 1.15 sums a batch's floats to 1e-5 alone.
            assert one[key] == pytest.approx(two[key], abs=2e-5), key


def test_processes_train_as_one_with_the_batches_of_all():
    """20 steps; 9 samples, so that the last batch is uneven."""
    logs = [train(f'as-{count}', '--epochs', '10', '--processes', str(count),
                  '--batch-size', str(6 // count), *SETTINGS)
            for count in (1, 2, 3)]
    assert logs[0][-1]['train_loss'] < logs[0][0]['train_loss']
    assert_equal(logs[0], logs[1], 10)
    assert_equal(logs[0], logs[2], 10)


def test_they_train_alike_on_features_of_a_frozen_encoder():
    logs = [train(f'frozen-{count}', '--epochs', '2', '--processes',
                  str(count), '--batch-size', str(4 // count), *FROZEN)
            for count in (1, 2)]
    assert_equal(*logs, 2)


def test_they_train_alike_on_a_source_that_knows_nothing_of_processes():
    """9 samples in batches of 4: in the last step one has nothing to do."""
    logs = [train(f'bare-{count}', '--epochs', '2', '--processes', str(count),
                  '--batch-size', str(4 // count), '--keep-prob', '1',
                  '--learning-rate', '2e-4', source='bare')
            for count in (1, 2)]
    assert_equal(*logs, 2)


@pytest.mark.skipif(not os.path.isdir('/proc'), reason='needs /proc')
def test_a_killed_process_ends_all_with_a_line():
    """Then --resume goes on, by another number of processes."""
    process = start('killed', '--processes', '2', '--batch-size', '2',
                    '--epochs', '500')
    wait_for_epoch('killed')
    others = children(process)
    os.kill(others[1], signal.SIGKILL)
    killed = time.monotonic()
    status, _, errors = finish(process)
    assert time.monotonic() - killed < 15
    assert status == 1
    assert errors == [
        '[!] process 1 of 2 was ended by SIGKILL; all are ended, and --resume '
        'goes on from the last checkpoint']
    assert not any(os.path.isdir(f'/proc/{number}') for number in others)
    done = len(read_log('killed'))
    log = train('killed', '--resume', '--processes', '1', '--epochs',
                str(done + 1))
    assert [entry['epoch'] for entry in log] == list(range(1, done + 2))


@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130),
                                            (signal.SIGTERM, 143)])
def test_a_signal_saves_and_ends_all(number, status):
    name = f'signal-{status}'
    process = start(name, '--processes', '2', '--batch-size', '2',
                    '--epochs', '500')
    wait_for_epoch(name)
    process.send_signal(number)
    ended, _, errors = finish(process)
    assert (ended, errors) == (status, ['[i] stopping: saving first'])
    with open(os.path.join(name, 'state.json')) as file:
        state = json.load(file)
    assert state['epoch'] >= 1 and os.path.exists(
        os.path.join(name, f"{state['resume']}.index"))


def by_config(name, *arguments, hosts=None, different=()):
    """Start two processes as a cluster's launcher would."""
    hosts = hosts or [f'localhost:{port}' for port in launching.free_ports(2)]
    return [start(name, '--batch-size', '2', *arguments, *more, environment={
        'TF_CONFIG': place.config_of(hosts, rank)})
        for rank, more in enumerate(((), different))]


def test_without_a_launcher_the_others_end_as_well():
    first, second = by_config('gone', '--epochs', '500')
    wait_for_epoch('gone')
    second.kill()
    second.communicate()
    killed = time.monotonic()
    status, _, errors = finish(first)
    assert time.monotonic() - killed < 15
    assert status == 1 and len(errors) == 1
    assert 'process 1 of 2, localhost:' in errors[0] and 'has ended' in \
        errors[0]


def test_other_options_are_refused_in_one_line():
    for process in by_config('unequal', different=('--l2', '.5')):
        status, _, errors = finish(process)
        assert (status, errors) == (1, [
            '[!] process 1 has --l2 0.5, process 0 has 0: the same options is '
            'wanted of all processes'])
    assert not os.path.exists('unequal')


@pytest.mark.parametrize('host, message', [
    ('localhost:1', 'process 1: nothing answers at localhost:1 for 1 s; '
                    '--join-timeout waits longer'),
    ('nowhere.invalid:7', 'process 1, nowhere.invalid:7: no such host')])
def test_a_host_that_is_not_there_is_one_line(host, message):
    port, = launching.free_ports(1)
    process = start('alone', '--join-timeout', '1', environment={
        'TF_CONFIG': place.config_of([f'localhost:{port}', host], 0)})
    status, _, errors = finish(process)
    assert status == 1 and len(errors) == 1 and message in errors[0]


def test_a_port_in_use_is_one_line():
    import socket
    with socket.socket() as other:
        other.bind(('', 0))
        other.listen(1)
        port = other.getsockname()[1]
        process = start('busy', environment={'TF_CONFIG': place.config_of(
            [f'localhost:{port}', 'localhost:1'], 0)})
        status, _, errors = finish(process)
    assert status == 1 and errors == [
        f'[!] process 0 of 2 cannot listen at localhost:{port}: is port '
        f'{port} in use?']


def test_bad_input_is_said_once():
    process = start('none', '--processes', '2', source='nope')
    status, said, errors = finish(process)
    assert (status, said) == (1, '')
    assert len(errors) == 1 and "no data source 'nope'" in errors[0]
