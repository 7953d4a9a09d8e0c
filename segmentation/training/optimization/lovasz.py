"""The Lovasz-softmax loss, which falls as the IoU of the classes rises.

    errors of a class [N], from the largest one
      -> by how much each lowers the class's IoU, if all before it are wrong
      -> their products' sum; the mean over the classes in the batch

Berman, Triki and Blaschko 2018, "The Lovasz-Softmax loss". Sorting the errors
could take as long as all the rest of a step, so they are counted in BINS bins;
within a bin the pixels of the class come first.
"""
from segmentation.tf1 import tf

# Errors within 1 / BINS of each other may change places, which changes the
# loss by less than that.
BINS = 4096


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
    present = tf.cast(tf.reduce_any(truth > 0, axis=0), tf.float32)  # [C]
    share = present / tf.maximum(tf.reduce_sum(present), 1)
    return tf.reduce_sum(
        errors * tf.stop_gradient(share * slopes(truth, errors)))


def slopes(truth: tf.Tensor, errors: tf.Tensor) -> tf.Tensor:
    """Return by how much 1 - IoU rises with each error, [N, C].

    A pixel of the smallest errors that is not of a class has none, and so
    ignored pixels, whose errors are 0, change nothing.

    Parameters
    ----------
    truth : tf.Tensor
        [N, C]: 1 where a pixel is of the class, else 0.
    errors : tf.Tensor
        [N, C], 0..1.
    """
    classes = tf.shape(truth)[1]
    # The largest errors are in bin 0. The clipping keeps NaN out of the index.
    bins = tf.clip_by_value(tf.cast((1 - errors) * BINS, tf.int32),
                            0, BINS - 1)
    indices = (2 * (tf.range(classes) * BINS + bins)
               + tf.cast(truth < 1, tf.int32))           # [N, C]
    counts = tf.math.bincount(tf.reshape(indices, [-1]),
                              minlength=2 * BINS * classes)
    true, false = tf.unstack(tf.cast(
        tf.reshape(counts, [classes, BINS, 2]), tf.float32), axis=-1)
    missed = tf.cumsum(true, axis=1)                    # [C, BINS]
    all_true = missed[:, -1:]
    union = tf.maximum(all_true + tf.cumsum(false, axis=1), 1)
    before = tf.maximum(union - false, 1)
    # What is missed leaves the intersection, and was in the union; what is
    # not of the class joins the union. Differences of the IoU itself would
    # lose their digits.
    rise = tf.stack([1 / before, (all_true - missed) / (before * union)],
                    axis=-1)
    return tf.gather(tf.reshape(rise, [-1]), indices)
