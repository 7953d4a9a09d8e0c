"""Which pictures are frames of one sequence, by their names.

Names of one sequence differ in their last number alone: of 0016E5_07959.png
the sequence is 0016E5_, and the frame 7959. Numbers of less than three digits
are no frames, as in the leftImg8bit of Cityscapes.
"""
import os
import re
from typing import Optional, Tuple

NUMBER = re.compile(r'(.*?)(\d{3,})(?!.*\d{3})(.*)')


def parse(path: str) -> Optional[Tuple[str, int]]:
    """Return the (sequence, frame number) of a picture; None of others.

    >>> parse('val/0016E5_07959.png'), parse('a/b_000019_leftImg8bit.png')
    (('val/0016E5_*', 7959), ('a/b_*_leftImg8bit', 19))
    >>> parse('drive_0091/1.png')
    """
    folder, name = os.path.split(path)
    match = NUMBER.fullmatch(os.path.splitext(name)[0])
    if match is None:
        return None
    before, number, after = match.groups()
    return os.path.join(folder, f'{before}*{after}'), int(number)
