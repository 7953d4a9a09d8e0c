"""The KITTI road benchmark: confidence maps to hand in, and its scores.

The scores are of two planes: the picture's, and the road's from above
('bird's-eye view') where the frame has its calibration in calib/.
"""
import os

import cv2
import numpy as np

import source_kitti
from segmentation.evaluation import submission
from segmentation.evaluation.benchmarks import road_scores

PLANES = (('picture', 'picture plane'), ('birds_eye', 'bird\'s-eye view'))
SHOWN = ('MaxF', 'AP', 'PRE', 'REC', 'FPR', 'FNR')


class RoadBenchmark:
    """Counts at each confidence; writes maps to `export` and `birds_eye`."""

    def __init__(self, data, export=None, birds_eye=None):
        self.road = data.class_names.index('road')
        self.export, self.birds_eye = export, birds_eye

    def list_test(self, data_dir):
        """The pictures of testing/image_2."""
        folder = os.path.join(source_kitti.find_root(data_dir), 'testing',
                              'image_2')
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else ()
        return [os.path.join(folder, name) for name in names
                if source_kitti.PICTURE.fullmatch(name)]

    def prepare(self, pairs):
        """Read the calibrations; check what else can be checked."""
        self.names = submission.name_outputs(pairs,
                                             road_scores.submission_name)
        self.calibrations = {}
        for picture, _ in pairs:
            path = source_kitti.calibration_path(picture)
            if os.path.isfile(path):
                self.calibrations[picture] = source_kitti.read_calibration(
                    path)
            elif self.birds_eye:
                raise FileNotFoundError(
                    f'{picture}: no calibration {path}: --birds-eye needs it')

    def take(self, pair, ids, _, prediction):
        """Write the maps of a frame; its counts in both planes or None."""
        picture, label = pair
        confidence = np.rint(255 * prediction.plane(self.road)).astype(
            np.uint8)
        view = None
        if picture in self.calibrations and (label or self.birds_eye):
            calibration = self.calibrations[picture]
            view = road_scores.to_birds_eye(confidence, calibration)
        for writer, image in ((self.export, confidence),
                              (self.birds_eye, view)):
            if writer:
                writer.write(self.names[picture], image)
        if label is None:
            return None
        return (road_scores.counts(confidence, ids),
                None if view is None else road_scores.counts(
                    view, road_scores.to_birds_eye(ids, calibration,
                                                   cv2.INTER_NEAREST)))

    def report(self, names, extras):
        """The lines for the terminal, and what JSON tells."""
        scored = [(name, extra) for name, extra in zip(names, extras)
                  if extra is not None]
        lines, told = [], {}
        for k, (key, title) in enumerate(PLANES):
            frames = [(name, extra[k]) for name, extra in scored
                      if extra[k] is not None]
            if not frames:
                continue
            told[key] = score(frames)
            lines += ['[i] road, {}: {} of {} frames'.format(
                title, len(frames), len(scored)), table(told[key])]
        return lines, {'road': told} if told else {}


def score(frames):
    """{category: its scores and number of frames} of (name, counts)."""
    names = [road_scores.category(name) for name, _ in frames]
    return {category: dict(
        road_scores.scores(histograms),
        frames=len(names) if category == 'URBAN' else names.count(category))
        for category, histograms in road_scores.pool(frames).items()}


def table(categories):
    """A text table of the categories, in %."""
    lines = [f"category  frames{''.join((f'{name:>8}' for name in SHOWN))}"]
    for category, values in categories.items():
        texts = ['-' if np.isnan(values[name]) else '{:.2f}'.format(
            100 * values[name]) for name in SHOWN]
        lines.append(f"{category:8}  {values['frames']:6}"
                     + ''.join(f'{text:>8}' for text in texts))
    return '\n'.join(lines)
