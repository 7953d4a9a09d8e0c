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


def measure_shares(samples):
    """Return the share of the samples' pixels of each class id, (256,)."""
    counts = sum(np.bincount(sample.ids.ravel(), minlength=256)
                 for sample in samples)
    return counts / counts.sum()


def class_texts(style, shares):
    """Return what the legend says of each class: its name and its share."""
    return [f'{name} {share:.1%}' if share else f'{name} -'
            for name, share in zip(style.names, shares)]


def key(shares, style, width, scale=1.):
    """Return the legend, each class with its share of the pixels.

    The swatch of a class that is left unpainted is as white as the paper.
    """
    colors = [style.colors[k] if k in style.alphas else canvas.PAPER
              for k in range(len(style.names))]
    parts = [legend.strip(class_texts(style, shares), colors, width, scale)]
    for class_id, text in ((pixels.IGNORE, 'ignored'),
                           (pixels.UNKNOWN, 'IN NO CLASS')):
        if shares[class_id]:
            parts.append(legend_line(f'{text} {shares[class_id]:.1%}',
                                     class_id, width, scale))
    return np.vstack(parts)


def legend_line(text, class_id, width, scale=1.):
    """Return a line of the legend with a swatch as it is in an overlay."""
    size = int(14 * scale), int(28 * scale)
    top, left = int(2 * scale), int(5 * scale)
    strip = np.full((int(20 * scale), width, 3), canvas.PAPER, np.uint8)
    strip[top:top + size[0], left:left + size[1]] = overlay(
        np.full((*size, 3), 160, np.uint8), np.full(size, class_id, np.uint8),
        Style([], {}, {}))
    canvas.write(strip, text, int(38 * scale), int(14 * scale),
                 scale=scale * canvas.SCALE)
    return strip


def title(path):
    """Return the name of a file in ASCII, which is all that OpenCV draws."""
    return os.path.basename(path).encode('ascii', 'replace').decode()


def picture(sample, style):
    """Draw a sample large, with its name above and the legend below.

    Their text grows with the picture.
    """
    body = pair(sample, style, max(NARROWEST, sample.image.shape[1]))
    name, shares = title(sample.path), measure_shares([sample])
    texts = class_texts(style, shares)
    scale = canvas.growth(body, lambda scale: max(
        canvas.text_size(name, scale * canvas.SCALE)[0] + 8 * scale,
        legend.column_width(texts, scale)))
    return np.vstack([canvas.caption(body, name, scale),
                      key(shares, style, body.shape[1], scale)])


def sheet(samples, style):
    """Draw many samples small, with one legend below."""
    cells = [canvas.caption(pair(sample, style, CELL),
                            title(sample.path)[-60:]) for sample in samples]
    height = max(cell.shape[0] for cell in cells)
    cells = [cv2.copyMakeBorder(cell, 0, height - cell.shape[0], 0, 0,
                                cv2.BORDER_CONSTANT, value=canvas.PAPER)
             for cell in cells]
    body = canvas.sheet(cells, min(COLUMNS, len(cells)), gap=12)
    return np.vstack([body, key(measure_shares(samples), style,
                                body.shape[1])])
