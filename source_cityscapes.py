"""Cityscapes, from label ids or from colour files, in 19 or 29 classes.

The layout is the official one, with train and val as SPLIT. DIR/samples and
DIR/labels may stand for leftImg8bit and gtFine or hold them; without a val
folder a share of train is kept for validation.

Label ids are read where they are there. Colour files cannot tell a group of
poles (153, 153, 153) from a pole nor a licence plate (0, 0, 142) from a car:
of the 19 classes, a group of poles is then a pole where ids have it ignored.
The 29 classes are those that colours tell apart, for ids as well.
"""
import os

import source
from segmentation.data import cityscapes, label_files


class CityscapesSource(source.DataSource):
    """Cityscapes: leftImg8bit/train/CITY/ and gtFine/train/CITY/ are wanted.
    """

    benchmark = 'cityscapes'
    image_size = (512, 256)

    def __init__(self):
        self.choose_classes('19')

    def choose_classes(self, table):
        """Take the 19 evaluated classes, the rest ignored, or all 29 colours.

        Call it before labels are read.
        """
        self.classes, self.void_colors, self.ids = cityscapes.class_table(
            table)

    def list_splits(self, data_dir, valid_fraction):
        """Return the data set's own split; without val one drawn of train."""
        pictures, labels = cityscapes.find_folders(data_dir)
        if not os.path.isdir(os.path.join(pictures, 'val')):
            return super().list_splits(data_dir, valid_fraction)
        return {'train': cityscapes.list_split(pictures, labels, 'train'),
                'valid': cityscapes.list_split(pictures, labels, 'val')}

    def list_pairs(self, data_dir):
        """Return the (picture, label) paths of train."""
        return cityscapes.list_split(*cityscapes.find_folders(data_dir),
                                     split='train')

    def check_pair(self, image_path, label_path):
        """Raise FileNotFoundError if a file of a pair is missing."""
        ids = os.path.basename(label_path).replace(cityscapes.COLORS,
                                                   cityscapes.IDS)
        label_files.check_exists(label_path, f'label {ids} or', image_path)
        super().check_pair(image_path, label_path)


def get_source():
    return CityscapesSource()
