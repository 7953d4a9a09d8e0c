"""One picture of a folder, to be learned by heart: --data-source single.

The folder is as source_folder.py wants it: images/, labels/ and classes.csv.
Its first picture is all there is to train on, 25 times an epoch, and is the
validation split as well. Such scores say nothing of other pictures, and are
not meant to: they show what a network can do at best. What is still wrong
along the borders after it has seen nothing else is lost in its strides, and
what post-processing brings back is seen without the mistakes of too little
training.
"""
import source_folder
from segmentation.errors import InputError

REPEATS = 25        # of the picture in an epoch


class SingleSource(source_folder.FolderSource):
    """One picture of a folder: images/, labels/ and classes.csv are wanted."""

    def list_splits(self, data_dir, valid_fraction):
        """The first picture as both splits; nothing is drawn."""
        if self.group_by:
            raise InputError('--group-by does not apply: one picture is all '
                             'there is')
        first = source_folder.list_pictures(data_dir)[:1]
        pairs = source_folder.pair_up(data_dir, first,
                                      source_folder.list_labels(data_dir))
        return {'train': pairs * REPEATS, 'valid': pairs}


def get_source():
    return SingleSource()
