"""The base of data sources whose folder has a class table, classes.csv."""
import os

from segmentation import option_types, pixels
from segmentation.data import data_source

TABLE = 'classes.csv'
LARGEST = 480 * 352     # pixels of the network's input, unless it is chosen


class TabledSource(data_source.DataSource):
    """A folder with classes.csv.

    A subclass defines `use_table(path)`, which takes the classes of the
    table, and `first_picture()`, which returns the path of a picture.
    """

    group_by = None
    folder = None           # whose classes these are
    _size = None

    def use_table(self, path):
        """Take the classes of a class table."""
        raise NotImplementedError

    def first_picture(self):
        """Return the path of the first picture of the folder."""
        raise NotImplementedError

    @property
    def image_size(self):
        """(width, height), that of the first picture unless it is set."""
        if self._size is None and self.folder is not None:
            self._size = option_types.fit_image_size(pixels.size_of(
                pixels.read(self.first_picture())), LARGEST)
        return self._size

    @image_size.setter
    def image_size(self, size):
        self._size = size

    def choose_folder(self, data_dir):
        """Take the classes of a folder, before labels are read."""
        if not os.path.isdir(data_dir):
            raise FileNotFoundError(f'{data_dir}: no such folder')
        path = os.path.join(data_dir, TABLE)
        if not os.path.isfile(path):
            raise FileNotFoundError(f'{data_dir}: no {TABLE}: check_source.py '
                                    '--write-classes drafts one')
        self.use_table(path)
        self.folder = data_dir

    def load_data(self, data_dir, valid_fraction):
        """List the samples of a folder."""
        if self.folder != data_dir:
            self.choose_folder(data_dir)
        super().load_data(data_dir, valid_fraction)
