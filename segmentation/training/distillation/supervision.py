"""The teacher of a run, the pictures without labels, and how they count."""
import hashlib
import json
import os
from typing import Any, List, NamedTuple, Tuple

from segmentation import pixels, text
from segmentation.data import cache, contract
from segmentation.errors import InputError
from segmentation.trained import run_dir
from segmentation.training.distillation.targets import STRIDE, Targets

LAYOUT = 1              # of the targets; another number makes them anew


class Supervision(NamedTuple):
    """What a network learns from its teacher.

    Attributes
    ----------
    teacher : inference.teacher.Teacher
    unlabelled : list of list of (path, name)
        The pictures of each folder without labels.
    temperature : float
    weight : float
        Share of the teacher in the loss.
    """

    teacher: Any
    unlabelled: List[List[Tuple[str, str]]]
    temperature: float
    weight: float

    def describe(self):
        """Return a line on the teacher."""
        count = sum(map(len, self.unlabelled))
        more = (f', and {text.counted(count, "picture")} without labels'
                if count else '')
        return (f'teacher: {self.teacher.model.path}, '
                f'{self.weight:.0%} of the loss at temperature '
                f'{self.temperature:g}{more}')

    def fingerprint(self):
        """Return a text that differs for another teacher or other pictures.

        Like a run it may move: pictures go by their names alone.
        """
        names = [[name for _, name in pictures]
                 for pictures in self.unlabelled]
        return digest([self.teacher.fingerprint, names])

    def targets(self, source, data_dir, parent):
        """Return the Targets of the training pictures, then of each folder.

        Parameters
        ----------
        source : data source
        data_dir : str
        parent : str
            Where their folders are made.
        """
        pairs = contract.pairs(source, 'train')
        files = [cache.fingerprint(source, data_dir, pictures=True)]
        lists = [(pairs, [os.path.relpath(path, data_dir)
                          for path, _ in pairs],
                  lambda pair: source.read_pair(*pair)[0], files)]
        for pictures in self.unlabelled:
            paths, names = map(list, zip(*pictures))
            lists.append(([(path,) for path in paths], names,
                          lambda job: pixels.read(job[0]),
                          list(map(stamp, paths))))
        size = [int(side) for side in source.image_size]
        return [Targets(parent, digest([
            self.teacher.fingerprint, size, STRIDE, LAYOUT, names, files]),
            self.teacher, jobs, names, read, size)
            for jobs, names, read, files in lists]


def stamp(path):
    """Return the length and the time of change of a file."""
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]


def digest(values):
    """Return a short text that differs for other values."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def make(teacher, source, name, unlabelled, temperature, weight):
    """Return the Supervision of a run, checked.

    Pictures and labels of the source, of whichever split, are left out of
    those without labels.

    Parameters
    ----------
    teacher : inference.teacher.Teacher
    source : data source
    name : str
        Of the source.
    unlabelled : {folder: list of (path, name)}
    temperature, weight : float

    Raises
    ------
    InputError
        The classes differ, the source does not list its files, or a folder
        has nothing new.
    """
    if contract.pairs(source, 'train') is None:
        raise InputError(f'data source {name!r} does not list its files: '
                         '--teacher does not apply')
    check_classes(teacher.model, source)
    known = {os.path.realpath(path) for split in contract.split_names(source)
             for pair in contract.pairs(source, split) for path in pair}
    lists = []
    for folder, pictures in unlabelled.items():
        lists.append([pair for pair in pictures
                      if os.path.realpath(pair[0]) not in known])
        if not lists[-1]:
            raise InputError(f'--unlabelled {folder}: the data source has '
                             'all pictures in it')
        known.update(os.path.realpath(path) for path, _ in lists[-1])
    return Supervision(teacher, lists, temperature, weight)


def check_classes(model, source):
    """Raise InputError unless a teacher has the classes of a source."""
    names = contract.class_names(source)
    if len(names) != len(model.class_names):
        raise InputError(f'--teacher {model.path} has '
                         f'{len(model.class_names)} classes, the data source '
                         f'has {len(names)}')
    for number, (found, wanted) in enumerate(zip(model.class_names, names)):
        if found != wanted:
            raise InputError(f'class {number} is {found} of --teacher '
                             f'{model.path}, {wanted} in the data source')


def check_unchanged(supervision, directory):
    """Raise InputError unless the run to resume began with this Supervision.

    Parameters
    ----------
    supervision : Supervision or None
    directory : str
        Of the run.
    """
    if (run_dir.read_options(directory).get('teacher')
            != (supervision and supervision.fingerprint())):
        raise InputError(f'{directory} was trained with another --teacher, '
                         'or on other --unlabelled pictures: a resumed run '
                         'cannot change them')
