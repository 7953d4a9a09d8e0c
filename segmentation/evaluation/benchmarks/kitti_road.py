"""The KITTI road benchmark: confidence maps to submit, and their scores.

Scores are of two planes: the picture's, and the road's from above (bird's-eye
view) where the frame has its calibration in calib/.
"""
import os

import cv2

from segmentation import text
from segmentation.data import contract, kitti_road
from segmentation.evaluation import submission
from segmentation.evaluation.benchmarks import birds_eye, road_scores
from segmentation.evaluation.benchmarks.benchmark import Benchmark

PLANES = {'picture': 'picture plane', 'birds_eye': 'bird\'s-eye view'}
COLUMNS = road_scores.NAMES[:-1]        # without the threshold


class RoadBenchmark(Benchmark):
    """Counts at each confidence, and writes maps of it.

    Parameters
    ----------
    source : KittiSource
        Has a class 'road'.
    export, birds_eye : Writer, optional
        For maps in the picture plane and from above.
    """

    writers = ('export', 'birds_eye')

    def __init__(self, source, export=None, birds_eye=None):
        super().__init__(source, export)
        self.road = contract.class_names(source).index('road')
        self.birds_eye = birds_eye
        self.calibrations = {}      # {picture: {name: matrix}}

    def list_test(self, data_dir):
        """Return the pictures of testing/image_2."""
        return kitti_road.list_pictures(kitti_road.find_root(data_dir),
                                        'testing')

    def prepare(self, pairs):
        """Name the maps and read the calibrations.

        Raises
        ------
        InputError
            A picture is not named as KITTI names them, or a calibration is
            broken.
        FileNotFoundError
            There is none, and maps from above are to be written.
        """
        self.names = submission.name_outputs(pairs, kitti_road.road_name)
        for picture, _ in pairs:
            path = kitti_road.calibration_path(picture)
            if os.path.isfile(path):
                self.calibrations[picture] = kitti_road.read_calibration(path)
            elif self.birds_eye is not None:
                raise FileNotFoundError(
                    f'{picture}: no calibration {path}: --birds-eye needs it')

    def take(self, job, ids, predicted, prediction):
        """Write the maps of a frame; return {plane: counts} if labelled."""
        picture, label = job
        confidence = prediction.levels(self.road)
        calibration = self.calibrations.get(picture)
        view = None if calibration is None else birds_eye.view(confidence,
                                                               calibration)
        for writer, image in ((self.export, confidence),
                              (self.birds_eye, view)):
            if writer is not None:
                writer.write(self.names[picture], image)
        if label is None:
            return None
        counts = {'picture': road_scores.counts(confidence, ids)}
        if view is not None:
            counts['birds_eye'] = road_scores.counts(
                view, birds_eye.view(ids, calibration, cv2.INTER_NEAREST))
        return counts

    def report(self, names, benchmark_counts):
        """Return a table and a dict of the scores of each plane."""
        scored = [(name, counts)
                  for name, counts in zip(names, benchmark_counts)
                  if counts is not None]
        lines, planes = [], {}
        for plane, title in PLANES.items():
            frames = [(name, counts[plane]) for name, counts in scored
                      if plane in counts]
            if frames:
                planes[plane] = score(frames)
                lines += [f'[i] road, {title}: {len(frames)} of '
                          f'{len(scored)} frames', table(planes[plane])]
        return lines, {'road': planes} if planes else {}


def score(frames):
    """Return {category: its scores and 'frames'} of (name, counts) pairs."""
    categories = [road_scores.category(name) for name, _ in frames]
    return {category: dict(
        road_scores.scores(histograms), frames=len(frames)
        if category == 'URBAN' else categories.count(category))
        for category, histograms in road_scores.pool(frames).items()}


def table(categories):
    """Return a text table of what `score` returns, in %."""
    return text.table(
        ('category', 'frames') + COLUMNS,
        [[category, str(values['frames'])]
         + [text.percent(values[name]) for name in COLUMNS]
         for category, values in categories.items()])
