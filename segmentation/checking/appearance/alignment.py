"""Whether labels lie where the edges of their pictures are.

The gradient of a picture is higher along the borders of its classes than
elsewhere. Its mean there is taken as a multiple of the picture's mean, once
as the label lies, moved by up to REACH pixels each way, mirrored, and with
the label of another picture: the highest should be that of the label as it
lies.
"""
from typing import List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np
from scipy import ndimage

from segmentation import pixels
from segmentation.checking.appearance.finding import (FAULT, SOUND, UNCLEAR,
                                                      Finding)
from segmentation.checking.appearance.views import View

TEST = 'edges along label borders'
REACH = 16          # pixels that labels are moved by, each way
WIDEST = 480        # pixels; wider samples are shrunk
NARROW = 5          # pixels: void of this width is a border that was left out
ENOUGH = 100        # border pixels that a sample needs to count
SEVERAL = 3         # samples that it takes to find wrong pairs
# Deviation of the gradient over its mean: photographs have .7 and more, noise
# has .3, and neither noise nor a plain picture has edges to go by.
UNEVEN = .5
# Measured on CamVid, Cityscapes and synthetic scenes: right labels have 2.0
# to 2.7, those of other pictures 1.2 to 1.4, mirrored ones 1.2 to 1.4.
CLEAR = 1.5         # from here on borders follow edges
BETTER = 1.05       # times as high means that labels are moved
MIRRORED = 1.25     # times as high means that they are mirrored
SAME = 1.1          # times what others have, at most, means wrong pairs


class Ratios(NamedTuple):
    """Gradients along the borders of a sample, times the picture's mean."""

    own: np.ndarray         # (2 REACH + 1, 2 REACH + 1), by row and column
    mirrored: np.ndarray    # the same, the picture mirrored
    other: float            # on another picture


def gradient(image: np.ndarray) -> np.ndarray:
    """Return the gradient (H, W) float32 of the channel where it is largest.
    """
    smooth = cv2.GaussianBlur(image, (0, 0), 1)
    return np.max([cv2.magnitude(cv2.Sobel(channel, cv2.CV_32F, 1, 0),
                                 cv2.Sobel(channel, cv2.CV_32F, 0, 1))
                   for channel in cv2.split(smooth)], axis=0)


def borders(ids: np.ndarray) -> np.ndarray:
    """Return where classes meet, (H, W) float32: 1 on both sides, else 0.

    Narrow void is given to the nearest class; wide void has no border.
    """
    void = ids >= pixels.UNKNOWN
    if void.any() and not void.all():
        distance, nearest = ndimage.distance_transform_edt(
            void, return_indices=True)
        ids = np.where(distance <= NARROW, ids[tuple(nearest)], ids)
        void = ids >= pixels.UNKNOWN
    marks = np.zeros(ids.shape, np.float32)
    for first, second in ((np.s_[:-1], np.s_[1:]),
                          (np.s_[:, :-1], np.s_[:, 1:])):
        meet = ((ids[first] != ids[second])
                & ~void[first] & ~void[second])
        marks[first][meet] = 1
        marks[second][meet] = 1
    return marks


def ratios(edges: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return the mean of edges under marks, moved each way, of their mean.

    Parameters
    ----------
    edges, marks : (H, W) float32 arrays

    Returns
    -------
    (2 REACH + 1, 2 REACH + 1) array
        The middle is where nothing is moved; to the right and below, marks
        are moved to the right and down.
    """
    room = cv2.copyMakeBorder(edges, REACH, REACH, REACH, REACH,
                              cv2.BORDER_REPLICATE)
    sums = cv2.matchTemplate(room, marks, cv2.TM_CCORR)
    return sums / marks.sum() / max(float(edges.mean()), 1e-6)


def shrink(view: View) -> View:
    """Return a View of at most WIDEST pixels in width."""
    height, width = view.ids.shape
    if width <= WIDEST:
        return view
    size = WIDEST, max(1, round(height * WIDEST / width))
    return View(view.path, pixels.resize_image(view.image, size),
                pixels.resize_ids(view.ids, size))


def measure(views: Sequence[View]) -> Tuple[List[View], List[Ratios]]:
    """Return the Views with borders and edges, and the Ratios of each."""
    chosen, edges, found = [], [], []
    for view in views:
        small = shrink(view)
        slopes, marks = gradient(small.image), borders(small.ids)
        if marks.sum() >= ENOUGH and slopes.std() > UNEVEN * slopes.mean():
            chosen.append((view, marks))
            edges.append(slopes)
    for k, (_, marks) in enumerate(chosen):
        other = edges[(k + max(1, len(edges) // 2)) % len(edges)]
        other = cv2.resize(other, marks.shape[::-1])
        found.append(Ratios(
            ratios(edges[k], marks),
            ratios(np.ascontiguousarray(edges[k][:, ::-1]), marks),
            float(ratios(other, marks)[REACH, REACH])))
    return [view for view, _ in chosen], found


def judge(found: Sequence[Ratios], num_classes: int) -> Tuple[str, str]:
    """Return the verdict on Ratios, and what is wrong in words.

    Two classes alone, such as road and not road, need not meet at edges:
    then pairs are not called wrong.
    """
    own = np.mean([one.own for one in found], axis=0)
    mirrored = np.mean([one.mirrored for one in found], axis=0)
    other = np.mean([one.other for one in found])
    here, best, mirrored_best = own[REACH, REACH], own.max(), mirrored.max()
    down, right = (int(side) - REACH for side in
                   np.unravel_index(own.argmax(), own.shape))
    if mirrored_best >= CLEAR and mirrored_best > MIRRORED * best:
        return FAULT, (f'labels fit the mirrored pictures: {here:.2f} as they '
                       f'are, {mirrored_best:.2f} mirrored')
    if (best >= CLEAR and best > BETTER * here
            and max(abs(right), abs(down)) >= 2):
        return FAULT, (f'labels fit the pictures better if they are moved by '
                       f'{right:+d} pixels to the right and {down:+d} down: '
                       f'{here:.2f} as they are, {best:.2f} moved')
    if here >= CLEAR:
        return SOUND, ''
    if (len(found) >= SEVERAL and num_classes > 2 and here <= SAME * other):
        return FAULT, (f'labels fit their pictures no better than those of '
                       f'others: {here:.2f} and {other:.2f}; pictures and '
                       'labels may be paired wrongly')
    return UNCLEAR, ''


def test(views: Sequence[View], num_classes: int) -> Finding:
    """Return the Finding on how labels lie on their pictures."""
    chosen, found = measure(views)
    if not found:
        return Finding(TEST, '-', UNCLEAR)
    verdict, text = judge(found, num_classes)
    here = [one.own[REACH, REACH] for one in found]
    return Finding(TEST, f'{np.mean(here):.2f} x the mean', verdict, text,
                   chosen[int(np.argmin(here))])
