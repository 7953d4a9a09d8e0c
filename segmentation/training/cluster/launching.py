"""The processes of one machine: started by a first one, and ended with it.

`launch` is what train.py --processes does, `member` what each process is in.
"""
import contextlib
import os
import socket

from segmentation.processes import gpus, launcher
from segmentation.training.cluster import task, watch

ADVICE = ('; all are ended, and --resume goes on from the last checkpoint')


def launch(size, command):
    """Train by several processes of this machine; return the exit status.

    Parameters
    ----------
    size : int
    command : list of str
        Of each.
    """
    hosts = [f'localhost:{port}' for port in free_ports(size)]
    return launcher.run([
        (command, {'TF_CONFIG': task.config_of(hosts, rank)})
        for rank in range(size)], ADVICE)


def free_ports(count):
    """Return the numbers of ports that are not in use."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket())
                   for _ in range(count)]
        for one in sockets:
            one.bind(('localhost', 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def member(own, device):
    """Hold what a process among several is in: its GPU, and whom it ends with.

    A process that has lost another one ends with a status that says so to the
    one that started both, which reports the cause.

    Parameters
    ----------
    own : task.Task
    device : str or None
        cpu, gpu or gpu:N.
    """
    gpu = gpus.own_gpu(own.local_rank, own.local_size, own.is_launched,
                       device, os.environ)
    if gpu is not None:
        os.environ['CUDA_VISIBLE_DEVICES'] = gpu
    if own.is_launched:
        launcher.end_with_parent()
    with contextlib.ExitStack() as stack:
        if own.rank:
            nowhere = stack.enter_context(open(os.devnull, 'w'))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        try:
            yield
        except watch.LostProcess:
            if not own.is_launched:
                raise
            raise SystemExit(launcher.LOST)
