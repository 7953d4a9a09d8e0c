"""Folders of pictures to submit, written atomically and zipped if asked."""
import contextlib
import os
import shutil
import zipfile

from segmentation import files, overwriting
from segmentation.errors import InputError


class Writer(contextlib.AbstractContextManager):
    """Writes pictures to a folder that appears when its context ends well.

    Parameters
    ----------
    path : str
        The folder; missing parents are made.
    zipped : bool
        Whether a zip file of the pictures appears beside it.
    """

    def __init__(self, path, zipped=False):
        self.folder = folder(path, zipped)

    def __enter__(self):
        self.work = self.folder.__enter__()
        return self

    def __exit__(self, *error):
        return self.folder.__exit__(*error)

    def write(self, name, image):
        """Write a picture; `name` is its file name in the folder."""
        files.write_image(os.path.join(self.work, name), image)

    def copy(self, name, source):
        """Copy a picture from the folder that another process has written."""
        path = os.path.join(source, name)
        if not os.path.isfile(path):
            raise FileNotFoundError(f'{path}: no such file: a shard that is '
                                    'asked for the same output writes it')
        with files.atomic(os.path.join(self.work, name)) as work:
            shutil.copyfile(path, work)


def check(folders, zipped=False, others=()):
    """Raise unless the folders that are not None can be made, and zipped.

    Parameters
    ----------
    others : iterable of str or None
        Other outputs, which may not lie in the folders nor be their zip
        files.
    """
    folders = [path for path in folders if path is not None]
    if len(set(map(os.path.abspath, folders))) < len(folders):
        raise InputError(f'{folders[0]}: two kinds of maps would be written '
                         'to it')
    for k, path in enumerate(folders):
        apart = [*others, *folders[:k], *folders[k + 1:]]
        overwriting.check_apart(path, apart)
        overwriting.check_new_folder(path)
        if zipped:
            overwriting.check_apart(zip_path(path), apart)
            if os.path.lexists(zip_path(path)):
                raise FileExistsError(f'{zip_path(path)} exists already')


def zip_path(path):
    """Return the path of the zip file that goes with a folder."""
    return f'{os.path.abspath(path)}.zip'


@contextlib.contextmanager
def folder(path, zipped=False):
    """Yield a work folder that becomes `path`, and a zip file beside it."""
    with files.atomic_folder(path) as work:
        yield work
        if zipped:
            pack(work, zip_path(path))


def pack(directory, path):
    """Write the files of a folder to a zip file, without the folder."""
    with files.atomic(path) as work, zipfile.ZipFile(work, 'w') as archive:
        for name in sorted(os.listdir(directory)):
            # PNG files are deflated already: stored, not deflated again.
            archive.write(os.path.join(directory, name), name)


def name_outputs(pairs, name):
    """Return {picture: name(picture)}.

    Raises
    ------
    InputError
        Two pictures would have one name.
    """
    names, pictures = {}, {}
    for picture, _ in pairs:
        names[picture] = output = name(picture)
        if output in pictures:
            raise InputError(f'{pictures[output]} and {picture} would both '
                             f'be written to {output}')
        pictures[output] = picture
    return names
