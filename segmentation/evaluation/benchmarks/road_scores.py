"""The scores of the KITTI road benchmark, from maps of confidence.

A confidence map is (H, W) uint8: 255 is surely road. The truth is (H, W)
class ids: 0 not road, 1 road, anything else (255) not evaluated.

References
----------
Fritsch, Kuehnl and Geiger 2013, 'A new performance measure and evaluation
benchmark for road detection algorithms'. Written from its formulas.
"""
import numpy as np

from segmentation.data import kitti_road

CATEGORIES = ('UM', 'UMM', 'UU', 'URBAN')       # the last is all of them
NAMES = ('MaxF', 'AP', 'PRE', 'REC', 'FPR', 'FNR', 'threshold')


def counts(confidence, truth):
    """Count the evaluated pixels at each confidence.

    Counts of several frames are pooled by adding them up.

    Parameters
    ----------
    confidence : (H, W) uint8 array
        0 .. 255.
    truth : (H, W) uint8 array
        0 not road, 1 road; all other pixels are left out.

    Returns
    -------
    (2, 256) int64 array
        Row 0 has the pixels that are not road, row 1 those that are.

    Raises
    ------
    ValueError
        The shapes differ, or the confidence is not uint8.
    """
    confidence, truth = np.asarray(confidence), np.asarray(truth)
    if confidence.shape != truth.shape:
        raise ValueError(f'confidence is {confidence.shape}, truth '
                         f'{truth.shape}: one shape is wanted')
    if confidence.dtype != np.uint8:
        raise ValueError(f'confidence is {confidence.dtype}: uint8, 0 to '
                         '255, is wanted')
    scored = truth <= 1
    pairs = truth[scored].astype(np.int64) * 256 + confidence[scored]
    return np.bincount(pairs, minlength=512).reshape(2, 256)


def scores(histograms):
    """Return the benchmark's scores of one frame or of pooled frames.

    At the threshold k / 255, for k = 0 .. 255, the pixels of a confidence of
    k or more are predicted as road.

    Parameters
    ----------
    histograms : (2, 256) integer array
        What `counts` returns, or the sum of several.

    Returns
    -------
    dict of floats, shares of 0 .. 1
        MaxF is the highest F1 of all thresholds, `threshold` where it is
        reached (of equal ones the lowest), and PRE, REC, FPR and FNR are the
        precision, the recall and the rates of false positives and false
        negatives there. AP is the mean over the recalls 0, 0.1 ... 1 of the
        highest precision at that recall or more.

        Without a road pixel all are NaN; without any other, FPR is. Where
        nothing is predicted as road, F1 and precision count as 0: that
        threshold is never the best, as at 0 all is road and both are above 0.
    """
    histograms = np.asarray(histograms)
    # From the most confident down: how many are at k or above.
    false, hits = np.cumsum(histograms[:, ::-1], axis=1)[:, ::-1]
    other, road = int(false[0]), int(hits[0])
    if not road:
        return dict.fromkeys(NAMES, float('nan'))
    predicted = false + hits
    precision = hits / np.maximum(predicted, 1)
    recall = hits / road
    f1 = 2 * hits / (predicted + road)
    best = int(np.argmax(f1))
    values = (f1[best], average_precision(precision, recall), precision[best],
              recall[best], false[best] / other if other else np.nan,
              1 - recall[best], best / 255)
    return dict(zip(NAMES, map(float, values)))


def average_precision(precision, recall):
    """Return AP, the mean over 11 recalls of the highest precision there.

    k / 10 and hits / road are each the double nearest to their share, so that
    a recall of 3 in 10 is not below 0.3.

    Parameters
    ----------
    precision, recall : (256,) arrays
        Precision and recall at each threshold.
    """
    return np.mean([precision[recall >= k / 10].max() for k in range(11)])


def category(name):
    """Return the category of a picture: UM, UMM or UU.

    >>> category('umm_000012.png')
    'UMM'
    """
    return kitti_road.match_picture(name)[0].upper()


def pool(frames):
    """Add up the counts of each category.

    Parameters
    ----------
    frames : iterable of (name of the picture, (2, 256) array)

    Returns
    -------
    {category: (2, 256) int64 array}
        In the order of CATEGORIES; those without a frame are left out.
    """
    pooled = {}
    for name, histograms in frames:
        for key in (category(name), 'URBAN'):
            pooled[key] = pooled.get(key, 0) + np.asarray(histograms)
    return {key: pooled[key] for key in CATEGORIES if key in pooled}
