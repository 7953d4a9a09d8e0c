"""The TF_CONFIG that the commands of docs/scale.md give to each process."""
import os
import re
import subprocess

import helpers
import pytest

from segmentation.training.cluster import task

PROGRAMS = {
    'python': 'echo "$TF_CONFIG" | tr "\\n" " "; echo',
    'scontrol': 'test "$3" = "a[1-2]" && printf "a1\\na2\\n"',
    'srun': 'for k in 0 1 2 3 4 5 6 7; do SLURM_PROCID=$k "$@"; done'}


@pytest.fixture
def run(tmp_path):
    """Run a script by programs that stand in for those of a cluster.

    The Task that TF_CONFIG gives to each process is returned.
    """
    for name, script in PROGRAMS.items():
        (tmp_path / name).write_text(f'#!/bin/bash\n{script}\n')
        (tmp_path / name).chmod(0o755)

    def start(script, **environment):
        path = os.pathsep.join([str(tmp_path), os.environ['PATH']])
        done = subprocess.run(
            ['bash', '-ec', script], env=dict(environment, PATH=path),
            stdout=subprocess.PIPE, check=True, universal_newlines=True)
        return [task.of_config(line) for line in done.stdout.splitlines()]
    return start


def block(mark):
    """Return the lines of the fenced block of docs/scale.md with a mark."""
    with open(os.path.join(helpers.ROOT, 'docs', 'scale.md')) as file:
        blocks = re.findall(r'^```\w*\n(.*?)^```$', file.read(),
                            re.DOTALL | re.MULTILINE)
    found, = [text for text in blocks if mark in text]
    return found


def test_two_machines_are_two_processes(run):
    assert [one[:5] for one in run(block('# on machine a'))] == [
        (rank, 2, 0, 1, ('a:2222', 'b:2222')) for rank in (0, 1)]


def test_slurm_starts_four_processes_on_each_of_two_machines(run):
    hosts = tuple(f'{machine}:{port}' for machine in ('a1', 'a2')
                  for port in (2222, 2223, 2224, 2225))
    assert [one[:5] for one in run(
        block('#SBATCH --nodes=2'), SLURM_JOB_NODELIST='a[1-2]')] == [
        (rank, 8, rank % 4, 4, hosts) for rank in range(8)]


def test_kubernetes_starts_two_pods(run):
    text = block('metadata: {name: train}')
    lines = re.search(r'^( +)- \|\n((?:\1  .*\n)+)', text, re.MULTILINE)
    for index in (0, 1):
        assert run(lines[2], JOB_COMPLETION_INDEX=str(index)) == [task.Task(
            index, 2, 0, 1, ('train-0.train:2222', 'train-1.train:2222'))]
