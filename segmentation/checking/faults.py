"""Faults of a data set: what is wrong, one line each."""
import collections
import traceback
from typing import Dict, List, NamedTuple

from segmentation import errors

LISTED = 20     # lines of one kind; the others are only counted


class Fault(NamedTuple):
    """Something that is wrong with a data set."""

    kind: str               # such as 'file', 'size', 'unknown' or 'bug'
    text: str               # one line: what is wrong, and where
    traceback: str = ''     # of an exception that nobody expected


def from_exception(error: Exception, kind: str, where: str) -> Fault:
    """Return the Fault that an exception stands for.

    What is neither bad input nor a file that cannot be read is a bug of the
    source, whatever `kind` is: its text names the file and line of the code.
    """
    if isinstance(error, errors.EXPECTED):
        text = errors.describe(error)
        names_file = kind == 'file' and not isinstance(error, MemoryError)
        return Fault(kind, text if names_file else f'{where}: {text}')
    path, line = errors.origin(error)
    return Fault('bug', f'{where}: {path}, line {line}: {errors.name(error)}',
                 ''.join(traceback.format_exception(
                     type(error), error, error.__traceback__)))


def lines(faults: List[Fault]) -> List[str]:
    """Return the lines of faults, LISTED of a kind, and counts of the rest.
    """
    counts: Dict[str, int] = collections.Counter()
    texts = []
    for fault in faults:
        counts[fault.kind] += 1
        if counts[fault.kind] <= LISTED:
            texts.append(fault.text)
    return texts + [f'and {count - LISTED} more of kind {kind!r}'
                    for kind, count in counts.items() if count > LISTED]


def tracebacks(faults: List[Fault]) -> List[str]:
    """Return each traceback once."""
    return list(dict.fromkeys(fault.traceback for fault in faults
                              if fault.traceback))
