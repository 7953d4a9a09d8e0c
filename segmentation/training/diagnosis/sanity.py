"""The tests of `train.py --sanity`, one after another."""
from typing import List, Optional, Sequence

import numpy as np

from segmentation.data import contract
from segmentation.errors import InputError
from segmentation.tf1 import tf
from segmentation.training.diagnosis import measure, verdicts


def examine(sess, begun, training, class_weights: Optional[Sequence[float]],
            learning_rate: float, is_pretrained: bool, is_frozen: bool
            ) -> List[verdicts.Verdict]:
    """Return the Verdicts on a new run.

    Parameters
    ----------
    sess : tf.Session
        All variables have values.
    begun : start.Start
        Its pictures come in batches of measure.COUNT.
    training : step.Training
    class_weights : sequence of C floats, optional
    learning_rate : float
    is_pretrained : bool
        Whether all of the network begins with the weights of another run.
    is_frozen : bool
        Whether the encoder is.
    """
    source = begun.pictures.source
    batch = begun.pictures.first()
    if not batch.is_labelled:
        raise InputError('no pixel of the first training pictures is labelled')
    images, ids = measure.shrink(batch.images, batch.ids)
    constant = verdicts.constant_loss(np.bincount(
        ids.ravel(), minlength=256)[:source.num_classes], class_weights)
    goal = constant / 2
    course = measure.overfit(sess, begun.net, training, images, ids, goal)
    reached = [variable.op.name for _, variable in training.gradients]
    # What lies before the features is not trained.
    unreached = [] if is_frozen else sorted(
        {variable.op.name for variable in tf.trainable_variables()}
        - set(reached))
    return [
        verdicts.first_loss(course.losses[0], source.num_classes,
                            is_pretrained),
        verdicts.channels(
            [measure.compare_channels(image, path)
             for image, path in zip(batch.images, batch.paths)],
            float(batch.images.max()), begun.net.channel_order),
        verdicts.gradients(reached, course.norms, unreached),
        verdicts.overfitted(course.losses, constant, learning_rate),
        verdicts.shares(contract.class_names(source), course.matrix,
                        course.losses[-1] <= goal)]
