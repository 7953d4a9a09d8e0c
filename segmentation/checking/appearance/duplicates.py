"""Pictures that are nearly the same on both sides of the split.

A picture that was saved anew, resized or brightened still falls and rises in
the same places: its fingerprint is whether each of 16 x 16 cells is brighter
than the one to its left (a difference hash).
"""
from typing import Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np

from segmentation import pixels, text
from segmentation.checking.appearance.finding import (SOUND, WARNING,
                                                      Finding)

TEST = 'training pictures to validate on'
SIDE = 16           # cells
# Measured on CamVid: at most 14 bits of 256 differ once a picture is saved
# as JPEG, shrunk or brightened; frames of one video, a second apart, have 79.
NEAR = 18
FLAT = 16           # bits; darkness and fog have too few to compare


def fingerprint(image: np.ndarray) -> Optional[bytes]:
    """Return the 256 bits of a picture (H, W, 3); None of a flat one."""
    grey = cv2.resize(cv2.cvtColor(pixels.to_uint8(image),
                                   cv2.COLOR_BGR2GRAY),
                      (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA)
    bits = grey[:, 1:] > grey[:, :-1]
    if not FLAT <= bits.sum() <= bits.size - FLAT:
        return None
    return np.packbits(bits).tobytes()


def find(first: Sequence[bytes], second: Sequence[bytes]
         ) -> List[Tuple[int, int]]:
    """Return the pairs (index in first, index in second) of near ones."""
    if not first or not second:
        return []
    others = unpack(first)
    pairs = []
    for k, bits in enumerate(unpack(second)):
        differing = np.count_nonzero(others != bits, axis=1)
        if differing.min() <= NEAR:
            pairs.append((int(differing.argmin()), k))
    return pairs


def unpack(fingerprints):
    """Return the bits of fingerprints, (N, 256) bool."""
    return np.unpackbits(np.array(
        [np.frombuffer(one, np.uint8) for one in fingerprints]),
        axis=1).astype(bool)


def test(fingerprints: Dict[str, List[Tuple[str, bytes]]]) -> Finding:
    """Return the Finding on two splits, given {split: (path, bits)}."""
    train, valid = fingerprints['train'], fingerprints['valid']
    near = find([bits for _, bits in train], [bits for _, bits in valid])
    number = f'{len(near)} of {text.counted(len(valid), "picture")}'
    if not near:
        return Finding(TEST, number, SOUND)
    first, second = near[0]
    return Finding(TEST, number, WARNING,
                   f'{text.counted(len(near), "picture")} to validate on '
                   'nearly equal to training pictures, such as '
                   f'{valid[second][0]} and {train[first][0]}: scores will '
                   'flatter')
