"""Finding parameters of the CRF for a run, on pictures with labels.

    a few pictures -> network, once -> each setting -> one matrix -> mIoU

The settings surround the parameters to start from: the kernels' weights times
WEIGHTS, the width in colour times COLORS, each after ITERATIONS, which cost
no more than the largest of them. Widths in pixels matter less.

Frames of one drive are alike: where those that are scored later lie between
those that were tuned on, their gain is still a bit too good.
"""
import itertools
import os
from typing import List, NamedTuple, Tuple

import numpy as np

from segmentation import files, metrics, pixels, text
from segmentation.crf import model
from segmentation.crf import pool as crf_pool
from segmentation.crf.choice import Choice
from segmentation.data import splits
from segmentation.errors import InputError
from segmentation.evaluation import comparison
from segmentation.inference.prediction import Prediction
from segmentation.terminal import progress
from segmentation.trained import lookup

WEIGHTS = .25, .5, 1, 2
COLORS = .5, 1, 2
ITERATIONS = 2, 5
LISTED = 5              # settings in the report


class Example(NamedTuple):
    """A picture to tune on, as the network sees it.

    The prediction is at the size of the network's maps inside: enlarged, all
    examples together would take gigabytes.
    """

    name: str
    image: np.ndarray           # (H, W, 3) uint8
    ids: np.ndarray             # (H, W) uint8, the truth
    prediction: Prediction


class Tuning(NamedTuple):
    """What came of the settings."""

    ranked: List[Tuple[model.Parameters, np.ndarray]]   # highest mIoU first
    raw: np.ndarray             # (C, C), the matrix of the network alone
    pictures: List[str]         # names of the examples

    def choice(self):
        """Return the Choice of the setting with the highest mIoU."""
        return Choice(self.ranked[0][0], 'tuned')


def collect(predictor, scorer, wanted):
    """Return the Examples of up to `wanted` pictures, evenly spaced."""
    indices = splits.spread(scorer.count, wanted)
    jobs = (job for k, job in enumerate(scorer.list_jobs()) if k in indices)
    examples = []
    for result in progress.track(predictor.predict(jobs, scorer.read),
                                 len(indices), 'pictures to tune on'):
        result.check()
        examples.append(Example(
            scorer.name(result.job), pixels.to_uint8(result.sample.image),
            result.sample.ids, result.prediction))
    return examples


def settings(parameters):
    """Return the Parameters to try, each after several iterations.

    >>> from segmentation.crf.choice import PRESETS
    >>> len(settings(PRESETS['street']))
    12
    """
    # Without weights, or with the narrowest width, some are the same.
    return list(dict.fromkeys(parameters._replace(
        gaussian_compat=parameters.gaussian_compat * weight,
        bilateral_compat=parameters.bilateral_compat * weight,
        bilateral_srgb=max(model.MIN_WIDTH, parameters.bilateral_srgb * color))
        for weight, color in itertools.product(WEIGHTS, COLORS)))


def iterations(parameters):
    """Return the iterations to try, those of the parameters among them."""
    return sorted(set(ITERATIONS) | {parameters.iterations})


def tune(pool, parameters, examples):
    """Score all settings around the parameters on the examples.

    Parameters
    ----------
    pool : pool.Pool
        Its processes do the work.
    parameters : model.Parameters
    examples : list of Example

    Returns
    -------
    Tuning
    """
    futures = [(setting, pool.submit(matrices, example, setting))
               for setting in settings(parameters) for example in examples]
    totals = {}
    try:
        for setting, future in progress.track(futures, len(futures),
                                              'tuning', 'CRF'):
            for count, matrix in zip(iterations(setting),
                                     crf_pool.result(future)):
                key = setting._replace(iterations=count)
                totals[key] = totals.get(key, 0) + matrix
    finally:
        for _, future in futures:       # of those not begun, after Ctrl-C
            future.cancel()
    raw = sum(metrics.confusion_matrix(
        example.ids, example.prediction.ids, example.prediction.num_classes)
        for example in examples)
    if not raw.any():
        raise InputError(f'--tune: no pixel of '
                         f'{text.counted(len(examples), "picture")} has a '
                         'label')
    return Tuning(sorted(totals.items(), key=lambda item: -miou(item[1])),
                  raw, [example.name for example in examples])


def matrices(example, parameters):
    """Return an example's matrix after each of the iterations to try.

    This is what a process of the pool does.
    """
    prediction = example.prediction
    return [metrics.confusion_matrix(example.ids, ids, prediction.num_classes)
            for ids in model.likeliest(
                example.image, prediction.probabilities(), parameters,
                iterations(parameters))]


def miou(matrix):
    return metrics.scores(matrix)['miou']


def report(tuning):
    """Return lines for the terminal: the best settings and what they gain."""
    raw, best = miou(tuning.raw), tuning.ranked[0][1]
    lines = [f'[i] {len(tuning.ranked)} settings, the best by mIoU:']
    for parameters, matrix in tuning.ranked[:LISTED]:
        lines.append(f'{text.percent(miou(matrix)):>7} %  '
                     f'{text.percent(miou(matrix) - raw, sign="+")}  '
                     f'{model.in_words(parameters)}')
    lines.append(f'[i] tuned: {comparison.gain(tuning.raw, best)}')
    if miou(best) <= raw:
        lines.append('[i] no setting gains on these pictures: this one loses '
                     'least')
    return lines


def save(run, split, tuning):
    """Write the best parameters to a run's crf.json; return its path.

    Parameters
    ----------
    run : run_dir.Run
    split : str
        Which the examples are of.
    tuning : Tuning
    """
    parameters, best = tuning.ranked[0]
    path = lookup.fitted_file(run, lookup.CRF)
    files.write_json(path, {
        'parameters': dict(parameters._asdict()),
        'checkpoint': os.path.basename(run.checkpoint),
        'split': split,
        'pictures': tuning.pictures,
        'raw_miou': miou(tuning.raw),
        'miou': miou(best)})
    return path
