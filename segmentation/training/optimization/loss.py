"""The loss of a batch: a mean over its labelled pixels, in nats.

    logits, labels [B, H, W, C]
      -> cross entropy of each pixel, its label smoothed
      -> those pixels of each picture where it is highest
      -> their mean by weights, and a share of the Lovasz-softmax loss

Of several processes each has its share of the loss: its pixels are summed and
divided by the weight of all pixels, so that the shares, and the gradients,
add up to those of one process that has the samples of all.
"""
from typing import NamedTuple, Optional, Sequence

from segmentation.tf1 import tf
from segmentation.training.cluster.cluster import Cluster
from segmentation.training.optimization import lovasz
from segmentation.training.optimization.method import Method

SMALLEST = 1e-6     # a weight that is divided by


class Loss(NamedTuple):
    """The loss of a batch that processes have parts of."""

    share: tf.Tensor    # [] float32, of this process; all add up to the mean
    weight: tf.Tensor   # [] float64, of the pixels of all processes


def masked_loss(logits: tf.Tensor, labels: tf.Tensor,
                class_weights: Optional[Sequence[float]] = None,
                method: Method = Method(), cluster: Cluster = Cluster()
                ) -> Loss:
    """Return the mean loss of the labelled pixels, by default cross entropy.

    Parameters
    ----------
    logits : tf.Tensor
        [B, H, W, C]
    labels : tf.Tensor
        [B, H, W, C] one-hot, or shares of the classes in any unit. A row of
        zeros is a pixel to ignore: it adds nothing to the mean and has no
        gradient; a row counts by its sum.
    class_weights : sequence of C floats, optional
        Weight of a pixel by its class, of a share of it by the share's; all
        1 without it. The mean is over weights, so that weights of any scale
        give a loss of the same scale.
        The Lovasz-softmax loss goes without.
    method : Method, optional
        Its `lovasz`, `hard_pixels` and `label_smoothing` are of the loss.
    cluster : Cluster, optional
    """
    labels = tf.cast(labels, tf.float32)
    classes = tf.shape(labels)[-1]
    rows = tf.reshape(labels, [-1, classes])                # [B*H*W, C]
    weighted = rows
    if class_weights is not None:
        weighted = rows * tf.constant(class_weights, tf.float32)
    weights = tf.reduce_sum(weighted, axis=-1)              # [B*H*W]
    targets = tf.math.divide_no_nan(weighted, weights[:, tf.newaxis])
    if method.label_smoothing:
        targets = ((1 - method.label_smoothing) * targets
                   + method.label_smoothing / tf.cast(classes, tf.float32))
    flat = tf.reshape(logits, tf.shape(rows))
    losses = tf.nn.softmax_cross_entropy_with_logits_v2(labels=targets,
                                                        logits=flat)
    if method.hard_pixels < 1:
        shape = [tf.shape(labels)[0], -1]
        weights *= tf.reshape(hardness(
            tf.reshape(weights, shape), tf.reshape(losses, shape),
            method.hard_pixels), [-1])
    own = exact_sum(weights)
    total = cluster.total(own)
    loss = exact_sum(weights * losses) / tf.maximum(total, SMALLEST)
    if method.lovasz:
        surrogate = tf.cast(lovasz.lovasz_softmax(flat, rows), tf.float64)
        loss = ((1 - method.lovasz) * loss + method.lovasz * surrogate
                * own / tf.maximum(total, SMALLEST))
    return Loss(tf.cast(loss, tf.float32), total)


def hardness(weights: tf.Tensor, losses: tf.Tensor, share: float
             ) -> tf.Tensor:
    """Return which pixels are the hardest of their picture, [B, N] of 0..1.

    These are the share of the pixels with a weight whose weighted loss is
    highest. Where the lowest of them is that of several pixels each counts
    in part, so that no order of pixels matters.

    Parameters
    ----------
    weights, losses : tf.Tensor
        [B, N], of N pixels of each picture.
    share : float
        Rounded up to whole pixels.

    References
    ----------
    .. [1] Wu, Shen and van den Hengel, "Bridging category-level and
       instance-level semantic image segmentation", 2016, section 3.2.
    """
    is_valid = weights > 0
    values = tf.where(is_valid, weights * losses, -tf.ones_like(losses))
    counts = tf.ceil(share * tf.reduce_sum(tf.cast(is_valid, tf.float32),
                                           axis=1, keepdims=True))  # [B, 1]
    # A picture has as many as its valid pixels give; none has more than these.
    most = tf.ceil(share * tf.cast(tf.shape(values)[1], tf.float32))
    highest, _ = tf.nn.top_k(values, tf.cast(most, tf.int32))
    lowest = tf.gather(highest, tf.maximum(tf.cast(counts, tf.int32) - 1, 0),
                       axis=1, batch_dims=1)                        # [B, 1]
    above, equal = (tf.cast(found, tf.float32) for found in (
        values > lowest, is_valid & tf.equal(values, lowest)))
    left = counts - tf.reduce_sum(above, axis=1, keepdims=True)
    ties = tf.reduce_sum(equal, axis=1, keepdims=True)
    return tf.stop_gradient(above + equal * left / tf.maximum(ties, 1))


def exact_sum(values: tf.Tensor) -> tf.Tensor:
    """Return the sum of a float32 tensor, in float64.

    In float32 the sum over many pixels is exact to five digits only, and its
    error depends on how they are divided among processes.
    """
    return tf.reduce_sum(tf.cast(values, tf.float64))
