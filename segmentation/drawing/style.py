"""Which classes are drawn over pictures, and how."""
import difflib
from typing import (Collection, Dict, List, Mapping, NamedTuple, Optional,
                    Sequence, Tuple)

from segmentation.drawing import palettes
from segmentation.errors import InputError

FILLED, LINES = .5, 1       # share of the colour in areas, and in contours
STRONG = .6                 # in areas, where the picture itself stands beside
ALL = 'all'                 # stands for every class


class Style(NamedTuple):
    """How classes are drawn over pictures."""

    names: List[str]                            # of all classes
    colors: Dict[int, Tuple[int, int, int]]     # BGR, of all classes
    # {class id: share of the colour} of the classes that are drawn
    alphas: Dict[int, float]
    outline: bool = False                       # contours instead of areas
    legend: Optional[str] = None                # a key of legend.PLACES


def choose(names: Sequence[str],
           label_colors: Dict[int, Tuple[int, int, int]],
           background: Collection[str] = (),
           only: Optional[Sequence[str]] = None,
           alpha: Optional[float] = None,
           alphas: Optional[Mapping[str, float]] = None,
           palette: str = palettes.SOURCE, outline: bool = False,
           legend: Optional[str] = None, where: str = '') -> Style:
    """Return the Style of the classes of a model or a data source.

    Parameters
    ----------
    names : sequence of C str
    label_colors : {class id: (blue, green, red)}
    background : collection of str
        Classes that are drawn only where `only` or `alphas` names them.
    only : sequence of str, optional
        The classes to draw, each a name or several with commas; ALL is every
        class.
    alpha : float, optional
        Share of the colour, 0..1; by default FILLED, or LINES of contours.
    alphas : {name: float}, optional
        The share of single classes.
    palette : str
        One of palettes.PALETTES.
    outline : bool
        Draw contours instead of areas.
    legend : str, optional
        A key of legend.PLACES.
    where : str
        Comes before the names of arguments in errors, such as '--'.

    Raises
    ------
    InputError
        A class is unknown, or none is left to draw.
    """
    shares = {find(name, names, f'{where}alpha'): share
              for name, share in (alphas or {}).items()}
    unseen = {names.index(name) for name in background}
    if only:
        drawn = {class_id for word in only for class_id in split(
            word, names, f'{where}only')}
        left_out = sorted(set(shares) - drawn)
        if left_out:
            raise InputError(f'{where}alpha names {names[left_out[0]]!r}, '
                             f'which {where}only leaves out')
    else:
        drawn = set(range(len(names))) - unseen | set(shares)
    if alpha is None:
        alpha = LINES if outline else FILLED
    chosen = {class_id: shares.get(class_id, alpha)
              for class_id in sorted(drawn)}
    chosen = {class_id: share for class_id, share in chosen.items() if share}
    if not chosen:
        raise InputError(f'no class is left to draw: {where}only and '
                         f'{where}alpha choose among {", ".join(names)}')
    return Style(list(names), palettes.choose(palette, label_colors, unseen),
                 chosen, outline, legend)


def split(word: str, names: Sequence[str], what: str) -> List[int]:
    """Return the ids of the classes in a word: a name, or some with commas."""
    if word == ALL and ALL not in names:
        return list(range(len(names)))
    parts = [word] if word in names else word.split(',')
    return [find(part.strip(), names, what) for part in parts if part.strip()]


def find(name: str, names: Sequence[str], what: str) -> int:
    """Return the id of a class; InputError names the nearest one.

    Upper and lower case matter only where classes differ by nothing else.

    Examples
    --------
    >>> find('raod', ['sky', 'road'], '--only')
    Traceback (most recent call last):
    segmentation.errors.InputError: --only names 'raod': did you mean 'road'? \
The classes are sky, road
    """
    if name in names:
        return list(names).index(name)
    lower = {other.lower(): other for other in names}
    if name.lower() in lower and len(lower) == len(names):
        return list(names).index(lower[name.lower()])
    near = difflib.get_close_matches(name.lower(), lower, 1)
    guess = f': did you mean {lower[near[0]]!r}? The' if near else ': the'
    raise InputError(f'{what} names {name!r}{guess} classes are '
                     f'{", ".join(names)}')
