"""CVAT: annotations.xml ("CVAT for images 1.1"), pictures and classes.csv.

Subsets named train and validation (or val), perhaps test, are the split;
otherwise it is drawn. classes.csv gives the names of labels and their
colours: `check_source.py --write-classes` drafts it with those of CVAT, and
its row marked as background is the class of pixels in no shape.
"""
from segmentation.data.annotations import cvat, source


class CvatSource(source.AnnotationSource):
    """CVAT for images: annotations.xml and images/ are wanted."""

    def open_annotations(self, data_dir):
        """Return the annotations of a folder."""
        return cvat.Annotations(data_dir)


def get_source():
    return CvatSource()
