"""TensorBoard: scalars, pictures and histograms of a training run."""
import os

import cv2
import numpy as np

from segmentation.tf1 import tf


class Board:
    """Writes the events of a run into a folder.

    Parameters
    ----------
    directory : str
    purge_step : int, optional
        Events of this step and later, from before a resume, are hidden.
    """

    def __init__(self, directory, purge_step=None):
        os.makedirs(directory, exist_ok=True)
        self.writer = tf.summary.FileWriter(directory)
        if purge_step is not None:
            self.writer.add_session_log(
                tf.SessionLog(status=tf.SessionLog.START), purge_step)

    def add_scalars(self, values, step):
        """Write {tag: number}."""
        self.add_summary(tf.Summary(value=[
            tf.Summary.Value(tag=tag, simple_value=value)
            for tag, value in values.items()]), step)

    def add_pictures(self, pictures, step):
        """Write {tag: (H, W, 3) uint8 BGR}."""
        values = []
        for tag, picture in pictures.items():
            height, width = picture.shape[:2]
            encoded = cv2.imencode('.png', picture)[1].tobytes()
            values.append(tf.Summary.Value(tag=tag, image=tf.Summary.Image(
                height=height, width=width, colorspace=3,
                encoded_image_string=encoded)))
        self.add_summary(tf.Summary(value=values), step)

    def add_epoch(self, number, scores, ious, pictures):
        """Write what an epoch came to.

        Parameters
        ----------
        number : int
            Of the epoch: 1, 2, ...
        scores : {tag: number}
        ious : {class name: IoU}
            NaN of a class that does not occur.
        pictures : list of (H, W, 3) uint8 BGR
        """
        self.add_scalars(scores, number)
        self.add_scalars({f'iou/{name}': value for name, value in ious.items()
                          if not np.isnan(value)}, number)
        self.add_pictures({f'validation/{k}': picture
                           for k, picture in enumerate(pictures)}, number)

    def add_summary(self, summary, step):
        """Write a tf.Summary, or the value of a summary operation."""
        self.writer.add_summary(summary, step)

    def flush(self):
        """Write all events to the file."""
        self.writer.flush()


def histograms(kind, values):
    """Return a summary operation: histograms of tensors.

    Parameters
    ----------
    kind : str
        Comes before the name of a variable in the tag.
    values : list of (tf.Tensor, tf.Variable)
        Each tensor goes by the name of a variable.
    """
    return tf.summary.merge([
        tf.summary.histogram(f'{kind}/{variable.op.name}', tensor)
        for tensor, variable in values])
