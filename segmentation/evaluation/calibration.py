"""Whether a network is right as often as it is confident.

The confidence of a pixel is the probability of its likeliest class. Bins of
equal width part 0..1; bin k of n holds the confidences above k / n and up to
(k + 1) / n. The expected calibration error is the mean gap between confidence
and share of right pixels of the bins, weighted by their pixels.

References
----------
Guo, Pleiss, Sun and Weinberger 2017, 'On calibration of modern neural
networks', section 2.
"""
import cv2
import numpy as np

from segmentation import drawing, metrics

BINS = 15       # Guo et al. 2017


def count(truth, predicted, confidence, num_classes):
    """Count the scored pixels of each bin.

    Parameters
    ----------
    truth, predicted : (H, W) arrays of class numbers
        Pixels with a truth of `num_classes` or above are left out.
    confidence : (H, W) float array, 0..1

    Returns
    -------
    (3, BINS) float64 array
        Pixels, right pixels, sum of the confidences. Those of several
        pictures are pooled by adding them.
    """
    scored = truth < num_classes
    confidence = confidence[scored].astype(float)
    bins = np.ceil(confidence * BINS).astype(int).clip(1, BINS) - 1
    right = truth[scored] == predicted[scored]
    return np.stack([np.bincount(bins, weights, BINS)
                     for weights in (None, right, confidence)])


def error(bins):
    """The expected calibration error of `count`'s bins, a share of 1."""
    number, right, confidence = bins
    return float(metrics.ratio(np.abs(right - confidence).sum(),
                               number.sum()))


def describe(bins):
    """The error and the bins as plain numbers, for JSON."""
    number, right, confidence = bins
    return {'expected_calibration_error': error(bins),
            'bins': [{'from': k / BINS, 'to': (k + 1) / BINS,
                      'pixels': int(number[k]),
                      'accuracy': float(metrics.ratio(right[k], number[k])),
                      'confidence': float(metrics.ratio(confidence[k],
                                                        number[k]))}
                     for k in range(BINS)]}


def plot(bins, side=360):
    """A reliability plot, (H, W, 3) uint8 BGR.

    Bars are the shares of right pixels, the gap up or down to the mean
    confidence is red, and below stands which share of the pixels each bin
    has; the longest of those bars is as long as there is room.

    Parameters
    ----------
    bins : (3, BINS) array
    side : int
        Of the square of the plot, in pixels.
    """
    left, top, gap, low = 62, 34, 46, 60
    number, right, confidence = bins
    accuracy = metrics.ratio(right, number)
    confidence = metrics.ratio(confidence, number)
    share = metrics.ratio(number, np.full(BINS, number.max()))
    canvas = np.full((top + side + gap + low + 34, left + side + 20, 3),
                     drawing.PAPER, np.uint8)
    edges = left + np.rint(np.arange(BINS + 1) * side / BINS).astype(int)
    floor = top + side + gap + low
    for k in range(BINS):
        if not number[k]:
            continue
        first, last = int(edges[k]) + 1, int(edges[k + 1]) - 1
        levels = [top + int(round(side * (1 - value)))
                  for value in (accuracy[k], confidence[k])]
        cv2.rectangle(canvas, (first, levels[0]), (last, top + side),
                      (176, 112, 48), cv2.FILLED)
        cv2.rectangle(canvas, (first, min(levels)), (last, max(levels)),
                      (96, 96, 232), cv2.FILLED)
        cv2.rectangle(canvas, (first, floor - int(round(low * share[k]))),
                      (last, floor), (160, 160, 160), cv2.FILLED)
    cv2.line(canvas, (left, top + side), (left + side, top), drawing.INK, 1,
             cv2.LINE_AA)
    cv2.rectangle(canvas, (left, top), (left + side, top + side),
                  drawing.INK)
    cv2.rectangle(canvas, (left, floor - low), (left + side, floor),
                  drawing.INK)
    write(canvas, 'expected calibration error {:.2%} (gaps: red)'.format(
        error(bins)), left, 22)
    write(canvas, 'right', 8, top + side // 2)
    write(canvas, 'pixels', 8, floor - low // 2 + 5)
    write(canvas, 'confidence', left + side // 2 - 36, top + side + 34)
    for k in range(6):
        tick = k * side // 5
        write(canvas, f'{k / 5:.1f}', left - 30, top + side - tick + 5)
        write(canvas, f'{k / 5:.1f}', left + tick - 10,
              top + side + 18)
    return canvas


def write(canvas, text, x, y):
    cv2.putText(canvas, text, (x, y), drawing.FONT, .45, drawing.INK, 1,
                cv2.LINE_AA)
