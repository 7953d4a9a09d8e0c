"""Several processes of train.py, on few small pictures: as one, and ended."""
import os
import random
import signal
import time

import cluster_runs
import pytest
import saved_runs
from cluster_runs import SETTINGS

pytestmark = pytest.mark.slow
# Ignored pixels, class weights and regularization; no dropout.
WEIGHTED = SETTINGS + ('--l2', '.01', '--class-weights', 'median', '--augment')
FROZEN = SETTINGS + ('--l2', '.01', '--model', 'fcn-pools', '--freeze-encoder',
                     '--feature-dir', 'cache', '--epochs', '2')
# The sums of two batches of crops a step, and what is done with them.
STEPS = SETTINGS + (
    '--model', 'fcn-lite', '--epochs', '3', '--hard-pixels', '.5',
    '--label-smoothing', '.1', '--weight-decay', '.01', '--clip', '.5',
    '--ema', '.8', '--class-weights', 'median', '--augment', '--crop-size',
    '32x64')
BARE = SETTINGS + ('--model', 'fcn-lite', '--epochs', '2')
EPOCHS = 10         # of two batches; the second one is uneven


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp('cluster')
    cluster_runs.make_folder(folder)
    return folder


@pytest.fixture(autouse=True)
def in_workspace(workspace, monkeypatch):
    monkeypatch.chdir(workspace)


@pytest.fixture(scope='module')
def undisturbed(workspace):
    """The log of one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workspace)
        return cluster_runs.train('one', '--batch-size', '6', '--epochs',
                                  str(EPOCHS), *WEIGHTED)


def test_processes_train_as_one_with_the_batches_of_all(undisturbed):
    assert undisturbed[-1]['train_loss'] < undisturbed[0]['train_loss']
    cluster_runs.assert_equal(undisturbed, cluster_runs.train(
        'three', '--processes', '3', '--batch-size', '2', '--epochs',
        str(EPOCHS), *WEIGHTED))


@pytest.mark.skipif(not os.path.isdir('/proc'), reason='needs /proc')
def test_processes_that_die_and_are_resumed_train_as_one_does(undisturbed):
    """Two are killed by a launcher, then by nobody's; a signal stops three."""
    process = cluster_runs.start('two', '--processes', '2', '--batch-size',
                                 '3', '--epochs', '500', *WEIGHTED)
    cluster_runs.wait_for_epoch('two', 1, process)
    time.sleep(random.Random(1).uniform(0, .5))
    assert cluster_runs.kill_one(process, 1) == (1, [])
    assert cluster_runs.broken_checkpoints('two') == []

    first, second = cluster_runs.start_by_config('two', '--resume')
    cluster_runs.wait_for_epoch('two', EPOCHS, first)
    second.kill()
    second.communicate()
    killed = time.monotonic()
    status, _, errors = cluster_runs.finish(first)
    assert time.monotonic() - killed < cluster_runs.LONGEST
    assert status == 1 and len(errors) == 1
    assert 'process 1 of 2, localhost:' in errors[0] and 'has ended' in \
        errors[0]
    assert cluster_runs.broken_checkpoints('two') == []
    log = saved_runs.read_log('two')
    cluster_runs.assert_equal(undisturbed, log[:EPOCHS])

    before = cluster_runs.epochs_done('two')
    process = cluster_runs.start('two', '--resume', '--processes', '3')
    cluster_runs.wait_for_epoch('two', before + 1, process)
    process.send_signal(signal.SIGTERM)
    status, _, errors = cluster_runs.finish(process)
    assert (status, errors) == (143, ['[i] stopping: saving first'])
    assert cluster_runs.broken_checkpoints('two') == []
    done = cluster_runs.epochs_done('two')
    assert saved_runs.epochs('two') == list(range(1, done + 1))
    assert done > before


def test_they_train_alike_whatever_is_minimized_and_accumulated():
    """9 samples are a step of 8, and one of which two have nothing."""
    cluster_runs.assert_equal(
        cluster_runs.train('together', '--batch-size', '8', *STEPS),
        cluster_runs.train('apart', '--processes', '2', '--batch-size', '2',
                           '--accumulate', '2', *STEPS))


def test_they_train_alike_on_features_of_a_frozen_encoder():
    cluster_runs.assert_equal(*(cluster_runs.train(
        f'frozen-{count}', '--processes', str(count), '--batch-size',
        str(4 // count), *FROZEN) for count in (1, 2)))


def test_they_train_alike_on_a_source_that_knows_nothing_of_processes():
    """9 samples in batches of 4: in the last step one has nothing to do."""
    cluster_runs.assert_equal(*(cluster_runs.train(
        f'bare-{count}', '--processes', str(count), '--batch-size',
        str(4 // count), *BARE, source='bare') for count in (1, 2)))


def test_other_options_are_refused_in_one_line():
    for process in cluster_runs.start_by_config(
            'unequal', '--model', 'fcn-lite', different=('--l2', '.5')):
        status, _, errors = cluster_runs.finish(process)
        assert (status, errors) == (1, [
            '[!] process 1 has --l2 0.5, process 0 has 0: the same options is '
            'wanted of all processes'])
    assert not os.path.exists('unequal')


@pytest.mark.parametrize('arguments, message', [
    (('--data-source', 'nope'), "no data source 'nope'"),
    (('--precision', 'bfloat16'), '--precision bfloat16 is for one process'),
    (('--device', 'gpu:1'), '--device gpu:1 is one GPU, and this machine has '
     '2 processes')])
def test_bad_input_is_said_once(arguments, message):
    status, said, errors = cluster_runs.finish(cluster_runs.start(
        'none', '--processes', '2', *arguments))
    assert (status, said) == (1, '')
    assert len(errors) == 1 and message in errors[0]
    assert not os.path.exists('none')
