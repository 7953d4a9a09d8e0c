"""Unlabelled pictures in the order in which labelling them teaches most.

A picture is worth the mean mutual information of its pixels, or without
passes their mean entropy. The first one is worth most; each next one has the
largest product of

    its worth, and
    its distance from the nearest picture before it,

so that neighbours of one drive do not come one after another. The distance is
how much the shares of the classes differ in the cells of a grid over the
pictures, 0..1, times how far apart the pictures are in their drive: pictures
that are NEIGHBOURS or more apart, or of two drives, count in full. A drive is
a sequence of frames, by their names.

References
----------
Sener and Savarese 2018, 'Active learning for convolutional neural networks: a
core-set approach'.
"""
import csv
import os
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from segmentation import files, overwriting, pixels
from segmentation.inference.prediction import Prediction
from segmentation.inference.uncertainty import maps
from segmentation.inference.video import frame_names
from segmentation.trained import lookup

GRID = 4            # cells of the grid, in each direction
NEIGHBOURS = 10     # pictures of a drive
COLUMNS = ('rank', 'picture', 'entropy', 'mutual_information', 'margin')


class Measured(NamedTuple):
    """What is measured of a picture; means over its pixels."""

    entropy: float                  # of the probabilities, in nats
    information: Optional[float]    # mutual information of passes, in nats
    margin: float                   # of the likeliest class to the next one
    shares: np.ndarray              # (GRID, GRID, C) of the classes

    @property
    def worth(self) -> float:
        """What labelling the picture teaches, as far as it goes alone."""
        return self.entropy if self.information is None else self.information


class Ranking:
    """Measures pictures, in threads; writes them in order.

    Parameters
    ----------
    path : str
        The CSV file.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.measured: Dict[str, Measured] = {}

    def add(self, picture: str, prediction: Prediction) -> None:
        """Measure the prediction of a picture."""
        self.measured[picture] = measure(prediction)

    def write(self) -> str:
        """Write the pictures in order; return a line on it."""
        names = sorted(self.measured)
        chosen = order(names, [self.measured[name] for name in names])
        with files.atomic(self.path) as work, open(
                work, 'w', newline='', encoding='utf-8',
                errors='surrogateescape') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(COLUMNS)
            for rank, k in enumerate(chosen, 1):
                one = self.measured[names[k]]
                writer.writerow([rank, names[k]] + [
                    '' if value is None else f'{value:.6f}' for value in (
                        one.entropy, one.information, one.margin)])
        return (f'[i] {self.path}: {len(names)} pictures, the one to label '
                'first on top')


def check(path: Optional[str], output_dir: str, pictures: Sequence[str],
          model: lookup.Model) -> None:
    """Raise unless the file can be written without harm; None is passed over.

    Parameters
    ----------
    output_dir : str
        It may be missing so far, and the file lie in it.
    pictures : sequence of str
        They are not overwritten, nor are files of the model.
    """
    if path and not (os.path.dirname(path) == output_dir
                     and not os.path.exists(output_dir)):
        overwriting.check_outputs(
            [path], [*pictures, *lookup.inputs(model)],
            owned=lookup.owned(model))


def measure(prediction: Prediction) -> Measured:
    """Return what is Measured of a picture."""
    highest = second = np.zeros((), np.float32)
    for class_id in range(prediction.num_classes):
        plane = prediction.plane(class_id)
        second = np.maximum(second, np.minimum(highest, plane))
        highest = np.maximum(highest, plane)
    information = (float(maps.measure(maps.INFORMATION, prediction).mean())
                   if isinstance(prediction, maps.MeasuredPrediction)
                   else None)
    return Measured(float(maps.measure(maps.ENTROPY, prediction).mean()),
                    information, float((highest - second).mean()),
                    pixels.area_shares(prediction.ids, (GRID, GRID),
                                       prediction.num_classes) / 255)


def order(names: List[str], measured: List[Measured]) -> List[int]:
    """Return the indices of pictures, the one to label first first.

    Parameters
    ----------
    names : list of str
        Paths of the pictures.
    measured : list of Measured
    """
    if not names:
        return []
    worth = np.array([one.worth for one in measured])
    shares = np.stack([one.shares.ravel() for one in measured])
    drives, positions = find_drives(names)
    nearest = np.full(len(names), np.inf)   # to those that are chosen
    chosen = [int(worth.argmax())]
    while True:
        last = chosen[-1]
        apart = np.abs(positions - positions[last]) / NEIGHBOURS
        distance = (np.abs(shares - shares[last]).sum(axis=1)
                    / (2 * GRID * GRID)
                    * np.where(drives == drives[last], np.minimum(apart, 1),
                               1))
        nearest = np.minimum(nearest, distance)
        if len(chosen) == len(names):
            return chosen
        value = worth * nearest
        value[chosen] = -1
        chosen.append(int(value.argmax()))


def find_drives(names: List[str]) -> Tuple[np.ndarray, np.ndarray]:
    """Return the drive of each picture, and its place in that, from 0.

    Short numbers are of frames where a name has no other; a picture whose
    name has none at all is a drive of its own.

    >>> find_drives(['a/x_09.png', 'b/1.png', 'a/x_10.png', 'a/y_10.png'])
    (array([0, 1, 0, 2]), array([0, 0, 1, 0]))
    """
    drives: Dict[str, List[Tuple[int, int]]] = {}
    for index, name in enumerate(names):
        drive, frame = (frame_names.parse(name)
                        or frame_names.parse(name, digits=1) or (name, 0))
        drives.setdefault(drive, []).append((frame, index))
    numbers = np.zeros(len(names), int)
    positions = np.zeros(len(names), int)
    for number, members in enumerate(drives.values()):
        for position, (_, index) in enumerate(sorted(members)):
            numbers[index], positions[index] = number, position
    return numbers, positions
