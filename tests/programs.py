"""evaluate.py and infer.py on the tiny data set, and what they should give.

The network of `runs` and the enlarging of its probabilities are computed by
SciPy here, the scores by scikit-learn.
"""
import json
import os

import cv2
import helpers
import numpy as np
import pytest
import runs
import sklearn.metrics
from scipy import ndimage

import evaluate
import infer


def score(run, *arguments):
    """Return the JSON that evaluate.py writes."""
    assert not evaluate.main(['--name', str(run), '--workers', '2', '--json',
                              'scores.json'] + list(arguments))
    with open('scores.json') as file:
        return json.load(file, parse_constant=pytest.fail)


def segment(run, pictures, *arguments):
    """Return the class ids that infer.py writes for pictures, in order."""
    assert infer.main(['--name', run, '--samples-dir'] + pictures
                      + ['--output-dir', 'out', '--no-overlay',
                         '--class-ids'] + list(arguments)) == 0
    return [cv2.imread(os.path.join('out', 'class-ids',
                                    os.path.basename(path)), 0)
            for path in pictures]


def list_files(split):
    """Return the paths of a split's pictures, and their label images."""
    base = os.path.join(helpers.data_dir(), split)
    names = sorted(name for name in os.listdir(base) if 'ids' not in name)
    return ([os.path.join(base, name) for name in names],
            [cv2.imread(os.path.join(base, name.replace('.', '_ids.')), 0)
             for name in names])


def assert_scores_are_of(scores, truth, predicted):
    """Compare scores with those of scikit-learn, void left out."""
    truth = np.concatenate([ids.ravel() for ids in truth])
    predicted = np.concatenate([ids.ravel() for ids in predicted])
    scored = truth != helpers.VOID
    truth, predicted = truth[scored], predicted[scored]
    assert scores['pixels'] == len(truth)
    assert scores['ignored_pixels'] == (~scored).sum() > 0
    np.testing.assert_array_equal(
        scores['matrix'], sklearn.metrics.confusion_matrix(
            truth, predicted, labels=range(len(helpers.CLASSES))))
    wanted = helpers.scores_of_sklearn(truth, predicted)
    for name, value in wanted.items():
        np.testing.assert_allclose(scores['scores'][name], value, rtol=0,
                                   atol=1e-9, err_msg=name)


def run_network(image, seed):
    """Return the probabilities (H, W, 4) by the network of `runs`."""
    weights = runs.kernel(4, seed)
    planes = [[ndimage.correlate(image[..., c].astype(float),
                                 weights[..., c, k], mode='constant')
               for c in range(3)] for k in range(4)]        # [C, 3, H, W]
    logits = np.moveaxis(np.sum(planes, axis=1), 0, -1)     # [H, W, C]
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)


def enlarge(probabilities, shape):
    """Return probabilities at (height, width), pixel centres aligned."""
    height, width, _ = probabilities.shape
    return ndimage.zoom(probabilities, (shape[0] / height, shape[1] / width,
                                        1), order=1, grid_mode=True,
                        mode='nearest')
