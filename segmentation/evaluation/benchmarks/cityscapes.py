"""The Cityscapes benchmark: label ids to hand in, and its 19 classes.

A prediction is an 8-bit PNG of label ids, of the picture's size, named
CITY_SEQUENCE_FRAME_pred_labelIds.png. Pixels whose true class is not
evaluated are left out; one that is not evaluated is a miss where it is
predicted on others (Cordts et al. 2016).
"""
import os
import re

import numpy as np

import source_cityscapes
from segmentation import metrics
from segmentation.errors import InputError
from segmentation.evaluation import submission

PICTURE = re.compile(r'([^_]+_\d+_\d+)_leftImg8bit\.png')


class CityscapesBenchmark:
    """Counts by the 19 classes, and writes predictions to `export`.

    Parameters
    ----------
    data : source_cityscapes.CityscapesSource
        With any of its class tables.
    export : submission.Writer, optional
    """

    def __init__(self, data, export=None):
        self.labels = label_ids(data)
        # What a network of another class table would score.
        self.reference = source_cityscapes.CityscapesSource()
        self.is_reference = self.reference.classes == data.classes
        self.export = export

    def list_test(self, data_dir):
        """The pictures of leftImg8bit/test."""
        folders = source_cityscapes.find_folders(data_dir)
        if not os.path.isdir(os.path.join(folders[0], 'test')):
            return []
        return [picture for picture, _ in source_cityscapes.list_split(
            *folders, split='test')]

    def prepare(self, pairs):
        """Check what can be checked before the network runs."""
        if self.export:
            self.names = submission.name_outputs(pairs, output_name)

    def take(self, pair, ids, predicted, prediction):
        """Write a prediction; its (19, 20) matrix if classes differ."""
        picture, label = pair
        labels = self.labels[predicted]
        if self.export:
            self.export.write(self.names[picture], labels)
        if self.is_reference or label is None:
            return None
        return score(self.reference.read_ids(label), labels)

    def report(self, names, extras):
        """The lines for the terminal, and what JSON tells."""
        matrices = [extra for extra in extras if extra is not None]
        if not matrices:
            return (), {}
        matrix = np.sum(matrices, axis=0)
        names = self.reference.class_names
        return (('[i] by the 19 classes of the benchmark: '
                 + metrics.summary(metrics.scores(matrix)),
                 metrics.table(matrix, names)),
                {'benchmark': {
                    'scores': metrics.scores(matrix),
                    'iou': dict(zip(names, metrics.iou(matrix).tolist()))}})


def label_ids(data):
    """The label id of each class number, (C,) uint8.

    Where one class has several ids it is the lowest of them: a pole, not a
    group of poles.
    """
    return np.array([min(label for label, number in data.ids.items()
                         if number == wanted)
                     for wanted in range(data.num_classes)], np.uint8)


def score(truth, predicted):
    """The (19, 20) matrix of truth and of predicted label ids.

    Parameters
    ----------
    truth : (H, W) array of class numbers of the 19 classes
    predicted : (H, W) uint8 array of label ids
        The last column counts those that are not evaluated.
    """
    known = source_cityscapes.CityscapesSource()
    table = np.full(256, known.num_classes, np.uint8)
    for label, number in known.ids.items():
        table[label] = min(number, known.num_classes)
    return metrics.confusion_matrix(truth, table[predicted],
                                    known.num_classes, others=True)


def output_name(picture):
    """The file name that the benchmark wants.

    >>> output_name('val/ulm/ulm_000001_000019_leftImg8bit.png')
    'ulm_000001_000019_pred_labelIds.png'
    """
    match = PICTURE.fullmatch(os.path.basename(picture))
    if not match:
        raise InputError('{}: no name of the benchmark: '
                         'CITY_SEQUENCE_FRAME_leftImg8bit.png is wanted'
                         .format(picture))
    return f"{match.group(1)}_pred_labelIds.png"
