"""The scores of the KITTI road benchmark, and its bird's eye view.

A confidence map is (H, W) uint8: 255 is surely road. The truth is (H, W)
class numbers: 0 not road, 1 road, anything else (255) not evaluated.

The bird's eye view is the road's plane from above, 20 m wide and 40 m long,
.05 m a pixel: 800 rows by 400 columns. The road's frame is in metres, x to
the right, y down and z ahead; its plane is y = 0. Row 0 is the far end. The
centre of the pixel at row r and column c is at x = -10 + .05 (c + .5) and
z = 46 - .05 (r + .5).

References
----------
Fritsch, Kuehnl and Geiger 2013, 'A new performance measure and evaluation
benchmark for road detection algorithms'. All is made from its formulas.
"""
import os
import re

import cv2
import numpy as np

IGNORE = 255        # a pixel of the truth that is not evaluated
CATEGORIES = ('UM', 'UMM', 'UU', 'URBAN')       # the last is all of them
NAMES = ('MaxF', 'AP', 'PRE', 'REC', 'FPR', 'FNR', 'threshold')
PICTURE = re.compile(r'(um|umm|uu)_(\d+)\.png')

X_RANGE = (-10, 10)         # metres, left and right of the car
Z_RANGE = (6, 46)           # metres ahead
METRES = .05                # the side of a pixel
SHAPE = (800, 400)          # rows, columns


def counts(confidence, truth):
    """Count the evaluated pixels at each confidence.

    Counts of several frames are pooled by adding them.

    Parameters
    ----------
    confidence : (H, W) uint8 array
        0 .. 255.
    truth : (H, W) uint8 array
        0 not road, 1 road; pixels of any other number are left out.

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
        raise ValueError('confidence is {}, truth {}: one shape is wanted'
                         .format(confidence.shape, truth.shape))
    if confidence.dtype != np.uint8:
        raise ValueError('confidence is {}: uint8, 0 to 255, is wanted'
                         .format(confidence.dtype))
    scored = truth <= 1
    pairs = truth[scored].astype(np.int64) * 256 + confidence[scored]
    return np.bincount(pairs, minlength=512).reshape(2, 256)


def scores(histograms):
    """The benchmark's scores of one frame or of pooled frames.

    At the threshold k / 255, for k = 0 .. 255, the pixels of a confidence of
    k or more are called road.

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
        negatives there. AP is the mean over the recalls 0, .1 ... 1 of the
        highest precision at that recall or more.

        Without a road pixel all are NaN; without any other, FPR is. Where
        nothing is called road F1 and precision count as 0: that threshold is
        never the best, as at 0 all is road and both are above 0.
    """
    histograms = np.asarray(histograms)
    # From the most confident down: how many are at k or above.
    false, hits = np.cumsum(histograms[:, ::-1], axis=1)[:, ::-1]
    other, road = int(false[0]), int(hits[0])
    if not road:
        return dict.fromkeys(NAMES, float('nan'))
    called = false + hits
    precision = hits / np.maximum(called, 1)
    recall = hits / road
    f1 = 2 * hits / (called + road)
    best = int(np.argmax(f1))
    values = (f1[best], average_precision(precision, recall), precision[best],
              recall[best], false[best] / other if other else np.nan,
              1 - recall[best], best / 255)
    return dict(zip(NAMES, map(float, values)))


def average_precision(precision, recall):
    """AP by 11 recalls; the precision and the recall of each threshold.

    k / 10 and hits / road are each the double nearest to their share, so that
    a recall of 3 in 10 is not below .3.
    """
    return np.mean([precision[recall >= k / 10].max() for k in range(11)])


def category(name):
    """The category of a picture: UM, UMM or UU.

    >>> category('umm_000012.png')
    'UMM'
    """
    return match_picture(name).group(1).upper()


def submission_name(name):
    """The file name that the benchmark wants for a picture's confidences.

    >>> submission_name('um_000012.png')
    'um_road_000012.png'
    """
    return '{}_road_{}.png'.format(*match_picture(name).groups())


def match_picture(name):
    """The prefix and the number of a picture's file name, as a match."""
    match = PICTURE.fullmatch(os.path.basename(name))
    if not match:
        raise ValueError('{}: no picture of KITTI road: um_, umm_ or uu_ and '
                         'a number is wanted, such as um_000012.png'.format(
                             name))
    return match


def pool(frames):
    """Add up the counts of each category.

    Parameters
    ----------
    frames : iterable of (picture's name, (2, 256) array)

    Returns
    -------
    dict of category -> (2, 256) int64 array
        In the order of CATEGORIES; those without a frame are left out.
    """
    pooled = {}
    for name, histograms in frames:
        for key in (category(name), 'URBAN'):
            pooled[key] = pooled.get(key, 0) + np.asarray(histograms)
    return {key: pooled[key] for key in CATEGORIES if key in pooled}


def homography(calibration):
    """The (3, 3) matrix from bird's eye pixels to picture pixels.

    It takes (column, row, 1) of the view to (x w, y w, w) of the picture;
    whole numbers are pixel centres in both. w is the depth in metres, below 0
    behind the camera.

    Parameters
    ----------
    calibration : dict of name -> array
        P2 (3, 4), R0_rect (3, 3) and Tr_cam_to_road (3, 4), as
        `source_kitti.read_calibration` returns them.
    """
    to_camera = np.linalg.inv(square(calibration['Tr_cam_to_road']))
    project = (np.asarray(calibration['P2'], float)
               @ square(calibration['R0_rect']) @ to_camera)    # [3, 4]
    to_ground = [[METRES, 0, X_RANGE[0] + METRES / 2],
                 [0, -METRES, Z_RANGE[1] - METRES / 2],
                 [0, 0, 1]]                 # (column, row, 1) to (x, z, 1)
    return project[:, (0, 2, 3)] @ to_ground        # y is 0 on the ground


def square(matrix):
    """A (3, 3) or (3, 4) matrix as (4, 4), for homogeneous points."""
    matrix = np.asarray(matrix, float)
    full = np.eye(4)
    full[:3, :matrix.shape[1]] = matrix
    return full


def picture_points(calibration):
    """Where each bird's eye pixel lies in the picture.

    Returns
    -------
    x, y : (800, 400) float64 arrays
        In pixels; both are -1 behind the camera.
    """
    rows, columns = np.indices(SHAPE)
    points = np.stack([columns, rows, np.ones(SHAPE)])      # [3, 800, 400]
    x, y, depth = np.tensordot(homography(calibration), points, axes=1)
    ahead = depth > 0
    return tuple(np.divide(value, depth, out=np.full(SHAPE, -1.), where=ahead)
                 for value in (x, y))


def to_birds_eye(image, calibration, interpolation=cv2.INTER_LINEAR):
    """See a picture, its confidences or its truth from above.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) array, uint8 or float32
    calibration : dict of name -> array
        As for `homography`.
    interpolation : cv2.INTER_LINEAR or cv2.INTER_NEAREST
        Linear for pictures and confidences, nearest for class numbers.

    Returns
    -------
    (800, 400) or (800, 400, 3) array
        Where the picture does not reach, IGNORE by INTER_NEAREST and else 0.
    """
    height, width = image.shape[:2]
    x, y = picture_points(calibration)
    seen = ((x >= -.5) & (x < width - .5) & (y >= -.5) & (y < height - .5))
    # Within half a pixel of the border there is nothing to blend with.
    view = cv2.remap(image, x.astype(np.float32), y.astype(np.float32),
                     interpolation, borderMode=cv2.BORDER_REPLICATE)
    view[~seen] = IGNORE if interpolation == cv2.INTER_NEAREST else 0
    return view
