"""Pictures of results: overlays, legends, sheets; all uint8 BGR.

Classes come as an (H, W) array of class ids and `label_colors`, the
{class id: (blue, green, red)} of a data source.
"""
import cv2
import numpy as np

from segmentation import pixels

FONT, SCALE = cv2.FONT_HERSHEY_SIMPLEX, .45
INK, PAPER = (32, 32, 32), (255, 255, 255)
# Pixels of a confusion matrix: a cell, the narrowest one, all in a row.
CELL, NARROWEST, WIDEST = 46, 14, 4096


def write(canvas, text, x, y, color=INK, scale=SCALE):
    """Write a line of text on a picture, from (x, y) on the base line."""
    cv2.putText(canvas, as_text(text), (x, y), FONT, scale, color, 1,
                cv2.LINE_AA)


def text_size(text, scale=SCALE):
    """Return the (width, height) in pixels of what `write` draws."""
    return cv2.getTextSize(as_text(text), FONT, scale, 1)[0]


def as_text(text):
    """Return a name with '?' for what is no UTF-8: OpenCV crashes on it."""
    return text.encode('utf-8', 'replace').decode('utf-8')


def colors_of(ids, label_colors):
    """Return the colours (H, W, 3) of class ids; other ids are black."""
    table = np.zeros((256, 1, 3), np.uint8)
    for class_id, color in label_colors.items():
        table[class_id] = color
    # Ten times as fast as table[ids].
    return cv2.applyColorMap(np.asarray(ids, np.uint8), table)


def blend(image, ids, label_colors, alpha=.5):
    """Lay class colours over a picture; ignored pixels are hatched.

    Parameters
    ----------
    image : (H, W, 3) array, BGR 0..255
    ids : (H, W) array of class ids
    alpha : float
        Share of the colour, 0..1.
    """
    image = pixels.to_uint8(image)
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
    """Draw a strip of `width` pixels: a swatch and a name for each class."""
    cell = 30 + max(text_size(name)[0] for name in names)
    columns = max(1, width // cell)
    rows = -(-len(names) // columns)
    strip = np.full((rows * 20 + 6, width, 3), PAPER, np.uint8)
    for class_id, name in enumerate(names):
        y, x = class_id // columns * 20 + 5, class_id % columns * cell + 5
        color = tuple(map(int, label_colors[class_id]))
        cv2.rectangle(strip, (x, y), (x + 14, y + 14), color, cv2.FILLED)
        cv2.rectangle(strip, (x, y), (x + 14, y + 14), INK)
        write(strip, name, x + 19, y + 12)
    return strip


def with_legend(image, names, label_colors):
    """Return a picture with the legend of its classes below."""
    return np.vstack([image, legend(names, label_colors, image.shape[1])])


def caption(image, text):
    """Return a picture with a line of text above."""
    strip = np.full((22, image.shape[1], 3), PAPER, np.uint8)
    write(strip, text, 4, 15)
    return np.vstack([strip, image])


def side_by_side(images, gap=4):
    """Put pictures of one height in a row, `gap` pixels apart."""
    space = np.full((images[0].shape[0], gap, 3), PAPER, np.uint8)
    row = [part for image in images for part in (image, space)]
    return np.hstack(row[:-1])


def triple(image, truth, predicted, label_colors, alpha=.6):
    """Put a picture, its truth and its prediction, both overlaid, in a row."""
    overlays = [blend(image, ids, label_colors, alpha)
                for ids in (truth, predicted)]
    return side_by_side([pixels.to_uint8(image)] + overlays)


def sheet(images, columns, gap=4):
    """Put pictures of one size in rows of `columns`; the last is filled up."""
    blank = np.full_like(images[0], 255)
    images = list(images) + [blank] * (-len(images) % columns)
    rows = [side_by_side(images[k:k + columns], gap)
            for k in range(0, len(images), columns)]
    space = np.full((gap, rows[0].shape[1], 3), PAPER, np.uint8)
    parts = [part for row in rows for part in (row, space)]
    return np.vstack(parts[:-1])


def ids_of_rows(labels):
    """Return the class ids (..., H, W) of label rows, IGNORE for zero rows."""
    labels = np.asarray(labels)
    ids = labels.argmax(axis=-1).astype(np.uint8)
    ids[~labels.any(axis=-1)] = pixels.IGNORE
    return ids


def confusion(matrix, names, cell=None):
    """Draw a confusion matrix, in % of each true class's pixels.

    Parameters
    ----------
    matrix : (C, C) array of counts
        Rows are the truth, columns the prediction.
    names : sequence of C str
    cell : int, optional
        Side of a cell in pixels; by default CELL, or less where there are so
        many classes that all of them would be wider than WIDEST.
    """
    matrix = np.asarray(matrix)
    cell = cell or max(NARROWEST, min(CELL, WIDEST // len(names)))
    totals = matrix.sum(axis=1)
    corner = ('true: rows', 'predicted: columns', '% of the row')
    margin = 16 + max(text_size(text)[0] for text in corner + tuple(names))
    left = np.full((margin + cell * len(names), margin, 3), PAPER, np.uint8)
    for k, name in enumerate(names):
        write(left, name, 8, margin + k * cell + cell // 2 + 5)
    # The same names, turned, stand above the columns.
    head = cv2.rotate(left, cv2.ROTATE_90_COUNTERCLOCKWISE)[:, margin:]
    for k, text in enumerate(corner):
        write(left, text, 8, 20 + 18 * k)
    rows = [np.hstack([share_cell(count, total, cell) for count in counts])
            for counts, total in zip(matrix, totals)]
    table = np.hstack([left, np.vstack([head] + rows)])
    return cv2.copyMakeBorder(table, 0, 8, 0, 8, cv2.BORDER_CONSTANT,
                              value=PAPER)


def share_cell(count, total, side):
    """Draw a square as blue as `count` is a share of `total`, with it in %."""
    share = count / total if total else 0
    paper = np.array(PAPER) * (1 - share) + np.array((112, 48, 16)) * share
    square = np.full((side, side, 3), paper, np.uint8)
    square[0], square[:, 0] = 224, 224
    text = f'{100 * share:.1f}' if count else '' if total else '-'
    width, height = text_size(text, .4)
    if width >= side:
        return square
    write(square, text, (side - width) // 2, (side + height) // 2,
          PAPER if share > .5 else INK, .4)
    return square
