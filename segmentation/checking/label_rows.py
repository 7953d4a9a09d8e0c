"""Label rows, as training gets them: each has to be one 1 among zeros."""
import cv2
import numpy as np

from segmentation import text


def check(labels, ignore):
    """Check that each row of (H, W, C) labels is one-hot.

    Parameters
    ----------
    ignore : bool
        Whether rows of zeros are allowed.

    Returns
    -------
    texts : list of str
        What is wrong: at most one of a kind.
    counts : (C,) array
        Ones of each class.
    """
    _, width, depth = labels.shape
    ones = np.ascontiguousarray(labels == 1).view(np.uint8)
    ones = ones.reshape(-1, depth)                          # [H * W, C]
    sums = cv2.reduce(ones, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    counts = cv2.reduce(ones, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    texts, proper = [], np.ones(len(sums), bool)
    if np.count_nonzero(labels) != counts.sum():
        other = ((labels != 0) & (labels != 1)).reshape(-1, depth)
        proper = ~other.any(axis=1)
        row, column = divmod(int(proper.argmin()), width)
        count = text.counted(np.count_nonzero(other), 'value')
        texts.append(f'value {labels.reshape(-1, depth)[other][0]:g} at row '
                     f'{row}, column {column} ({count} in all): 0 or 1 is '
                     'wanted')
    for bad, what, wanted in (
            ((sums == 0) & (not ignore), 'no 1',
             'only a source with `ignore` may have rows of zeros'),
            (sums > 1, 'several ones', 'one is wanted')):
        bad &= proper
        if bad.any():
            row, column = divmod(int(bad.argmax()), width)
            count = text.counted(np.count_nonzero(bad), 'pixel')
            texts.append(f'{what} in the label row at row {row}, column '
                         f'{column} ({count} in all): {wanted}')
    return texts, counts
