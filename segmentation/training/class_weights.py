"""How much a pixel weighs in the loss, by its class."""
import os

import numpy as np
import tqdm

from segmentation import files, metrics
from segmentation.data import cache, contract
from segmentation.errors import InputError


def class_weights(what, source, data_dir):
    """The weight of each class, or None where all weigh the same."""
    if what == 'none':
        return None
    if what not in ('median', 'sqrt-median'):
        return read_weights(what, contract.class_names(source))
    weights = cache.recall(
        'median frequency weights', cache.fingerprint(source, data_dir),
        lambda: median_weights(source))
    return weights if what == 'median' else np.sqrt(weights).tolist()


def median_weights(source):
    """Median-frequency weights of the training labels at image_size."""
    counts = [labels.sum(axis=(1, 2), dtype=np.int64) for _, labels in
              tqdm.tqdm(source.train_generator(8), disable=None, leave=False,
                        desc='class weights', unit='batch')]
    return metrics.median_frequency_weights(np.concatenate(counts)).tolist()


def read_weights(path, names):
    """The weights of the classes `names` in a JSON file."""
    if not os.path.isfile(path):
        raise FileNotFoundError(
            '--class-weights is {!r}: none, median, sqrt-median or a JSON '
            'file is wanted'.format(path))
    weights = files.read_json(path)
    if not isinstance(weights, dict) or set(weights) != set(names):
        raise InputError('{}: {{class: weight}} of these classes is wanted: '
                         '{}'.format(path, ', '.join(names)))
    weights = [weights[name] for name in names]
    if not all(isinstance(w, (int, float)) and 0 <= w < float('inf')
               for w in weights) or not any(weights):
        raise InputError('{}: {} are no weights: numbers of 0 or more are '
                         'wanted'.format(path, weights))
    return weights
