"""Classes whose colour or place is not what their name leads one to expect.

Only classes of well-known names are looked at, and what is odd is a warning:
there are red skies.
"""
from typing import Callable, List, NamedTuple, Optional, Sequence

import numpy as np

from segmentation.checking.appearance.finding import (SOUND, WARNING,
                                                      Finding)
from segmentation.checking.appearance.views import View

SMALLEST = .01      # share of a sample that a class must have to count


class Look(NamedTuple):
    """What the pixels of a class look like, on average over samples."""

    blue: float         # blue minus red, 0..255
    brightness: float   # against the mean of the picture, 0..255
    row: float          # 0 at the top of the picture, 1 at the bottom


class Expectation(NamedTuple):
    """What a class of some names should look like."""

    names: Sequence[str]                # in lower case
    what: str
    is_odd: Callable[[Look], bool]
    text: str                           # what an odd one suggests


# Measured on CamVid, Cityscapes, KITTI and synthetic scenes, right, with red
# and blue swapped, and with class tables moved by one line.
EXPECTATIONS = (
    Expectation(('sky',), 'sky is rather blue than red',
                lambda look: look.brightness > 0 and look.blue < -4,
                'bright and redder than blue: the channels may be RGB where '
                'BGR is wanted'),
    Expectation(('sky',), 'sky is bright and high up',
                lambda look: look.brightness <= 0 or look.row > .45,
                'darker than the rest of the pictures, or low in them: the '
                'classes may be mixed up'),
    Expectation(('road', 'street', 'lane'), 'road is low',
                lambda look: look.row < .55,
                'in the upper part of the pictures: the classes may be mixed '
                'up'),
    Expectation(('tree', 'trees', 'vegetation'), 'trees are high up',
                lambda look: look.row > .5,
                'in the lower part of the pictures: the classes may be mixed '
                'up'),
)


def look_at(view: View, class_id: int) -> Optional[Look]:
    """Return the Look of a class in a sample, None where there is little."""
    mask = view.ids == class_id
    if mask.mean() < SMALLEST:
        return None
    color, mean = view.image[mask].mean(axis=0), view.image.mean()
    return Look(float(color[0] - color[2]), float(color.mean() - mean),
                float(np.nonzero(mask)[0].mean() / len(mask)))


def tests(views: Sequence[View], names: Sequence[str]) -> List[Finding]:
    """Return a Finding on each expectation of a class that is there."""
    findings = []
    for expectation in EXPECTATIONS:
        for class_id, name in enumerate(names):
            if name.lower() not in expectation.names:
                continue
            seen = [(view, look) for view, look in (
                (view, look_at(view, class_id)) for view in views) if look]
            if seen:
                findings.append(judge(expectation, name, seen))
    return findings


def judge(expectation, name, seen):
    """Return the Finding on a class that was seen: (View, Look) pairs."""
    mean = Look(*np.mean([look for _, look in seen], axis=0).tolist())
    number = (f'blue - red {mean.blue:+.0f}, brightness '
              f'{mean.brightness:+.0f}, row {mean.row:.2f}')
    if not expectation.is_odd(mean):
        return Finding(expectation.what, number, SOUND)
    return Finding(expectation.what, number, WARNING,
                   f'what is labelled {name!r} is {expectation.text}',
                   next((view for view, look in seen
                         if expectation.is_odd(look)), seen[0][0]))
