"""Folders of pictures to hand in: whole or not there, zipped if asked for."""
import contextlib
import os
import zipfile

from segmentation import files
from segmentation.errors import InputError


def check(folders, zipped=False):
    """Raise unless the folders that are not None can be made, and zipped."""
    folders = [path for path in folders if path is not None]
    if len(set(map(os.path.abspath, folders))) < len(folders):
        raise InputError('{}: two kinds of maps would be written to it'
                         .format(folders[0]))
    for path in folders:
        files.check_new_folder(path)
        if zipped and os.path.exists(zip_path(path)):
            raise FileExistsError(f'{zip_path(path)} exists already')


def zip_path(path):
    return f"{os.path.abspath(path)}.zip"


class Writer:
    """Writes pictures to a folder that is whole or not there; a context."""

    def __init__(self, path, zipped=False):
        self.context = folder(path, zipped)
        self.work = None

    def __enter__(self):
        self.work = self.context.__enter__()
        return self

    def __exit__(self, *error):
        return self.context.__exit__(*error)

    def write(self, name, image):
        """Write a picture by its name in the folder."""
        files.write_image(os.path.join(self.work, name), image)


@contextlib.contextmanager
def folder(path, zipped=False):
    """Give a work folder that becomes `path`, and a zip file beside it."""
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
    """{picture: name(picture)}; ValueError where two would be one file."""
    names, seen = {}, {}
    for picture, _ in pairs:
        names[picture] = output = name(picture)
        if output in seen:
            raise InputError('{} and {} would both be written to {}'.format(
                seen[output], picture, output))
        seen[output] = picture
    return names
