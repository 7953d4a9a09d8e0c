"""classes.csv: the classes of a folder of labelled pictures.

The first line names the columns, in any order:

    name,r,g,b          labels are colours
    name,id             labels are ids: grey values, or places in a palette
    name,id,r,g,b       ids in files of one channel, colours in the others

Two more columns may stand there: `ignore` marks what is not scored, by 1, x,
yes or true, and `note` is for people. A row named ignore is not scored
either, and that name alone may stand several times. Class numbers are the
places of the other rows. Colours are 0..255, ids 0..65535. Columns may be
parted by commas, semicolons or tabs.
"""
import collections
import csv

from segmentation import files
from segmentation.errors import InputError

COLUMNS = ('name', 'id', 'r', 'g', 'b', 'ignore', 'note')
COLOR = ('r', 'g', 'b')
MARKS = {'': False, '0': False, 'no': False, 'false': False,
         '1': True, 'x': True, 'yes': True, 'true': True}
VOID = 'ignore'
MOST = 254          # classes: 254 and 255 are pixels.UNKNOWN and IGNORE
WANTED = 'name,r,g,b or name,id or name,id,r,g,b, and perhaps ignore and note'

# `id` and `color`, (red, green, blue), are None where they are not given.
Row = collections.namedtuple('Row', 'name id color ignore')


def read(path):
    """The Rows of a class table.

    Raises
    ------
    OSError
        There is no such file.
    ValueError
        It is not as the head of this module says: the line is named.
    """
    try:
        with open(path, encoding='utf-8-sig', newline='') as file:
            text = file.read()
        first = text.splitlines()[0] if text.strip() else ''
        delimiter = max(',;\t', key=first.count)
        lines = list(csv.reader(text.splitlines(), delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'{path}: no CSV in UTF-8: {error}')
    columns = [name.strip().lower() for name in lines[0]] if lines else []
    check_columns(path, columns, first)
    rows = []
    for number, cells in enumerate(lines[1:], 2):
        cells = [cell.strip() for cell in cells]
        if any(cells):
            rows.append(parse_row(f'{path}, line {number}',
                                  columns, cells))
            check_unique(f'{path}, line {number}', rows)
    count = sum(not row.ignore for row in rows)
    if not 2 <= count <= MOST:
        raise InputError(f'{path}: {count} classes: 2 to {MOST} are wanted')
    return rows


def check_columns(path, columns, first):
    """Raise ValueError unless the columns are those of a class table."""
    for name in columns:
        if 'name' in columns and (name not in COLUMNS
                                  or columns.count(name) > 1):
            raise InputError('{}: column {!r} is {}: {} is wanted'.format(
                path, name, 'there twice' if name in COLUMNS else
                'none that is known', WANTED))
    missing = [name for name in ('name',) + COLOR if name not in columns]
    if 'id' in columns and len(missing) == 3 and 'name' in columns:
        missing = []
    if missing:
        raise InputError('{}: no column {} in the first line {!r}: {} is '
                         'wanted'.format(path, ', '.join(missing), first[:60],
                                         WANTED))


def parse_row(place, columns, cells):
    """The Row of one line; `place` names it in errors."""
    if len(cells) > len(columns) and any(cells[len(columns):]):
        raise InputError('{}: {} values for {} columns'.format(
            place, len(cells), len(columns)))
    cell = dict.fromkeys(COLUMNS, '')
    cell.update(zip(columns, cells))
    if not cell['name']:
        raise InputError(f'{place}: no name')
    mark = cell['ignore'].lower()
    if mark not in MARKS:
        raise InputError('{}: ignore is {!r}: 1 or nothing is wanted'.format(
            place, cell['ignore']))
    number = parse(place, 'id', cell['id'], 65535) if 'id' in columns else None
    color = None
    if 'r' in columns and (number is None or any(cell[c] for c in COLOR)):
        color = tuple(parse(place, part, cell[part], 255) for part in COLOR)
    return Row(cell['name'], number, color,
               MARKS[mark] or cell['name'].lower() == VOID)


def parse(place, what, text, highest):
    """A whole number 0 .. `highest`."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= highest:
        raise InputError('{}: {} is {!r}: 0 to {} is wanted'.format(
            place, what, text, highest))
    return value


def check_unique(place, rows):
    """Raise ValueError where the last row has what an earlier one has."""
    last = rows[-1]
    for row in rows[:-1]:
        # Several ids that are not scored may well be drawn in one colour.
        both_void = row.ignore and last.ignore and last.id is not None
        for what, same in (
                ('name', row.name == last.name
                 and last.name.lower() != VOID),
                ('id', row.id is not None and row.id == last.id),
                ('colour', row.color is not None and row.color == last.color
                 and not both_void)):
            if same:
                value = last.color if what == 'colour' else \
                    last.id if what == 'id' else last.name
                raise InputError('{}: the {} {!r} of {!r} is that of {!r} '
                                 'already'.format(place, what, value,
                                                  last.name, row.name)
                                 if what != 'name' else
                                 '{}: the name {!r} stands there already'
                                 .format(place, value))


def complete(rows):
    """The colours of the classes, one of a fixed palette where none is given.

    Returns
    -------
    list of (name, (red, green, blue))
        The classes; what is ignored is left out.
    """
    taken = {row.color for row in rows}
    spare = (color for color in map(palette_color, range(1, 1024))
             if color not in taken)
    return [(row.name, row.color or next(spare))
            for row in rows if not row.ignore]


def palette_color(number):
    """(red, green, blue) of a place in the palette of PASCAL VOC.

    The lowest three bits of `number` are the highest bits of the three
    colours, the next three bits the next highest, and so on.

    Examples
    --------
    >>> [palette_color(number) for number in (0, 1, 6, 15)]
    [(0, 0, 0), (128, 0, 0), (0, 128, 128), (192, 128, 128)]
    """
    color = [0, 0, 0]
    for bit in range(8):
        for part in range(3):
            color[part] |= (number >> (3 * bit + part) & 1) << (7 - bit)
    return tuple(color)


def write(path, rows, notes):
    """Write Rows with a note each as a class table, whole or not at all.

    There are the columns that the first row has values for.
    """
    columns = ['name']
    columns += ['id'] if rows[0].id is not None else []
    columns += list(COLOR) if rows[0].color is not None else []
    with files.atomic(path) as work:
        with open(work, 'w', encoding='utf-8', newline='') as file:
            table = csv.writer(file, lineterminator='\n')
            table.writerow(columns + ['ignore', 'note'])
            for row, note in zip(rows, notes):
                cell = dict(zip(COLOR, row.color or ('',) * 3),
                            name=row.name, id=row.id)
                table.writerow([cell[name] for name in columns]
                               + ['1' if row.ignore else '', note])
