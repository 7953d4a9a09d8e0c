"""Processes that horovodrun has started, where Horovod is installed."""
import importlib.util
import sys

import cluster_runs
import pytest
import saved_runs

pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    importlib.util.find_spec('horovod') is None,
    reason='horovod is not installed')]
SETTINGS = cluster_runs.SETTINGS + (
    '--epochs', '3', '--l2', '.01', '--class-weights', 'median')
HOROVODRUN = sys.executable, '-m', 'horovod.runner.launch', '-np', '2'


def test_two_processes_of_horovodrun_train_as_one(tmp_path, monkeypatch):
    """Then --resume goes on, by one of them that no launcher has started."""
    monkeypatch.chdir(tmp_path)
    cluster_runs.make_folder(tmp_path)
    one = cluster_runs.train('one', '--batch-size', '6', *SETTINGS)
    status, said, errors = cluster_runs.finish(cluster_runs.start(
        'two', '--batch-size', '3', *SETTINGS, before=HOROVODRUN))
    assert status == 0, errors
    assert said.count('[i] best mIoU') == 1
    cluster_runs.assert_equal(one, saved_runs.read_log('two'))
    assert len(cluster_runs.train('two', '--resume', '--epochs', '4')) == 4
