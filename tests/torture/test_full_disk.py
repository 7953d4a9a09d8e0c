"""Disks that are full in truth: a file system in memory."""
import errno
import json
import os
import subprocess
import sys
import time

import cv2
import helpers
import pytest

pytestmark = pytest.mark.slow
SIZE = 16 << 20


@pytest.fixture
def disk(tmp_path):
    """A folder that holds 16 megabytes."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    try:
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={SIZE}', 'tmpfs',
                        str(folder)], check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip('no file system can be mounted')
    yield str(folder)
    subprocess.run(['umount', '-l', str(folder)], check=True)


def fill(disk, free=0):
    """Fill a disk until so many bytes are free; return the file that does.

    What programs write meanwhile counts as well.
    """
    path = os.path.join(disk, 'ballast')
    with open(path, 'wb', buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        file.truncate(file.tell() - free)
    return path


def assert_full(status, stderr):
    """Check that a program says in one line that the disk is full."""
    assert 'Traceback' not in stderr
    line = stderr.strip().splitlines()[-1]
    assert status == 1 and line.startswith('[!] ')
    assert 'No space left on device' in line or 'are free' in line


def test_programs_say_that_the_disk_is_full_and_go_on_later(disk, tmp_path):
    run, vgg = os.path.join(disk, 'run'), str(tmp_path / 'vgg')
    made = helpers.run_program('vgg16.py', '--random', '--width', '.02',
                               '--vgg-dir', vgg)
    assert made.returncode == 0, made.stderr
    fill_amid_training(disk, run, vgg)
    with open(os.path.join(run, 'state.json')) as file:
        epoch = json.load(file)['epoch']
    done = helpers.run_program('train.py', '--name', run, '--resume',
                               '--epochs', str(epoch + 2))
    assert done.returncode == 0, done.stderr
    assert [entry['epoch'] for entry in read_log(run)] == list(
        range(1, epoch + 3))
    segment(disk, run)


def fill_amid_training(disk, run, vgg):
    """Train until the disk is full; there is room again afterwards."""
    training = subprocess.Popen(
        [sys.executable, os.path.join(helpers.ROOT, 'train.py'),
         '--data-source', 'tiny', '--data-dir', helpers.data_dir(),
         '--vgg-dir', vgg, '--name', run, '--epochs', '500', '--workers', '1'],
        cwd=helpers.folder(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    while training.poll() is None and len(read_log(run)) < 2:
        time.sleep(.05)
    ballast = fill(disk)
    _, stderr = training.communicate(timeout=100)
    assert_full(training.returncode, stderr)
    os.remove(ballast)


def segment(disk, run):
    """Segment pictures on a full disk, then on one with room."""
    out = os.path.join(disk, 'out')
    arguments = ('--name', run, '--samples-dir',
                 os.path.join(helpers.data_dir(), 'test'), '--output-dir',
                 out, '--workers', '1', '--skip-existing')
    ballast = fill(disk, 4096)
    done = helpers.run_program('infer.py', *arguments)
    assert_full(done.returncode, done.stderr)
    names = os.listdir(out) if os.path.isdir(out) else ()
    assert not [name for name in names if '.part-' in name]
    os.remove(ballast)
    done = helpers.run_program('infer.py', *arguments)
    assert done.returncode == 0, done.stderr
    for name in ('0.png', '1.png', '0_ids.png', '1_ids.png'):
        assert cv2.imread(os.path.join(out, name)) is not None


def read_log(run):
    """Return the whole lines of the log of a run."""
    path = os.path.join(run, 'log.jsonl')
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.endswith('\n')]
