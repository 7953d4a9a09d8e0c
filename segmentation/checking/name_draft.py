"""A class table drafted from the names of shapes that people drew."""
from typing import Dict, List, Sequence, Tuple

from segmentation import text
from segmentation.data import class_table
from segmentation.data.annotations import labelme, names
from segmentation.errors import InputError

BACKGROUND = 'background'
BLACK = (0, 0, 0)
SHOWN = 40      # lines for people
Draft = Sequence[Tuple[class_table.Row, str]]   # each with a note


def draft(counts: Dict[str, names.Count], has_background: bool) -> Draft:
    """Draft a class table: the background first, then names as they come.

    Parameters
    ----------
    counts : {name: names.Count}
    has_background : bool
        Whether pixels in no shape are a class.

    Raises
    ------
    InputError
        There are no names.
    """
    if not counts:
        raise InputError('no shape has a name: there is nothing to draft')
    rows: List[Tuple[class_table.Row, str]] = []
    taken = {BLACK}
    spare = map(class_table.palette_color, range(1, 1 << 16))
    if has_background and not {BACKGROUND, labelme.BACKGROUND} & set(counts):
        rows.append((class_table.Row(BACKGROUND, None, BLACK, False, True),
                     'pixels in no shape; 1 in the column ignore leaves them '
                     'out'))
    for name, count in counts.items():
        is_background = name in (BACKGROUND, labelme.BACKGROUND)
        color = BLACK if is_background else count.color
        if not color or len(color) != 3 or (color in taken
                                            and not is_background):
            color = next(one for one in spare if one not in taken)
        taken.add(color)
        rows.append((class_table.Row(
            name, None, color, name == labelme.IGNORED,
            is_background and has_background), describe(count)))
    return rows


def describe(count):
    """Return a Count in words.

    >>> describe(names.Count(3, 1))
    '3 shapes in 1 picture'
    """
    return (f"{text.counted(count.shapes, 'shape')} in "
            f"{text.counted(count.files, 'picture')}")


def columns(drafted: Draft):
    """Return the head and the rows of the table of a draft for people."""
    return ('name', 'ignored', 'note'), [
        (row.name, 'ignored' if row.ignore else '', note)
        for row, note in drafted[:SHOWN]]


def advice(path: str, drafted: Draft) -> List[str]:
    """Return lines on what is to be done with a draft."""
    count = sum(not row.ignore for row, _ in drafted)
    lines = [f'{path}: {text.counted(count, "class")}, in this order; put 1 '
             'in the column ignore of what is not to be scored']
    if len(drafted) > SHOWN:
        lines.append(f'{text.counted(len(drafted) - SHOWN, "more row")} in '
                     'the file')
    return lines
