"""Learning-rate schedules.

A schedule is a function of the share of the run that is done, so that a
resumed run goes on exactly where it was.
"""
import math
from typing import NamedTuple

# Share of the run that is done, 0..1 -> factor of the learning rate.
SCHEDULES = {
    'constant': lambda done: 1,
    # a tenth after two thirds and again after eight ninths
    'step': lambda done: .1 ** ((done >= 2 / 3) + (done >= 8 / 9)),
    # Chen et al. 2017, section 4.1
    'poly': lambda done: (1 - done) ** .9,
    # Loshchilov and Hutter 2017, without restarts
    'cosine': lambda done: (1 + math.cos(math.pi * done)) / 2,
}


class Schedule(NamedTuple):
    """The learning rate of every step of a run."""

    name: str               # a key of SCHEDULES
    learning_rate: float    # where the factor is 1
    epochs: int
    warm_up: float          # epochs over which the rate first rises
    steps: int              # of an epoch

    def rate(self, epoch, step):
        """Return the learning rate of step 0, 1, ... of epoch 1, 2, ..."""
        done = (epoch - 1 + step / self.steps) / self.epochs
        return self.learning_rate * factor(self.name, min(done, 1),
                                           self.warm_up / self.epochs)


def factor(name, done, warm_up=0):
    """Return the factor of the learning rate at a point of a run.

    Parameters
    ----------
    name : str
        A key of SCHEDULES.
    done : float
        Share of all steps that have been taken, 0..1.
    warm_up : float, optional
        Share of the run over which the rate first rises from near 0.

    Examples
    --------
    >>> factor('poly', 0), factor('cosine', .5), factor('step', .7)
    (1.0, 0.5, 0.1)
    >>> factor('constant', .01, warm_up=.04)
    0.25
    """
    rise = min(1, done / warm_up) if warm_up else 1
    return rise * SCHEDULES[name](done)
