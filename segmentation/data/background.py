"""The classes of a source: their table, and which are background."""
import contextlib
import re
from typing import Any, Dict, List, Sequence, Tuple

from segmentation.data import contract
from segmentation.errors import InputError

# How one of two classes is named where nothing else says that it is.
NAMES = re.compile(r'(background|others?|rest|(not|no|non)[ _-].+)$',
                   re.IGNORECASE)


def of_source(source: contract.Source) -> List[str]:
    """Return the names of the classes that a source says are background.

    A source that does not say it has its names judged by `guess`.

    Raises
    ------
    InputError
        It has no such class, or no other.
    """
    names = contract.class_names(source)
    declared = contract.ask(source, 'background')
    if declared is None:
        return guess(names)
    declared = [declared] if isinstance(declared, str) else list(declared)
    for name in declared:
        if name not in names:
            raise InputError(f'background of the data source is {name!r}: '
                             f'its classes are {", ".join(names)}')
    if len(set(declared)) == len(names):
        raise InputError('every class of the data source is background: '
                         f'{", ".join(names)}')
    return declared


def faults(source: contract.Source) -> List[str]:
    """Return what is wrong with the table of C names and C colours."""
    names, found = contract.class_names(source), []
    if len(names) != source.num_classes:
        found.append(f'class_names has {len(names)} names for '
                     f'{source.num_classes} classes')
    for class_id in range(source.num_classes):
        color = None
        with contextlib.suppress(LookupError):
            color = source.label_colors[class_id]
        if color is None or len(color) != 3 or not all(
                0 <= part <= 255 for part in color):
            found.append(f'label_colors of class {class_id} is {color}: three '
                         'values 0..255 are wanted')
    return found


def classes(source: contract.Source
            ) -> Tuple[List[str], Dict[int, Tuple[int, ...]], List[str]]:
    """Return what drawing takes of a source's classes, for `style.choose`.

    Returns
    -------
    list of C str
        Their names.
    {class id: (blue, green, red)}
    list of str
        Names of those that are background.

    Raises
    ------
    InputError
        There is no name or no colour for each of them.
    """
    for fault in faults(source):
        raise InputError(f'data source: {fault}')
    return (contract.class_names(source), contract.label_colors(source),
            of_source(source))


def recorded(saved: Dict[str, Any]) -> List[str]:
    """Return the background in options.json or in a description.

    Those of earlier versions do not have it: see `guess`.
    """
    return saved.get('background', guess(saved['class_names']))


def guess(names: Sequence[str]) -> List[str]:
    """Return which of two classes is background, by their names.

    Of more classes, or fewer, none is.

    Examples
    --------
    >>> guess(['not road', 'road'])
    ['not road']
    >>> guess(['background', 'aeroplane', 'bicycle'])
    []
    """
    found = [name for name in names if NAMES.match(name)]
    return found if len(names) == 2 and len(found) == 1 else []
