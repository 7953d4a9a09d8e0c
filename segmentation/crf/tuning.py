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

import tqdm

from segmentation import files, metrics, option_types
from segmentation.crf import model
from segmentation.crf import pool as crf_pool
from segmentation.errors import InputError
from segmentation.evaluation import comparison
from segmentation.evaluation import scorer as scoring

WEIGHTS = .25, .5, 1, 2
COLORS = .5, 1, 2
ITERATIONS = 2, 5
SHOWN = 5               # settings


def add_option(group):
    """Add --tune to the options of the CRF."""
    group.add_argument(
        '--tune', type=option_types.positive(int), metavar='N',
        help='try settings around the preset on N pictures of the split, '
             'evenly spaced, and write the best to crf.json of the run; the '
             'scores are of the others')


def check_option(parser, options):
    """End in a usage error where --tune makes no sense."""
    if not options.tune:
        return
    if options.crf is None:
        parser.error('--tune goes with --crf')
    if options.split == 'test':
        parser.error('--tune does not go with --split test: the pictures to '
                     'be judged by are not to be tuned on')
    if options.export or options.birds_eye:
        parser.error('--tune leaves pictures out: --export and --birds-eye '
                     'take a call of their own')


def check_run(run):
    """Raise unless parameters can be written to a rundir.Run."""
    if not os.access(run.directory, os.W_OK):
        raise PermissionError('{}: {} cannot be written there'.format(
            run.directory, model.FILE))


def settings(parameters):
    """The Parameters to try, each after several iterations.

    >>> len(settings(model.PRESETS['street']))
    12
    """
    # Without weights, or with the narrowest width, some are the same.
    return list(dict.fromkeys(parameters._replace(
        gaussian_compat=parameters.gaussian_compat * weight,
        bilateral_compat=parameters.bilateral_compat * weight,
        bilateral_srgb=max(model.NARROWEST, parameters.bilateral_srgb * color))
        for weight, color in itertools.product(WEIGHTS, COLORS)))


def counts(parameters):
    """The iterations to try, those to start from among them."""
    return sorted(set(ITERATIONS) | {parameters.iterations})


def spread(count, wanted):
    """The places of up to `wanted` of `count` things, evenly spaced.

    >>> spread(10, 3), spread(2, 3)
    ([1, 5, 8], [0, 1])
    """
    wanted = min(count, wanted)
    return [(2 * k + 1) * count // (2 * wanted) for k in range(wanted)]


def collect(network, scorer, places):
    """(name, picture, class numbers, Prediction) of pictures by their places.

    Predictions are kept at the network's size: at the pictures' they would
    take gigabytes.
    """
    def keep(job, sample, maps):
        image, ids = sample
        return (scorer.name(job), scoring.as_bytes(image), ids,
                scorer.views.prediction(maps, ids.shape[::-1]))

    jobs = (job for k, job in enumerate(scorer.list_jobs()) if k in places)
    return list(network.predict(jobs, scorer.read, keep))


def tune(pool, pictures):
    """Score all settings on what `collect` gives.

    Returns
    -------
    list of (Parameters, (C, C) matrix)
        The highest mIoU first.
    (C, C) array
        The matrix of the network alone.
    """
    futures = [(parameters, pool.submit(matrices, *picture[1:], parameters))
               for parameters in settings(pool.choice.parameters)
               for picture in pictures]
    totals = {}
    try:
        for parameters, future in tqdm.tqdm(futures, disable=None,
                                            leave=False, desc='tuning'):
            for count, matrix in zip(counts(parameters),
                                     crf_pool.result(future)):
                setting = parameters._replace(iterations=count)
                totals[setting] = totals.get(setting, 0) + matrix
    finally:
        for _, future in futures:       # of those not begun, after Ctrl-C
            future.cancel()
    raw = sum(metrics.confusion_matrix(
        ids, prediction.winner()[0], prediction.num_classes)
        for _, _, ids, prediction in pictures)
    if not raw.any():
        raise InputError('--tune: no pixel of the {} pictures has a label'
                         .format(len(pictures)))
    return sorted(totals.items(), key=lambda item: -miou(item[1])), raw


def matrices(image, ids, prediction, parameters):
    """In a process: the matrix of a picture after each of the iterations."""
    return [metrics.confusion_matrix(ids, found, prediction.num_classes)
            for found in model.likeliest(image, prediction.probabilities(),
                                         parameters, counts(parameters))]


def miou(matrix):
    return metrics.scores(matrix)['miou']


def report(found, raw):
    """The lines that tell of what `tune` returns."""
    lines = [f'[i] {len(found)} settings, the best by mIoU:']
    for parameters, matrix in found[:SHOWN]:
        lines.append('{:7.2f} %  {:+.2f}  {}'.format(
            100 * miou(matrix), 100 * (miou(matrix) - miou(raw)),
            model.in_words(parameters)))
    best = found[0][1]
    lines.append(f"[i] tuned: {comparison.gain(raw, best)}")
    if miou(best) <= miou(raw):
        lines.append('[i] no setting gains on these pictures: this one loses '
                     'least')
    return lines


def save(run, split, pictures, found, raw):
    """Write the best parameters to a rundir.Run; return their Choice."""
    parameters, best = found[0]
    files.write_json(os.path.join(run.directory, model.FILE), {
        'parameters': dict(parameters._asdict()),
        'checkpoint': os.path.basename(run.checkpoint),
        'split': split,
        'pictures': [name for name, *_ in pictures],
        'raw_miou': miou(raw),
        'miou': miou(best)})
    return model.Choice(parameters, 'tuned', [])
