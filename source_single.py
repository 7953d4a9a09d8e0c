"""One picture of a folder, to be overfitted: --data-source single.

The folder is as source_folder.py wants it: images/, labels/ and classes.csv.
The network trains on its first picture alone, 25 times an epoch, and is
validated on the same. Such scores say nothing about other pictures; they show
what a network can do at best. Whatever is still wrong along the borders when
it has seen nothing else is lost in its strides, and what post-processing
restores shows without the mistakes of too little training.
"""
import source_folder
from segmentation.errors import InputError

REPEATS = 25        # of the picture in an epoch


class SingleSource(source_folder.FolderSource):
    """One picture of a folder: images/, labels/ and classes.csv are wanted."""

    def list_splits(self, data_dir, valid_fraction):
        """Return the first picture as both splits; nothing is drawn."""
        if self.group_by:
            raise InputError('--group-by does not apply: one picture is all '
                             'there is')
        first = source_folder.list_pictures(data_dir)[:1]
        pairs = source_folder.pair_up(data_dir, first,
                                      source_folder.list_labels(data_dir))
        return {'train': pairs * REPEATS, 'valid': pairs}


def get_source():
    return SingleSource()
