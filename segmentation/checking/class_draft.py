"""A class table drafted from label files: classes, void, and blends.

Blends come from labels that were resized by interpolation, or saved with
loss: colours on the line between two classes, seen along edges only. A value
of a class covers whole 3x3 squares somewhere; a blend hardly ever does.
"""
import collections
from typing import List, NamedTuple

import numpy as np

from segmentation import pixels, text
from segmentation.checking import survey
from segmentation.data import class_table

LINES = .02     # less of a value's pixels in the middle of 3x3: thin lines
OFF = 3         # steps of 255 that rounding takes a blend off its line
# Thin, and so small a share of all pixels or so few pixels a file that has
# it: a blend of three where they meet, or noise.
RARE, FEW = 1e-4, 4
ENDS = 64       # most frequent colours that are tried as ends of blends
# With more colours than that, files were saved with loss: one that is so
# close to a more frequent one, in steps of 255, is that one, and blends are
# as far off their line.
MANY, CLOSE = 256, 12
WRITTEN = 100   # blends that the table holds
SHOWN = 40      # lines for people
BLACK, VOC_VOID = (0, 0, 0), (224, 224, 192)
VOID_IDS = (255, 65535)


class Line(NamedTuple):
    """A line of the draft."""

    row: class_table.Row
    note: str               # what to know about it
    code: int               # an id, or a packed colour
    sort: str               # 'class', 'void' or 'blend'
    value: survey.Value


def draft(surveyed: survey.Survey) -> List[Line]:
    """Draft a class table: classes first, then void, and blends last.

    Colours are ordered by their share, ids by number.
    """
    values = surveyed.values
    order = sorted(values, key=lambda code: (-values[code].pixels, code)
                   if surveyed.is_color else code)
    blends, rare = find_blends_and_noise(surveyed)
    proper = [code for code in order
              if code not in blends and code not in rare]
    void = find_void(surveyed, proper)
    classes = [code for code in proper if code not in void]
    names = {code: f'class_{k if surveyed.is_color else code}'
             for k, code in enumerate(classes)}

    def line(code, sort, note):
        row = class_table.Row(
            names.get(code, class_table.VOID),
            None if surveyed.is_color else code, surveyed.color(code),
            sort != 'class')
        share = 100 * values[code].pixels / surveyed.total
        share = (f'{share:.4g} % of the pixels, {values[code].files} of '
                 f'{text.counted(surveyed.files, "file")}')
        return Line(row, '; '.join(filter(None, (share, note))), code, sort,
                    values[code])

    def describe_blend(code):
        if code in rare:
            return 'probably a blend of three, or noise: thin and rare'
        ends = [names.get(end) or f'{class_table.VOID} {surveyed.color(end)}'
                for end in blends[code]]
        return (f'probably a blend of {" and ".join(ends)}' if len(ends) > 1
                else f'probably noise on {ends[0]}')

    return ([line(code, 'class', hint(surveyed, code)) for code in classes]
            + [line(code, 'void', note) for code, note in sorted(void.items())]
            + [line(code, 'blend', describe_blend(code)) for code in order
               if code in blends or code in rare])


def find_blends_and_noise(surveyed):
    """Find what is probably no value of a label at all.

    Returns
    -------
    {colour: colours}
        Blends of two others, and noise on another one.
    set of colours
        Blends of three, or noise.
    """
    values = surveyed.values
    if not surveyed.is_color:
        return {}, set()
    blends = find_blends(values)
    rest = set(values) - set(blends)
    rare = {code for code in rest if is_thin(values[code])
            and values[code].pixels <= max(RARE * surveyed.total,
                                           FEW * values[code].files)}
    blends.update((code, (other,)) for code, other in find_close(
        values, rest - rare).items())
    return blends, rare


def find_blends(values):
    """Find what thin colours are blends of.

    Parameters
    ----------
    values : {packed colour: survey.Value}

    Returns
    -------
    {packed colour: (packed colour, packed colour)}
        Each blend and its ends: covering areas, and more frequent than it.
    """
    codes = np.array(sorted(code for code in values if is_thin(values[code])),
                     np.int64)
    solid = sorted(set(values).difference(codes.tolist()),
                   key=lambda code: (-values[code].pixels, code))[:ENDS]
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    sizes = np.array([values[code].pixels for code in codes.tolist()])
    best = np.full(len(codes), (CLOSE if len(values) > MANY else OFF) + .5)
    blends = {}
    for k, first in enumerate(solid if len(codes) else ()):
        for second in solid[k + 1:]:
            start, end = (np.array(pixels.unpack(code), float)
                          for code in (first, second))
            line = end - start
            along = (colors - start).dot(line) / line.dot(line)
            off = abs(colors - start - along[:, None] * line).max(axis=1)
            fits = (off < best) & (along > 0) & (along < 1) & (
                sizes < min(values[first].pixels, values[second].pixels))
            best[fits] = off[fits]
            blends.update(dict.fromkeys(codes[fits].tolist(),
                                        (first, second)))
    return blends


def find_close(values, codes):
    """Return {colour: colour} of those that are another one with noise.

    Only where there are more colours than classes have.
    """
    close, solid = {}, []
    for code in sorted(codes, key=lambda code: -values[code].pixels):
        color = np.array(pixels.unpack(code))
        similar = [other for other in solid
                   if abs(color - pixels.unpack(other)).max() <= CLOSE]
        if similar and len(values) > MANY:
            close[code] = similar[0]
        else:
            solid.append(code)
    return close


def is_thin(value):
    """Return whether a value is in thin lines and single pixels only."""
    return value.core < LINES * value.pixels


def find_void(surveyed, codes):
    """Return {code: reason} of the classes `codes` that are probably void."""
    if len(codes) < 3:
        return {}       # two values: a mask, whatever they are
    if not surveyed.is_color:
        return {code: f'probably void: {code} is the id that many data sets '
                'ignore' for code in codes if code in VOID_IDS}
    colors = {pixels.unpack(code): code for code in codes}
    if VOC_VOID in colors:
        return {colors[VOC_VOID]: 'probably void: the colour of borders in '
                'PASCAL VOC'}
    black = colors.get(BLACK)
    if black is not None and \
            surveyed.values[black].pixels < surveyed.total / 2:
        return {black: 'probably void: black'}
    return {}


def hint(surveyed, code):
    """Return what else may be said of a class, or ''."""
    if surveyed.color(code) == BLACK:
        return 'black: background, or void to be ignored?'
    if not surveyed.is_color and is_thin(surveyed.values[code]):
        return 'in thin lines only: is it a class, or were ids interpolated?'
    return ''


def write(path: str, lines: List[Line]) -> int:
    """Write a draft; return the number of blends that are omitted."""
    blends = sum(line.sort == 'blend' for line in lines)
    omitted = max(0, blends - WRITTEN)
    lines = lines[:len(lines) - omitted]    # the rarest blends come last
    class_table.write(path, [line.row for line in lines],
                      [line.note for line in lines])
    return omitted


def columns(lines: List[Line]):
    """Return the head and the rows of the table of a draft for people."""
    return ('name', 'value', 'ignored', 'note'), [
        (line.row.name,
         pixels.describe(line.code, line.row.id is None),
         'ignored' if line.row.ignore else '', line.note)
        for line in lines[:SHOWN]]


def advice(path: str, lines: List[Line], omitted: int) -> List[str]:
    """Return lines on what is to be done with a draft."""
    counts = collections.Counter(line.sort for line in lines)
    texts = [f'{path}: {text.counted(counts["class"], "class")} to be named; '
             f'ignored: {counts["void"]} probably void, {counts["blend"]} '
             'probably blends']
    if not counts['void']:
        texts.append('nothing is marked as void: if a class is, put 1 in its '
                     'column ignore')
    if counts['blend']:
        texts.append('blends come from labels that were resized or saved '
                     'with loss: better make the labels anew')
    if omitted:
        texts.append(f'{text.counted(omitted, "blend")}, the rarest, not in '
                     'the table: labels with them will not be read')
    return texts
