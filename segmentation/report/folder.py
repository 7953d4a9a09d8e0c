"""The folder of a report: a new one, or one of ours that is replaced.

report.json lists the files of a report: only a folder that holds these and no
others is replaced.
"""
import contextlib
import importlib
import os

from segmentation import files, overwriting
from segmentation.errors import InputError, MissingModuleError

MARKER = 'report.json'
MADE_BY = 'evaluate.py --report'


def check(path, others=()):
    """Raise unless a report can be written to `path`.

    Parameters
    ----------
    others : sequence of str or None
        Other outputs, which may not lie in it.

    Raises
    ------
    MissingModuleError
        jinja2 or matplotlib is not installed.
    InputError
        An output would lie in the report.
    FileExistsError
        The folder holds something else.
    """
    for name in ('jinja2', 'matplotlib'):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingModuleError(
                '--report needs jinja2 and matplotlib (pip install jinja2 '
                f'matplotlib): {error}')
    overwriting.check_apart(path, others)
    overwriting.check_no_link(path)
    files.settle(path)
    if not is_report(path):
        overwriting.check_new_folder(path)


def is_report(path):
    """Return whether a folder is a report of ours and holds nothing else."""
    marker = os.path.join(path, MARKER)
    if not os.path.isfile(marker):
        return False
    try:
        manifest = files.read_json(marker, {'made_by': str, 'files': [str]})
    except InputError:
        return False
    return (manifest['made_by'] == MADE_BY
            and set(list_files(path)) <= set(manifest['files']))


def list_files(path):
    """Return all files and links in a folder, relative to it, sorted."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), path)
        for folder, folders, names in os.walk(path) for name in names + [
            name for name in folders
            if os.path.islink(os.path.join(folder, name))])


@contextlib.contextmanager
def replace(path):
    """Yield a work folder that takes the place of `path` when all is well."""
    with files.atomic_folder(path, lambda: is_report(path)) as work:
        yield work
        names = list_files(work) + [MARKER]
        files.write_json(os.path.join(work, MARKER),
                         {'made_by': MADE_BY, 'files': names})
