"""CamVid in SegNet's layout: DIR/train, DIR/trainannot, DIR/val, ...

Pictures are PNG or JPEG; a label is a PNG of the same name whose values are
class ids 0..10, and 11 for void (Brostow et al. 2009; classes of Sturgess et
al. 2009, as Badrinarayanan et al. 2017 use them).
"""
import os

import source
from segmentation.data import listing

SPLITS = (('train', 'train'), ('valid', 'val'), ('test', 'test'))


class CamVidSource(source.DataSource):
    """CamVid: train/ and trainannot/, val/ and valannot/ are wanted."""

    image_size = (480, 352)
    classes = (('Sky', (128, 128, 128)),
               ('Building', (128, 0, 0)),
               ('Pole', (192, 192, 128)),
               ('Road', (128, 64, 128)),
               ('Pavement', (60, 40, 222)),
               ('Tree', (128, 128, 0)),
               ('SignSymbol', (192, 128, 128)),
               ('Fence', (64, 64, 128)),
               ('Car', (64, 0, 128)),
               ('Pedestrian', (64, 64, 0)),
               ('Bicyclist', (0, 128, 192)))
    void_colors = ((0, 0, 0),)
    ids = {**{class_id: class_id for class_id in range(11)},
           11: source.IGNORE}

    def list_splits(self, data_dir, valid_fraction):
        """Return the data set's own split, whatever `valid_fraction` is."""
        return {split: list_folder(data_dir, folder)
                for split, folder in SPLITS}


def list_folder(data_dir, folder):
    """Return the (picture, label) paths of one folder, sorted."""
    pictures = os.path.join(data_dir, folder)
    if not os.path.isdir(pictures):
        return []
    return [(os.path.join(pictures, name),
             os.path.join(f'{pictures}annot',
                          f'{os.path.splitext(name)[0]}.png'))
            for name in listing.file_names(pictures)
            if name.lower().endswith(('.png', '.jpg', '.jpeg'))]


def get_source():
    return CamVidSource()
