"""Which pictures are frames of one sequence, by their names.

Names of one sequence differ in their last number alone: of 0016E5_07959.png
the sequence is 0016E5_, and the frame 7959. By default numbers of less than
three digits are no frames, as in the leftImg8bit of Cityscapes.
"""
import os
import re
from typing import Optional, Tuple


def parse(path: str, digits: int = 3) -> Optional[Tuple[str, int]]:
    """Return the (sequence, frame number) of a picture; None of others.

    Parameters
    ----------
    digits : int
        Numbers of fewer digits are no frames.

    >>> parse('val/0016E5_07959.png'), parse('a/b_000019_leftImg8bit.png')
    (('val/0016E5_*', 7959), ('a/b_*_leftImg8bit', 19))
    >>> parse('drive_0091/1.png')
    >>> parse('drive_0091/1.png', digits=1)
    ('drive_0091/*', 1)
    """
    folder, name = os.path.split(path)
    number = rf'\d{{{digits}}}'
    match = re.fullmatch(rf'(.*?)({number}\d*)(?!.*{number})(.*)',
                         os.path.splitext(name)[0])
    if match is None:
        return None
    before, frame, after = match.groups()
    return os.path.join(folder, f'{before}*{after}'), int(frame)
