"""The Cityscapes benchmark: label ids to submit, and its 19 classes.

A prediction is an 8-bit PNG of label ids, of the picture's size, named
CITY_SEQUENCE_FRAME_pred_labelIds.png. Pixels whose true class is not
evaluated are left out; one that is not evaluated is a miss where it is
predicted on others (Cordts et al. 2016).
"""
import os
import re

import numpy as np

from segmentation import metrics
from segmentation.data import cityscapes
from segmentation.data.data_source import DataSource
from segmentation.errors import InputError
from segmentation.evaluation import submission
from segmentation.evaluation.benchmarks.benchmark import Benchmark

# The zip file takes no bytes that are no text, which are lone surrogates.
PICTURE = re.compile('([^_\ud800-\udfff]+_[0-9]+_[0-9]+)'
                     r'_leftImg8bit\.png')


class Reference(DataSource):
    """Reads label files in the 19 classes of the benchmark."""

    classes, void_colors, ids = cityscapes.class_table('19')


class CityscapesBenchmark(Benchmark):
    """Counts by the 19 classes, and writes label ids to `export`.

    Parameters
    ----------
    source : CityscapesSource
        With any of its class tables.
    export : Writer, optional
    """

    def __init__(self, source, export=None):
        super().__init__(source, export)
        self.label_ids = label_ids(source)
        self.reference = Reference()
        self.is_reference = self.reference.classes == source.classes

    def list_test(self, data_dir):
        """Return the pictures of leftImg8bit/test."""
        pictures, labels = cityscapes.find_folders(data_dir)
        if not os.path.isdir(os.path.join(pictures, 'test')):
            return []
        return [picture for picture, _ in cityscapes.list_split(
            pictures, labels, 'test')]

    def prepare(self, pairs):
        """Name the files to submit; InputError where one has no name."""
        if self.export is not None:
            self.names = submission.name_outputs(pairs, output_name)

    def take(self, job, ids, predicted, prediction):
        """Write a prediction; return its (19, 20) matrix if classes differ."""
        picture, label = job
        labels = self.label_ids[predicted]
        if self.export is not None:
            self.export.write(self.names[picture], labels)
        if self.is_reference or label is None:
            return None
        return score(self.reference.read_ids(label), labels)

    def report(self, names, benchmark_counts):
        """Return the scores by the 19 classes, where others were predicted."""
        matrices = [matrix for matrix in benchmark_counts
                    if matrix is not None]
        if not matrices:
            return (), {}
        matrix = np.sum(matrices, axis=0)
        scores = metrics.scores(matrix)
        classes = self.reference.class_names
        lines = (f'[i] by the 19 classes of the benchmark: '
                 f'{metrics.summary(scores)}', metrics.table(matrix, classes))
        return lines, {'benchmark': {
            'scores': scores,
            'iou': dict(zip(classes, metrics.iou(matrix).tolist()))}}


def label_ids(source):
    """Return the label id of each class of a source, (C,) uint8.

    Of several ids of one class it is the lowest: a pole, not a group of
    poles.
    """
    return np.array([min(label for label, number in source.ids.items()
                         if number == class_id)
                     for class_id in range(source.num_classes)], np.uint8)


def score(truth, predicted):
    """Return the (19, 20) matrix of truth and of predicted label ids.

    Parameters
    ----------
    truth : (H, W) array of the ids of the 19 classes
    predicted : (H, W) uint8 array of label ids
        The last column counts those that are not evaluated.
    """
    reference = Reference()
    count = reference.num_classes
    table = np.full(256, count, np.uint8)
    for label_id, class_id in reference.ids.items():
        table[label_id] = min(class_id, count)
    return metrics.confusion_matrix(truth, table[predicted], count,
                                    others=True)


def output_name(picture):
    """Return the file name that the benchmark wants.

    >>> output_name('val/ulm/ulm_000001_000019_leftImg8bit.png')
    'ulm_000001_000019_pred_labelIds.png'
    """
    match = PICTURE.fullmatch(os.path.basename(picture))
    if not match:
        raise InputError(f'{picture}: no name of the benchmark: '
                         'CITY_SEQUENCE_FRAME_leftImg8bit.png is wanted')
    return f'{match.group(1)}_pred_labelIds.png'
