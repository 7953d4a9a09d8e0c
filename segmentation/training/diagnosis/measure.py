"""Measure whether a network learns: overfit four pictures, write nothing."""
import time
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from segmentation import metrics, option_types, pixels
from segmentation.tf1 import tf

COUNT = 4               # pictures
LARGEST = 320 * 160     # pixels that pictures are shrunk to
SECONDS = 40            # for the steps,
FEWEST, MOST = 20, 60   # but so many at least, and at most


class Course(NamedTuple):
    """How the overfitting of some pictures went."""

    losses: List[float]     # before each step and after the last, in nats
    norms: np.ndarray       # (steps, N) of the gradient of each variable
    matrix: np.ndarray      # (C, C) confusion matrix after the last step


def gradient_norms(gradients):
    """Return a tensor [N]: the norms of N (gradient, variable)."""
    return tf.stack([tf.cast(tf.norm(gradient), tf.float32)
                     for gradient, _ in gradients])


def shrink(images, ids):
    """Shrink pictures and their class ids to at most about LARGEST pixels.

    Returns
    -------
    (B, h, w, 3) array
    (B, h, w) uint8 array
        Sides are multiples of 32.
    """
    height, width = ids.shape[1:]
    size = option_types.fit_image_size((width, height), LARGEST)
    return (np.stack([pixels.resize_image(image, size) for image in images]),
            np.stack([pixels.resize_ids(one, size) for one in ids]))


def overfit(sess, net, training, images, ids, goal: float) -> Course:
    """Take steps on some pictures, all at once and without dropout.

    Parameters
    ----------
    sess : tf.Session
        All variables have values.
    net : network.Network
    training : step.Training
    images : (B, H, W, 3) array, BGR
    ids : (B, H, W) uint8 array
    goal : float
        A loss that is low enough to stop at.
    """
    feed = {**training.feed(ids), **net.feed(images)}
    fetches = [training.loss, gradient_norms(training.gradients),
               training.step]
    losses, norms = [], []
    start = time.perf_counter()
    while len(norms) < FEWEST or (
            len(norms) < MOST and losses[-1] > goal
            and time.perf_counter() - start < SECONDS):
        loss, norm, _ = sess.run(fetches, feed)
        losses.append(float(loss))
        norms.append(norm)
        if not np.isfinite(loss):
            break
    loss, predicted = sess.run([training.loss, net.classes], feed)
    return Course(losses + [float(loss)], np.array(norms),
                  metrics.confusion_matrix(ids, predicted,
                                           int(net.logits.shape[-1])))


def compare_channels(image: np.ndarray, path: str
                     ) -> Optional[Tuple[float, float]]:
    """Return how far a picture is from its file as it is, and swapped.

    Parameters
    ----------
    image : (H, W, 3) array
    path : str

    Returns
    -------
    float, float, or None
        The mean distance to the file in BGR and in RGB; None without a file.
    """
    if not pixels.is_picture(path):
        return None
    file = pixels.resize_image(pixels.read(path), pixels.size_of(image))
    given, file = image.astype(np.float32), file.astype(np.float32)
    return (float(abs(given - file).mean()),
            float(abs(given - file[..., ::-1]).mean()))
