"""Numbers, suggestions and tables as text for people, and names from them."""
import difflib

from segmentation.errors import InputError

ALL = 'all'     # stands for every class


def duration(seconds):
    """Return a time for people.

    >>> duration(8), duration(65), duration(3700)
    ('8 s', '1 min 5 s', '1 h 1 min')
    """
    minutes, seconds = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f'{hours} h {minutes} min'
    return f'{minutes} min {seconds} s' if minutes else f'{seconds} s'


def percent(share, digits=2, sign=''):
    """Return a share of 1 in percent, without the sign %; '-' for NaN.

    >>> percent(.12345), percent(.5, 1, sign='+'), percent(float('nan'))
    ('12.35', '+50.0', '-')
    """
    return '-' if share != share else f'{100 * share:{sign}.{digits}f}'


def counted(count, what, whole=None):
    """Return a number of things, and of how many it is where it is not all.

    They are in the plural unless there is one.

    >>> counted(1, 'picture'), counted(1234, 'class')
    ('1 picture', '1,234 classes')
    >>> counted(1, 'picture', 2330), counted(233, 'picture', 233)
    ('1 of 2,330 pictures', '233 pictures')
    """
    if whole not in (None, count):
        return f'{count:,} of {counted(whole, what)}'
    ending = '' if count == 1 else 'es' if what.endswith('s') else 's'
    return f'{count:,} {what}{ending}'


def suggest(name, names, what):
    """Return which of the names was probably meant, and which there are.

    Upper and lower case do not matter.

    >>> suggest('Raod', ['sky', 'road'], 'classes')
    "did you mean 'road'? The classes are sky, road"
    >>> suggest('car', ['sky', 'road'], 'classes')
    'the classes are sky, road'
    """
    lower = {other.lower(): other for other in names}
    near = difflib.get_close_matches(name.lower(), lower, 1, .5)
    meant = f'did you mean {lower[near[0]]!r}? The' if near else 'the'
    return f'{meant} {what} are {", ".join(names)}'


def table(head, rows, left=(0,)):
    """Return lines of columns two spaces apart.

    Parameters
    ----------
    head : sequence of str
    rows : sequence of sequences of str
    left : collection of int
        The columns that are flush left; the others are flush right.

    Examples
    --------
    >>> print(table(('class', 'IoU'), [('road', '97.1'), ('car', '8.0')]))
    class   IoU
    road   97.1
    car     8.0
    """
    rows = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return '\n'.join(
        '  '.join(f'{cell:{"<" if k in left else ">"}{width}}'
                  for k, (cell, width) in enumerate(zip(row, widths)))
        .rstrip() for row in rows)


def class_ids(word, names, what):
    """Return the ids of the classes in a word: a name, or some with commas."""
    if word == ALL and ALL not in names:
        return list(range(len(names)))
    parts = [word] if word in names else word.split(',')
    return [class_id(part.strip(), names, what) for part in parts
            if part.strip()] or [class_id(word, names, what)]


def class_id(name, names, what):
    """Return the id of a class; InputError suggests the nearest one.

    Upper and lower case matter only where classes differ by nothing else.

    Examples
    --------
    >>> class_id('raod', ['sky', 'road'], '--only')
    Traceback (most recent call last):
    segmentation.errors.InputError: --only names 'raod': did you mean 'road'? \
The classes are sky, road
    """
    if name in names:
        return list(names).index(name)
    lower = {other.lower(): other for other in names}
    if name.lower() in lower and len(lower) == len(names):
        return list(names).index(lower[name.lower()])
    raise InputError(f'{what} names {name!r}: '
                     f'{suggest(name, names, "classes")}')
