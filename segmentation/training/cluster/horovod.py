"""Processes joined by Horovod, which horovodrun or mpirun has started."""
import horovod.tensorflow as hvd

from segmentation.tf1 import tf
from segmentation.training.cluster import cluster


class Horovod(cluster.Group):
    """Processes that Horovod sums over, by MPI, Gloo or NCCL as it was built.

    Parameters
    ----------
    task : task.Task
    config : tf.ConfigProto
    """

    def __init__(self, task, config):
        hvd.init()
        super().__init__(task, config)

    def reduce(self, tensor, key):
        # Horovod calls it by the name of its tensor, alike in every process.
        return hvd.allreduce(tf.identity(tensor, f'sum_{key}'), op=hvd.Sum)

    def sum_gradients(self, gradients):
        # Horovod agrees on an order by itself, and sends small ones together.
        return [(self.total(tf.convert_to_tensor(gradient)), variable)
                for gradient, variable in gradients]
