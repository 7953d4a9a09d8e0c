"""A class table drafted from label files: what is a class, what void, a blend.

Blends come of labels that were resized by interpolation, or saved with loss:
colours on the line between two classes, seen along edges only. A value of a
class covers whole 3x3 squares somewhere; one of a blend hardly ever does.
"""
import collections

import numpy as np

from segmentation import pixels
from segmentation.data import class_table

LINES = .02     # less of a value's pixels in the middle of 3x3: thin lines
OFF = 3         # steps of 255 that rounding takes a blend off its line
# Thin, and so small a share of all pixels or so few pixels a file that has
# it: a blend of three where they meet, or noise.
RARE, FEW = 1e-4, 4
ENDS = 64       # most frequent colours that are tried as ends of blends
# With more colours than that, files were saved with loss: one so near to a
# more frequent one, in steps of 255, is that one, and blends are as far off.
MANY, NEAR = 256, 12
LISTED = 100    # blends that the table holds
BLACK, VOC_VOID = (0, 0, 0), (224, 224, 192)
VOID_IDS = (255, 65535)

# A line of the draft: a classtable.Row, what to know of it, and its
# survey.Value. `code` is an id or a packed colour, `sort` is class, void or
# blend.
Line = collections.namedtuple('Line', 'row note code sort value')


def find_blends(values):
    """What thin colours are blends of.

    Parameters
    ----------
    values : dict {packed colour: Value}

    Returns
    -------
    dict {packed colour: (packed colour, packed colour)}
        Each blend and its ends: covering areas, and more frequent than it.
    """
    codes = np.array(sorted(code for code in values if thin(values[code])),
                     np.int64)
    solid = sorted(set(values).difference(codes.tolist()),
                   key=lambda code: (-values[code].pixels, code))[:ENDS]
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    sizes = np.array([values[code].pixels for code in codes.tolist()])
    best = np.full(len(codes), (NEAR if len(values) > MANY else OFF) + .5)
    blends = {}
    for k, first in enumerate(solid if len(codes) else ()):
        for second in solid[k + 1:]:
            start, end = (np.array(pixels.unpack(code), float)
                          for code in (first, second))
            line = end - start
            place = (colors - start).dot(line) / line.dot(line)
            off = abs(colors - start - place[:, None] * line).max(axis=1)
            fits = (off < best) & (place > 0) & (place < 1) & (
                sizes < min(values[first].pixels, values[second].pixels))
            best[fits] = off[fits]
            blends.update(dict.fromkeys(codes[fits].tolist(),
                                        (first, second)))
    return blends


def thin(value):
    """Whether a value stands in thin lines and single pixels only."""
    return value.core < LINES * value.pixels


def find_void(survey, codes):
    """{code: reason} of the classes `codes` that are probably void."""
    if len(codes) < 3:
        return {}       # two values: a mask, whatever they are
    if not survey.is_color:
        return {code: 'probably void: {} is the id that many data sets '
                'ignore'.format(code) for code in codes if code in VOID_IDS}
    colors = {pixels.unpack(code): code for code in codes}
    if VOC_VOID in colors:
        return {colors[VOC_VOID]: 'probably void: the colour of borders in '
                'PASCAL VOC'}
    black = colors.get(BLACK)
    if black is not None and survey.values[black].pixels < survey.total / 2:
        return {black: 'probably void: black'}
    return {}


def find_near(values, codes):
    """{colour: colour} of those of `codes` that are another one with noise.

    Only where there are more colours than classes have.
    """
    near, solid = {}, []
    for code in sorted(codes, key=lambda code: -values[code].pixels):
        color = np.array(pixels.unpack(code))
        like = [other for other in solid
                if abs(color - pixels.unpack(other)).max() <= NEAR]
        if like and len(values) > MANY:
            near[code] = like[0]
        else:
            solid.append(code)
    return near


def find_lost(survey):
    """What is probably no value of a label at all.

    Returns
    -------
    dict {colour: colours}
        Blends of two others, and noise on another one.
    set of colours
        Blends of three, or noise.
    """
    values = survey.values
    if not survey.is_color:
        return {}, {}
    ends = find_blends(values)
    rest = set(values) - set(ends)
    lost = {code for code in rest if thin(values[code])
            and values[code].pixels <= max(RARE * survey.total,
                                           FEW * values[code].files)}
    ends.update((code, (other,)) for code, other in find_near(
        values, rest - lost).items())
    return ends, lost


def draft(survey):
    """The Lines of a class table, classes first, and blends last.

    Colours stand by their share, ids by their number.
    """
    values = survey.values
    order = sorted(values, key=lambda code: (-values[code].pixels, code)
                   if survey.is_color else code)
    ends, lost = find_lost(survey)
    kept = [code for code in order if code not in ends and code not in lost]
    void = find_void(survey, kept)
    classes = [code for code in kept if code not in void]
    names = {code: f'class_{number if survey.is_color else code}'
             for number, code in enumerate(classes)}

    def line(code, sort, note):
        row = class_table.Row(
            names.get(code, class_table.VOID),
            None if survey.is_color else code, survey.color(code),
            sort != 'class')
        share = '{:.4g} % of the pixels, {} of {} files'.format(
            100 * values[code].pixels / survey.total, values[code].files,
            survey.files)
        return Line(row, '; '.join(filter(None, (share, note))), code, sort,
                    values[code])

    lines = [line(code, 'class', hint(survey, code)) for code in classes]
    lines += [line(code, 'void', note) for code, note in sorted(void.items())]
    for code in order:
        if code in ends:
            parts = [names.get(end) or '{} {}'.format(
                class_table.VOID, survey.color(end)) for end in ends[code]]
            lines.append(line(
                code, 'blend', f"probably a blend of {' and '.join(parts)}"
                if len(parts) > 1 else f"probably noise on {parts[0]}"))
        elif code in lost:
            lines.append(line(code, 'blend', 'probably a blend of three, or '
                              'noise: thin and rare'))
    return lines


def hint(survey, code):
    """What else may be said of a class, or ''."""
    if survey.color(code) == BLACK:
        return 'black: background, or void to be ignored?'
    if not survey.is_color and thin(survey.values[code]):
        return 'in thin lines only: is it a class, or were ids interpolated?'
    return ''


def write(path, lines):
    """Write a drafted class table; the number of blends left out of it."""
    blends = sum(line.sort == 'blend' for line in lines)
    left = max(0, blends - LISTED)
    lines = lines[:len(lines) - left]       # the rarest blends stand last
    class_table.write(path, [line.row for line in lines],
                      [line.note for line in lines])
    return left
