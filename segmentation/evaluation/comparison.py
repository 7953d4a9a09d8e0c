"""What changed between two runs on the same pictures, and if it is noise."""
from typing import Any, Dict, List, Sequence

import numpy as np

from segmentation import metrics, text
from segmentation.errors import InputError
from segmentation.evaluation import bootstrap

FEW = 20        # pictures, below which an interval is itself a rough guess
VERDICTS = {'gain': 'B is better', 'loss': 'B is worse',
            'noise': 'the interval contains 0: this may be noise',
            'same': 'no difference', '-': 'nothing is scored'}


def check(runs, scorers):
    """Raise InputError where two runs cannot be compared.

    Parameters
    ----------
    runs : two run_dir.Run or exported.Exported
    scorers : two PairScorer
    """
    first, second = runs
    if first.class_names != second.class_names:
        raise InputError(
            f'{first.path} has the classes '
            f'{", ".join(first.class_names)}; {second.path} has '
            f'{", ".join(second.class_names)}')
    bootstrap.check_count(min(scorer.count for scorer in scorers))
    if all(scorer.pairs for scorer in scorers):
        check_pictures([list(map(scorer.name, scorer.pairs))
                        for scorer in scorers],
                       [run.path for run in runs])


def check_pictures(pictures, names):
    """Raise InputError unless two lists of pictures hold the same ones.

    Parameters
    ----------
    pictures : two lists of str
    names : two str
        What the lists are of.
    """
    if sorted(pictures[0]) != sorted(pictures[1]):
        changed = sorted(set(pictures[0]) ^ set(pictures[1]))
        example = (changed + pictures[0])[0]
        raise InputError(f'{names[0]} and {names[1]} are not of the same '
                         f'pictures: {len(changed)} differ, such as '
                         f'{example}')


def align(first, second, names: Sequence[str]) -> List[np.ndarray]:
    """Return the (N, C, C) matrices of two Tallies, picture by picture.

    Raises
    ------
    InputError
        The pictures, or their truths, are not the same.
    """
    tallies = first, second
    check_pictures([tally.names for tally in tallies], names)
    matrices = [np.stack([tally.matrices[k] for k in tally.in_order()])
                for tally in tallies]
    differs = (matrices[0].sum(axis=2) != matrices[1].sum(axis=2)).any(axis=1)
    if differs.any():
        changed = first.names[first.in_order()[differs.argmax()]]
        raise InputError(f'{changed}: its labels are not the same for '
                         f'{names[0]} and for {names[1]}')
    return matrices


def compare(first: np.ndarray, second: np.ndarray,
            class_names: Sequence[str]) -> Dict[str, Any]:
    """Return the differences in IoU, with their intervals.

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
    """Return what an interval says: one of VERDICTS, '-' without one."""
    if np.isnan(low):
        return '-'
    if low == high == 0:
        return 'same'
    return 'gain' if low > 0 else 'loss' if high < 0 else 'noise'


def table(result):
    """Return a text table of what `compare` returns, in % and points."""
    rows = list(result['classes'].items()) + [('mIoU', result['miou'])]
    return text.table(
        ('class', 'A', 'B', 'B - A', '95 % interval', ''),
        [(name, *map(text.percent, row['iou']), points(row['difference']),
          '-' if np.isnan(row['low']) else interval(row), row['verdict'])
         for name, row in rows], left=(0, 5))


def verdict(result):
    """Return one line on whether the mean IoU really changed."""
    row = result['miou']
    before, after = map(text.percent, row['iou'])
    words = VERDICTS[row['verdict']]
    if result['pictures'] < FEW:
        words += ', as far as so few pictures tell'
    return (f'mIoU {before} % -> {after} %, {points(row["difference"])} '
            f'points, 95 % interval {interval(row)} over '
            f'{text.counted(result["pictures"], "picture")}: {words}')


def interval(row):
    """Return the ends of an interval as text."""
    return f'{points(row["low"])} .. {points(row["high"])}'


def points(difference):
    """Return a difference of shares in points of a %, with its sign."""
    return text.percent(difference, sign='+')


def gain(before, after):
    """Return one line on how the scores of two (C, C) matrices differ."""
    first, second = map(metrics.scores, (before, after))
    return ', '.join(
        f'{title} {text.percent(first[name])} % -> '
        f'{text.percent(second[name])} % '
        f'({points(second[name] - first[name])} points)'
        for name, title in (('miou', 'mIoU'),
                            ('pixel_accuracy', 'pixel accuracy')))


def gain_table(before, after, names, titles):
    """Return a text table of the IoU by two matrices, in % and in points."""
    return text.table(('IoU', *titles, 'difference'), [
        (name, text.percent(old), text.percent(new), points(new - old))
        for name, old, new in zip(names, metrics.iou(before),
                                  metrics.iou(after))])
