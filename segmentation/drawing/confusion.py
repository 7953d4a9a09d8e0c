"""A confusion matrix as a picture."""
import cv2
import numpy as np

from segmentation.drawing import canvas

# Pixels: a cell, the narrowest one, all of them in a row.
CELL, NARROWEST, WIDEST = 46, 14, 4096


def draw(matrix, names, cell=None):
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
    margin = 16 + max(canvas.text_size(text)[0]
                      for text in corner + tuple(names))
    left = np.full((margin + cell * len(names), margin, 3), canvas.PAPER,
                   np.uint8)
    for k, name in enumerate(names):
        canvas.write(left, name, 8, margin + k * cell + cell // 2 + 5)
    # The same names, turned, stand above the columns.
    head = cv2.rotate(left, cv2.ROTATE_90_COUNTERCLOCKWISE)[:, margin:]
    for k, text in enumerate(corner):
        canvas.write(left, text, 8, 20 + 18 * k)
    rows = [np.hstack([draw_cell(count, total, cell) for count in counts])
            for counts, total in zip(matrix, totals)]
    table = np.hstack([left, np.vstack([head] + rows)])
    return cv2.copyMakeBorder(table, 0, 8, 0, 8, cv2.BORDER_CONSTANT,
                              value=canvas.PAPER)


def draw_cell(count, total, side):
    """Draw a square as blue as `count` is a share of `total`, with it in %."""
    share = count / total if total else 0
    paper = (np.array(canvas.PAPER) * (1 - share)
             + np.array((112, 48, 16)) * share)
    square = np.full((side, side, 3), paper, np.uint8)
    square[0], square[:, 0] = 224, 224
    text = f'{100 * share:.1f}' if count else '' if total else '-'
    width, height = canvas.text_size(text, .4)
    if width >= side:
        return square
    canvas.write(square, text, (side - width) // 2, (side + height) // 2,
                 canvas.PAPER if share > .5 else canvas.INK, .4)
    return square
