"""What the measurements of `train.py --sanity` mean, in words."""
import math
from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from segmentation import text

TOLERANCE = .5      # of ln(C), by which the first loss may differ from it
COLORFUL = 2.       # levels of 0..255 between a picture and itself swapped
BETTER = .95        # of the loss of a constant guess, to be overfitted
LOWEST = .05        # nats, which are enough in any case
ONE, OTHERS = .99, .95      # shares of one class: predicted, and true
FREQUENT, RARE = .1, .1     # share of the labels, and of that share


class Verdict(NamedTuple):
    """The result of a test."""

    test: str           # what was tested
    number: str         # what was measured
    diagnosis: str = ''     # what is wrong; empty if nothing is


def first_loss(loss: float, num_classes: int, is_pretrained: bool) -> Verdict:
    """Judge the loss of the untrained network by that of equal scores.

    Of a network that begins with the weights of another run it may be lower.
    """
    wanted = math.log(num_classes)
    number = f'{loss:.3f}, ln({num_classes}) is {wanted:.3f}'
    diagnosis = ''
    if num_classes == 1:
        diagnosis = 'there is one class, and nothing to learn'
    elif not loss <= (1 + TOLERANCE) * wanted:
        diagnosis = ('the scores start far from equal: --initializer zeros, '
                     'or a smaller --stddev')
    elif loss < (1 - TOLERANCE) * wanted and not is_pretrained:
        diagnosis = ('the network knows the labels before it is trained: '
                     'they may be in its input')
    return Verdict('first loss', number, diagnosis)


def channels(distances: Sequence[Optional[Tuple[float, float]]],
             highest: float, order: Optional[str]) -> Verdict:
    """Judge pictures by their files: (distance as it is, swapped) of each.

    Parameters
    ----------
    distances : sequence
        None for a picture that has no file.
    highest : float
        The highest value of all pictures.
    order : str, optional
        What VGG16 takes.
    """
    known = [pair for pair in distances
             if pair is not None and abs(pair[0] - pair[1]) > COLORFUL]
    swapped = sum(mine > other for mine, other in known)
    taken = f', the network makes {order} of it' if order else ''
    number = (f'{len(known) - swapped} of '
              f'{text.counted(len(known), "picture")} BGR as in the files'
              f'{taken}' if known else
              f'no coloured files to compare with; BGR is wanted{taken}')
    diagnosis = ''
    if highest <= 1:
        diagnosis = (f'no value of a picture is above {highest:g}: 0..255 is '
                     'wanted')
    elif swapped > len(known) / 2:
        diagnosis = ('the data source gives RGB: pictures are wanted in BGR, '
                     'as OpenCV reads them')
    return Verdict('channel order', number, diagnosis)


def gradients(names: Sequence[str], norms: np.ndarray,
              unreached: Sequence[str] = ()) -> Verdict:
    """Judge the norms of gradients, (steps, N), of N variables by name.

    Parameters
    ----------
    unreached : sequence of str
        Variables that the loss does not depend on.
    """
    broken = [name for name, norm in zip(names, norms[-1])
              if not np.isfinite(norm)]
    flat = list(unreached) + [
        name for name, norm in zip(names, norms.max(axis=0)) if norm == 0]
    count = len(names) + len(unreached)
    number = (f'{count - len(flat) - len(broken)} of {count} variables have '
              'one')
    diagnosis = ''
    if broken:
        diagnosis = (f'the gradient of {some(broken)} is not finite: a lower '
                     '--learning-rate, or --precision float32')
    elif flat:
        diagnosis = (f'no gradient reaches {some(flat)}: the loss does not '
                     'depend on it, or its ReLUs are all off')
    return Verdict('a gradient in every layer', number, diagnosis)


def constant_loss(true: np.ndarray,
                  class_weights: Optional[Sequence[float]] = None) -> float:
    """Return the lowest loss that the same guess for all pixels can have.

    It is the entropy of the classes' shares, which weights change.

    Parameters
    ----------
    true : (C,) array
        Pixels of each class.
    """
    weighted = true * (1 if class_weights is None
                       else np.asarray(class_weights))
    shares = weighted[weighted > 0] / weighted.sum()
    return float(-(shares * np.log(shares)).sum())


def overfitted(losses: Sequence[float], constant: float,
               learning_rate: float) -> Verdict:
    """Judge the losses of some steps on the same pictures."""
    first, last = losses[0], losses[-1]
    number = (f'loss {first:.3f} to {last:.3f} in {len(losses) - 1} steps, a '
              f'constant guess has {constant:.3f}')
    diagnosis = ''
    if not math.isfinite(last) or last > first:
        diagnosis = (f'the loss rises: --learning-rate {learning_rate:g} is '
                     'too high')
    elif last > max(BETTER * constant, LOWEST):
        diagnosis = (
            f'the loss hardly falls: --learning-rate {learning_rate:g} is '
            'too low' if last > .9 * first else
            'nothing in the pictures is learned, but how frequent the '
            'classes are: the labels may be those of other pictures, or '
            f'--learning-rate {learning_rate:g} is too low')
    return Verdict('four pictures overfitted', number, diagnosis)


def shares(names: Sequence[str], matrix: np.ndarray, is_learned: bool = True
           ) -> Verdict:
    """Judge how often each class is predicted, by how often it is true.

    Before the pictures are learned by half, only one class everywhere counts.
    """
    total = max(1, matrix.sum())
    true, predicted = matrix.sum(axis=1) / total, matrix.sum(axis=0) / total
    worst = int(abs(true - predicted).argmax())
    number = f'at most {abs(true - predicted)[worst]:.1%} off: {names[worst]}'
    diagnosis = ''
    top = int(predicted.argmax())
    missed = [k for k in range(len(names))
              if true[k] >= FREQUENT and predicted[k] < RARE * true[k]]
    if predicted[top] > ONE and true[top] < OTHERS:
        diagnosis = (f'{predicted[top]:.1%} of the predictions are '
                     f'{names[top]}, which is {true[top]:.1%} of the labels: '
                     'the network has found no other class')
    elif missed and is_learned:
        k = missed[0]
        diagnosis = (f'{names[k]} is {true[k]:.1%} of the labels and '
                     f'{predicted[k]:.1%} of the predictions: its labels may '
                     'be wrong, or --class-weights are')
    return Verdict('share of each class', number, diagnosis)


def some(names: Sequence[str]) -> str:
    """Return the first of some names, and how many others there are."""
    others = len(names) - 1
    return names[0] + (f' and {others} more' if others else '')


def table(verdicts: Sequence[Verdict]) -> str:
    """Return a table of verdicts for the terminal."""
    return text.table(('test', 'measured', 'verdict'), [
        (one.test, one.number, 'FAILED' if one.diagnosis else 'passed')
        for one in verdicts], left=(0, 1, 2))


def lines(verdicts: Sequence[Verdict]) -> List[str]:
    """Return a line on each test that failed."""
    return [f'{one.test}: {one.diagnosis}' for one in verdicts
            if one.diagnosis]
