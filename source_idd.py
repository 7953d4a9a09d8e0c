"""IDD (India Driving Dataset): leftImg8bit/ and gtFine/ with polygons.

The layout is that of Cityscapes: leftImg8bit/train/DRIVE/*_leftImg8bit.png
(or .jpg) beside gtFine/train/DRIVE/*_gtFine_polygons.json, and val likewise.
The classes are the 26 of level 3, by which it is scored; with `--classes
cityscapes` they are the 19 of Cityscapes, by IDD's own table.
"""
import os

from segmentation import pixels
from segmentation.data.road_scenes import idd, labels

PICTURE, LABEL = '_leftImg8bit', '_gtFine_polygons.json'


class IddSource(labels.RoadSource):
    """IDD: leftImg8bit/train and gtFine/train are wanted."""

    image_size = (512, 288)     # pictures are 1920x1080 and 1280x720

    def __init__(self):
        self.use(idd.list_labels())

    def list_splits(self, data_dir, valid_fraction):
        """Return the data set's own split, whatever `valid_fraction` is."""
        pictures, polygons = labels.find_root(
            data_dir, [('leftImg8bit', 'gtFine')], 'IDD')
        return {split: labels.pair_up(os.path.join(pictures, folder),
                                      os.path.join(polygons, folder), label_of)
                for split, folder in (('train', 'train'), ('valid', 'val'))}

    def read_pair(self, image_path, label_path):
        """Read a picture (H, W, 3) BGR and its class ids (H, W), uint8."""
        image = pixels.read(image_path)
        return image, idd.read_ids(label_path, image_path,
                                   pixels.size_of(image), self.ids)


def label_of(picture):
    """Return the name of the polygons of a picture; None for others."""
    stem = os.path.splitext(picture)[0]
    return (stem[:-len(PICTURE)] + LABEL if stem.endswith(PICTURE) else None)


def get_source():
    return IddSource()
