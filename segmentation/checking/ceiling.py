"""The scores that a perfect network could reach at the image size."""
import concurrent.futures

import cv2
import numpy as np

from segmentation import metrics, pixels
from segmentation.terminal import progress


def measure(reader, pairs, image_size, num_classes, workers=1):
    """Score perfect predictions of the pairs of the validation split.

    Parameters
    ----------
    reader : data source with a `read_raw`
    pairs : list of (picture path, label path)

    Returns
    -------
    dict
        'miou', 'per_class', a list of IoUs, and 'split'; None if the label
        files do not say the classes.
    """
    def score(pair):
        _, codes, table = reader.read_raw(*pair)
        ids = pixels.look_up(codes, table)
        return metrics.confusion_matrix(
            ids, restore(ids, image_size, num_classes), num_classes)

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        matrix = sum(progress.track(pool.map(score, pairs), len(pairs),
                                    'ceiling'))
    if not np.any(matrix):
        return None
    ious = metrics.iou(matrix)
    return {'miou': metrics.mean(ious), 'per_class': ious.tolist(),
            'split': 'valid'}


def restore(ids, size, num_classes):
    """Return what a perfect network of input `size` gives for a label.

    The label is brought to `size` as in training, and up again as results
    are: a map of each class, resized linearly, and the highest one taken.

    Returns
    -------
    (h, w) uint8 array of class ids
    """
    small = pixels.resize_ids(ids, size)
    highest = np.zeros(ids.shape, np.float32)
    argmax = np.zeros(ids.shape, np.uint8)
    for class_id in np.unique(small[small < num_classes]):
        share = cv2.resize(np.float32(small == class_id), ids.shape[::-1],
                           interpolation=cv2.INTER_LINEAR)
        np.copyto(argmax, class_id, where=share > highest)
        np.maximum(highest, share, out=highest)
    return argmax
