"""A gallery of a data set: samples with their classes over them.

Samples are those of `audit.Audit.samples`: path, picture (H, W, 3) BGR uint8
and class ids (H, W).
"""
import os

import cv2
import numpy as np

from segmentation import drawing, pixels

NARROWEST = 256         # pixels; smaller samples are enlarged
ALPHA = .6              # share of the class colour in an overlay
CELL, COLUMNS = 240, 3  # width of a picture in the sheet, samples a row
ALARM = ((0, 0, 255), (255, 255, 255))      # BGR, of pixels in no class
CHECK = 6               # pixels; side of a field of ALARM's chequers


def overlay(image, ids, label_colors):
    """Lay classes over a picture: hatched is ignored, chequered in none."""
    mixed = drawing.blend(image, ids, label_colors, ALPHA)
    rows, columns = np.indices(ids.shape) // CHECK % 2
    for parity, color in enumerate(ALARM):
        mixed[(ids == pixels.UNKNOWN) & ((rows + columns) % 2 == parity)] = \
            color
    return mixed


def pair(sample, label_colors, width):
    """Return a sample beside its overlay, each `width` pixels wide."""
    image, ids = sample.image, sample.ids
    size = width, max(1, round(image.shape[0] * width / image.shape[1]))
    if width > image.shape[1]:
        image = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    image = pixels.resize_image(image, size)
    ids = pixels.resize_ids(ids, size)
    return drawing.side_by_side([image, overlay(image, ids, label_colors)])


def key(samples, names, label_colors, width):
    """Return the legend, each class with its share of the samples' pixels."""
    counts = sum(np.bincount(sample.ids.ravel(), minlength=256)
                 for sample in samples)
    shares = counts / counts.sum()
    texts = [f'{name} {share:.1%}' if share else f'{name} -'
             for name, share in zip(names, shares)]
    parts = [drawing.legend(texts, label_colors, width)]
    for class_id, text in ((pixels.IGNORE, 'ignored'),
                           (pixels.UNKNOWN, 'IN NO CLASS')):
        if counts[class_id]:
            parts.append(legend_line(f'{text} {shares[class_id]:.1%}',
                                     class_id, width))
    return np.vstack(parts)


def legend_line(text, class_id, width):
    """Return a line of the legend with a swatch as it is in an overlay."""
    swatch = overlay(np.full((14, 28, 3), 160, np.uint8),
                     np.full((14, 28), class_id, np.uint8), {})
    strip = np.full((20, width, 3), drawing.PAPER, np.uint8)
    strip[2:16, 5:33] = swatch
    drawing.write(strip, text, 38, 14)
    return strip


def title(path):
    """Return the name of a file in ASCII, which is all that OpenCV draws."""
    return os.path.basename(path).encode('ascii', 'replace').decode()


def picture(sample, names, label_colors):
    """Draw a sample large, with the legend below."""
    width = max(NARROWEST, sample.image.shape[1])
    body = drawing.caption(pair(sample, label_colors, width),
                           title(sample.path))
    return np.vstack([body, key([sample], names, label_colors,
                                body.shape[1])])


def sheet(samples, names, label_colors):
    """Draw many samples small, with one legend below."""
    cells = [drawing.caption(pair(sample, label_colors, CELL),
                             title(sample.path)[-60:]) for sample in samples]
    height = max(cell.shape[0] for cell in cells)
    cells = [cv2.copyMakeBorder(cell, 0, height - cell.shape[0], 0, 0,
                                cv2.BORDER_CONSTANT, value=drawing.PAPER)
             for cell in cells]
    body = drawing.sheet(cells, min(COLUMNS, len(cells)), gap=12)
    return np.vstack([body, key(samples, names, label_colors,
                                body.shape[1])])
