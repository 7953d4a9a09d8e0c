"""PASCAL VOC segmentation: JPEGImages, SegmentationClass, ImageSets.

DIR is VOCdevkit/VOC2012 (the year does not matter), or VOCdevkit or what it
lies in, where that holds one year only. ImageSets/Segmentation/train.txt and
val.txt give the split; without both of them a share is kept for validation
of trainval.txt, or of all labels that are there.

Labels are palette PNGs, or grey ones with the same numbers: 0 is the
background, 255 the border of objects, which is not scored and is drawn
(224, 224, 192) (Everingham et al. 2010).
"""
import glob
import os

import source
from segmentation.errors import InputError

LISTS = os.path.join('ImageSets', 'Segmentation')


class VocSource(source.DataSource):
    """PASCAL VOC: JPEGImages/ and SegmentationClass/ are wanted."""

    # Most pictures are 500x375: that, rounded down to multiples of 32.
    image_size = (480, 352)
    classes = (('background', (0, 0, 0)),
               ('aeroplane', (128, 0, 0)),
               ('bicycle', (0, 128, 0)),
               ('bird', (128, 128, 0)),
               ('boat', (0, 0, 128)),
               ('bottle', (128, 0, 128)),
               ('bus', (0, 128, 128)),
               ('car', (128, 128, 128)),
               ('cat', (64, 0, 0)),
               ('chair', (192, 0, 0)),
               ('cow', (64, 128, 0)),
               ('diningtable', (192, 128, 0)),
               ('dog', (64, 0, 128)),
               ('horse', (192, 0, 128)),
               ('motorbike', (64, 128, 128)),
               ('person', (192, 128, 128)),
               ('pottedplant', (0, 64, 0)),
               ('sheep', (128, 64, 0)),
               ('sofa', (0, 192, 0)),
               ('train', (128, 192, 0)),
               ('tvmonitor', (0, 64, 128)))
    void_colors = ((224, 224, 192),)
    ids = {**{number: number for number in range(21)}, 255: source.IGNORE}

    def list_splits(self, data_dir, valid_fraction):
        """The official split, or one that is drawn."""
        root = find_root(data_dir)
        train, valid = (os.path.join(root, LISTS, f"{name}.txt")
                        for name in ('train', 'val'))
        if os.path.isfile(train) and os.path.isfile(valid):
            return {'train': read_list(root, train),
                    'valid': read_list(root, valid)}
        return super().list_splits(data_dir, valid_fraction)

    def list_pairs(self, data_dir):
        """The (picture, label) paths of trainval.txt, or of all labels."""
        root = find_root(data_dir)
        path = os.path.join(root, LISTS, 'trainval.txt')
        if os.path.isfile(path):
            return read_list(root, path)
        return [pair(root, os.path.splitext(os.path.basename(label))[0])
                for label in sorted(glob.glob(os.path.join(
                    glob.escape(root), 'SegmentationClass', '*.png')))]

    def check_pair(self, image_path, label_path):
        """Raise FileNotFoundError where a file of a pair is missing."""
        super().check_pair(image_path, label_path)
        if not os.path.isfile(image_path):
            raise FileNotFoundError('{}: no picture {} in {}'.format(
                os.path.basename(label_path), os.path.basename(image_path),
                os.path.dirname(image_path)))


def find_root(data_dir):
    """The folder of a year, with JPEGImages and SegmentationClass in it."""
    for places in ('', 'VOC2*', os.path.join('VOCdevkit', 'VOC2*')):
        found = [folder for folder in sorted(glob.glob(os.path.join(
            glob.escape(data_dir), places)))
            if os.path.isdir(os.path.join(folder, 'JPEGImages'))
            and os.path.isdir(os.path.join(folder, 'SegmentationClass'))]
        if len(found) > 1:
            raise InputError('{}: {} are there: --data-dir has to name one'
                             .format(data_dir, ' and '.join(
                                 map(os.path.basename, found))))
        if found:
            return os.path.join(found[0], '')[:-1]
    raise FileNotFoundError(
        'no JPEGImages beside SegmentationClass in {0}, {0}/VOC2* nor '
        '{0}/VOCdevkit/VOC2*: PASCAL VOC is wanted'.format(
            data_dir.rstrip(os.sep) or os.sep))


def pair(root, name):
    """The (picture, label) paths of a frame."""
    return (os.path.join(root, 'JPEGImages', f"{name}.jpg"),
            os.path.join(root, 'SegmentationClass', f"{name}.png"))


def read_list(root, path):
    """The (picture, label) paths of a list with a frame's name a line."""
    with open(path) as file:
        return [pair(root, line.strip()) for line in file if line.strip()]


def get_source():
    return VocSource()
