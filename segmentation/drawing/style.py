"""Which classes are drawn over pictures, and how."""
from typing import (Collection, Dict, List, Mapping, NamedTuple, Optional,
                    Sequence, Tuple)

from segmentation import text
from segmentation.drawing import palettes
from segmentation.errors import InputError

FILLED, LINES = .5, 1       # share of the colour in areas, and in contours
STRONG = .6                 # in areas, where the picture itself stands beside


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
        The classes to draw, each a name or several with commas; 'all' is
        every class.
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
    shares = {text.class_id(name, names, f'{where}alpha'): share
              for name, share in (alphas or {}).items()}
    unseen = {names.index(name) for name in background}
    if only:
        drawn = set()
        for word in only:
            drawn.update(text.class_ids(word, names, f'{where}only'))
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
