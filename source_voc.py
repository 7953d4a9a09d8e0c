"""PASCAL VOC segmentation: JPEGImages, SegmentationClass, ImageSets.

DIR is VOCdevkit/VOC2012 (the year does not matter), or VOCdevkit or the
folder above it, if that holds one year only. ImageSets/Segmentation/train.txt
and val.txt give the split; without both of them it is drawn from
trainval.txt, or from all labels that there are.

Labels are palette PNGs, or grey ones with the same values: 0 is the
background, 255 the border of objects, which is not scored and is drawn
(224, 224, 192) (Everingham et al. 2010).
"""
import glob
import os

import source
from segmentation.data import listing, splits
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
    background = ('background',)
    void_colors = ((224, 224, 192),)
    ids = {**{class_id: class_id for class_id in range(21)},
           255: source.IGNORE}

    def list_splits(self, data_dir, valid_fraction):
        """Return the official split, or one that is drawn."""
        root = find_root(data_dir)
        train, valid = (os.path.join(root, LISTS, f'{name}.txt')
                        for name in ('train', 'val'))
        if os.path.isfile(train) and os.path.isfile(valid):
            return {'train': read_list(root, train),
                    'valid': read_list(root, valid)}
        return super().list_splits(data_dir, valid_fraction)

    def list_pairs(self, data_dir):
        """Return the pairs of trainval.txt, or those of all labels."""
        root = find_root(data_dir)
        path = os.path.join(root, LISTS, 'trainval.txt')
        if os.path.isfile(path):
            return read_list(root, path)
        return [pair(root, os.path.splitext(name)[0])
                for name in listing.file_names(os.path.join(
                    root, 'SegmentationClass')) if name.endswith('.png')]


def find_root(data_dir):
    """Return the folder of a year, which has JPEGImages in it."""
    for pattern in ('', 'VOC2*', os.path.join('VOCdevkit', 'VOC2*')):
        folders = glob.glob(os.path.join(glob.escape(data_dir), pattern))
        years = sorted(
            folder for folder in folders
            if os.path.isdir(os.path.join(folder, 'JPEGImages'))
            and os.path.isdir(os.path.join(folder, 'SegmentationClass')))
        if len(years) > 1:
            names = ' and '.join(map(os.path.basename, years))
            raise InputError(f'{data_dir}: {names} are there: --data-dir has '
                             'to name one')
        if years:
            return os.path.join(years[0], '')[:-1]
    root = data_dir.rstrip(os.sep) or os.sep
    raise FileNotFoundError(
        f'no JPEGImages beside SegmentationClass in {root}, {root}/VOC2* nor '
        f'{root}/VOCdevkit/VOC2*: PASCAL VOC is wanted')


def pair(root, name):
    """Return the (picture, label) paths of a frame."""
    return (os.path.join(root, 'JPEGImages', f'{name}.jpg'),
            os.path.join(root, 'SegmentationClass', f'{name}.png'))


def read_list(root, path):
    """Return the pairs of a list with the name of a frame on each line."""
    return [pair(root, name) for _, name in splits.read_lines(path)]


def get_source():
    return VocSource()
