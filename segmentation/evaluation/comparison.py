"""Two runs on the same pictures: what each class gained, and if it is noise.
"""
import numpy as np

from segmentation import metrics
from segmentation.errors import InputError
from segmentation.evaluation import bootstrap

FEW = 20        # pictures, below which an interval is itself a rough guess


def align(first, second, names):
    """The (N, C, C) matrices of two Tallies, picture by picture.

    Raises
    ------
    ValueError
        The pictures, or their truths, are not the same.
    """
    tallies = first, second
    check_pictures([tally.names for tally in tallies], names)
    matrices = [np.stack([tally.matrices[k] for k in tally.in_order()])
                for tally in tallies]
    differs = (matrices[0].sum(axis=2) != matrices[1].sum(axis=2)).any(axis=1)
    if differs.any():
        changed = first.names[first.in_order()[differs.argmax()]]
        raise InputError('{}: its labels are not the same for {} and for {}'
                         .format(changed, *names))
    return matrices


def compare(first, second, class_names):
    """The differences in IoU, with their intervals.

    Parameters
    ----------
    first, second : (N, C, C) arrays
        Confusion matrices of the same pictures by two runs.

    Returns
    -------
    dict
        'classes' by name, and 'miou': 'iou' of both, 'difference' (second
        less first), 'low', 'high' and 'verdict'.
    """
    lows, highs = bootstrap.interval(first, second)
    ious = [bootstrap.ious(bootstrap.sums(matrices).sum(axis=0))
            for matrices in (first, second)]
    rows = [{'iou': [float(a), float(b)], 'difference': float(b - a),
             'low': float(low), 'high': float(high),
             'verdict': judge(low, high)}
            for a, b, low, high in zip(*ious, lows, highs)]
    return {'pictures': len(first), 'interval': bootstrap.SHARE,
            'resamples': bootstrap.RESAMPLES, 'seed': bootstrap.SEED,
            'classes': dict(zip(class_names, rows)), 'miou': rows[-1]}


def judge(low, high):
    """What an interval says: gain, loss, noise or same; '-' without one."""
    if np.isnan(low):
        return '-'
    if low == high == 0:
        return 'same'
    return 'gain' if low > 0 else 'loss' if high < 0 else 'noise'


def table(result):
    """A text table of `compare`'s dict, in % and in points of a %."""
    width = max(len('class'), max(map(len, result['classes'])))
    lines = ['{:{}}  {:>6}  {:>6}  {:>6}  {:>15}'.format(
        'class', width, 'A', 'B', 'B - A', '95 % interval')]
    for name, row in list(result['classes'].items()) + [
            ('mIoU', result['miou'])]:
        lines.append('{:{}}  {:>6}  {:>6}  {:>6}  {:>15}  {}'.format(
            name, width, *map(percent, row['iou']),
            percent(row['difference'], '+'), '-' if np.isnan(row['low'])
            else '{} .. {}'.format(percent(row['low'], '+'),
                                   percent(row['high'], '+')),
            row['verdict']))
    return '\n'.join(lines)


def percent(value, sign=''):
    """A share in %, with a sign if asked for; '-' for NaN."""
    return '-' if np.isnan(value) else '{:{}.2f}'.format(100 * value, sign)


def gain(before, after):
    """One line on how the scores of two (C, C) matrices differ."""
    scores = [metrics.scores(matrix) for matrix in (before, after)]
    return ', '.join('{} {} % -> {} % ({} points)'.format(
        title, *(percent(its[name]) for its in scores),
        percent(scores[1][name] - scores[0][name], '+'))
        for name, title in (('miou', 'mIoU'),
                            ('pixel_accuracy', 'pixel accuracy')))


def gain_table(before, after, names, titles):
    """A text table of the IoU by two matrices, in % and in points of a %."""
    width = max(len('IoU'), max(map(len, names)))
    lines = ['{:{}}  {:>6}  {:>6}  {:>10}'.format('IoU', width, *titles,
                                                  'difference')]
    for name, old, new in zip(names, metrics.iou(before), metrics.iou(after)):
        lines.append('{:{}}  {:>6}  {:>6}  {:>10}'.format(
            name, width, percent(old), percent(new), percent(new - old, '+')))
    return '\n'.join(lines)


def verdict(result):
    """One line that says whether the mean IoU really changed."""
    row = result['miou']
    words = {'gain': 'B is better', 'loss': 'B is worse',
             'noise': 'the interval contains 0: this may be noise',
             'same': 'no difference', '-': 'nothing is scored'}[
                 row['verdict']]
    if result['pictures'] < FEW:
        words += ', as far as so few pictures tell'
    return ('mIoU {} % -> {} %, {} points, 95 % interval {} .. {} over {} '
            'pictures: {}'.format(
                *map(percent, row['iou']), percent(row['difference'], '+'),
                percent(row['low'], '+'), percent(row['high'], '+'),
                result['pictures'], words))


def check(runs, scorers):
    """Raise ValueError where two runs cannot be compared.

    Parameters
    ----------
    runs : two rundir.Run
    scorers : two scoring.PairScorer
    """
    first, second = runs
    if first.class_names != second.class_names:
        raise InputError('{} has the classes {}; {} has {}'.format(
            first.directory, ', '.join(first.class_names), second.directory,
            ', '.join(second.class_names)))
    bootstrap.check_count(min(scorer.count for scorer in scorers))
    if all(scorer.pairs for scorer in scorers):
        check_pictures([list(map(scorer.name, scorer.pairs))
                        for scorer in scorers],
                       [run.directory for run in runs])


def check_pictures(pictures, names):
    """Raise ValueError unless two lists of pictures hold the same ones."""
    if sorted(pictures[0]) != sorted(pictures[1]):
        changed = sorted(set(pictures[0]) ^ set(pictures[1]))
        raise InputError('{} and {} are not of the same pictures: {} differ, '
                         'such as {}'.format(*names, len(changed),
                                             (changed + pictures[0])[0]))
