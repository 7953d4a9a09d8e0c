"""Numbers and tables as text for people."""


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


def counted(count, what):
    """Return a number of things, in the plural unless it is one.

    >>> counted(1, 'picture'), counted(1234, 'picture')
    ('1 picture', '1,234 pictures')
    """
    return f'{count:,} {what}{"s" * (count != 1)}'


def part_of(count, whole=None):
    """Return a count of things, and of how many it is where it is not all.

    >>> part_of(1234), part_of(17, 2330), part_of(233, 233)
    ('1,234', '17 of 2,330', '233')
    """
    return (f'{count:,}' if whole in (None, count)
            else f'{count:,} of {whole:,}')


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
