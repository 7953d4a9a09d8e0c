"""Disks that are full in truth: a file system of one megabyte in memory."""
import os
import subprocess

import cv2
import helpers
import pytest

SIZE = 1 << 20


@pytest.fixture
def disk(tmp_path):
    """A folder that holds one megabyte."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    try:
        subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={SIZE}', 'tmpfs',
                        str(folder)], check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip('no file system can be mounted')
    yield str(folder)
    subprocess.run(['umount', '-l', str(folder)], check=True)


def leave(disk, free):
    """Fill a disk until so many bytes are free; return the file that does."""
    status = os.statvfs(disk)
    path = os.path.join(disk, 'ballast')
    with open(path, 'wb') as file:
        file.write(b'x' * max(0, status.f_bavail * status.f_bsize - free))
    return path


def check_end(done, disk):
    """Check that a program that failed says so in one line."""
    assert 'Traceback' not in done.stderr, done.stderr
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1 and lines[-1].startswith('[!] ')
    assert 'No space left on device' in lines[-1] or 'are free' in lines[-1]


@pytest.mark.parametrize('free', [0, 12288, 40960])
def test_infer_leaves_no_half_picture_on_a_full_disk(disk, free):
    run = helpers.trained_run()
    pictures = os.path.join(helpers.data_dir(), 'test')
    out = os.path.join(disk, 'out')
    arguments = ('--name', run, '--samples-dir', pictures, '--output-dir',
                 out, '--workers', '1', '--skip-existing')
    ballast = leave(disk, free)
    check_end(helpers.run_program('infer.py', *arguments), disk)
    for parent, _, names in os.walk(out):
        for name in names:
            assert '.part-' not in name
            if name.endswith('.png'):
                assert cv2.imread(os.path.join(parent, name)) is not None
    os.remove(ballast)
    done = helpers.run_program('infer.py', *arguments)
    assert done.returncode == 0, done.stderr
    for name in ('0.png', '1.png', '0_ids.png', '1_ids.png'):
        assert cv2.imread(os.path.join(out, name)) is not None


@pytest.mark.parametrize('free', [0, 65536, 524288, 786432])
def test_train_says_that_the_disk_is_full_and_goes_on_later(disk, free):
    run, data = os.path.join(disk, 'run'), helpers.data_dir()
    vgg = os.path.join(os.path.dirname(helpers.trained_run()), 'vgg')
    arguments = ['--data-source', 'tiny', '--data-dir', data, '--vgg-dir',
                 vgg, '--name', run, '--epochs', '2', '--workers', '1']
    ballast = leave(disk, free)
    done = helpers.run_program('train.py', *arguments)
    print(done.returncode, done.stderr, os.listdir(disk), os.path.isdir(run) and os.listdir(run))
    check_end(done, disk)
    os.remove(ballast)
    assert 0
