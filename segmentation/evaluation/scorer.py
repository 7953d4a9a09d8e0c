"""Scoring pictures in a Predictor's threads, and adding the scores up.

    job -> read -> network -> (CRF) -> score -> Outcome -> Tally.add
"""
import collections
import csv
import os

import numpy as np

from segmentation import drawing, files, metrics, pixels
from segmentation.data import contract
from segmentation.evaluation import boundary, calibration

# Of a picture: its name, the (C, C) confusion matrix, its ignored pixels, the
# matrices of its trimaps, its calibration bins, what its benchmark counts, and
# the matrix before it was refined, if it was.
Outcome = collections.namedtuple('Outcome', 'name matrix ignored near bins '
                                            'extra raw')


class PairScorer:
    """Scores (picture, label) files at the size of the labels.

    Parameters
    ----------
    data : source.DataSource
    pairs : list of (picture path, label path)
        A picture with None for its label is not scored: its benchmark writes
        it.
    shown : views.Views
    data_dir : str
        Names are relative to it.
    benchmark : optional
        Counts by rules of its own and writes what is to be submitted.

    Attributes
    ----------
    pool : crf_pool.Pool or None
        Refines the predictions.
    """

    pool = None

    def __init__(self, data, pairs, shown, data_dir, benchmark=None):
        self.data = data
        self.jobs = self.pairs = pairs
        self.count = len(pairs)
        self.views = shown
        self.data_dir = data_dir
        self.benchmark = benchmark

    def load(self, pair):
        """A picture (H, W, 3) BGR and its class numbers (H, W), uint8."""
        picture, label = pair
        if label is None:
            image = pixels.read(picture)
            return image, np.full(image.shape[:2], pixels.IGNORE, np.uint8)
        return self.data.read_pair(picture, label)

    def read(self, job):
        """Picture and class numbers of a job, and the network inputs."""
        image, ids = self.load(job)
        return (image, ids), self.views.inputs(image)

    def list_jobs(self):
        """All jobs, from the first one."""
        return self.pairs

    def choose(self, names):
        """The jobs of these pictures once more."""
        missing = set(names)
        for job in self.list_jobs() if missing else ():
            if self.name(job) in missing:
                missing.remove(self.name(job))
                yield job
            if not missing:
                break

    def leave_out(self, places):
        """Score the other pictures only; places count from 0."""
        self.jobs = (job for place, job in enumerate(self.list_jobs())
                     if place not in places)
        self.count -= len(places)

    def predict(self, image, maps):
        """The Prediction of a picture, and what it was before the CRF."""
        raw = self.views.prediction(maps, image.shape[1::-1])
        if self.pool is None:
            return raw, raw
        return self.pool.refine(as_bytes(image), raw), raw

    def score(self, job, sample, maps):
        """The Outcome of a picture."""
        (image, ids), classes = sample, self.data.num_classes
        prediction, raw = self.predict(image, maps)
        predicted, confidence = prediction.winner()
        matrix = metrics.confusion_matrix(ids, predicted, classes)
        return Outcome(
            self.name(job), matrix, int(ids.size - matrix.sum()),
            boundary.confusion_matrices(ids, predicted, classes),
            calibration.count(ids, predicted, confidence, classes),
            self.benchmark and self.benchmark.take(job, ids, predicted,
                                                   prediction),
            None if self.pool is None else metrics.confusion_matrix(
                ids, raw.winner()[0], classes))

    def name(self, job):
        return os.path.relpath(job[0], self.data_dir)


class SampleScorer(PairScorer):
    """Scores the samples that a source's generator gives."""

    def __init__(self, data, split, batch_size, shown, data_dir):
        super().__init__(data, (), shown, data_dir)
        self.batch_size = batch_size
        self.generator, self.count = {
            'train': (data.train_generator, data.num_training),
            'valid': (data.valid_generator, data.num_validation)}[split]
        self.jobs = self.list_jobs()

    def list_jobs(self):
        batches = contract.checked(self.data, self.generator(
            self.batch_size, names=True))
        return (sample for images, labels, paths, _ in batches
                for sample in zip(paths, images, labels))

    def load(self, sample):
        _, image, labels = sample
        if image.dtype != np.uint8:
            image = image.astype(np.float32, copy=False)
        return image, drawing.ids_of_rows(labels)


def as_bytes(image):
    """A picture as uint8; a source's own samples may be of any numbers."""
    return (image if image.dtype == np.uint8 else
            np.rint(image).clip(0, 255).astype(np.uint8))


class Tally:
    """Outcomes, added up; of each picture its matrix is kept."""

    def __init__(self):
        self.names, self.matrices, self.pictures_ignored = [], [], []
        self.extras, self.raw = [], []
        self.near = self.bins = 0

    def add(self, outcome):
        self.names.append(outcome.name)
        self.matrices.append(outcome.matrix)
        self.pictures_ignored.append(outcome.ignored)
        self.extras.append(outcome.extra)
        self.raw.append(outcome.raw)
        self.near = self.near + outcome.near                # [R, C, C]
        self.bins = self.bins + outcome.bins                # [3, bins]

    @property
    def matrix(self):
        return np.sum(self.matrices, axis=0)                # [C, C]

    @property
    def raw_matrix(self):
        """The matrix of the network alone, where predictions were refined."""
        return np.sum(self.raw, axis=0)                     # [C, C]

    @property
    def ignored(self):
        return sum(self.pictures_ignored)

    def in_order(self):
        """The places of the pictures, sorted by name."""
        return sorted(range(len(self.names)), key=self.names.__getitem__)

    def summaries(self):
        """Lines on all classes together, for the terminal."""
        trimaps = ', '.join(
            f"{radius} px {metrics.scores(matrix)['miou']:.2%}"
            for radius, matrix in zip(boundary.RADII, self.near))
        return (f"[i] {metrics.summary(metrics.scores(self.matrix))}",
                f"[i] mIoU near boundaries, up to {trimaps}",
                '[i] expected calibration error {:.2%}'.format(
                    calibration.error(self.bins)))

    def describe(self, names):
        """What the JSON file tells of the scores; C names."""
        matrix = self.matrix
        return {
            'pictures': len(self.names),
            'pixels': int(matrix.sum()),
            'ignored_pixels': self.ignored,
            'scores': metrics.scores(matrix),
            'class_names': names,
            'iou': dict(zip(names, metrics.iou(matrix).tolist())),
            'accuracy': dict(zip(names, metrics.accuracy(matrix).tolist())),
            'precision': dict(zip(names, metrics.precision(matrix).tolist())),
            'true_pixels': dict(zip(names, matrix.sum(axis=1).tolist())),
            'trimaps': {str(radius): {
                'pixels': int(near.sum()),
                'miou': metrics.scores(near)['miou'],
                'iou': dict(zip(names, metrics.iou(near).tolist()))}
                for radius, near in zip(boundary.RADII, self.near)},
            'calibration': calibration.describe(self.bins),
            'matrix': matrix.tolist(),
        }

    def write_csv(self, path, names):
        """Write a line of scores for each picture; no value where none is."""
        kinds = ('miou', 'pixel_accuracy', 'mean_accuracy', 'fwiou')
        with files.atomic(path) as work, open(
                work, 'w', newline='', encoding='utf-8',
                errors='surrogateescape') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(('picture', 'pixels', 'ignored_pixels') + kinds
                            + tuple(f"iou {name}" for name in names))
            for k in self.in_order():
                matrix = self.matrices[k]
                scores = metrics.scores(matrix)
                values = [scores[kind] for kind in kinds] + list(
                    metrics.iou(matrix))
                writer.writerow(
                    [self.names[k], matrix.sum(), self.pictures_ignored[k]]
                    + ['' if np.isnan(value) else repr(float(value))
                       for value in values])
