"""Class weights: how much a pixel counts in the loss, by its class."""
import os
import sys

import numpy as np

from segmentation import files, metrics
from segmentation.data import cache, contract
from segmentation.errors import InputError
from segmentation.terminal import progress

MEDIAN = ('median', 'sqrt-median')


def class_weights(what, source, data_dir):
    """Return the weight of each class.

    Parameters
    ----------
    what : str
        'none', one of MEDIAN, or the path of a JSON file.
    source : data source
    data_dir : str

    Returns
    -------
    list of C floats, or None
        None where all weigh the same.
    str or None
        A note for the user, where weights could not be cached.
    """
    if what == 'none':
        return None, None
    if what not in MEDIAN:
        return read_weights(what, contract.class_names(source)), None
    weights, note = cache.cached(
        'median frequency weights', cache.fingerprint(source, data_dir),
        lambda: median_weights(source),
        lambda found: are_weights(found, source.num_classes))
    weights = np.array(weights, float)
    return (weights if what == 'median' else np.sqrt(weights)).tolist(), note


def median_weights(source):
    """Return median-frequency weights of the training labels at image_size.
    """
    batches = contract.checked(source, source.train_generator(8))
    with progress.show(source.num_training, 'class weights', 'label') as bar:
        counts = []
        for _, labels in batches:
            counts += [count_pixels(label, source.num_classes)
                       for label in labels]
            bar.update(len(labels))
    counts = np.array(counts)
    if not counts.any():
        raise InputError('no pixel of the training split is labelled')
    return metrics.median_frequency_weights(counts).tolist()


def count_pixels(label, num_classes):
    """Return the pixels of each class, of ids (H, W) or rows (H, W, C)."""
    if label.ndim == 2:
        return np.bincount(label.ravel(), minlength=256)[:num_classes]
    return label.sum(axis=(0, 1), dtype=np.int64)


def read_weights(path, names):
    """Return the weights of the classes `names` in a JSON file."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f'--class-weights is {path!r}: none, '
                                f'{", ".join(MEDIAN)} or a JSON file is '
                                'wanted')
    weights = files.read_json(path)
    if not isinstance(weights, dict) or set(weights) != set(names):
        raise InputError(f'{path}: {{class: weight}} of these classes is '
                         f'wanted: {", ".join(names)}')
    weights = [weights[name] for name in names]
    if not are_weights(weights, len(names)):
        raise InputError(f'{path}: {weights} are no weights: numbers of 0 or '
                         'more are wanted')
    return weights


def are_weights(value, count):
    """Return whether a value read from JSON is a list of `count` weights."""
    return (isinstance(value, list) and len(value) == count and any(value)
            and all(isinstance(weight, (int, float))
                    and not isinstance(weight, bool)
                    and 0 <= weight <= sys.float_info.max
                    for weight in value))
