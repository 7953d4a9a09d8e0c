"""labelme: pictures, a JSON file of shapes beside each, and classes.csv.

DIR/a.jpg has its shapes in DIR/a.json, perhaps in sub-folders: where some are
named train and valid (or val), perhaps test, they are the split; otherwise it
is drawn. classes.csv gives the names of labels and their colours (columns
name,r,g,b): `check_source.py --write-classes` drafts it. The row marked as
background is the class of pixels in no shape; without one these are ignored,
as are names with a mark in the column ignore.
"""
from segmentation.data.annotations import labelme, source


class LabelmeSource(source.AnnotationSource):
    """labelme: pictures with JSON files beside them are wanted."""

    def open_annotations(self, data_dir):
        """Return the annotations of a folder."""
        return labelme.Annotations(data_dir)


def get_source():
    return LabelmeSource()
