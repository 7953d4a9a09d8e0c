"""Which pictures and which confusions a report shows, from matrices alone.

    (N, C, C) confusion matrices -> a typical picture, the worst pictures of
    each class, the pairs of classes most often confused

A picture is given by its index in the matrices.
"""
from typing import NamedTuple, Optional

import numpy as np

from segmentation import metrics

WORST = 3           # pictures of a class
ENOUGH = .25        # of a class's median share, below which a miss says little
PAIRS = 6           # of classes
EXAMPLES = 2        # pictures of a pair
RARE = 1e-4         # share of all pixels, below which a class has no pairs
CONFUSIONS = 3      # classes that the caption of a picture names
SHOWN = .005        # least share of such a class: less is shown as 0 %


class Shot(NamedTuple):
    """What a picture is shown for."""

    section: str                        # 'typical', 'class' or 'pair'
    true: Optional[int] = None          # class id, of a class or of a pair
    predicted: Optional[int] = None     # class id, of a pair


class Pair(NamedTuple):
    """A confusion of two classes."""

    true: int           # class id
    predicted: int      # class id
    share: float        # of the true class's pixels


def choose(matrices, pairs):
    """Return {Shot: indices of the pictures to show, worst first}."""
    index = typical(matrices)
    shots = {Shot('typical'): [] if index is None else [index]}
    for class_id in range(matrices.shape[1]):
        shots[Shot('class', class_id)] = worst(matrices, class_id)
    for true, predicted, _ in pairs:
        shots[Shot('pair', true, predicted)] = examples(matrices, true,
                                                        predicted)
    return shots


def typical(matrices):
    """Return the index of the picture of median mIoU; None without labels."""
    mious = np.array([metrics.scores(matrix)['miou'] for matrix in matrices])
    scored = np.flatnonzero(~np.isnan(mious))
    if not len(scored):
        return None
    ranked = scored[np.argsort(mious[scored], kind='stable')]
    return int(ranked[len(ranked) // 2])


def worst(matrices, class_id, count=WORST):
    """Return the indices of the pictures with the lowest IoU of a class.

    Where the class has next to no pixels a miss says little: pictures below
    ENOUGH of its median share are left out, and those without mistakes. Of
    two with the same IoU the one with more pixels of the class comes first.

    Parameters
    ----------
    matrices : (N, C, C) array
    """
    true = matrices[:, class_id].sum(axis=1)                        # [N]
    if not true.any():
        return []
    shares = np.nan_to_num(metrics.ratio(true, matrices.sum(axis=(1, 2))))
    enough = shares >= ENOUGH * np.median(shares[true > 0])
    ious = np.array([metrics.iou(matrix)[class_id] for matrix in matrices])
    indices = [k for k in range(len(matrices))
               if true[k] and enough[k] and ious[k] < 1]
    return sorted(indices, key=lambda k: (ious[k], -true[k], k))[:count]


def pairs(matrix, count=PAIRS):
    """Return the Pairs that cost a true class the most of its pixels.

    Classes with less than RARE of all pixels are left out.
    """
    totals = matrix.sum(axis=1)
    shares = metrics.ratio(matrix, np.repeat(totals[:, None], len(matrix), 1))
    confusions = [Pair(int(true), int(predicted),
                       float(shares[true, predicted]))
                  for true, predicted in zip(*np.nonzero(matrix))
                  if true != predicted
                  and totals[true] >= RARE * totals.sum()]
    return sorted(confusions, key=lambda pair: (
        -pair.share, pair.true, pair.predicted))[:count]


def examples(matrices, true, predicted, count=EXAMPLES):
    """Return the indices of the pictures with most pixels of a confusion."""
    pixels = matrices[:, true, predicted]
    order = np.argsort(-pixels, kind='stable')[:count]
    return [int(k) for k in order if pixels[k]]


def caption(shot, matrix):
    """Return the scores of a picture that belong below it.

    Parameters
    ----------
    shot : Shot
    matrix : (C, C) array
        The confusion matrix of the picture.

    Returns
    -------
    dict
        'miou'; of a class or pair 'iou', 'accuracy' and the 'confusions', a
        list of (class id, share), of the true class, without those that
        round to 0 %; of a pair 'pixels'.
    """
    values = {'miou': metrics.scores(matrix)['miou']}
    if shot.true is not None:
        row = matrix[shot.true]
        confusions = [int(k) for k in np.argsort(-row, kind='stable')
                      if k != shot.true
                      and row[k] > SHOWN * row.sum()][:CONFUSIONS]
        values.update(iou=float(metrics.iou(matrix)[shot.true]),
                      accuracy=float(metrics.accuracy(matrix)[shot.true]),
                      confusions=[(k, row[k] / row.sum())
                                  for k in confusions])
    if shot.predicted is not None:
        values['pixels'] = int(matrix[shot.true, shot.predicted])
    return values
