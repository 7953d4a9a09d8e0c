"""What pictures are put together from: text, captions, rows of pictures."""
import cv2
import numpy as np

FONT, SCALE = cv2.FONT_HERSHEY_SIMPLEX, .45
CALIBER = 480       # height of a picture with text of SCALE
INK, PAPER = (32, 32, 32), (255, 255, 255)


def write(canvas, text, x, y, color=INK, scale=SCALE):
    """Write a line of text on a picture, from (x, y) on the base line."""
    cv2.putText(canvas, as_text(text), (x, y), FONT, scale, color,
                thickness(scale), cv2.LINE_AA)


def text_size(text, scale=SCALE):
    """Return the (width, height) in pixels of what `write` draws."""
    return cv2.getTextSize(as_text(text), FONT, scale, thickness(scale))[0]


def thickness(scale):
    """Return the width of the strokes of text in pixels."""
    return max(1, int(round(scale / SCALE)))


def as_text(text):
    """Return a name with '?' for what is no UTF-8: OpenCV crashes on it."""
    return text.encode('utf-8', 'replace').decode('utf-8')


def growth(image, width_at):
    """Return how many times larger than SCALE the text of a picture is.

    It grows with the picture, as far as it fits, and is never smaller.

    Parameters
    ----------
    image : (H, W, 3) array
    width_at : function
        Returns the pixels that the text takes in width, of such a number:
        glyphs are whole pixels apart, so that they are not proportional.
    """
    height, width = image.shape[:2]
    scale = max(1., height / CALIBER)
    while scale > 1 and width_at(scale) > width:
        scale = max(1., .95 * scale)
    return scale


def caption(image, text, scale=1.):
    """Return a picture with a line of text above, `scale` times SCALE."""
    strip = np.full((int(22 * scale), image.shape[1], 3), PAPER, np.uint8)
    write(strip, text, int(4 * scale), int(15 * scale), scale=scale * SCALE)
    return np.vstack([strip, image])


def side_by_side(images, gap=4):
    """Put pictures of one height in a row, `gap` pixels apart."""
    space = np.full((images[0].shape[0], gap, 3), PAPER, np.uint8)
    row = [part for image in images for part in (image, space)]
    return np.hstack(row[:-1])


def sheet(images, columns, gap=4):
    """Put pictures of one size in rows of `columns`; the last is filled up."""
    blank = np.full_like(images[0], 255)
    images = list(images) + [blank] * (-len(images) % columns)
    rows = [side_by_side(images[k:k + columns], gap)
            for k in range(0, len(images), columns)]
    space = np.full((gap, rows[0].shape[1], 3), PAPER, np.uint8)
    parts = [part for row in rows for part in (row, space)]
    return np.vstack(parts[:-1])
