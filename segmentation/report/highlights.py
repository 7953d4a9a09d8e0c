"""Which pictures and which confusions a report shows, from matrices alone.

    (N, C, C) confusion matrices -> the worst pictures of each class, the
    most confused pairs of classes, a typical picture
"""
import numpy as np

from segmentation import metrics

WORST = 3           # pictures of a class
SENSIBLE = .25      # of a class's median share where it is true
PAIRS = 6           # of classes
EXAMPLES = 2        # of a pair
RARE = 1e-4         # share of all pixels, below which a class has no pairs


def typical(matrices):
    """The picture with the median mIoU, its place; None without labels."""
    mious = np.array([metrics.scores(matrix)['miou'] for matrix in matrices])
    scored = np.flatnonzero(~np.isnan(mious))
    if not len(scored):
        return None
    ranked = scored[np.argsort(mious[scored], kind='stable')]
    return int(ranked[len(ranked) // 2])


def worst(matrices, number, count=WORST):
    """The places of the pictures with the lowest IoU of a class.

    Where the class has next to no pixels a miss says little: pictures below
    SENSIBLE of its median share are left out, and those without mistakes. Of
    two with the same IoU the one with more pixels of the class comes first.

    Parameters
    ----------
    matrices : (N, C, C) array
    number : int
        Of the class.
    """
    true = matrices[:, number].sum(axis=1)                          # [N]
    shares = np.nan_to_num(metrics.ratio(true, matrices.sum(axis=(1, 2))))
    if not true.any():
        return []
    enough = shares >= SENSIBLE * np.median(shares[true > 0])
    ious = np.array([metrics.iou(matrix)[number] for matrix in matrices])
    places = [k for k in range(len(matrices))
              if true[k] and enough[k] and ious[k] < 1]
    return sorted(places, key=lambda k: (ious[k], -true[k], k))[:count]


def pairs(matrix, count=PAIRS):
    """The confusions that cost a true class most of its pixels.

    Returns
    -------
    list of (true class, predicted class, share of the true class's pixels)
        Classes with less than RARE of all pixels are left out.
    """
    totals = matrix.sum(axis=1)
    shares = metrics.ratio(matrix, np.repeat(totals[:, None], len(matrix), 1))
    found = [(a, b, float(shares[a, b]))
             for a, b in zip(*np.nonzero(matrix))
             if a != b and totals[a] >= RARE * totals.sum()]
    found.sort(key=lambda pair: (-pair[2], pair[:2]))
    return [(int(a), int(b), share) for a, b, share in found[:count]]


def examples(matrices, true, called, count=EXAMPLES):
    """The places of the pictures with most pixels of a confusion."""
    pixels = matrices[:, true, called]
    order = np.argsort(-pixels, kind='stable')[:count]
    return [int(k) for k in order if pixels[k]]
