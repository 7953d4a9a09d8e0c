"""classes.csv: the classes of a folder of labelled pictures.

The first line names the columns, in any order:

    name,r,g,b          labels are colours
    name,id             labels are ids: grey values, or palette indices
    name,id,r,g,b       ids in files of one channel, colours in the others

There may be four more columns: `ignore` marks what is not scored and
`background` what overlays leave unpainted, by 1, x, yes or true; `class` names
the row whose class this one belongs to, if it has none of its own; `note` is
for people. A row named ignore is not scored either, and that name alone may
occur several times. The other rows are the classes, their ids 0, 1, ... in
this order. Colours are 0..255, ids 0..65535.
Columns are separated by commas, semicolons or tabs.
"""
import csv
from typing import List, NamedTuple, Optional, Sequence, Tuple

from segmentation import files, text
from segmentation.errors import InputError

COLUMNS = ('name', 'id', 'r', 'g', 'b', 'class', 'ignore', 'background',
           'note')
COLOR = ('r', 'g', 'b')
MARKS = {'': False, '0': False, 'no': False, 'false': False,
         '1': True, 'x': True, 'yes': True, 'true': True}
VOID = 'ignore'
MOST = 254          # classes: 254 and 255 are pixels.UNKNOWN and IGNORE
WANTED = ('name,r,g,b or name,id or name,id,r,g,b, and perhaps class, ignore, '
          'background and note')


class Row(NamedTuple):
    """A class, or what is not scored."""

    name: str
    id: Optional[int]                       # value in the label files
    color: Optional[Tuple[int, int, int]]   # red, green, blue
    ignore: bool                            # whether it is not scored
    background: bool = False                # whether overlays do not paint it
    part_of: Optional[str] = None           # the class that it belongs to

    def class_name(self):
        """Return the name of its class."""
        return self.part_of or self.name


def read(path: str) -> List[Row]:
    """Read a class table.

    Raises
    ------
    OSError
        There is no such file.
    InputError
        It is not as the head of this module says: the line is named.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            content = file.read()
        first = content.splitlines()[0] if content.strip() else ''
        delimiter = max(',;\t', key=first.count)
        lines = list(csv.reader(content.splitlines(), delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'{path}: no CSV in UTF-8: {error}')
    columns = [name.strip().lower() for name in lines[0]] if lines else []
    check_columns(path, columns, first)
    rows: List[Row] = []
    taken = Taken()
    for number, cells in enumerate(lines[1:], 2):
        line = f'{path}, line {number}'
        cells = [cell.strip() for cell in cells]
        if any(cells):
            row = parse_row(line, columns, cells)
            taken.add(line, row)
            rows.append(row)
    check_parts(path, rows)
    count = sum(is_class(row) for row in rows)
    if not 2 <= count <= MOST:
        raise InputError(f'{path}: {text.counted(count, "class")}: 2 to '
                         f'{MOST} are wanted')
    return rows


def is_class(row):
    """Return whether a row is a class of its own."""
    return not row.ignore and row.part_of is None


def check_parts(path, rows):
    """Raise InputError where a row belongs to what is no class."""
    classes = {row.name for row in rows if is_class(row)}
    for row in rows:
        if row.part_of is not None and (row.ignore
                                        or row.part_of not in classes):
            raise InputError(f'{path}: {row.name!r} is of the class '
                             f'{row.part_of!r}: another row, of a class of '
                             'its own, is wanted, and no mark to ignore it')


def check_columns(path, columns, first):
    """Raise InputError unless the columns are those of a class table."""
    for name in columns:
        if 'name' in columns and (name not in COLUMNS
                                  or columns.count(name) > 1):
            reason = 'there twice' if name in COLUMNS else 'unknown'
            raise InputError(f'{path}: column {name!r} is {reason}: {WANTED} '
                             'is wanted')
    missing = [name for name in ('name',) + COLOR if name not in columns]
    if 'id' in columns and len(missing) == 3 and 'name' in columns:
        missing = []
    if missing:
        raise InputError(f'{path}: no column {", ".join(missing)} in the '
                         f'first line {first[:60]!r}: {WANTED} is wanted')


def parse_row(line, columns, cells):
    """Return the Row of the cells of a line; `line` names it in errors."""
    if len(cells) > len(columns) and any(cells[len(columns):]):
        raise InputError(f'{line}: {text.counted(len(cells), "value")} for '
                         f'{text.counted(len(columns), "column")}')
    cell = dict.fromkeys(COLUMNS, '')
    cell.update(zip(columns, cells))
    if not cell['name']:
        raise InputError(f'{line}: no name')
    marks = {}
    for column in ('ignore', 'background'):
        if cell[column].lower() not in MARKS:
            raise InputError(f'{line}: {column} is {cell[column]!r}: 1 or '
                             'nothing is wanted')
        marks[column] = MARKS[cell[column].lower()]
    value = parse(line, 'id', cell['id'], 65535) if 'id' in columns else None
    color = None
    if 'r' in columns and (value is None or any(cell[c] for c in COLOR)):
        color = tuple(parse(line, part, cell[part], 255) for part in COLOR)
    return Row(cell['name'], value, color,
               marks['ignore'] or cell['name'].lower() == VOID,
               marks['background'], cell['class'] or None)


def parse(line, what, text, highest):
    """Return a whole number 0 .. `highest`, or raise InputError."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= highest:
        raise InputError(f'{line}: {what} is {text!r}: 0 to {highest} is '
                         'wanted')
    return value


class Taken:
    """What the rows of a table have so far, to be looked up at once."""

    def __init__(self):
        self.names, self.ids = set(), {}
        # {colour: name}: of all rows, and of those that are scored
        self.colors, self.scored_colors = {}, {}

    def add(self, line, row):
        """Add a Row; raise InputError if an earlier one has the same."""
        if row.name in self.names and row.name.lower() != VOID:
            raise InputError(f'{line}: the name {row.name!r} is that of an '
                             'earlier line')
        # Several ids that are not scored may well be drawn in one colour.
        colors = (self.scored_colors if row.ignore and row.id is not None
                  else self.colors)
        for what, value, taken in (('id', row.id, self.ids),
                                   ('colour', row.color, colors)):
            if value is not None and value in taken:
                raise InputError(f'{line}: the {what} {value!r} of '
                                 f'{row.name!r} is that of {taken[value]!r} '
                                 'already')
        self.names.add(row.name)
        self.ids.setdefault(row.id, row.name)
        self.colors.setdefault(row.color, row.name)
        if not row.ignore:
            self.scored_colors.setdefault(row.color, row.name)


def complete(rows: Sequence[Row]
             ) -> List[Tuple[str, Tuple[int, int, int]]]:
    """Give a colour of a fixed palette to each class that has none.

    Returns
    -------
    list of (name, (red, green, blue))
        The classes; what is ignored is left out.
    """
    taken = {row.color for row in rows}
    spare = (color for color in map(palette_color, range(1, 1024))
             if color not in taken)
    return [(row.name, row.color or next(spare))
            for row in rows if is_class(row)]


def palette_color(index):
    """Return the (red, green, blue) at an index of PASCAL VOC's palette.

    The lowest three bits of `index` are the highest bits of the three
    colours, the next three bits the next highest, and so on.

    Examples
    --------
    >>> [palette_color(index) for index in (0, 1, 6, 15)]
    [(0, 0, 0), (128, 0, 0), (0, 128, 128), (192, 128, 128)]
    """
    color = [0, 0, 0]
    for bit in range(8):
        for part in range(3):
            color[part] |= (index >> (3 * bit + part) & 1) << (7 - bit)
    return tuple(color)


def write(path: str, rows: Sequence[Row], notes: Sequence[str]) -> None:
    """Write Rows with a note each as a class table, whole or not at all.

    There are the columns that the first row has values for.
    """
    columns = ['name']
    columns += ['id'] if rows[0].id is not None else []
    columns += list(COLOR) if rows[0].color is not None else []
    marks = [mark for mark in ('ignore', 'background') if mark == 'ignore'
             or any(row.background for row in rows)]
    with files.atomic(path) as work:
        with open(work, 'w', encoding='utf-8', newline='') as file:
            table = csv.writer(file, lineterminator='\n')
            table.writerow(columns + marks + ['note'])
            for row, note in zip(rows, notes):
                cell = dict(zip(COLOR, row.color or ('',) * 3),
                            name=row.name, id=row.id)
                table.writerow([cell[name] for name in columns]
                               + ['1' if getattr(row, mark) else ''
                                  for mark in marks] + [note])
