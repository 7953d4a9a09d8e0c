"""COCO: annotations/instances_*.json or panoptic_*.json, and classes.csv.

The split is in the names of the JSON files (train2017, val2017), and drawn
if there is but one. `--classes panoptic` reads panoptic segments where there
are instances, too. classes.csv gives the names of categories and their
colours: `check_source.py --write-classes` drafts it, and its row marked as
background is the class of pixels in no object.
"""
from segmentation.data.annotations import coco, source
from segmentation.errors import InputError

KINDS = ('instances', 'panoptic')


class CocoSource(source.AnnotationSource):
    """COCO: annotations/*.json and their pictures are wanted."""

    kind = KINDS[0]

    def choose_classes(self, table):
        """Take 'instances' or 'panoptic' segments."""
        if table not in KINDS:
            raise InputError(f'no class table {table!r} of coco: '
                             f'{" and ".join(KINDS)} are there')
        self.kind = table

    def open_annotations(self, data_dir):
        """Return the annotations of a folder."""
        return coco.Annotations(data_dir, self.kind)


def get_source():
    return CocoSource()
