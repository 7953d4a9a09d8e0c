"""The written file against the network that it was made from."""
from typing import NamedTuple

import numpy as np

from segmentation.errors import InputError

# Of float32: rounding differs between libraries, and by machine.
MOST_DIFFERENCE, MOST_CHANGED = 1e-4, 1e-4


class Answer(NamedTuple):
    """What a network gives for pictures."""

    softmax: np.ndarray     # [B, H, W, C] float32
    classes: np.ndarray     # [B, H, W] uint8


class Difference(NamedTuple):
    """How far one answer is from another."""

    largest: float          # of probabilities
    changed: float          # share of the pixels whose class is another

    def in_words(self) -> str:
        return (f'probabilities differ by at most {self.largest:.2g}, the '
                f'class of {self.changed:.3%} of the pixels is another')


def compare(answer: Answer, wanted: Answer, path: str) -> Difference:
    """Return the difference of two answers.

    Raises
    ------
    InputError
        They are not even of the same shape, or no probabilities.
    """
    for found, expected in zip(answer, wanted):
        if found.shape != expected.shape:
            raise InputError(f'{path} gives {found.shape}: {expected.shape} '
                             'is wanted')
    if not np.isfinite(answer.softmax).all():
        raise InputError(f'{path} gives probabilities that are no numbers')
    return Difference(float(abs(answer.softmax - wanted.softmax).max()),
                      float((answer.classes != wanted.classes).mean()))


def refuse_other(difference: Difference, path: str) -> None:
    """Raise InputError where a float32 file is not the same network."""
    if (difference.largest > MOST_DIFFERENCE
            or difference.changed > MOST_CHANGED):
        raise InputError(
            f'{path} is not the same network: {difference.in_words()}; at '
            f'most {MOST_DIFFERENCE:g} and {MOST_CHANGED:.2%} are wanted')
