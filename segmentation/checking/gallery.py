"""Pictures to look a data set over: samples with their labels laid over.

A sample is (path, picture (H, W, 3) BGR uint8, class numbers (H, W)).
"""
import os

import cv2
import numpy as np

from segmentation import drawing, pixels

NARROWEST = 256         # pixels; smaller samples are enlarged
ALPHA = .6              # share of the class colour in an overlay
CELL, COLUMNS = 240, 3  # width of a picture in the sheet, samples a row
ALARM = ((0, 0, 255), (255, 255, 255))      # BGR, of pixels in no class


def overlay(image, ids, label_colors):
    """Classes over a picture: ignored hatched, in no class red and white."""
    mixed = drawing.blend(image, ids, label_colors, ALPHA)
    rows, columns = np.indices(ids.shape) // 6 % 2
    for parity, color in enumerate(ALARM):
        mixed[(ids == pixels.UNKNOWN) & ((rows + columns) % 2 == parity)] = \
            color
    return mixed


def pair(image, ids, label_colors, width):
    """A picture and its overlay side by side, each `width` pixels wide."""
    size = width, max(1, round(image.shape[0] * width / image.shape[1]))
    if width > image.shape[1]:
        image = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    image = pixels.resize_image(image, size)
    ids = pixels.resize_ids(ids, size)
    return drawing.side_by_side([image, overlay(image, ids, label_colors)])


def key(samples, names, label_colors, width):
    """The legend, each class with its share of the pixels of `samples`."""
    counts = sum(np.bincount(ids.ravel(), minlength=256)
                 for _, _, ids in samples)
    shares = counts / counts.sum()
    texts = [f'{name} {share:.1%}' if share else f"{name} -"
             for name, share in zip(names, shares)]
    parts = [drawing.legend(texts, label_colors, width)]
    for number, text in ((pixels.IGNORE, 'ignored'),
                         (pixels.UNKNOWN, 'IN NO CLASS')):
        if counts[number]:
            parts.append(marked(f'{text} {shares[number]:.1%}',
                                number, width))
    return np.vstack(parts)


def marked(text, number, width):
    """A line of the legend whose swatch is drawn as in an overlay."""
    swatch = overlay(np.full((14, 28, 3), 160, np.uint8),
                     np.full((14, 28), number, np.uint8), {})
    strip = np.full((20, width, 3), drawing.PAPER, np.uint8)
    strip[2:16, 5:33] = swatch
    cv2.putText(strip, text, (38, 14), drawing.FONT, .45, drawing.INK, 1,
                cv2.LINE_AA)
    return strip


def picture(sample, names, label_colors):
    """One sample large, with the legend below."""
    path, image, ids = sample
    width = max(NARROWEST, image.shape[1])
    body = drawing.caption(pair(image, ids, label_colors, width),
                           os.path.basename(path))
    return np.vstack([body, key([sample], names, label_colors,
                                body.shape[1])])


def sheet(samples, names, label_colors):
    """Many samples small, with one legend below."""
    cells = [drawing.caption(pair(image, ids, label_colors, CELL),
                             os.path.basename(path)[-60:])
             for path, image, ids in samples]
    height = max(cell.shape[0] for cell in cells)
    cells = [cv2.copyMakeBorder(cell, 0, height - cell.shape[0], 0, 0,
                                cv2.BORDER_CONSTANT, value=drawing.PAPER)
             for cell in cells]
    body = drawing.sheet(cells, min(COLUMNS, len(cells)), gap=12)
    return np.vstack([body, key(samples, names, label_colors,
                                body.shape[1])])
