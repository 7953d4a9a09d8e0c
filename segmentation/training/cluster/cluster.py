"""The seam of several processes: what training asks of the others.

    gradients [..] of each process -> their sum, in the graph
    array of each process          -> their sum, outside of it
"""
import itertools
import json
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from segmentation import tf1
from segmentation.tf1 import tf

# Steps that a run never has: ranks count theirs from multiples of it.
APART = 1 << 40
MOST_BYTES = 1 << 29    # of variables that are sent at a time


class Cluster:
    """A process that trains alone; others sum over all processes.

    Every process has to call the same methods in the same order.

    Parameters
    ----------
    config : tf.ConfigProto, optional
        Of sessions.

    Attributes
    ----------
    rank, size : int
        Which process of how many: 0 .. size - 1.
    local_rank, local_size : int
        The same among the processes of this machine.
    target : str
        What sessions are opened on.
    """

    rank = local_rank = 0
    size = local_size = 1
    target = ''

    def __init__(self, config: Optional[tf.ConfigProto] = None) -> None:
        self.config = config

    def total(self, tensor: tf.Tensor) -> tf.Tensor:
        """Return the sum of a tensor of every process."""
        return tensor

    def sum_gradients(self, gradients: List[Tuple[Any, Any]]
                      ) -> List[Tuple[Any, Any]]:
        """Return (gradient, variable) pairs summed over all processes."""
        return gradients

    def sum(self, array: np.ndarray) -> np.ndarray:
        """Return the sum of an array of every process, all of one shape."""
        return array

    def gather(self, value: Any) -> List[Any]:
        """Return a value of each process, by rank; JSON can hold it."""
        return [value]

    def broadcast(self, sess: tf.Session,
                  variables: Sequence[tf.Variable]) -> None:
        """Give variables the values that they have in process 0."""

    def wait(self) -> None:
        """Wait until every process is here."""


class Group(Cluster):
    """Processes that are joined by `reduce`, which a subclass defines.

    Parameters
    ----------
    task : task.Task
    config : tf.ConfigProto
        Of sessions.
    target : str, optional
        What sessions are opened on.
    """

    def __init__(self, task, config, target=''):
        super().__init__(config)
        self.rank, self.size = task.rank, task.size
        self.local_rank, self.local_size = task.local_rank, task.local_size
        self.target = target
        self.keys = itertools.count(1)
        # A graph of its own, as that of the network is saved.
        self.graph = tf.Graph()
        self.sess = tf1.open_session(config, target, self.graph)
        self.sums: Dict[tuple, Tuple[tf.Tensor, tf.Tensor]] = {}

    def reduce(self, tensor: tf.Tensor, key: int) -> tf.Tensor:
        """Return the sum of a tensor; `key` is the same in every process."""
        raise NotImplementedError

    def total(self, tensor):
        return self.reduce(tensor, next(self.keys))

    def sum_gradients(self, gradients):
        sums, before = {}, []
        # The gradient of the last layer is there first. One after another, so
        # that every process takes them in this order.
        for gradient, variable in reversed(gradients):
            with tf.control_dependencies(before):
                sums[variable] = self.total(tf.convert_to_tensor(gradient))
            before = [sums[variable]]
        return [(sums[variable], variable) for _, variable in gradients]

    def sum(self, array):
        array = np.asarray(array)
        key = array.dtype.str, array.shape
        if key not in self.sums:
            with self.graph.as_default(), tf.device('/cpu:0'):
                fed = tf.placeholder(array.dtype, array.shape)
                self.sums[key] = fed, self.total(fed)
        fed, total = self.sums[key]
        return self.sess.run(total, {fed: array})

    def gather(self, value):
        text = np.frombuffer(json.dumps(value).encode(), np.uint8)
        lengths = np.zeros(self.size, np.int32)
        lengths[self.rank] = len(text)
        lengths = self.sum(lengths)
        texts = np.zeros((self.size, lengths.max()), np.int32)
        texts[self.rank, :len(text)] = text
        return [json.loads(row[:length].astype(np.uint8).tobytes().decode())
                for row, length in zip(self.sum(texts), lengths)]

    def broadcast(self, sess, variables):
        # A session optimizes its graph for every new set of fetches.
        for group in groups(variables):
            values = sess.run(group) if self.rank == 0 else [
                np.zeros(variable.shape.as_list(),
                         variable.dtype.as_numpy_dtype) for variable in group]
            values = map(self.sum, values)
            sess.run([variable.initializer for variable in group],
                     {variable.initializer.inputs[1]: value
                      for variable, value in zip(group, values)})
        # Dropout goes by the step: each process drops others. In an imported
        # graph each collection has an object of its own for it.
        step = tf.train.get_global_step()
        if step.op.name in [variable.op.name for variable in variables]:
            step.load(sess.run(step) + self.rank * APART, sess)

    def wait(self):
        self.sum(np.zeros(1, np.int32))


def groups(variables):
    """Yield lists of variables of up to MOST_BYTES, or of one."""
    group, size = [], 0
    for variable in variables:
        more = variable.shape.num_elements() * variable.dtype.size
        if group and size + more > MOST_BYTES:
            yield group
            group, size = [], 0
        group.append(variable)
        size += more
    if group:
        yield group
