"""Some labelled pixels of each picture, and what a network says of them.

They are drawn, the same in each call, so that memory does not grow with the
data: MOST pixels of all pictures, the same number of each.
"""
from typing import NamedTuple

import numpy as np

from segmentation.errors import InputError
from segmentation.terminal import progress

MOST = 1 << 18


class Samples(NamedTuple):
    """N labelled pixels."""

    probabilities: np.ndarray   # (N, C) float32
    labels: np.ndarray          # (N,) uint8, the true classes
    pictures: int               # that they are of


def collect(predictor, scorer):
    """Return the Samples of the pictures that a scorer reads.

    Raises
    ------
    InputError
        No pixel has a label.
    """
    each = max(1, MOST // max(1, scorer.count))
    results = scorer.predict(predictor, scorer.list_jobs(),
                             lambda result: draw(result, each))
    parts = list(progress.track(results, scorer.count, 'calibration'))
    probabilities, labels = (np.concatenate(arrays) for arrays in zip(*parts))
    if not len(labels):
        raise InputError('--calibrate: no pixel of the '
                         f'{scorer.count} pictures has a label')
    return Samples(probabilities, labels, len(parts))


def draw(result, count):
    """Return `count` labelled pixels of a picture, with replacement.

    Returns
    -------
    (count, C) float32 array
    (count,) uint8 array
        Both are empty where no pixel has a label.
    """
    result.check()
    prediction, ids = result.prediction, result.sample.ids.ravel()
    labelled = np.flatnonzero(ids < prediction.num_classes)
    if len(labelled):
        labelled = labelled[np.random.RandomState(0).randint(
            len(labelled), size=count)]
    return np.stack([prediction.plane(class_id).ravel()[labelled] for class_id
                     in range(prediction.num_classes)], axis=1), ids[labelled]
