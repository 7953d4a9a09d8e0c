"""Confidence intervals of the difference between two runs, by bootstrap.

The pictures are resampled with replacement, the same for both runs; the
middle 95 % of the differences are the interval. It takes the pictures to be
independent: frames of one drive are not, and the true interval is wider then.
With a dozen pictures it is too narrow as well: equally good runs seem to
differ one time in eight, not in twenty.

References
----------
Efron and Tibshirani 1993, 'An introduction to the bootstrap', section 13.3.
"""
import numpy as np

from segmentation import metrics
from segmentation.errors import InputError

RESAMPLES = 2000
SEED = 0
SHARE = .95


def sums(matrices):
    """Return what IoU needs of (N, C, C) matrices, (N, 3, C) float64.

    The rows are the hits, the true and the predicted pixels of each class.
    """
    matrices = np.asarray(matrices, float)
    return np.stack([np.diagonal(matrices, axis1=1, axis2=2),
                     matrices.sum(axis=2), matrices.sum(axis=1)], axis=1)


def ious(counts):
    """Return the IoU of each class and, last, their mean.

    Parameters
    ----------
    counts : (..., 3, C) array
        What `sums` returns, or sums of it over pictures.

    Returns
    -------
    (..., C + 1) float64 array
        Classes in neither truth nor prediction are NaN and not in the mean.
    """
    hits, true, predicted = np.moveaxis(counts, -2, 0)
    values = metrics.ratio(hits, true + predicted - hits)
    present = ~np.isnan(values)
    mean = metrics.ratio(np.where(present, values, 0).sum(axis=-1),
                         present.sum(axis=-1))
    return np.concatenate([values, mean[..., None]], axis=-1)


def check_count(count):
    """Raise InputError where so few pictures have no interval."""
    if count < 2:
        raise InputError(f'{count} picture: an interval over pictures takes '
                         'two or more')


def interval(first, second, resamples=RESAMPLES, seed=SEED):
    """Return the interval of the difference in IoU, second less first.

    Parameters
    ----------
    first, second : (N, C, C) arrays
        Confusion matrices of the same N pictures by two runs.

    Returns
    -------
    two (C + 1,) arrays
        Lower and upper ends of each class's and, last, of the mean IoU's
        difference; NaN for a class that no picture has.
    """
    count = len(first)
    check_count(count)
    random = np.random.RandomState(seed)
    drawn = np.stack([np.bincount(random.randint(count, size=count),
                                  minlength=count)
                      for _ in range(resamples)])           # [R, N]
    values = [ious(np.tensordot(drawn, sums(matrices), axes=1))
              for matrices in (first, second)]              # [R, C + 1] each
    difference = values[1] - values[0]
    ends = 50 * (1 - SHARE), 50 * (1 + SHARE)
    return np.transpose([
        np.percentile(column[~np.isnan(column)], ends)
        if not np.isnan(column).all() else (np.nan, np.nan)
        for column in difference.T])
