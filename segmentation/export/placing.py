"""From a work folder to the output: whole, or not at all."""
import contextlib
import os
import shutil
import tempfile

from segmentation import files, overwriting
from segmentation.errors import InputError
from segmentation.trained import exported

# What TensorFlow and we write into the folder of a SavedModel.
SAVED_MODEL = {'saved_model.pb', 'variables', 'assets', 'assets.extra',
               'fingerprint.pb'}


def beside(path, row):
    """Return the second file of an output; None where there is one alone."""
    return row.beside and os.path.splitext(path)[0] + row.beside


def check(path, row, inputs, folders, owned):
    """Raise unless an output is new, or an exported model to replace.

    Parameters
    ----------
    path : str
    row : formats.Format
    inputs, folders, owned
        As overwriting.check_outputs takes them.
    """
    if row.suffix:
        overwriting.check_outputs([path, beside(path, row)], inputs, folders,
                                  owned)
    elif os.path.isdir(path) and not os.path.islink(path):
        strange = sorted(set(os.listdir(path)) - SAVED_MODEL)
        if strange:
            raise InputError(f'{path} holds {strange[0]}, which is of no '
                             'exported model: a new folder is wanted')
        if not os.listdir(path):
            return
    else:
        overwriting.check_new_folder(path)
    others = [other for other in (path, beside(path, row))
              if other and os.path.exists(other)]
    if others and not is_ours(path):
        raise InputError(f'{others[0]} exists already and was not written by '
                         'export.py: it is not overwritten')


def is_ours(path):
    """Return whether there is an exported model at a path."""
    try:
        exported.read(path)
    except (InputError, OSError):
        return False
    return True


@contextlib.contextmanager
def placed(path, row):
    """Yield where to write an output; it takes its place when all is well.

    A second file is written beside the first; the first takes its place
    last, so that it is there only when the other is, too.
    """
    if not row.suffix:
        with files.atomic_folder(path, lambda: is_ours(path)) as work:
            yield work
        return
    parent, name = os.path.split(os.path.abspath(path))
    with files.naming(path):
        folder = tempfile.mkdtemp(prefix=files.PART, dir=parent)
        try:
            work = os.path.join(folder, name)
            yield work
            names = [(work, path)]
            if row.beside:
                names.insert(0, (beside(work, row), beside(path, row)))
            for source, _ in names:
                files.sync(source)
            if row.beside and os.path.exists(path):
                os.remove(path)
            for source, target in names:
                os.replace(source, target)
            files.sync(parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
