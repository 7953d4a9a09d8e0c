"""The Lovasz-softmax loss, which falls as the IoU of the classes rises.

    errors of a class [N], from the largest one
      -> by how much each lowers the class's IoU, if all before it are wrong
      -> their products' sum; the mean over the classes in the batch

Berman, Triki and Blaschko 2018, "The Lovasz-Softmax loss".
"""
from segmentation.tf1 import tf


def lovasz_softmax(logits: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Return the Lovasz-softmax loss of a batch, 0..1.

    Where probabilities are 0 and 1 it is 1 - mIoU, over the classes that some
    pixel of the batch has.

    Parameters
    ----------
    logits : tf.Tensor
        [N, C], of the N pixels of all pictures.
    rows : tf.Tensor
        [N, C] float32, one-hot; a row of zeros is ignored. The largest share
        of a row is its class.
    """
    is_labelled = tf.cast(tf.reduce_any(rows > 0, axis=-1, keepdims=True),
                          tf.float32)                       # [N, 1]
    truth = is_labelled * tf.one_hot(tf.argmax(rows, axis=-1),
                                     tf.shape(rows)[-1])    # [N, C]
    errors = is_labelled * tf.abs(truth - tf.nn.softmax(logits))
    present = tf.reduce_any(truth > 0, axis=0)
    truth, errors = (tf.boolean_mask(tf.transpose(values), present)
                     for values in (truth, errors))         # [P, N]
    errors, order = tf.nn.top_k(errors, tf.shape(errors)[-1])
    truth = tf.gather(truth, order, axis=1, batch_dims=1)
    losses = tf.reduce_sum(errors * tf.stop_gradient(slopes(truth)), axis=1)
    return tf.reduce_sum(losses) / tf.maximum(
        tf.cast(tf.size(losses), tf.float32), 1)


def slopes(truth: tf.Tensor) -> tf.Tensor:
    """Return by how much 1 - IoU rises with each error, [P, N].

    Parameters
    ----------
    truth : tf.Tensor
        [P, N]: whether a pixel is of the class, from the largest error to the
        smallest.
    """
    missed = tf.cumsum(truth, axis=1)
    all_true = missed[:, -1:]
    intersection = all_true - missed
    union = all_true + tf.cast(tf.range(1, tf.shape(truth)[1] + 1),
                               tf.float32) - missed
    # What is missed leaves the intersection, and was in the union; what is
    # not of the class joins the union. Differences of the IoU itself would
    # lose their digits.
    return tf.where(truth > 0, 1 / union,
                    intersection / (union * tf.maximum(union - 1, 1)))
