"""Gradient accumulation: several batches a step.

    gradients of a batch, times its weight -> added to sums, once a batch
    sums, by the sum of the weights -> gradients of a step

What the sums hold is gone after a step, and saved nowhere.
"""
from typing import List, NamedTuple, Sequence, Tuple

from segmentation.tf1 import tf
from segmentation.training.optimization import loss as losses

Gradients = List[Tuple[tf.Tensor, tf.Variable]]


class Sums(NamedTuple):
    """What has been added up since the last step."""

    most: int               # batches a step
    add: tf.Operation       # adds a batch, counts the global step
    loss: tf.Tensor         # [], the mean of what was added
    gradients: Gradients    # the means
    variables: List[tf.Variable]

    def clear_after(self, step: tf.Operation) -> tf.Operation:
        """Return the operation that takes a step, then sets sums to zero."""
        with tf.control_dependencies([step, self.loss]):
            return tf.group(*[variable.assign(tf.zeros_like(variable))
                              for variable in self.variables])


def accumulate(gradients: Gradients, loss: losses.Loss, most: int) -> Sums:
    """Return the Sums of batches.

    Parameters
    ----------
    gradients : list of (tf.Tensor, tf.Variable)
        Of the mean over a batch.
    loss : losses.Loss
        Of the batch; its weight is that of the batch among others.
    most : int
        Batches a step; the last one of an epoch may have fewer.
    """
    weight = tf.maximum(loss.weight, losses.SMALLEST)
    total = zeros('weight', [], tf.float64)
    sums = [zeros('loss', [])] + [
        zeros(variable.op.name, variable.shape) for _, variable in gradients]
    values = [loss.share] + [gradient for gradient, _ in gradients]
    added = [total.assign_add(weight)] + [
        one.assign_add(tf.cast(weight, tf.float32) * value)
        for one, value in zip(sums, values)]
    with tf.control_dependencies(added):
        # Dropout goes by it: the batches of a step drop others.
        add = tf.train.get_or_create_global_step().assign_add(1).op
    mean_loss, *means = [one / tf.cast(total, tf.float32) for one in sums]
    return Sums(most, add, mean_loss, [
        (mean, variable) for mean, (_, variable) in zip(means, gradients)],
        [total] + sums)


def zeros(name: str, shape: Sequence[int], dtype: tf.DType = tf.float32
          ) -> tf.Variable:
    """Return a variable that starts at zero and is not saved."""
    return tf.get_variable(f'accumulated/{name}', shape, dtype,
                           tf.zeros_initializer(), trainable=False,
                           collections=[tf.GraphKeys.LOCAL_VARIABLES])
