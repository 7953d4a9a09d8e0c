"""Processes joined by TensorFlow's own collectives."""
from segmentation import errors, tf1
from segmentation.errors import InputError
from segmentation.tf1 import collective_ops, tf
from segmentation.training.cluster import cluster

# Each group of devices has a number.
CPUS, GPUS = 1, 2


class Collectives(cluster.Group):
    """Processes that each run a server of TensorFlow.

    Parameters
    ----------
    task : task.Task
        With hosts; they need not be there yet.
    config : tf.ConfigProto
    device : str or None
        cpu, gpu or gpu:N; all processes are on one kind.
    """

    def __init__(self, task, config, device):
        config = joining_config(config, task.rank)
        # The first in a process to see its devices, which have the threads
        # that this one gives them.
        self.server = serve(task.hosts, task.rank, config)
        self.has_gpu = tf1.has_gpu(device)
        super().__init__(task, config, self.server.target)

    def reduce(self, tensor, key):
        on_gpu = self.has_gpu and 'cpu' not in tensor.device.lower()
        # TensorFlow 1.15 has to be told the device. Its collective_nccl in
        # tf.ConfigProto would send sums on the CPU to NCCL, too: the hint
        # alone chooses it, where TensorFlow was built with it.
        with tf.device('/gpu:0' if on_gpu else '/cpu:0'):
            return collective_ops.all_reduce(
                tf.identity(tensor), self.size, GPUS if on_gpu else CPUS, key,
                'Add', 'Id', communication_hint='nccl' if on_gpu else 'auto')


def joining_config(config, rank):
    """Return the tf.ConfigProto of a session that sees its own devices."""
    joined = tf.ConfigProto()
    joined.CopyFrom(config)
    joined.device_filters.append(f'/job:worker/task:{rank}')
    joined.experimental.collective_group_leader = (
        '/job:worker/replica:0/task:0')
    return joined


def serve(hosts, rank, config):
    """Start and return the server of one of the processes at `hosts`.

    Raises
    ------
    InputError
        The port is in use.
    """
    try:
        with errors.quiet(reveal=False):
            return tf.train.Server(
                tf.train.ClusterSpec({'worker': list(hosts)}), 'worker', rank,
                config=config)
    except tf.errors.OpError:
        port = hosts[rank].rsplit(':', 1)[1]
        raise InputError(f'process {rank} of {len(hosts)} cannot listen at '
                         f'{hosts[rank]}: is port {port} in use?')
