"""What training adds to the graph of a network: a loss and an Adam step.

    labels [B, H, W] -> label_rows [B, H, W, C], logits
      -> masked cross entropy -> gradients, of several batches where asked for
      -> their sum over all processes -> clipped -> Adam -> averages

By default it is masked cross entropy and Adam alone.
"""
import contextlib
from typing import (Callable, ContextManager, Dict, List, NamedTuple, Optional,
                    Sequence, Tuple)

import numpy as np

from segmentation.nn import frozen, network
from segmentation.tf1 import tf
from segmentation.training.cluster.cluster import Cluster
from segmentation.training.optimization import (accumulation, adam, averaging,
                                                loss as losses)
from segmentation.training.optimization.method import Method


class Training(NamedTuple):
    """The tensors and the operation of a training step."""

    labels: tf.Tensor           # [B, H, W] uint8 class ids, a placeholder
    label_rows: tf.Tensor       # [B, H, W, C] uint8, one-hot of `labels`
    learning_rate: tf.Tensor    # [], of this step
    loss: tf.Tensor             # [], in nats per pixel; its share of it
    step: tf.Operation          # takes the step, counts the global step
    gradients: List[Tuple[tf.Tensor, tf.Variable]]      # before clipping
    sums: Optional[accumulation.Sums] = None    # of the batches of a step
    averages: Optional[averaging.Averages] = None

    def feed(self, labels: np.ndarray) -> Dict[tf.Tensor, np.ndarray]:
        """Return {tensor: value} that feeds class ids (B, H, W) or rows."""
        return {self.labels if labels.ndim == 3 else self.label_rows: labels}

    def saved(self, weights: Sequence[tf.Variable]
              ) -> Dict[str, tf.Variable]:
        """Return {name: variable} of weights, of their averages if any."""
        if self.averages is None:
            return {variable.op.name: variable for variable in weights}
        return self.averages.in_place_of(weights)

    def scored(self, sess: tf.Session) -> ContextManager[None]:
        """Return a context in which the network has what `saved` returns."""
        return (contextlib.nullcontext() if self.averages is None
                else self.averages.used(sess))


def add_training(net: network.Network, learning_rate: float,
                 class_weights: Optional[Sequence[float]] = None,
                 l2: float = 0, freeze: bool = False,
                 loss_scaling: bool = False,
                 cluster: Cluster = Cluster(),
                 method: Method = Method(),
                 combine: Optional[Callable[[tf.Tensor, tf.Tensor], tf.Tensor]]
                 = None) -> Training:
    """Add loss and Adam step to the graph of a network.

    Parameters
    ----------
    net : network.Network
    learning_rate : float
        The rate of a step, unless another one is fed.
    class_weights : sequence of C floats, optional
    l2 : float, optional
        Weight of the regularization losses of the graph in what is
        minimized; `loss` is without them.
    freeze : bool, optional
        Leave alone what lies before the features of the graph. These can
        then be fed in place of pictures.
    loss_scaling : bool, optional
        Multiply what is minimized, by a number that adapts itself, so that
        small gradients are no zeros in float16; a step whose gradients
        overflow is left out.
    cluster : Cluster, optional
        The processes whose gradients are summed.
    method : Method, optional
        If it accumulates batches, `step` takes none: `sums.add` does before,
        and local variables have to be initialized. If it averages, all
        trained variables have values before the averages are initialized.
    combine : function of (logits, loss), optional
        Returns what is minimized in place of the loss, before `l2`; the loss
        that is reported stays that of the labels. `method` must not
        accumulate: its batches count by their labels alone.
    """
    num_classes = int(net.logits.shape[-1])
    labels = tf.placeholder(tf.uint8, [None, None, None], name='labels')
    # The rows of ids from C on, such as IGNORE, are zeros.
    label_rows = tf.placeholder_with_default(
        tf.one_hot(labels, num_classes, dtype=tf.uint8),
        [None, None, None, num_classes], name='label_rows')
    with tf.name_scope('training'):
        rate = tf.placeholder_with_default(
            tf.constant(learning_rate, tf.float32), [], 'learning_rate')
        loss = losses.masked_loss(net.logits, label_rows, class_weights,
                                  method, cluster)
        objective = (loss.share if combine is None
                     else combine(net.logits, loss.share))
        penalties = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
        if l2 and penalties:
            objective += l2 / cluster.size * tf.add_n(penalties)
        optimizer = adam.optimizer(rate, method.weight_decay,
                                   method.backbone_rate)
        if loss_scaling:
            scale = tf.train.experimental.DynamicLossScale()
            optimizer = tf.train.experimental.MixedPrecisionLossScaleOptimizer(
                optimizer, scale)
            gradients = [(gradient / scale(), variable) for gradient, variable
                         in differentiate(objective * scale(), freeze)]
        else:
            gradients = differentiate(objective, freeze)
        sums = averages = None
        counter = tf.train.get_or_create_global_step()
        if method.accumulate > 1:
            sums = accumulation.accumulate(gradients, loss, method.accumulate)
            counter = None
            gradients = sums.gradients
        gradients = cluster.sum_gradients(gradients)
        step = optimizer.apply_gradients(clip(gradients, method.clip),
                                         global_step=counter)
        if sums is not None:
            step = sums.clear_after(step)
        if method.ema:
            averages = averaging.Averages(
                [variable for _, variable in gradients], method.ema)
            step = averages.update_after(step)
    return Training(labels, label_rows, rate, loss.share, step, gradients,
                    sums, averages)


def clip(gradients, norm):
    """Return (gradient, variable) of a global norm of at most `norm`.

    0 leaves them as they are.
    """
    if not norm:
        return gradients
    values, variables = zip(*gradients)
    return list(zip(tf.clip_by_global_norm(values, norm)[0], variables))


def differentiate(objective, freeze):
    """Return (gradient, variable) of what `objective` depends on.

    With `freeze` it is taken to depend on the features, and on nothing that
    lies before them.
    """
    variables = tf.trainable_variables()
    if freeze:
        # Ungated, or gradients of the features would be computed, too; the
        # tuple waits for all before a variable changes.
        gradients = tf.tuple(tf.gradients(
            objective, variables,
            stop_gradients=tf.get_collection(frozen.FEATURES)))
    else:
        gradients = tf.gradients(objective, variables, gate_gradients=True)
    return [(gradient, variable) for gradient, variable
            in zip(gradients, variables) if gradient is not None]
