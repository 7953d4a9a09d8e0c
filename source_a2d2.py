"""A2D2 (Audi) semantic segmentation: class_list.json and folders of drives.

DIR or DIR/camera_lidar_semantic holds class_list.json and, for each drive,
DATE_TIME/camera/cam_front_center/*_camera_*.png beside
DATE_TIME/label/cam_front_center/*_label_*.png, for each of six cameras. Its
55 colours are 38 classes, as several tell objects of a class apart; with
`--classes cityscapes` they are the 19 classes of Cityscapes. There is no
official split: it is drawn of whole drives, or as --group-by says.
"""
import os

from segmentation.data import splits
from segmentation.data.road_scenes import a2d2, labels


class A2d2Source(labels.RoadSource):
    """A2D2: class_list.json and */camera, */label are wanted."""

    image_size = (512, 320)     # pictures are 1920x1208
    by_color = True
    group_by = None

    def choose_folder(self, data_dir):
        """Take the classes of class_list.json."""
        self.use(a2d2.read_labels(os.path.join(a2d2.find_root(data_dir),
                                               a2d2.CONFIG)))

    def list_splits(self, data_dir, valid_fraction):
        """Return a split that is drawn of groups: by default of drives."""
        root = a2d2.find_root(data_dir)
        pairs = {os.path.relpath(picture, root).replace(os.sep, '/'):
                 (picture, label) for picture, label in labels.pair_up(
                     root, root, a2d2.label_of)}
        return {split: sorted(pairs[name] for name in names)
                for split, names in splits.draw(
                    sorted(pairs), valid_fraction, self.seed,
                    self.group_by or '^[^/]+').items()}


def get_source():
    return A2d2Source()
