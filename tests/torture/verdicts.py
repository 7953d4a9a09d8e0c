"""What must hold after a fault, and what came of each.

    A program that fails says so in one line, and its status is 1. What was
    there before is there, byte by byte. A file at its final name is whole:
    the old one or the new one. The next run of the same program succeeds,
    gives what an undisturbed one gives, and leaves nothing else behind.
"""
import hashlib
import json
import os
import re
import shutil
from typing import Dict, List, NamedTuple

import cases
import farm

# Calls that remove what is not wanted: one that fails may leave it, for the
# next run to remove.
REMOVING = ('unlink', 'remove', 'rmdir')
CACHE = 'cache/'        # what is lost there is computed anew


class Undisturbed(NamedTuple):
    """A run of a case without a fault."""

    changes: int                # of the disk
    before: Dict[str, str]      # farm.snapshot
    after: Dict[str, str]


class Verdict(NamedTuple):
    """What came of one fault."""

    case: str
    index: int
    fault: str              # of farm.FAULTS
    hit: str                # '' if the program had fewer changes
    status: int
    complaints: List[str]   # none where all is as it should be


def fresh(base, work):
    """Make `work` a copy of the folder `base`."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(base, work, symlinks=True)


def run_undisturbed(case, base, work):
    """Return an Undisturbed run of a case."""
    fresh(base, work)
    before = farm.snapshot(work)
    ended = farm.run(case.main, case.arguments, work)
    assert ended.status == 0, f'{case.name}: {ended}'
    return Undisturbed(ended.changes, before, farm.snapshot(work))


def try_fault(case, base, work, index, fault, undisturbed, memory):
    """Let one change of the disk fail; return the Verdict.

    Parameters
    ----------
    memory : str
        Folder of what came of the next run, by what was there before it.
    """
    fresh(base, work)
    ended = farm.run(case.main, case.arguments, work, index, fault)
    after = farm.snapshot(work)
    complaints = check_end(ended, fault)
    complaints += check_files(case, undisturbed, after, fault)
    if ended.hit and fault != 'KILL' and not is_removing(ended.hit):
        complaints += check_tidy(case, undisturbed, after, ended.status)
    complaints += remembered(memory, [case.name, after], lambda: run_again(
        case, work, undisturbed))
    return Verdict(case.name, index, fault, ended.hit, ended.status,
                   complaints)


def is_removing(hit):
    """Return whether a change that failed was to remove something."""
    return hit.startswith(REMOVING) or CACHE in hit


def check_end(ended, fault):
    """Return what is wrong with how a program ended."""
    if ended.status == farm.HANG:
        return ['hangs']
    if fault == 'KILL' or not ended.hit:
        wanted = (-9, 0) if fault == 'KILL' else (0,)
        return [] if ended.status in wanted else [
            f'status {ended.status}: {last_line(ended.err)}']
    if 'Traceback' in ended.err:
        return [f'traceback: {last_line(ended.err)}']
    if ended.status == 0:
        return []           # what it wrote is looked at
    if ended.status != 1:
        return [f'status {ended.status}: {last_line(ended.err)}']
    line = last_line(ended.err)
    if not line.startswith('[!] ') or len(ended.err.splitlines()) > 1:
        return [f'not one line: {ended.err.strip()!r}']
    reason = os.strerror(farm.FAULTS[fault])
    return [] if reason in line else [f'does not say {reason!r}: {line}']


def check_files(case, undisturbed, after, fault):
    """Return which old files are gone, and which are neither old nor new."""
    complaints = []
    for path, digest in undisturbed.before.items():
        if re.match(case.owns, path):
            # While a folder is replaced, the old one is aside.
            if path not in after and path in undisturbed.after and not (
                    fault == 'KILL' and digest in after.values()):
                complaints.append(f'gone: {path}')
        elif path not in after:
            complaints.append(f'gone: {path}')
        elif digest != after[path]:
            complaints.append(f'another: {path}')
    for path, digest in cases.owned(case, after).items():
        whole = (undisturbed.before.get(path), undisturbed.after.get(path))
        if digest not in whole and '.part-' not in path and path in (
                undisturbed.after) and not is_free(case, path):
            complaints.append(f'neither old nor new: {path}')
    return complaints


def is_free(case, path):
    """Return whether the bytes of a file may be others after a fault."""
    return re.match(case.growing, path) or re.match(case.varies, path)


def check_tidy(case, undisturbed, after, status):
    """Return what a program that lives on leaves, or lacks with status 0."""
    complaints = [
        f'left at once: {path}' for path in after
        if path not in undisturbed.before and path not in undisturbed.after
        and not re.match(case.growing, path)
        and not path.startswith(CACHE)]
    return complaints if status else complaints + check_result(
        case, undisturbed, after, 'status 0, but ')


def run_again(case, work, undisturbed):
    """Run the program once more; return what is wrong then."""
    arguments = case.again(work)
    if arguments is not None:
        ended = farm.run(case.main, arguments, work)
        if ended.status:
            return [f'next run: status {ended.status}: '
                    f'{last_line(ended.err)}']
    return check_result(case, undisturbed, farm.snapshot(work),
                        'after the next run: ')


def check_result(case, undisturbed, after, when):
    """Return in what a folder differs from that of an undisturbed run."""
    complaints = []
    for path in sorted(set(after) | set(undisturbed.after)):
        if path.startswith(CACHE):
            continue
        if path not in undisturbed.after:
            complaints.append(f'{when}left behind: {path}')
        elif path not in after:
            complaints.append(f'{when}gone: {path}')
        elif (after[path] != undisturbed.after[path]
                and not re.match(case.varies, path)):
            complaints.append(f'{when}another: {path}')
    return complaints


def remembered(folder, key, compute):
    """Return compute(), or what it returned for the same key before."""
    digest = hashlib.sha1(json.dumps(key, sort_keys=True).encode())
    path = os.path.join(folder, digest.hexdigest())
    if os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    result = compute()
    with open(f'{path}.{os.getpid()}', 'w') as file:
        json.dump(result, file)
    os.replace(file.name, path)
    return result


def last_line(text):
    """Return the last line of a text that is not empty."""
    return (text.strip().splitlines() or [''])[-1]
