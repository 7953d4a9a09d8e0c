"""Runs of train.py by several processes: begun, killed, and what they leave.
"""
import contextlib
import glob
import json
import os
import re
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import cv2
import fixtures
import helpers
import numpy as np
import pytest
import saved_runs

from segmentation.tf1 import tf
from segmentation.training.cluster import launching, task

TRAIN = os.path.join(helpers.ROOT, 'train.py')
PROGRESS = re.compile(' (left|so far)$')
LONGEST = 15        # seconds in which all have ended when one has died
SETTINGS = ('--keep-prob', '1', '--learning-rate', '2e-4', '--schedule',
            'constant')     # so that other numbers of epochs compare
ENDED = ('[!] process {} of 2 was ended by SIGKILL; all are ended, and '
         '--resume goes on from the last checkpoint')


def make_folder(folder):
    """Fill a folder with sources, VGG16, and data.

    The first training picture is labelled nearly everywhere, the last one
    nowhere.
    """
    data = os.path.join(str(folder), 'data')
    shutil.copytree(helpers.data_dir(), data)
    for k in range(helpers.COUNTS['train']):
        path = os.path.join(data, 'train', f'{k}_ids.png')
        ids = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        ids[:5 * k + 5] = helpers.VOID
        cv2.imwrite(path, ids)
    assert np.all(ids == helpers.VOID)
    for name in ('tiny', 'bare'):
        shutil.copy(os.path.join(helpers.folder(), f'source_{name}.py'),
                    str(folder))
    fixtures.make_vgg(pathlib.Path(folder))


def start(name, *arguments, source='tiny', before=(), environment=()):
    """Start train.py in the working directory; a resumed run has its options.

    Parameters
    ----------
    before : sequence of str
        What starts Python, if it is not started by itself.
    """
    first = () if '--resume' in arguments else (
        '--data-source', source, '--data-dir', 'data', '--workers', '2')
    return subprocess.Popen(
        [*before, sys.executable, TRAIN, '--name', name, *first, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, env=dict(os.environ, **dict(environment)))


def start_by_config(name, *arguments, different=()):
    """Start two processes by TF_CONFIG, the second with options of its own."""
    hosts = [f'localhost:{port}' for port in launching.free_ports(2)]
    return [start(name, *arguments, *more, environment={
        'TF_CONFIG': task.config_of(hosts, rank)})
        for rank, more in enumerate(((), different))]


def finish(process):
    """Return the status, stdout and the lines on stderr of a process.

    Those on its progress, which a slow machine has, are left out.
    """
    said, errors = process.communicate(timeout=200)
    return process.returncode, said, [line for line in errors.splitlines()
                                      if line.startswith('[')
                                      and not PROGRESS.search(line)]


def train(name, *arguments, **more):
    """Train to the end; return the log."""
    status, said, errors = finish(start(name, *arguments, **more))
    assert (status, errors) == (0, []), errors
    assert said.count('[i] best mIoU') == 1
    return saved_runs.read_log(name)


def epochs_done(name):
    """Return how many epochs the last checkpoint has behind it; 0 without."""
    try:
        with open(os.path.join(name, 'state.json')) as file:
            return json.load(file)['epoch']
    except FileNotFoundError:
        return 0


def wait_for_epoch(name, epoch, process):
    """Wait until so many epochs are saved, or the process has ended."""
    while epochs_done(name) < epoch and process.poll() is None:
        time.sleep(.05)


def children(process):
    """Return the ids of the processes that a process has started, in order."""
    path = f'/proc/{process.pid}/task/{process.pid}/children'
    try:
        with open(path) as file:
            return list(map(int, file.read().split()))
    except FileNotFoundError:
        return []


def kill_one(process, rank):
    """Kill -9 one of the two processes of a launcher.

    Returns
    -------
    int
        The exit status of the launcher.
    list of str
        What is wrong with how all ended.
    """
    numbers = children(process)
    with contextlib.suppress(ProcessLookupError):
        os.kill(numbers[rank], signal.SIGKILL)
    killed = time.monotonic()
    status, _, errors = finish(process)
    seconds = time.monotonic() - killed
    if status == 0:         # it had ended before
        return 0, []
    complaints = []
    if seconds > LONGEST:
        complaints.append(f'all ended after {seconds:.1f} s')
    if (status, errors) != (1, [ENDED.format(rank)]):
        complaints.append(f'status {status}: {errors}')
    complaints += [f'process {number} is left' for number in numbers
                   if os.path.isdir(f'/proc/{number}')]
    return status, complaints


def broken_checkpoints(name):
    """Return the checkpoints of a run that are not whole, and finite.

    Those that state.json points at; there may be none yet.
    """
    if not os.path.exists(os.path.join(name, 'state.json')):
        return []
    with open(os.path.join(name, 'state.json')) as file:
        state = json.load(file)
    return [path for path in (os.path.join(name, state[kind]) for kind in
                              ('best', 'last', 'resume') if kind in state)
            if not glob.glob(f'{path}.index') or not is_finite(path)]


def is_finite(path):
    """Return whether a checkpoint can be read, and has finite numbers."""
    try:
        reader = tf.train.NewCheckpointReader(path)
        return all(np.isfinite(reader.get_tensor(key)).all()
                   for key in reader.get_variable_to_shape_map())
    except (tf.errors.OpError, ValueError):
        return False


def assert_equal(log, other):
    """Compare the losses and scores of each epoch, to 1e-5."""
    assert len(log) == len(other)
    for one, two in zip(log, other):
        for key in ('train_loss', 'first_batch_loss', 'valid_loss', 'miou',
                    'pixel_accuracy'):
            assert one[key] == pytest.approx(two[key], rel=0, abs=1e-5), (
                one['epoch'], key)
