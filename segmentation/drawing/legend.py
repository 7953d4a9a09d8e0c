"""The names of the classes that are drawn: below, on or beside a picture."""
import cv2
import numpy as np

from segmentation.drawing import canvas
from segmentation.drawing.style import Style

ROW, SWATCH, MARGIN = 20, 14, 5     # pixels, at scale 1
OPACITY = .85                       # of the paper on a picture


def strip(names, colors, width, scale=1.):
    """Draw a strip of `width` pixels: a swatch and a name for each class.

    Parameters
    ----------
    names : sequence of str
    colors : sequence of (blue, green, red)
        One for each name.
    width : int
    scale : float
        Size of the text and swatches.
    """
    columns = max(1, width // column_width(names, scale))
    return table(names, colors, -(-len(names) // columns), columns, width,
                 scale)


def column_width(names, scale=1.):
    """Return the pixels that the widest name and its swatch take."""
    return int(30 * scale) + max(canvas.text_size(
        name, scale * canvas.SCALE)[0] for name in names)


def table(names, colors, rows, columns, width, scale=1., by_row=True):
    """Draw swatches and names in rows and columns, on `width` pixels.

    They are in the order of the rows, or of the columns.
    """
    cell = column_width(names, scale)
    row, swatch, margin = (int(side * scale) for side in (ROW, SWATCH, MARGIN))
    paper = np.full((rows * row + margin + 1, width, 3), canvas.PAPER,
                    np.uint8)
    for k, (name, color) in enumerate(zip(names, colors)):
        down, across = divmod(k, columns) if by_row else divmod(k, rows)[::-1]
        y, x = down * row + margin, across * cell + margin
        corner = x + swatch, y + swatch
        color = tuple(map(int, color))
        cv2.rectangle(paper, (x, y), corner, color, cv2.FILLED)
        cv2.rectangle(paper, (x, y), corner, canvas.INK)
        canvas.write(paper, name, corner[0] + margin,
                     y + int(12 * scale), scale=scale * canvas.SCALE)
    return paper


def panel(names, colors, height):
    """Draw a legend for a picture of `height` pixels, not higher than that.

    Its text grows with the picture.
    """
    scale = max(1., height / canvas.CALIBER)
    fitting = int((height - MARGIN * scale - 1) // int(ROW * scale))
    rows = min(len(names), max(1, fitting))
    columns = -(-len(names) // rows)
    return table(names, colors, rows, columns,
                 columns * column_width(names, scale), scale, by_row=False)


def below(image, names, colors):
    """Return a picture with the legend below.

    Its text grows with the picture, as far as the widest name fits.
    """
    scale = canvas.growth(image, lambda scale: column_width(names, scale))
    return np.vstack([image, strip(names, colors, image.shape[1], scale)])


def on(image, names, colors):
    """Return a picture with the legend in its upper left corner.

    Where there is too little room for it, it is shrunk.
    """
    height, width = image.shape[:2]
    paper = shrink(panel(names, colors, height), width, height)
    drawn = image.copy()
    corner = drawn[:paper.shape[0], :paper.shape[1]]
    corner[:] = cv2.addWeighted(paper, OPACITY, corner, 1 - OPACITY, 0)
    return drawn


def beside(image, names, colors):
    """Return a picture with the legend to its right."""
    height = image.shape[0]
    paper = panel(names, colors, height)
    paper = shrink(paper, paper.shape[1], height)
    return np.hstack([image, cv2.copyMakeBorder(
        paper, 0, height - paper.shape[0], 0, 0, cv2.BORDER_CONSTANT,
        value=canvas.PAPER)])


PLACES = {'below': below, 'on': on, 'beside': beside}


def shrink(paper, width, height):
    """Shrink a legend to at most `width` and `height` pixels."""
    factor = min(1, width / paper.shape[1], height / paper.shape[0])
    if factor == 1:
        return paper
    size = (max(1, int(paper.shape[1] * factor)),
            max(1, int(paper.shape[0] * factor)))
    return cv2.resize(paper, size, interpolation=cv2.INTER_AREA)


def add(image: np.ndarray, style: Style) -> np.ndarray:
    """Return a picture with the legend that its style asks for, if any."""
    if style.legend is None:
        return image
    drawn = list(style.alphas)
    return PLACES[style.legend](image, [style.names[k] for k in drawn],
                                [style.colors[k] for k in drawn])
