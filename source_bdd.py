"""BDD100K semantic segmentation: 10,000 pictures with the 19 classes.

DIR (or DIR/bdd100k) holds images/10k/train/*.jpg beside
labels/sem_seg/masks/train/*.png, or the older seg/images/train beside
seg/labels/train/*_train_id.png; val likewise. The labels are Cityscapes'
trainIds, with 255 for what is ignored (Yu et al. 2020). `--classes
cityscapes` is the same.
"""
import os

import source
from segmentation.data import cityscapes
from segmentation.data.road_scenes import labels

LAYOUTS = tuple((f'{root}{pictures}', f'{root}{masks}')
                for root in ('', 'bdd100k/') for pictures, masks in (
                    ('images/10k', 'labels/sem_seg/masks'),
                    ('seg/images', 'seg/labels')))


class BddSource(source.DataSource):
    """BDD100K: images/10k and labels/sem_seg/masks are wanted."""

    image_size = (512, 288)     # pictures are 1280x720
    classes = cityscapes.class_table('19').classes
    ids = {**{number: number for number in range(19)}, 255: source.IGNORE}

    def choose_classes(self, table):
        """Take the 19 classes of Cityscapes, which these are."""
        labels.check_table(table)

    def list_splits(self, data_dir, valid_fraction):
        """Return the data set's own split, whatever `valid_fraction` is."""
        pictures, masks = labels.find_root(data_dir, LAYOUTS, 'BDD100K')
        end = '.png' if masks.endswith('masks') else '_train_id.png'
        return {split: labels.pair_up(
            os.path.join(pictures, folder), os.path.join(masks, folder),
            lambda name: os.path.splitext(name)[0] + end)
                for split, folder in (('train', 'train'), ('valid', 'val'))}


def get_source():
    return BddSource()
