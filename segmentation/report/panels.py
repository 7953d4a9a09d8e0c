"""One picture as layers that a page lays over one another.

    picture.jpg        what the network saw
    truth.png          colours of the true classes; ignored pixels hatched
    prediction.png     colours of the predicted ones
    mistakes.png       clear where the network is right
    confidence.jpg     dark to bright, 0 to 1
"""
import os

import cv2
import numpy as np

from segmentation import drawing, pixels

WIDEST = 800                    # pixels of a layer
CROP = 1 / 3                    # of the sides of a picture
MISSED = (0, 140, 255)          # BGR; told apart by the colour-blind, too
INVENTED = (235, 160, 40)
OTHER = (190, 190, 190)
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]


def shrink(image, ids, predicted, confidence):
    """The same, not wider than WIDEST."""
    height, width = ids.shape
    if width <= WIDEST:
        return image, ids, predicted, confidence
    size = WIDEST, max(1, round(height * WIDEST / width))
    return (pixels.resize_image(image, size),) + tuple(
        cv2.resize(array, size, interpolation=cv2.INTER_NEAREST)
        for array in (ids, predicted, confidence))


def window(mask):
    """Where a window of CROP of the sides holds most of a mask: slices."""
    sides = [max(1, int(round(side * CROP))) for side in mask.shape]
    height, width = sides
    sums = cv2.integral(mask.astype(np.uint8))      # [H + 1, W + 1]
    inside = (sums[height:, width:] - sums[:-height, width:]
              - sums[height:, :-width] + sums[:-height, :-width])
    # The middle of all the best ones, so that what is shown is not cut off.
    best = np.argwhere(inside == inside.max())
    middle = best[np.abs(best - best.mean(axis=0)).sum(axis=1).argmin()]
    return tuple(slice(int(first), int(first) + side)
                 for first, side in zip(middle, sides))


def mistakes(ids, predicted, num_classes, true=None, called=None):
    """Where truth and prediction differ, (H, W, 4) uint8 BGRA.

    Of a class, `true`: its missed pixels, and those wrongly called it. Of a
    pair: pixels of `true` called `called`, and the other way round. What
    else is wrong is grey.
    """
    wrong = (ids != predicted) & (ids < num_classes)
    if true is None:
        missed, invented = wrong, np.zeros_like(wrong)
    elif called is None:
        missed, invented = wrong & (ids == true), wrong & (predicted == true)
    else:
        missed = (ids == true) & (predicted == called)
        invented = (ids == called) & (predicted == true)
    layer = np.zeros(ids.shape + (4,), np.uint8)
    for mask, color, alpha in ((wrong, OTHER, 90), (missed, MISSED, 255),
                               (invented, INVENTED, 255)):
        layer[mask] = color + (alpha,)
    return hatch(layer, ids)


def class_colors(ids, truth, label_colors):
    """Class colours, (H, W, 4) uint8 BGRA; hatched where truth is ignored."""
    layer = np.dstack([drawing.colors_of(ids, label_colors),
                       np.full(ids.shape, 255, np.uint8)])
    return hatch(layer, truth)


def hatch(layer, ids):
    """Draw stripes where `ids` are ignored."""
    rows, columns = np.indices(ids.shape)
    ignored = ids >= pixels.UNKNOWN
    layer[ignored] = (0, 0, 0, 60)
    layer[ignored & ((rows + columns) // 4 % 3 == 0)] = (0, 0, 0, 200)
    return layer


def colored(confidence):
    """Probabilities (H, W) as colours, (H, W, 3) uint8 BGR."""
    return cv2.applyColorMap(np.rint(255 * confidence).astype(np.uint8),
                             cv2.COLORMAP_INFERNO)


class Layers:
    """Writes the layers of one picture; paths are relative to the page.

    Parameters
    ----------
    folder : str
        Of the page.
    stem : str
        Path and name without suffix, relative to it.
    image : (H, W, 3) array, BGR 0..255
    ids, predicted : (H, W) uint8 arrays
    confidence : (H, W) float array, 0..1
    label_colors : {class number: (blue, green, red)}
    """

    def __init__(self, folder, stem, image, ids, predicted, confidence,
                 label_colors):
        self.folder, self.stem, self.label_colors = folder, stem, label_colors
        self.image = np.asarray(image).clip(0, 255).astype(np.uint8)
        self.ids, self.predicted = ids, predicted
        self.confidence = confidence

    def full(self):
        """The same layers, small enough for a page."""
        return Layers(self.folder, self.stem, *shrink(
            self.image, self.ids, self.predicted, self.confidence),
            self.label_colors)

    def crop(self, stem, true, called):
        """The layers of where most pixels of a confusion are."""
        place = window((self.ids == true) & (self.predicted == called))
        return Layers(self.folder, stem, self.image[place], self.ids[place],
                      self.predicted[place], self.confidence[place],
                      self.label_colors).full()

    def write(self):
        """Write all but the mistakes; {layer: path}, 'width', 'height'."""
        height, width = self.ids.shape
        return {
            'width': width, 'height': height,
            'picture': self.save('_picture.jpg', self.image),
            'truth': self.save('_truth.png', class_colors(
                self.ids, self.ids, self.label_colors)),
            'prediction': self.save('_prediction.png', class_colors(
                self.predicted, self.ids, self.label_colors)),
            'confidence': self.save('_confidence.jpg',
                                    colored(self.confidence))}

    def write_mistakes(self, true=None, called=None):
        """Write where it is wrong, of a class or of a pair; the path."""
        suffix = ''.join(f'_{number}' for number in (true, called)
                         if number is not None)
        return self.save(f'_mistakes{suffix}.png', mistakes(
            self.ids, self.predicted, len(self.label_colors), true, called))

    def save(self, end, image):
        path = os.path.join(self.folder, *(self.stem + end).split('/'))
        if not cv2.imwrite(path, image, JPEG if end.endswith('jpg') else []):
            raise OSError(f'{path}: cannot be written')
        return self.stem + end
