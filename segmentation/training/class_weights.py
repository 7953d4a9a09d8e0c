"""Class weights: how much a pixel counts in the loss, by its class."""
import os
import sys

import numpy as np

from segmentation import files, metrics, text
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
        weights = read_weights(what, contract.class_names(source))
        check_labels(weights, source, what)
        return weights, None
    weights, note = cache.cached(
        'median frequency weights', cache.fingerprint(source, data_dir),
        lambda: median_weights(source),
        lambda found: are_weights(found, source.num_classes))
    weights = np.array(weights, float)
    return (weights if what == 'median' else np.sqrt(weights)).tolist(), note


def median_weights(source):
    """Return median-frequency weights of the training labels at image_size.
    """
    batches = contract.checked(source, source.train_generator(8), 'train')
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


def check_labels(weights, source, path):
    """Raise InputError unless some training pixel has a weight above 0.

    Labels are read up to the first such pixel, as a rule the first batch.
    """
    matters = np.array(weights) > 0
    if matters.all():
        return
    for _, labels in contract.checked(source, source.train_generator(8),
                                      'train'):
        for label in labels:
            if count_pixels(label, len(weights))[matters].any():
                return
    names = contract.class_names(source)
    raise InputError(f'{path}: no pixel of the training split is of a class '
                     'that has a weight above 0: '
                     + ', '.join(np.array(names)[matters]))


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
    if not isinstance(weights, dict):
        raise InputError(f'{path}: {{class: weight}} of these classes is '
                         f'wanted: {", ".join(names)}')
    given = {text.class_id(name, names, path): weight
             for name, weight in weights.items()}
    missing = [name for k, name in enumerate(names) if k not in given]
    if missing:
        raise InputError(f'{path} has no weight of {", ".join(missing)}: one '
                         'of each class is wanted')
    weights = [given[k] for k in range(len(names))]
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
