"""Pictures of results: overlays, legends, sheets; all uint8 BGR.

Classes come as an (H, W) array of class numbers and `label_colors`, the
{class number: (blue, green, red)} of a data source.
"""
import cv2
import numpy as np

from segmentation import pixels

FONT = cv2.FONT_HERSHEY_SIMPLEX
INK, PAPER = (32, 32, 32), (255, 255, 255)


def colors_of(ids, label_colors):
    """The colour picture (H, W, 3) of class numbers; others are black."""
    table = np.zeros((256, 3), np.uint8)
    for number, color in label_colors.items():
        table[number] = color
    return table[ids]


def blend(image, ids, label_colors, alpha=.5):
    """Lay class colours over a picture; ignored pixels are hatched.

    Parameters
    ----------
    image : (H, W, 3) array, BGR 0..255
    ids : (H, W) array of class numbers
    alpha : float
        Share of the colour, 0..1.
    """
    image = np.asarray(image).clip(0, 255).astype(np.uint8)
    mixed = cv2.addWeighted(colors_of(ids, label_colors), alpha,
                            image, 1 - alpha, 0)
    ignored = np.asarray(ids) >= pixels.UNKNOWN
    if not ignored.any():
        return mixed
    rows, columns = np.indices(ignored.shape)
    stripes = (rows + columns) // 4 % 2 == 0
    mixed[ignored] = image[ignored]
    mixed[ignored & stripes] = 0
    return mixed


def legend(names, label_colors, width):
    """A strip of the given width in pixels: a swatch and a name a class."""
    cell = 30 + max(cv2.getTextSize(name, FONT, .45, 1)[0][0]
                    for name in names)
    columns = max(1, width // cell)
    rows = -(-len(names) // columns)
    strip = np.full((rows * 20 + 6, width, 3), PAPER, np.uint8)
    for number, name in enumerate(names):
        y, x = (number // columns * 20 + 5, number % columns * cell + 5)
        color = tuple(int(c) for c in label_colors[number])
        cv2.rectangle(strip, (x, y), (x + 14, y + 14), color, cv2.FILLED)
        cv2.rectangle(strip, (x, y), (x + 14, y + 14), INK)
        cv2.putText(strip, name, (x + 19, y + 12), FONT, .45, INK, 1,
                    cv2.LINE_AA)
    return strip


def with_legend(image, names, label_colors):
    """A picture with the legend of its classes below."""
    return np.vstack([image, legend(names, label_colors, image.shape[1])])


def caption(image, text):
    """A picture with a line of text above."""
    strip = np.full((22, image.shape[1], 3), PAPER, np.uint8)
    cv2.putText(strip, text, (4, 15), FONT, .45, INK, 1, cv2.LINE_AA)
    return np.vstack([strip, image])


def side_by_side(images, gap=4):
    """Pictures of one height in a row."""
    space = np.full((images[0].shape[0], gap, 3), PAPER, np.uint8)
    row = [part for image in images for part in (image, space)]
    return np.hstack(row[:-1])


def triple(image, truth, predicted, label_colors, alpha=.6):
    """Picture, truth laid over it and prediction laid over it, in a row."""
    return side_by_side(
        [np.asarray(image).clip(0, 255).astype(np.uint8)]
        + [blend(image, ids, label_colors, alpha)
           for ids in (truth, predicted)])


def sheet(images, columns, gap=4):
    """Pictures of one size in rows of `columns`, white where none is left."""
    blank = np.full_like(images[0], 255)
    images = list(images) + [blank] * (-len(images) % columns)
    rows = [side_by_side(images[k:k + columns], gap)
            for k in range(0, len(images), columns)]
    space = np.full((gap, rows[0].shape[1], 3), PAPER, np.uint8)
    parts = [part for row in rows for part in (row, space)]
    return np.vstack(parts[:-1])


def ids_of_rows(labels):
    """Class numbers (..., H, W) uint8 of label rows, IGNORE for zero rows."""
    labels = np.asarray(labels)
    ids = labels.argmax(axis=-1).astype(np.uint8)
    ids[~labels.any(axis=-1)] = pixels.IGNORE
    return ids


def confusion(matrix, names, cell=46):
    """A table of what became of each true class, in % of its pixels.

    Parameters
    ----------
    matrix : (C, C) array of counts
        Rows are the truth, columns the prediction.
    names : sequence of C str
    cell : int
        Side of a cell in pixels.
    """
    matrix = np.asarray(matrix)
    totals = matrix.sum(axis=1)
    corner = ('true: rows', 'predicted: columns', '% of the row')
    margin = 16 + max(cv2.getTextSize(text, FONT, .45, 1)[0][0]
                      for text in corner + tuple(names))
    left = np.full((margin + cell * len(names), margin, 3), PAPER, np.uint8)
    for k, name in enumerate(names):
        cv2.putText(left, name, (8, margin + k * cell + cell // 2 + 5), FONT,
                    .45, INK, 1, cv2.LINE_AA)
    # The same names, turned, stand above the columns.
    head = cv2.rotate(left, cv2.ROTATE_90_COUNTERCLOCKWISE)[:, margin:]
    for k, text in enumerate(corner):
        cv2.putText(left, text, (8, 20 + 18 * k), FONT, .45, INK, 1,
                    cv2.LINE_AA)
    rows = [np.hstack([share_cell(count, total, cell) for count in counts])
            for counts, total in zip(matrix, totals)]
    table = np.hstack([left, np.vstack([head] + rows)])
    return cv2.copyMakeBorder(table, 0, 8, 0, 8, cv2.BORDER_CONSTANT,
                              value=PAPER)


def share_cell(count, total, side):
    """A square as blue as `count` is a share of `total`, with that in %."""
    share = count / total if total else 0
    paper = np.array(PAPER) * (1 - share) + np.array((112, 48, 16)) * share
    square = np.full((side, side, 3), paper, np.uint8)
    square[0], square[:, 0] = 224, 224
    text = f'{100 * share:.1f}' if count else '' if total else '-'
    (width, height), _ = cv2.getTextSize(text, FONT, .4, 1)
    cv2.putText(square, text, ((side - width) // 2, (side + height) // 2),
                FONT, .4, PAPER if share > .5 else INK, 1, cv2.LINE_AA)
    return square
