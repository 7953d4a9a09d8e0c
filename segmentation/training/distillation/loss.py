"""The loss of knowledge distillation (Hinton, Vinyals and Dean 2015).

    roots [B, h, w, C] of the teacher -> softmax at temperature T [B, H, W, C]
      -> cross entropy with the network's softmax at T
      -> (1 - weight) * loss of the labels + weight * T^2 * cross entropy
"""
from segmentation.tf1 import tf
from segmentation.training.cluster.cluster import Cluster
from segmentation.training.optimization import loss as losses


def placeholder(num_classes: int) -> tf.Tensor:
    """Return the tensor that is fed the targets, [B, h, w, C] uint8."""
    return tf.placeholder(tf.uint8, [None, None, None, num_classes],
                          name='teacher')


def soften(roots: tf.Tensor, size: tf.Tensor, temperature: float
           ) -> tf.Tensor:
    """Return the probabilities of the teacher at a temperature.

    Parameters
    ----------
    roots : tf.Tensor
        [B, h, w, C] uint8, as `targets.encode` makes them: square roots of
        probabilities. Zeros, where there is no teacher, stay zeros.
    size : tf.Tensor
        [2], the height and the width of the result.
    temperature : float
        T: the result is softmax(log p / T).

    Returns
    -------
    tf.Tensor
        [B, H, W, C], interpolated linearly, pixel centres aligned.
    """
    # softmax(log p / T) is p^(1/T), divided by its sum.
    powers = tf.pow(tf.cast(roots, tf.float32) / 255, 2 / temperature)
    sums = tf.reduce_sum(powers, axis=-1, keepdims=True)
    return tf.image.resize_bilinear(powers / tf.maximum(sums, 1e-30), size,
                                    half_pixel_centers=True)


def combine(logits: tf.Tensor, loss: tf.Tensor, roots: tf.Tensor,
            temperature: float, weight: float,
            cluster: Cluster = Cluster()) -> tf.Tensor:
    """Return what is minimized: the losses of the labels and the teacher.

    Parameters
    ----------
    logits : tf.Tensor
        [B, H, W, C]
    loss : tf.Tensor
        [], of the labels; in nats per pixel.
    roots : tf.Tensor
        [B, h, w, C], see `soften`.
    temperature : float
        Gradients shrink with its square, for which the loss makes up.
    weight : float
        Share of the teacher, 0..1.
    cluster : Cluster, optional
    """
    soft = soften(roots, tf.shape(logits)[1:3], temperature)
    # Of several processes all take one sum after the other.
    with tf.control_dependencies([loss]):
        distilled = losses.masked_loss(logits / temperature, soft,
                                       cluster=cluster)
    return (1 - weight) * loss + weight * temperature ** 2 * distilled.share
