"""Folders that one process alone may write, with real processes."""
import errno
import os
import signal
import subprocess
import sys

import helpers
import pytest

from segmentation import locks
from segmentation.processes.shards import Shard

HOLD = '''
import sys
import time

sys.path.insert(0, {root!r})
from segmentation import locks

with locks.locked(sys.argv[1], 'busy'):
    print('held', flush=True)
    time.sleep(60)
'''


@pytest.fixture
def holder(tmp_path):
    """A process that holds tmp_path/run until it is ended."""
    folder = str(tmp_path / 'run')
    with subprocess.Popen(
            [sys.executable, '-c', HOLD.format(root=helpers.ROOT), folder],
            stdout=subprocess.PIPE, universal_newlines=True) as process:
        assert process.stdout.readline() == 'held\n'
        yield folder, process
        process.kill()


def test_another_process_is_refused(holder):
    folder, _ = holder
    with pytest.raises(OSError, match='^somebody trains there$'):
        with locks.locked(folder, 'somebody trains there'):
            pass


def test_a_killed_process_leaves_no_lock(holder):
    folder, process = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert os.listdir(folder) == [locks.LOCK]
    with locks.locked(folder, 'busy'):
        assert os.listdir(folder) == [locks.LOCK]
    assert os.listdir(folder) == []


def test_a_new_folder_without_files_goes(tmp_path):
    with locks.locked(str(tmp_path / 'a' / 'b'), 'busy'):
        assert (tmp_path / 'a' / 'b').is_dir()
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('error', [None, ValueError])
def test_a_folder_with_files_stays(tmp_path, error):
    try:
        with locks.locked(str(tmp_path / 'a'), 'busy'):
            (tmp_path / 'a' / 'file').write_text('x')
            if error:
                raise error
    except ValueError:
        pass
    assert os.listdir(str(tmp_path / 'a')) == ['file']


@pytest.mark.parametrize('held, wanted', [
    (Shard(1, 2), Shard(1, 2)), (Shard(1, 2), None), (None, Shard(1, 2)),
    (Shard(1, 2), Shard(2, 3))])
def test_shards_refuse_themselves_and_all_that_are_no_shards_of_as_many(
        tmp_path, held, wanted):
    folder = str(tmp_path / 'out')
    with locks.locked(folder, 'busy', held):
        for _ in range(2):      # who was refused leaves no lock
            with pytest.raises(OSError, match='^other$'):
                with locks.locked(folder, 'other', wanted):
                    pass
        with locks.locked(folder, 'third', Shard(2, 2)) if held else (
                open(os.devnull)):
            pass
    with locks.locked(folder, 'fourth', wanted):
        pass
    assert os.listdir(folder) == []


def test_locks_of_killed_shards_are_removed(tmp_path):
    for name in ('.lock', '.lock.1-of-3', '.lock.2-of-2', '.locked'):
        (tmp_path / name).write_text('')
    with locks.locked(str(tmp_path), 'busy', Shard(1, 2)):
        assert sorted(os.listdir(str(tmp_path))) == [
            '.lock.1-of-2', '.lock.2-of-2', '.locked']


def test_a_file_system_without_locks_has_none(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSYS, 'Function not implemented')

    monkeypatch.setattr(locks.fcntl, 'flock', refuse)
    with locks.locked(str(tmp_path / 'a'), 'busy'):
        with locks.locked(str(tmp_path / 'a'), 'busy'):
            pass
