"""Scores of a segmentation, all from one confusion matrix.

Rows of the matrix are the truth, columns the prediction; one more column may
count predictions that are in no class, which are misses. A class that is in
neither scores NaN and is left out of means; one that is predicted but never
true scores 0.
"""
import numpy as np

from segmentation import text


def confusion_matrix(truth, predicted, num_classes, others=False):
    """Count (truth, prediction) pairs of pixels.

    Parameters
    ----------
    truth : integer array
        Class ids; pixels of `num_classes` or above are left out.
    predicted : integer array of the same shape
        Class ids below `num_classes`.
    others : bool, optional
        Count predictions of `num_classes` and above in a column of their own.

    Returns
    -------
    (C, C) int64 array, or (C, C + 1) with others
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise ValueError(f'truth is {truth.shape}, prediction '
                         f'{predicted.shape}: one shape is wanted')
    scored = truth < num_classes
    truth, predicted = truth[scored].astype(np.int64), predicted[scored]
    columns = num_classes
    if others:
        columns += 1
        predicted = np.minimum(predicted, num_classes)
    pairs = truth * columns + predicted
    counts = np.bincount(pairs, minlength=num_classes * columns)
    return counts.reshape(num_classes, columns)


def ratio(part, whole):
    """Return `part / whole` in float64, NaN where `whole` is 0."""
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan),
                     where=whole > 0)


def mean(values):
    """Return the mean of what is not NaN; NaN where nothing is left."""
    values = np.asarray(values)
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else float('nan')


def iou(matrix):
    """Return the intersection over union of each class, (C,) float64."""
    hits = np.diag(matrix)
    predicted = matrix.sum(axis=0)[:len(hits)]
    return ratio(hits, matrix.sum(axis=1) + predicted - hits)


def accuracy(matrix):
    """Return the accuracy of each class: hits among its pixels, (C,)."""
    return ratio(np.diag(matrix), matrix.sum(axis=1))


def precision(matrix):
    """Return the precision of each class: hits among its predictions, (C,)."""
    return ratio(np.diag(matrix), matrix.sum(axis=0)[:len(matrix)])


def scores(matrix):
    """Return the four usual scores as a dict of floats.

    References
    ----------
    Long, Shelhamer and Darrell 2015, section 5.
    """
    shares = matrix.sum(axis=1)
    ious = iou(matrix)
    return {
        'pixel_accuracy': float(ratio(np.trace(matrix), matrix.sum())),
        'mean_accuracy': mean(accuracy(matrix)),
        'miou': mean(ious),
        'fwiou': float(ratio(np.nansum(shares * ious), shares.sum())),
    }


def table(matrix, names):
    """Return a text table of the C classes' scores, in %."""
    shares = ratio(matrix.sum(axis=1), np.full(len(names), matrix.sum()))
    columns = (shares, accuracy(matrix), precision(matrix), iou(matrix))
    return text.table(('class', 'share', 'accuracy', 'precision', 'IoU'), [
        [name] + [text.percent(value, 1) for value in values]
        for name, *values in zip(names, *columns)])


def summary(values):
    """Return one line on the dict that `scores` returns."""
    return ('mIoU {miou:.2%}, pixel accuracy {pixel_accuracy:.2%}, mean '
            'accuracy {mean_accuracy:.2%}, frequency-weighted IoU '
            '{fwiou:.2%}'.format(**values))


def median_frequency_weights(counts):
    """Return class weights that make rare classes as heavy as the median.

    freq(c) is the share of class c among all pixels of the pictures that hold
    c; its weight is the median of all freq over freq(c), and 1 for a class
    that is in no picture.

    Parameters
    ----------
    counts : (N, C) array
        Pixels of each class in each picture, ignored ones left out.

    References
    ----------
    Eigen and Fergus 2015, section 6.3.2.

    Examples
    --------
    >>> median_frequency_weights([[90, 10, 0], [60, 20, 20]])
    array([0.26666667, 1.33333333, 1.        ])
    """
    counts = np.asarray(counts, float)
    holds = counts > 0
    frequency = ratio(counts.sum(axis=0),
                      (counts.sum(axis=1)[:, None] * holds).sum(axis=0))
    median = np.median(frequency[~np.isnan(frequency)])
    return np.where(np.isnan(frequency), 1, median / frequency)
