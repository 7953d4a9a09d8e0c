"""Whether ids or colours of labels were interpolated.

Where one class ends another begins. Interpolation puts values of its own
between them: ids in between, or colours that are those of other classes or
of none. So a third class lies on many borders that is one pixel wide.
Interpolated ids are a fault. Colours that were matched after they had been
interpolated are a warning: people have trained on them, at a loss.
"""
from typing import Sequence, Tuple

import numpy as np

from segmentation import pixels
from segmentation.checking.appearance.finding import (FAULT, SOUND, UNCLEAR,
                                                      WARNING, Finding)
from segmentation.checking.appearance.views import View

TEST = 'a third class between two'
# Measured: at most .024 in CamVid, Cityscapes, VOC and KITTI, thin poles
# included; .09 to .43 once ids, and .12 once colours, were interpolated.
MOST = .06
ENOUGH = 500        # transitions that it takes to judge
MOSTLY = .6         # share of them that shows that ids were interpolated


def count(ids: np.ndarray) -> Tuple[int, np.ndarray, int]:
    """Count the transitions of a label, along rows and columns.

    Returns
    -------
    int
        Pixels whose two neighbours along an axis are of different values.
    (256,) array
        How many of them are of a third value, by that value.
    int
        How many of these are between their neighbours' values.
    """
    total, third, between = 0, np.zeros(256, np.int64), 0
    for array in (ids, ids.T):
        before, here, after = array[:, :-2], array[:, 1:-1], array[:, 2:]
        differ = before != after
        total += int(differ.sum())
        odd = differ & (here != before) & (here != after)
        third += np.bincount(here[odd], minlength=256)
        between += int((odd & (np.minimum(before, after) < here)
                        & (here < np.maximum(before, after))).sum())
    return total, third, between


def test(views: Sequence[View], names: Sequence[str]) -> Finding:
    """Return the Finding on what lies between classes."""
    counts = [count(view.ids) for view in views]
    total = sum(one[0] for one in counts)
    third = np.sum([one[1] for one in counts], axis=0)
    if total < ENOUGH:
        return Finding(TEST, '-', UNCLEAR)
    share = third.sum() / total
    number = f'{share:.1%} of the transitions'
    if share <= MOST:
        return Finding(TEST, number, SOUND)
    shares = [one[1].sum() / max(1, one[0]) for one in counts]
    worst = views[int(np.argmax(shares))]
    if sum(one[2] for one in counts) > MOSTLY * third.sum():
        verdict, cause = FAULT, 'ids seem to have been interpolated'
    else:
        verdict = WARNING
        cause = (f'{name_of(int(third.argmax()), names)} lies between most '
                 'often: colours may have been interpolated')
    return Finding(TEST, number, verdict, f'{share:.1%} of the transitions '
                   'between classes lead through one pixel of a third one, '
                   f'where {MOST:.0%} is much: {cause}', worst)


def name_of(value: int, names: Sequence[str]) -> str:
    """Return the name of a class id, IGNORE or UNKNOWN."""
    special = {pixels.IGNORE: 'what is ignored',
               pixels.UNKNOWN: 'what is in no class'}
    return special.get(value) or repr(names[value])
