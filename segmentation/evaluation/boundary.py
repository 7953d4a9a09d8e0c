"""Scores at the boundaries of the truth: trimaps of several radii.

The trimap of r holds the scored pixels with a pixel of another class, or an
ignored one, at most r pixels away, centre to centre. Ignored pixels count as
a class of their own there, as VOC draws them along its contours; the edge of
the picture is no boundary.

References
----------
Kohli, Ladicky and Torr 2009; Kraehenbuehl and Koltun 2011, section 5.
"""
import cv2
import numpy as np

from segmentation import metrics

RADII = (1, 2, 4, 8, 16)        # pixels


def disc(radius):
    """Return a (2 r + 1, 2 r + 1) uint8 mask: 1 up to r from its centre."""
    y, x = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    return (x * x + y * y <= radius * radius).astype(np.uint8)


def trimap(ids, radius):
    """Return where another class is at most `radius` pixels away.

    Parameters
    ----------
    ids : (H, W) uint8 array of class ids, IGNORE among them

    Returns
    -------
    (H, W) bool array
    """
    # Another class is in the disc where its highest is not its lowest one.
    return cv2.dilate(ids, disc(radius)) != cv2.erode(ids, disc(radius))


def confusion_matrices(truth, predicted, num_classes):
    """Return the confusion matrix of each trimap, (R, C, C) int64, by RADII.
    """
    rings = []
    done = np.zeros(truth.shape, bool)
    for radius in RADII:
        inside = trimap(truth, radius)
        ring = inside & ~done       # the trimaps lie in one another
        rings.append(metrics.confusion_matrix(truth[ring], predicted[ring],
                                              num_classes))
        done = inside
    return np.cumsum(rings, axis=0)
