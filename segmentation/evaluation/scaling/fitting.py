"""The temperature by which the labels of some pixels are likeliest.

The negative log likelihood is convex in 1 / T, so that there is one minimum;
L-BFGS-B finds it within the bounds.

References
----------
Guo, Pleiss, Sun and Weinberger 2017, 'On calibration of modern neural
networks', section 4.2.
"""
import os
from typing import NamedTuple, Tuple

import numpy as np
from scipy import optimize, special

from segmentation import files
from segmentation.evaluation import calibration
from segmentation.evaluation.scaling.samples import Samples
from segmentation.inference.uncertainty import measures
from segmentation.trained import lookup, run_dir, temperature


class Fit(NamedTuple):
    """A temperature, and what it changes on the pixels that it is of."""

    temperature: float
    likelihoods: Tuple[float, float]    # negative, log, in nats: before, after
    errors: Tuple[float, float]         # of the calibration, before and after
    pictures: int
    pixels: int


def fit(samples: Samples) -> Fit:
    """Return the Fit of the temperature to Samples."""
    logits = np.log(np.maximum(samples.probabilities, measures.TINY),
                    dtype=np.float64)                       # [N, C]
    labels = samples.labels.astype(int)
    largest = temperature.LARGEST
    found = optimize.minimize(
        likelihood, [1.], (logits, labels), 'L-BFGS-B', jac=True,
        bounds=[(1 / largest, largest)])
    value = float(np.round(1 / found.x[0], 6))
    return Fit(
        value,
        (float(likelihood([1.], logits, labels)[0]),
         float(likelihood([1 / value], logits, labels)[0])),
        (error(samples.probabilities, samples.labels),
         error(measures.rescale(samples.probabilities, value),
               samples.labels)),
        samples.pictures, len(labels))


def likelihood(inverse, logits, labels):
    """Return the mean negative log likelihood, and its derivative.

    Parameters
    ----------
    inverse : sequence of one float
        1 / T; the derivative is by it.
    logits : (N, C) array
    labels : (N,) array of int
    """
    rows = np.arange(len(labels))
    scaled = inverse[0] * logits
    total = special.logsumexp(scaled, axis=1)
    expected = (np.exp(scaled - total[:, np.newaxis]) * logits).sum(axis=1)
    return (np.mean(total - scaled[rows, labels]),
            np.array([np.mean(expected - logits[rows, labels])]))


def error(probabilities, labels):
    """Return the expected calibration error of (N, C) probabilities."""
    return calibration.error(calibration.count(
        labels, probabilities.argmax(axis=1), probabilities.max(axis=1),
        probabilities.shape[1]))


def report(fitted: Fit):
    """Return lines for the terminal."""
    return [
        f'[i] calibration on {fitted.pixels:,} pixels of {fitted.pictures} '
        f'pictures: temperature {fitted.temperature:.3f}',
        '[i] negative log likelihood {:.4f} -> {:.4f}'.format(
            *fitted.likelihoods),
        '[i] expected calibration error {:.2%} -> {:.2%}'.format(
            *fitted.errors)]


def save(run: run_dir.Run, split: str, fitted: Fit) -> str:
    """Write the temperature to a run's temperature.json; return its path."""
    path = lookup.fitted_file(run, lookup.TEMPERATURE)
    files.write_json(path, {
        'temperature': fitted.temperature,
        'checkpoint': os.path.basename(run.checkpoint),
        'split': split,
        'pictures': fitted.pictures,
        'pixels': fitted.pixels,
        'negative_log_likelihood': list(fitted.likelihoods),
        'expected_calibration_error': list(fitted.errors)})
    return path
