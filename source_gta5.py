"""GTA5 ("Playing for Data"): images/00001.png and labels/00001.png.

Labels are palette PNGs of Cityscapes' label ids, or pictures in its colours,
and the classes its 19 (Richter et al. 2016); `--classes cityscapes` is the
same. split.mat is the split, where it lies in DIR; otherwise it is drawn.
"""
import os

import source
from segmentation.data import cityscapes, label_files
from segmentation.data.road_scenes import labels
from segmentation.errors import InputError

SPLITS = {'train': 'trainIds', 'valid': 'valIds', 'test': 'testIds'}


class Gta5Source(source.DataSource):
    """GTA5: images/ and labels/ are wanted."""

    image_size = (512, 288)     # pictures are 1914x1052

    def __init__(self):
        self.classes, self.void_colors, ids = cityscapes.class_table('19')
        # A file has no negative values: -1, the licence plate, is 34.
        self.ids = {**ids, 34: source.IGNORE}

    def choose_classes(self, table):
        """Take the 19 classes of Cityscapes, which these are."""
        labels.check_table(table)

    def list_pairs(self, data_dir):
        """Return the (picture, label) paths of all frames."""
        pictures, masks = labels.find_root(data_dir, [('images', 'labels')],
                                           'GTA5')
        return labels.pair_up(pictures, masks, lambda name: name)

    def list_splits(self, data_dir, valid_fraction):
        """Return the split of split.mat, or one that is drawn."""
        path = os.path.join(data_dir, 'split.mat')
        if not os.path.isfile(path):
            return super().list_splits(data_dir, valid_fraction)
        numbered = {os.path.basename(pair[0])[:-4]: pair
                    for pair in self.list_pairs(data_dir)}
        return {split: [numbered[f'{number:05d}'] for number in numbers
                        if f'{number:05d}' in numbered]
                for split, numbers in read_split(path).items()}

    def read_codes(self, path):
        """Return the ids of a palette, or packed colours."""
        png = label_files.open_png(path)
        ids = label_files.read_ids(png)
        return label_files.read_colors(png) if ids is None else ids


def read_split(path):
    """Return {split: sorted numbers of frames} of split.mat."""
    from scipy import io        # late: only a split.mat takes it
    try:
        content = io.loadmat(path)
        return {split: sorted(content[key].astype(int).ravel().tolist())
                for split, key in SPLITS.items()}
    except Exception as error:      # whatever the bytes lead SciPy to
        raise InputError(f'{path}: no split of GTA5: {error}')


def get_source():
    return Gta5Source()
