"""What training adds to the graph of a network: a loss and an Adam step.

    labels [B, H, W] -> label_rows [B, H, W, C], logits
      -> masked cross entropy -> Adam

Of several processes each has its share of the loss: its pixels are summed and
divided by the weight of all pixels, so that the shares, and the gradients,
add up to those of one process that has the samples of all.
"""
from typing import (Callable, Dict, List, NamedTuple, Optional, Sequence,
                    Tuple)

import numpy as np

from segmentation.nn import frozen, network
from segmentation.tf1 import tf
from segmentation.training.cluster.cluster import Cluster


class Training(NamedTuple):
    """The tensors and the operation of a training step."""

    labels: tf.Tensor           # [B, H, W] uint8 class ids, a placeholder
    label_rows: tf.Tensor       # [B, H, W, C] uint8, one-hot of `labels`
    learning_rate: tf.Tensor    # [], of this step
    loss: tf.Tensor             # [], in nats per pixel; its share of it
    step: tf.Operation          # takes the step, counts the global step
    gradients: List[Tuple[tf.Tensor, tf.Variable]]

    def feed(self, labels: np.ndarray) -> Dict[tf.Tensor, np.ndarray]:
        """Return {tensor: value} that feeds class ids (B, H, W) or rows."""
        return {self.labels if labels.ndim == 3 else self.label_rows: labels}


def masked_cross_entropy(
        logits: tf.Tensor, labels: tf.Tensor,
        class_weights: Optional[Sequence[float]] = None,
        cluster: Cluster = Cluster()) -> tf.Tensor:
    """Return the mean cross entropy of the labelled pixels, in nats.

    Of several processes it is this one's share of the mean of all.

    Parameters
    ----------
    logits : tf.Tensor
        [B, H, W, C]
    labels : tf.Tensor
        [B, H, W, C] one-hot, or shares of the classes in any unit. A row of
        zeros is a pixel to ignore: it adds nothing to the mean and has no
        gradient; a row counts by its sum.
    class_weights : sequence of C floats, optional
        Weight of a pixel by its class; all 1 without it. The mean is over
        weights, so that weights of any scale give a loss of the same scale.
    cluster : Cluster, optional
    """
    labels = tf.cast(labels, tf.float32)
    rows = tf.reshape(labels, [-1, tf.shape(labels)[-1]])   # [B*H*W, C]
    sums = tf.reduce_sum(rows, axis=-1, keepdims=True)
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(
        labels=rows / tf.maximum(sums, 1e-6),
        logits=tf.reshape(logits, tf.shape(rows)))
    if class_weights is not None:
        rows = rows * tf.constant(class_weights, tf.float32)
    weights = tf.reduce_sum(rows, axis=-1)                  # [B*H*W]
    total = cluster.total(exact_sum(weights))
    return tf.cast(exact_sum(weights * losses) / tf.maximum(total, 1e-6),
                   tf.float32)


def exact_sum(values: tf.Tensor) -> tf.Tensor:
    """Return the sum of a float32 tensor, in float64.

    In float32 the sum over many pixels is exact to five digits only, and its
    error depends on how they are divided among processes.
    """
    return tf.reduce_sum(tf.cast(values, tf.float64))


def add_training(net: network.Network, learning_rate: float,
                 class_weights: Optional[Sequence[float]] = None,
                 l2: float = 0, freeze: bool = False,
                 loss_scaling: bool = False,
                 cluster: Cluster = Cluster(),
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
    combine : function of (logits, loss), optional
        Returns what is minimized in place of the loss, before `l2`; the loss
        that is reported stays that of the labels.
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
        loss = masked_cross_entropy(net.logits, label_rows, class_weights,
                                    cluster)
        objective = loss if combine is None else combine(net.logits, loss)
        penalties = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
        if l2 and penalties:
            objective += l2 / cluster.size * tf.add_n(penalties)
        optimizer = tf.train.AdamOptimizer(rate)
        if loss_scaling:
            scale = tf.train.experimental.DynamicLossScale()
            optimizer = tf.train.experimental.MixedPrecisionLossScaleOptimizer(
                optimizer, scale)
            gradients = [(gradient / scale(), variable) for gradient, variable
                         in differentiate(objective * scale(), freeze)]
        else:
            gradients = differentiate(objective, freeze)
        gradients = cluster.sum_gradients(gradients)
        step = optimizer.apply_gradients(
            gradients, global_step=tf.train.get_or_create_global_step())
    return Training(labels, label_rows, rate, loss, step, gradients)


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
