"""The scores of pictures, added up.

Of each picture its matrix is kept: comparisons and reports need them all. Sums
are exact, and so the same in any order of the pictures.
"""
import csv
import math
from typing import Any, NamedTuple, Optional, Tuple

import numpy as np

from segmentation import files, metrics
from segmentation.evaluation import boundary, calibration


class Outcome(NamedTuple):
    """What is counted of one picture."""

    name: str                       # relative to the folder of the data set
    matrix: np.ndarray              # (C, C), the confusion matrix
    ignored: int                    # pixels
    trimaps: np.ndarray             # (R, C, C), the matrix of each trimap
    bins: np.ndarray                # (3, bins), of the calibration
    benchmark_counts: Any = None    # what its benchmark counts
    raw_matrix: Optional[np.ndarray] = None     # before refinement, if any
    # The picture, its predicted ids and the true ones, to be compared with
    # those of the next picture; no Tally keeps them.
    frame: Optional[Tuple[np.ndarray, ...]] = None


class Tally:
    """Outcomes, added up; lists are in the order of the pictures.

    Attributes
    ----------
    raw_matrix : (C, C) array, or 0
        That of the network alone, where predictions were refined.
    trimaps : (R, C, C) array, or 0
    """

    def __init__(self):
        self.names, self.matrices, self.pictures_ignored = [], [], []
        self.pictures_bins, self.benchmark_counts = [], []
        self.raw_matrix = self.trimaps = 0

    def add(self, outcome):
        """Add the Outcome of a picture."""
        self.names.append(outcome.name)
        self.matrices.append(outcome.matrix)
        self.pictures_ignored.append(outcome.ignored)
        self.pictures_bins.append(outcome.bins)
        self.benchmark_counts.append(outcome.benchmark_counts)
        self.add_sums(outcome.trimaps, outcome.raw_matrix)

    def add_sums(self, trimaps, raw_matrix=None):
        """Add matrices that are not kept by picture, or sums of them."""
        self.trimaps = self.trimaps + trimaps               # [R, C, C]
        if raw_matrix is not None:
            self.raw_matrix = self.raw_matrix + raw_matrix  # [C, C]

    @property
    def matrix(self):
        """The (C, C) confusion matrix of all pictures."""
        return np.sum(self.matrices, axis=0)                # [C, C]

    @property
    def bins(self):
        """The (3, bins) counts of the calibration of all pictures."""
        return np.apply_along_axis(math.fsum, 0, self.pictures_bins)

    @property
    def ignored(self):
        """The number of ignored pixels."""
        return sum(self.pictures_ignored)

    def in_order(self):
        """Return the indices of the pictures, sorted by name."""
        return sorted(range(len(self.names)), key=self.names.__getitem__)

    def summaries(self):
        """Return lines on all classes together, for the terminal."""
        trimaps = ', '.join(
            f'{radius} px {metrics.scores(matrix)["miou"]:.2%}'
            for radius, matrix in zip(boundary.RADII, self.trimaps))
        return (f'[i] {metrics.summary(metrics.scores(self.matrix))}',
                f'[i] mIoU near boundaries, up to {trimaps}',
                '[i] expected calibration error '
                f'{calibration.error(self.bins):.2%}')

    def describe(self, class_names):
        """Return the scores as --json has them."""
        matrix = self.matrix

        def by_class(values):
            return dict(zip(class_names, values.tolist()))

        return {
            'pictures': len(self.names),
            'pixels': int(matrix.sum()),
            'ignored_pixels': self.ignored,
            'scores': metrics.scores(matrix),
            'class_names': class_names,
            'iou': by_class(metrics.iou(matrix)),
            'accuracy': by_class(metrics.accuracy(matrix)),
            'precision': by_class(metrics.precision(matrix)),
            'true_pixels': by_class(matrix.sum(axis=1)),
            'trimaps': {str(radius): {
                'pixels': int(trimap.sum()),
                'miou': metrics.scores(trimap)['miou'],
                'iou': by_class(metrics.iou(trimap))}
                for radius, trimap in zip(boundary.RADII, self.trimaps)},
            'calibration': calibration.describe(self.bins),
            'matrix': matrix.tolist(),
        }

    def write_csv(self, path, class_names):
        """Write a line of scores for each picture, empty where none is."""
        kinds = ('miou', 'pixel_accuracy', 'mean_accuracy', 'fwiou')
        with files.atomic(path) as work, open(
                work, 'w', newline='', encoding='utf-8',
                errors='surrogateescape') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(('picture', 'pixels', 'ignored_pixels') + kinds
                            + tuple(f'iou {name}' for name in class_names))
            for k in self.in_order():
                matrix = self.matrices[k]
                scores = metrics.scores(matrix)
                values = [scores[kind] for kind in kinds] + list(
                    metrics.iou(matrix))
                writer.writerow(
                    [self.names[k], matrix.sum(), self.pictures_ignored[k]]
                    + ['' if np.isnan(value) else repr(float(value))
                       for value in values])
