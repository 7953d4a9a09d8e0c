"""Whether a network is right as often as it is confident.

The confidence of a pixel is the probability of its likeliest class. Bins of
equal width part 0..1; bin k of n holds the confidences above k / n and up to
(k + 1) / n. The expected calibration error is the mean gap between confidence
and accuracy of the bins, weighted by their pixels.

References
----------
Guo, Pleiss, Sun and Weinberger 2017, 'On calibration of modern neural
networks', section 2.
"""
import cv2
import numpy as np

from segmentation import metrics
from segmentation.drawing import canvas

BINS = 15       # Guo et al. 2017
BLUE, RED, GREY = (176, 112, 48), (96, 96, 232), (160, 160, 160)    # BGR
# Of the diagram, in pixels: margins, space between the plots, height of the
# lower one, which has the pixels of each bin.
LEFT, TOP, RIGHT, BOTTOM, GAP, LOW = 62, 34, 20, 34, 46, 60


def count(truth, predicted, confidence, num_classes):
    """Count the scored pixels of each bin.

    Parameters
    ----------
    truth, predicted : (H, W) arrays of class ids
        Pixels with a truth of `num_classes` or above are left out.
    confidence : (H, W) float array, 0..1

    Returns
    -------
    (3, BINS) float64 array
        Pixels, hits, sum of the confidences. Those of several pictures are
        pooled by adding them up.
    """
    scored = truth < num_classes
    confidence = confidence[scored].astype(float)
    bins = np.ceil(confidence * BINS).astype(int).clip(1, BINS) - 1
    hits = truth[scored] == predicted[scored]
    return np.stack([np.bincount(bins, weights, BINS)
                     for weights in (None, hits, confidence)])


def error(bins):
    """Return the expected calibration error of `count`'s bins, 0..1."""
    pixels, hits, confidence = bins
    return float(metrics.ratio(np.abs(hits - confidence).sum(),
                               pixels.sum()))


def means(bins):
    """Return accuracy and mean confidence of each bin; NaN where it is empty.
    """
    pixels, hits, confidence = bins
    return metrics.ratio(hits, pixels), metrics.ratio(confidence, pixels)


def describe(bins):
    """Return the error and the bins as plain numbers, for JSON."""
    return {'expected_calibration_error': error(bins),
            'bins': [{'from': k / BINS, 'to': (k + 1) / BINS,
                      'pixels': int(pixels), 'accuracy': float(accuracy),
                      'confidence': float(confidence)}
                     for k, (pixels, accuracy, confidence)
                     in enumerate(zip(bins[0], *means(bins)))]}


def plot(bins, side=360):
    """Draw a reliability diagram, (H, W, 3) uint8 BGR.

    Bars are the accuracy, the gap up or down to the mean confidence is red,
    and below are the shares of the pixels; the longest of those bars is as
    long as there is room.

    Parameters
    ----------
    bins : (3, BINS) array
    side : int
        The side of the diagram in pixels.
    """
    floor = TOP + side + GAP + LOW
    paper = np.full((floor + BOTTOM, LEFT + side + RIGHT, 3), canvas.PAPER,
                    np.uint8)
    draw_bars(paper, bins, side)
    cv2.line(paper, (LEFT, TOP + side), (LEFT + side, TOP), canvas.INK, 1,
             cv2.LINE_AA)
    for top, bottom in ((TOP, TOP + side), (floor - LOW, floor)):
        cv2.rectangle(paper, (LEFT, top), (LEFT + side, bottom), canvas.INK)
    canvas.write(paper, f'expected calibration error {error(bins):.2%} '
                        '(gaps: red)', LEFT, 22)
    canvas.write(paper, 'accuracy', 4, TOP + side // 2)
    canvas.write(paper, 'pixels', 8, floor - LOW // 2 + 5)
    canvas.write(paper, 'confidence', LEFT + side // 2 - 36,
                 TOP + side + 34)
    for k in range(6):
        tick = k * side // 5
        canvas.write(paper, f'{k / 5:.1f}', LEFT - 30, TOP + side - tick + 5)
        canvas.write(paper, f'{k / 5:.1f}', LEFT + tick - 10,
                     TOP + side + 18)
    return paper


def draw_bars(paper, bins, side):
    """Draw the bars of `plot`: accuracy, gap and share of the pixels."""
    edges = LEFT + np.rint(np.arange(BINS + 1) * side / BINS).astype(int)
    bottom, floor = TOP + side, TOP + side + GAP + LOW
    for k, (pixels, *values) in enumerate(zip(bins[0], *means(bins))):
        if not pixels:
            continue
        first, last = int(edges[k]) + 1, int(edges[k + 1]) - 1
        accuracy, confidence = (TOP + int(round(side * (1 - value)))
                                for value in values)
        share = int(round(LOW * pixels / bins[0].max()))
        for ends, color in (((accuracy, bottom), BLUE),
                            (sorted((accuracy, confidence)), RED),
                            ((floor - share, floor), GREY)):
            cv2.rectangle(paper, (first, ends[0]), (last, ends[1]), color,
                          cv2.FILLED)
