"""One picture as layers that a page lays over one another.

    picture.jpg        what the network saw
    truth.png          colours of the true classes; ignored pixels hatched
    prediction.png     colours of the predicted classes
    mistakes.png       transparent where the network is right
    confidence.jpg     dark to bright, 0 to 1
"""
import os

import cv2
import numpy as np

from segmentation import files, pixels
from segmentation.drawing import overlay
from segmentation.drawing.style import Style

WIDEST = 800        # pixels of a layer
CROP = 1 / 3        # of the sides of a picture
# BGR; the first two are distinct to the colour-blind as well.
FALSE_NEGATIVE, FALSE_POSITIVE = (0, 140, 255), (235, 160, 40)
OTHER = (190, 190, 190)
JPEG = (cv2.IMWRITE_JPEG_QUALITY, 88)


def shrink(image, ids, predicted, confidence):
    """Shrink picture, truth, prediction and confidence to WIDEST.

    Returns
    -------
    tuple of four arrays
        At most WIDEST pixels wide, of one size.
    """
    height, width = ids.shape
    if width <= WIDEST:
        return image, ids, predicted, confidence
    size = WIDEST, max(1, round(height * WIDEST / width))
    return (pixels.resize_image(image, size),) + tuple(
        cv2.resize(array, size, interpolation=cv2.INTER_NEAREST)
        for array in (ids, predicted, confidence))


def window(mask):
    """Return where a window of CROP of the sides holds most of a mask.

    Parameters
    ----------
    mask : (H, W) bool array

    Returns
    -------
    two slices
        Of rows and of columns.
    """
    sides = [max(1, int(round(side * CROP))) for side in mask.shape]
    height, width = sides
    sums = cv2.integral(mask.astype(np.uint8))      # [H + 1, W + 1]
    inside = (sums[height:, width:] - sums[:-height, width:]
              - sums[height:, :-width] + sums[:-height, :-width])
    # The middle of all the best ones, so that the mistakes are not cut off.
    best = np.argwhere(inside == inside.max())
    middle = best[np.abs(best - best.mean(axis=0)).sum(axis=1).argmin()]
    return tuple(slice(int(first), int(first) + side)
                 for first, side in zip(middle, sides))


def mistakes(ids, predicted, num_classes, true=None, other=None):
    """Draw where truth and prediction differ, (H, W, 4) uint8 BGRA.

    Of a class, `true`, its false negatives and its false positives have
    colours of their own; of a pair of classes the pixels of `true` predicted
    as `other`, and the reverse. All other mistakes are grey.
    """
    wrong = (ids != predicted) & (ids < num_classes)
    if true is None:
        negative, positive = wrong, np.zeros_like(wrong)
    elif other is None:
        negative, positive = wrong & (ids == true), wrong & (predicted == true)
    else:
        negative = (ids == true) & (predicted == other)
        positive = (ids == other) & (predicted == true)
    layer = np.zeros(ids.shape + (4,), np.uint8)
    for mask, color, alpha in ((wrong, OTHER, 90),
                               (negative, FALSE_NEGATIVE, 255),
                               (positive, FALSE_POSITIVE, 255)):
        layer[mask] = color + (alpha,)
    return hatch(layer, ids)


def class_colors(ids, truth, style):
    """Draw class colours, (H, W, 4) uint8 BGRA; hatched where not scored.

    What the style does not draw is transparent.
    """
    opacity = np.zeros(256, np.uint8)
    opacity[list(style.alphas)] = 255
    layer = np.dstack([overlay.colors_of(ids, style.colors),
                       pixels.look_up(ids, opacity)])
    return hatch(layer, truth)


def hatch(layer, ids):
    """Draw stripes where `ids` are ignored; return the same layer."""
    rows, columns = np.indices(ids.shape)
    ignored = ids >= pixels.UNKNOWN
    layer[ignored] = (0, 0, 0, 60)
    layer[ignored & ((rows + columns) // 4 % 3 == 0)] = (0, 0, 0, 200)
    return layer


def heat(confidence):
    """Draw probabilities (H, W) as colours, (H, W, 3) uint8 BGR."""
    return cv2.applyColorMap(np.rint(255 * confidence).astype(np.uint8),
                             cv2.COLORMAP_INFERNO)


class Layers:
    """Writes the layers of one picture.

    Parameters
    ----------
    folder : str
        The folder of the page.
    stem : str
        Path of the files without the ends of their names, relative to it.
    image : (H, W, 3) array, BGR 0..255
    ids, predicted : (H, W) uint8 arrays
    confidence : (H, W) float array, 0..1
    style : Style
        Which classes are drawn, in which colours.
    """

    def __init__(self, folder, stem, image, ids, predicted, confidence,
                 style: Style):
        self.folder, self.stem, self.style = folder, stem, style
        self.image = pixels.to_uint8(image)
        self.ids, self.predicted = ids, predicted
        self.confidence = confidence

    def shrink(self):
        """Return the Layers at most WIDEST pixels wide."""
        return Layers(self.folder, self.stem, *shrink(
            self.image, self.ids, self.predicted, self.confidence),
            self.style)

    def crop(self, true, other):
        """Return the Layers of where most pixels of a confusion are."""
        part = window((self.ids == true) & (self.predicted == other))
        return Layers(self.folder, f'{self.stem}_{true}_{other}',
                      self.image[part], self.ids[part], self.predicted[part],
                      self.confidence[part], self.style).shrink()

    def write(self):
        """Write all layers but the mistakes.

        Returns
        -------
        dict
            'width', 'height' and the path of each layer, relative to the
            page.
        """
        height, width = self.ids.shape
        return {
            'width': width, 'height': height,
            'picture': self.save('_picture.jpg', self.image),
            'truth': self.save('_truth.png', class_colors(
                self.ids, self.ids, self.style)),
            'prediction': self.save('_prediction.png', class_colors(
                self.predicted, self.ids, self.style)),
            'confidence': self.save('_confidence.jpg',
                                    heat(self.confidence))}

    def write_mistakes(self, true=None, other=None):
        """Write the mistakes, of a class or of a pair; return their path."""
        suffix = ''.join(f'_{class_id}' for class_id in (true, other)
                         if class_id is not None)
        return self.save(f'_mistakes{suffix}.png', mistakes(
            self.ids, self.predicted, len(self.style.names), true, other))

    def save(self, end, image):
        """Write one layer; return its path relative to the page."""
        files.write_image(
            os.path.join(self.folder, *f'{self.stem}{end}'.split('/')), image,
            JPEG if end.endswith('jpg') else ())
        return self.stem + end
