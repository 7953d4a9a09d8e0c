"""How processes join, and what watches over them.

    Task -> Cluster
"""
import contextlib
import time

from segmentation import tf1
from segmentation.tf1 import tf
from segmentation.training.cluster import collectives, watch
from segmentation.training.cluster.cluster import Cluster

# What is raised when a process that this one works with has ended.
LOST = (tf.errors.UnavailableError, tf.errors.AbortedError,
        tf.errors.CancelledError, tf.errors.InternalError)
LOST_BY_HOROVOD = LOST + (tf.errors.UnknownError,)


@contextlib.contextmanager
def joined(task, config, device, timeout):
    """Yield the Cluster of all processes, once they are there.

    Parameters
    ----------
    task : task.Task
    config : tf.ConfigProto
        Of sessions.
    device : str or None
        cpu, gpu or gpu:N; by default a GPU where there is one.
    timeout : float
        Seconds to wait for the others; Horovod has its own.

    Raises
    ------
    InputError
        A port is in use, or a host does not answer.
    LostProcess
        Another process has ended.
    """
    if task.is_alone:
        yield Cluster(config)
    elif task.is_horovod:
        from segmentation.training.cluster import horovod
        with naming_losses((), LOST_BY_HOROVOD):
            cluster = horovod.Horovod(task, config)
            yield cluster
            cluster.wait()
    else:
        with naming_losses(task.hosts), contextlib.ExitStack() as stack:
            cluster = collectives.Collectives(task, config, device)
            watch.wait_for(task.hosts, timeout)
            if not task.is_launched:
                stack.enter_context(watch.watched(task.hosts))
            yield cluster
            cluster.wait()


@contextlib.contextmanager
def naming_losses(hosts, kinds=LOST):
    """Raise LostProcess for what TensorFlow raises when a process ended."""
    try:
        yield
    except kinds as error:
        time.sleep(1)       # its port may close later
        raise watch.lost(hosts) or watch.LostProcess(
            f'the other processes are lost: {tf1.reason(error)}')
