"""Exponential moving averages of the weights, which are scored and saved.

    weights after the n-th step -> averages, of decay
        min(DECAY, (1 + n) / (10 + n)), so that the first steps are forgotten
"""
import contextlib
from typing import Dict, Iterator, Sequence

from segmentation.tf1 import tf


class Averages:
    """The averages of some variables, in the default graph.

    They start as the variables are when they are initialized: the variables
    have values by then.

    Parameters
    ----------
    variables : sequence of tf.Variable
        Those that are trained.
    decay : float
        Share of an average that a step leaves, in the long run.
    """

    def __init__(self, variables: Sequence[tf.Variable], decay: float
                 ) -> None:
        self.decay = decay
        self.steps = tf.get_variable('averages/steps', [], tf.int64,
                                     tf.zeros_initializer(), trainable=False)
        self.pairs = [(variable, tf.get_variable(
            f'averages/{variable.op.name}', trainable=False,
            initializer=tf.identity(variable))) for variable in variables]
        with tf.device('/cpu:0'):
            trained = [tf.get_variable(
                f'trained/{variable.op.name}', variable.shape,
                initializer=tf.zeros_initializer(), trainable=False,
                collections=[tf.GraphKeys.LOCAL_VARIABLES])
                for variable in variables]
        self.keep = tf.group(*[copy.assign(variable) for copy, variable
                               in zip(trained, variables)])
        self.use = tf.group(*[variable.assign(average)
                              for variable, average in self.pairs])
        self.resume = tf.group(*[variable.assign(copy) for copy, variable
                                 in zip(trained, variables)])

    def update_after(self, step: tf.Operation) -> tf.Operation:
        """Return the operation that takes a step, then averages."""
        with tf.control_dependencies([step]):
            count = tf.cast(self.steps.assign_add(1), tf.float32)
            rest = 1 - tf.minimum(self.decay, (1 + count) / (10 + count))
            return tf.group(*[average.assign_sub(
                rest * (average - variable.read_value()))
                for variable, average in self.pairs])

    def in_place_of(self, weights: Sequence[tf.Variable]
                    ) -> Dict[str, tf.Variable]:
        """Return {name: variable} of weights, averages for those trained."""
        averages = {variable.op.name: average
                    for variable, average in self.pairs}
        return {variable.op.name: averages.get(variable.op.name, variable)
                for variable in weights}

    @contextlib.contextmanager
    def used(self, sess: tf.Session) -> Iterator[None]:
        """Have the network compute with the averages in the context."""
        sess.run(self.keep)
        sess.run(self.use)
        yield
        sess.run(self.resume)
