"""What is wrong in an epoch, for its line and for the log."""
from typing import List, Optional, Sequence

import numpy as np

from segmentation.errors import InputError
from segmentation.training.diagnosis import verdicts


def warnings(matrix: Optional[np.ndarray], names: Sequence[str],
             norms: Optional[np.ndarray], variables: Sequence[str]
             ) -> List[str]:
    """Return what is worth a warning in an epoch.

    Parameters
    ----------
    matrix : (C, C) array, optional
        The confusion matrix of the validation split, if it was scored.
    names : sequence of C str
        Of the classes.
    norms : (N,) array, optional
        Of the gradients of the epoch's last step.
    variables : sequence of N str
    """
    found = []
    if matrix is not None:
        total = max(1, matrix.sum())
        true, predicted = (matrix.sum(axis=axis) / total for axis in (1, 0))
        top = int(predicted.argmax())
        if predicted[top] > verdicts.ONE >= true[top]:
            found.append(f'{predicted[top]:.1%} of the predictions are '
                         f'{names[top]}, {true[top]:.1%} of the labels')
    if norms is not None:
        for what, wrong in (('is not finite', ~np.isfinite(norms)),
                            ('is zero', norms == 0)):
            if wrong.any():
                which = verdicts.some([variables[k]
                                       for k in np.flatnonzero(wrong)])
                found.append(f'the gradient of {which} {what}')
    return found


def check_loss(loss, paths):
    """Raise InputError with the files of the batch unless it is finite."""
    if not np.isfinite(loss):
        raise InputError(f'the loss is {loss} after the batch '
                         f'{", ".join(paths)}: stopped, the checkpoints are '
                         'those of before; where these files are sound, a '
                         'lower --learning-rate is wanted')
