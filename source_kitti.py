"""KITTI road in its official layout: data_road/training/image_2, ...

The picture training/image_2/um_000000.png has its ground truth in
training/gt_image_2/um_road_000000.png, and so have umm_ and uu_; the lanes
(um_lane_) are not used. Red is not road, magenta is road, and black was not
evaluated: it is ignored (Fritsch, Kuehnl and Geiger 2013). Pictures are of
four sizes: 1242x375, 1241x376, 1238x374 and 1226x370.
"""
import os

import source
from segmentation.data import kitti_road


class KittiSource(source.DataSource):
    """KITTI road: training/image_2/um_000000.png, ... are wanted."""

    benchmark = 'kitti road'
    image_size = (576, 160)
    classes = (('not road', (255, 0, 0)),
               ('road', (255, 0, 255)))
    background = ('not road',)
    void_colors = ((0, 0, 0),)

    def list_pairs(self, data_dir):
        """Return the (picture, label) paths of the training folder."""
        root = kitti_road.find_root(data_dir)
        labels = os.path.join(root, 'training', 'gt_image_2')
        return [(picture, os.path.join(labels, kitti_road.road_name(picture)))
                for picture in kitti_road.list_pictures(root, 'training')]


def get_source():
    return KittiSource()
