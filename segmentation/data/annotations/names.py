"""The classes of labels that are names: what classes.csv says of them."""
from typing import Dict, List, NamedTuple, Optional, Tuple

from segmentation import pixels, text
from segmentation.data import class_table
from segmentation.errors import InputError


class Count(NamedTuple):
    """How often a name occurs in the labels of a folder."""

    shapes: int = 0
    files: int = 0                                  # pictures that have it
    color: Optional[Tuple[int, int, int]] = None    # red, green, blue

    def add(self, shapes):
        """Return the Count with those of one more picture."""
        return self._replace(shapes=self.shapes + shapes,
                             files=self.files + 1)


class Names:
    """Looks up the class ids of names.

    The row of the table that is marked as `background` is also the class of
    what no shape covers; without one that is ignored.

    Attributes
    ----------
    classes : list of (name, (red, green, blue))
    uncovered : int
        The class id of pixels in no shape.
    """

    def __init__(self, path: str):
        rows = class_table.read(path)
        self.path = path
        self.classes = class_table.complete(rows)
        index = {name: k for k, (name, _) in enumerate(self.classes)}
        self.class_ids: Dict[str, int] = {
            row.name: pixels.IGNORE if row.ignore
            else index[row.class_name()] for row in rows}
        marked = [row.name for row in rows if row.background]
        if len(marked) > 1:
            raise InputError(f'{path}: {" and ".join(marked)} are marked as '
                             'background: what no shape covers has one class')
        self.background: List[str] = [name for name in marked
                                      if name in index]
        self.uncovered = (self.class_ids[marked[0]] if marked
                          else pixels.IGNORE)

    def class_id(self, name: str, where: str) -> int:
        """Return the class id of a name, or IGNORE.

        Raises
        ------
        InputError
            It is not in the table: it starts with `where`, and suggests
            the nearest name.
        """
        if name not in self.class_ids:
            raise InputError(
                f'{where}: no class {name!r} in {self.path}: '
                f'{text.suggest(name, self.class_ids, "classes")}')
        return self.class_ids[name]


def from_text(text, where):
    """Return a name without the spaces around it; it must not be empty."""
    if not text or not text.strip():
        raise InputError(f'{where}: a label without a name')
    return text.strip()


def file_name(text, where):
    """Return the name of a file, which has no byte of 0."""
    if not text or '\0' in text:
        raise InputError(f'{where}: {text!r} is no name of a file')
    return text
