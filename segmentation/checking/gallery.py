"""A gallery of a data set: samples with their classes over them.

Samples are those of `audit.Audit.samples`: path, picture (H, W, 3) BGR uint8
and class ids (H, W).
"""
import os

import cv2
import numpy as np

from segmentation import pixels
from segmentation.drawing import canvas, legend
from segmentation.drawing import overlay as overlays
from segmentation.drawing.style import Style

NARROWEST = 256         # pixels; smaller samples are enlarged
CELL, COLUMNS = 240, 3  # width of a picture in the sheet, samples a row
ALARM = ((0, 0, 255), (255, 255, 255))      # BGR, of pixels in no class
CHECK = 6               # pixels; side of a field of ALARM's chequers


def overlay(image, ids, style):
    """Lay classes over a picture: hatched is ignored, chequered in none."""
    mixed = overlays.draw(image, ids, style)
    rows, columns = np.indices(ids.shape) // CHECK % 2
    for parity, color in enumerate(ALARM):
        mixed[(ids == pixels.UNKNOWN) & ((rows + columns) % 2 == parity)] = \
            color
    return mixed


def pair(sample, style, width):
    """Return a sample beside its overlay, each `width` pixels wide."""
    image, ids = sample.image, sample.ids
    size = width, max(1, round(image.shape[0] * width / image.shape[1]))
    if width > image.shape[1]:
        image = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    image = pixels.resize_image(image, size)
    ids = pixels.resize_ids(ids, size)
    return canvas.side_by_side([image, overlay(image, ids, style)])


def key(samples, style, width):
    """Return the legend, each class with its share of the samples' pixels.

    The swatch of a class that is left unpainted is as white as the paper.
    """
    counts = sum(np.bincount(sample.ids.ravel(), minlength=256)
                 for sample in samples)
    shares = counts / counts.sum()
    texts = [f'{name} {share:.1%}' if share else f'{name} -'
             for name, share in zip(style.names, shares)]
    colors = [style.colors[k] if k in style.alphas else canvas.PAPER
              for k in range(len(texts))]
    parts = [legend.strip(texts, colors, width)]
    for class_id, text in ((pixels.IGNORE, 'ignored'),
                           (pixels.UNKNOWN, 'IN NO CLASS')):
        if counts[class_id]:
            parts.append(legend_line(f'{text} {shares[class_id]:.1%}',
                                     class_id, width))
    return np.vstack(parts)


def legend_line(text, class_id, width):
    """Return a line of the legend with a swatch as it is in an overlay."""
    swatch = overlay(np.full((14, 28, 3), 160, np.uint8),
                     np.full((14, 28), class_id, np.uint8),
                     Style([], {}, {}))
    strip = np.full((20, width, 3), canvas.PAPER, np.uint8)
    strip[2:16, 5:33] = swatch
    canvas.write(strip, text, 38, 14)
    return strip


def title(path):
    """Return the name of a file in ASCII, which is all that OpenCV draws."""
    return os.path.basename(path).encode('ascii', 'replace').decode()


def picture(sample, style):
    """Draw a sample large, with the legend below."""
    width = max(NARROWEST, sample.image.shape[1])
    body = canvas.caption(pair(sample, style, width), title(sample.path))
    return np.vstack([body, key([sample], style, body.shape[1])])


def sheet(samples, style):
    """Draw many samples small, with one legend below."""
    cells = [canvas.caption(pair(sample, style, CELL),
                            title(sample.path)[-60:]) for sample in samples]
    height = max(cell.shape[0] for cell in cells)
    cells = [cv2.copyMakeBorder(cell, 0, height - cell.shape[0], 0, 0,
                                cv2.BORDER_CONSTANT, value=canvas.PAPER)
             for cell in cells]
    body = canvas.sheet(cells, min(COLUMNS, len(cells)), gap=12)
    return np.vstack([body, key(samples, style, body.shape[1])])
