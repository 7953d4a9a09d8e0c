"""Mapillary Vistas: config.json, training/ and validation/.

Version 2.0 (config_v2.0.json, training/v2.0/labels), 1.2 or the first one
(config.json, training/labels), the newest that is there. The config file
lists the classes; those that it does not evaluate are ignored. With
`--classes cityscapes` they are the 19 classes of Cityscapes, as
segmentation/data/road_scenes/mapillary.py says.
"""
import os

from segmentation.data.road_scenes import labels, mapillary


class MapillarySource(labels.RoadSource):
    """Mapillary Vistas: training/images and its labels are wanted."""

    image_size = (512, 384)     # pictures are of many sizes, most of them 4:3

    def choose_folder(self, data_dir):
        """Take the classes of the folder's config file."""
        self.use(mapillary.read_labels(mapillary.find_version(data_dir)[1]))

    def list_splits(self, data_dir, valid_fraction):
        """Return the data set's own split, whatever `valid_fraction` is."""
        masks = mapillary.find_version(data_dir)[0].split('/')
        return {split: labels.pair_up(
            os.path.join(data_dir, folder, 'images'),
            os.path.join(data_dir, folder, *masks),
            lambda name: f'{os.path.splitext(name)[0]}.png')
                for split, folder in (('train', 'training'),
                                      ('valid', 'validation'))}


def get_source():
    return MapillarySource()
