"""All tests of the appearance of a data set, one after another."""
from typing import Any, Dict, Iterator, List

from segmentation import text
from segmentation.checking.appearance import (alignment, content, duplicates,
                                              transitions, views)
from segmentation.checking.appearance.finding import (FAULT, SOUND, WARNING,
                                                      Finding)
from segmentation.checking.faults import Fault
from segmentation.terminal import progress

VOID = 'labels have classes'
VALUES = 'values in label_colors'


def examine(audit) -> List[Finding]:
    """Return the Findings on an `audit.Audit` that has run."""
    return list(progress.track(run_tests(audit), None, 'appearance', 'test'))


def run_tests(audit) -> Iterator[Finding]:
    """Yield the Finding of each test."""
    chosen = views.choose(audit)
    yield alignment.test(chosen, len(audit.names))
    yield transitions.test(chosen, audit.names)
    yield from content.tests(chosen, audit.names)
    yield test_values(audit)
    yield test_void(audit)
    yield duplicates.test({split: [
        (pair.image_path, pair.fingerprint)
        for pair in audit.files[split] if pair.fingerprint]
        for split in audit.files})


def test_values(audit) -> Finding:
    """Return the Finding on values that a source puts into some class."""
    count = len(audit.unnamed)
    if not count:
        return Finding(VALUES, 'all', SOUND)
    return Finding(VALUES, f'all but {count}', WARNING,
                   f'{", ".join(audit.unnamed)} of the label files: in '
                   'label_colors of no class; the source has put it into one')


def test_void(audit) -> Finding:
    """Return the Finding on labels in which every pixel is ignored."""
    counts = [(pair.label_path, pair.class_pixels(len(audit.names)).sum())
              for split in audit.files for pair in audit.files[split]
              if pair.values] if audit.lists_files else [
        (row.label_path, row.counts.sum())
        for split in audit.rows for row in audit.rows[split]]
    empty = [path for path, pixels in counts if not pixels]
    number = f'{len(counts) - len(empty)} of {len(counts)}'
    if not empty:
        return Finding(VOID, number, SOUND)
    return Finding(VOID, number, WARNING,
                   f'{text.counted(len(empty), "label")} without a pixel of '
                   f'any class, such as {empty[0]}')


def faults(findings: List[Finding]) -> List[Fault]:
    """Return what is wrong as Faults."""
    return [Fault('appearance', finding.text) for finding in findings
            if finding.verdict == FAULT]


def lines(findings: List[Finding]) -> List[str]:
    """Return a table of findings, and a line on each that is a warning."""
    table = text.table(('test', 'measured', 'verdict'),
                       [(finding.test, finding.number, finding.verdict)
                        for finding in findings], left=(0, 1, 2))
    return [table, ''] + [f'[i] warning: {finding.text}'
                          for finding in findings
                          if finding.verdict == WARNING]


def as_json(findings: List[Finding]) -> List[Dict[str, Any]]:
    """Return findings as JSON has them, without their pictures."""
    return [{'test': finding.test, 'measured': finding.number,
             'verdict': finding.verdict, 'text': finding.text,
             'file': finding.view and finding.view.path}
            for finding in findings]
