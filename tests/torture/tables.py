"""The table of a campaign, and its faults, those of one kind together."""
import collections
import re

import batches
import cases
import parsers

from segmentation import text

HEAD = ('case', 'kills', 'reached', 'failures', 'reached', 'status 1',
        'faults')
NAMES = [case.name for case in cases.CASES]
PARSERS = [parser.name for parser in parsers.PARSERS]


def is_fault(result):
    """Return whether a Verdict or an Outcome is a fault."""
    return bool(complaint(result))


def complaint(result):
    """Return what a Verdict or an Outcome complains of, '' if of nothing."""
    if isinstance(result, batches.Outcome):
        return result.text if result.kind == 'fault' else ''
    return '; '.join(result.complaints)


def report(results, seconds, processor):
    """Return the tables and the faults as text.

    Parameters
    ----------
    results : list of Verdicts and Outcomes
    seconds, processor : float
        What it took, and what it took of the processor.
    """
    faults = [result for result in results if is_fault(result)]
    outcomes = [result for result in results
                if isinstance(result, batches.Outcome)]
    lines = [table_of_cases([result for result in results
                             if not isinstance(result, batches.Outcome)]),
             '', table_of_parsers(outcomes), '']
    for kind, alike in group(faults):
        lines.append(f'[!] {len(alike)}: {ascii(kind)[1:-1]}')
        lines.append(f'    {command(alike[0])}')
    lines.append(f'[i] {len(results)} tries, {len(faults)} faults; '
                 f'{text.duration(seconds)}, {text.duration(processor)} of a '
                 'processor')
    return '\n'.join(lines)


def table_of_cases(verdicts):
    """Return the table of Verdicts, a case a line."""
    rows = []
    for name in NAMES + ['all']:
        of_case = [one for one in verdicts if name in (one.case, 'all')]
        if of_case:
            kills = [one for one in of_case if one.fault == 'KILL']
            failures = [one for one in of_case if one.fault != 'KILL']
            rows.append([name] + [str(len(some)) for some in (
                kills, [one for one in kills if one.hit],
                failures, [one for one in failures if one.hit],
                [one for one in failures if one.status == 1],
                [one for one in of_case if is_fault(one)])])
    return text.table(HEAD, rows)


def table_of_parsers(outcomes):
    """Return the table of Outcomes, a parser a line."""
    rows = []
    for name in PARSERS + ['all']:
        of_parser = [one for one in outcomes if name in (one.parser, 'all')]
        if of_parser:
            rows.append([name, str(len(of_parser))] + [
                str(sum(one.kind == kind for one in of_parser))
                for kind in (batches.READ, batches.REFUSED, 'fault')])
    return text.table(('file', 'mutations', 'read', 'refused', 'faults'),
                      rows)


def group(faults):
    """Return (first complaint, faults) of each kind, the most common first.
    """
    kinds = collections.defaultdict(list)
    for fault in faults:
        kinds[kind_of(complaint(fault).split('; ')[0])].append(fault)
    return sorted(((complaint(alike[0]).split('; ')[0][:240], alike)
                   for alike in kinds.values()),
                  key=lambda pair: -len(pair[1]))


def kind_of(line):
    """Return what complaints of one kind have in common.

    >>> kind_of("KeyError: 'x' (a/b.py:12)"), kind_of('left behind: out/3.png')
    ('KeyError (a/b.py:12)', 'left behind: #')
    """
    bug = re.match(r'(\w+(?:\.\w+)*): .*( \(\S+:\d+\))$', line, re.DOTALL)
    if bug:
        return ''.join(bug.groups())
    return re.sub(r"'[^']*'|\S*[/.]\S*|\d+", '#', line)[:50]


def command(fault):
    """Return the command that repeats a fault."""
    if isinstance(fault, batches.Outcome):
        return (f"python tests/torture --parser '{fault.parser}' "
                f'--index {fault.index}')
    return (f"python tests/torture --case '{fault.case}' --index "
            f'{fault.index} --fault {fault.fault}   # {fault.hit}')
