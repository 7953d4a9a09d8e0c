"""What is run under faults, and what must hold afterwards.

Each case is run in a copy of one folder: the tiny data set, a small VGG16, a
trained run, and earlier outputs. Afterwards the next run of the same program
must succeed and give what an undisturbed one gives.
"""
import os
import re
import shutil
from typing import Callable, List, NamedTuple

import farm
import helpers

import check_source
import evaluate
import infer
import train
import vgg16

TRAIN = ['--data-source', 'tiny', '--data-dir', 'data', '--vgg-dir', 'vgg',
         '--batch-size', '3', '--learning-rate', '.01', '--workers', '2']
TIMES = re.compile(r'"(seconds|images_per_second)": [^,}]+')


class Case(NamedTuple):
    """A program under faults."""

    name: str
    main: Callable
    arguments: List[str]
    may_change: str         # pattern of the files that it writes or replaces
    again: Callable         # (folder) -> arguments of the next run
    result: Callable        # (folder) -> what must be as undisturbed


def make_folder(folder):
    """Fill a folder with what the cases work on."""
    shutil.copytree(helpers.data_dir(), os.path.join(folder, 'data'))
    for main, arguments in (
            (vgg16.main, ['--vgg-dir', 'vgg', '--random', '--width', '.02']),
            (train.main, TRAIN + ['--name', 'run', '--epochs', '1']),
            (infer.main, INFER), (evaluate.main, EVALUATE),
            (check_source.main, CHECK)):
        ended = farm.run(main, arguments, folder)
        assert ended.status == 0, ended


def log_of(name):
    """Return a function of a folder: the log of a run, without times."""
    def read(folder):
        with open(os.path.join(folder, name, 'log.jsonl')) as file:
            return TIMES.sub('', file.read())
    return read


def files_below(*names):
    """Return a function of a folder: the digests of the files in it."""
    def read(folder):
        return {path: digest
                for path, digest in farm.snapshot(folder).items()
                if path.split(os.sep)[0] in names
                and not path.endswith(('check.json', 'report.json'))}
    return read


def resume_or_begin(arguments, name):
    """Return a function: arguments that resume a run, or begin it anew."""
    def next_run(folder):
        run = os.path.join(folder, name)
        if os.path.isfile(os.path.join(run, 'state.json')):
            return ['--name', name, '--resume', '--epochs', '2']
        shutil.rmtree(run, ignore_errors=True)
        return arguments
    return next_run


INFER = ['--name', 'run', '--samples-dir', 'data/valid', '--output-dir',
         'out', '--class-ids', '--workers', '1']
EVALUATE = ['--name', 'run', '--json', 'scores.json', '--csv', 'scores.csv',
            '--matrix', 'matrix.png', '--report', 'report', '--workers', '1']
CHECK = ['--data-source', 'tiny', '--data-dir', 'data', '--output-dir',
         'check', '--json', 'check.json', '--workers', '1']
NEW = TRAIN + ['--name', 'new', '--epochs', '2']
FROZEN = TRAIN + ['--name', 'frozen', '--epochs', '2', '--freeze-encoder',
                  '--feature-dir', 'features']
RESUMED = ['--name', 'run', '--resume', '--epochs', '2']
RANDOM = ['--vgg-dir', 'other', '--random', '--width', '.02']

CASES = (
    Case('train', train.main, NEW, 'new/', resume_or_begin(NEW, 'new'),
         log_of('new')),
    Case('train --resume', train.main, RESUMED, 'run/', lambda _: RESUMED,
         log_of('run')),
    Case('train --freeze-encoder', train.main, FROZEN, '(frozen|features)/',
         resume_or_begin(FROZEN, 'frozen'), log_of('frozen')),
    Case('infer', infer.main, INFER, 'out/', lambda _: INFER,
         files_below('out')),
    Case('evaluate', evaluate.main, EVALUATE, r'report/|scores\.|matrix\.',
         lambda _: EVALUATE, files_below('report', 'scores.json',
                                         'scores.csv', 'matrix.png')),
    Case('check_source', check_source.main, CHECK, r'check/|check\.json',
         lambda _: CHECK, files_below('check')),
    Case('vgg16 --random', vgg16.main, RANDOM, 'other/', lambda _: RANDOM,
         files_below('other')),
)


class Verdict(NamedTuple):
    """What came of one fault: '' where all is as it should be."""

    fault: str
    hit: str
    complaint: str


def undisturbed(case, base, work):
    """Return (changes of the disk, result) of a run without a fault."""
    fresh(base, work)
    ended = farm.run(case.main, case.arguments, work)
    assert ended.status == 0, ended.err
    return ended.changes, case.result(work)


def fresh(base, work):
    """Make `work` a copy of the folder `base`."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(base, work, symlinks=True)


def try_fault(case, base, work, index, fault, expected):
    """Let one change of the disk fail; return the Verdict."""
    fresh(base, work)
    before = farm.snapshot(work)
    ended = farm.run(case.main, case.arguments, work, index, fault)
    complaints = check_end(ended, fault)
    complaints += check_files(case, before, farm.snapshot(work))
    if os.path.isdir(os.path.join(work, 'other')):
        complaints += [] if case.result(work) == expected else [
            'what is there is not whole']
    else:
        after = farm.run(case.main, case.again(work), work)
        if after.status:
            complaints.append('the next run fails: ' + last_line(after.err))
        elif case.result(work) != expected:
            complaints.append('the next run gives something else')
    complaints += [f'left behind: {path}' for path in sorted(
        list_names(work)) if '.part-' in path or path.endswith('.old')]
    return Verdict(fault, ended.hit or '', '; '.join(complaints))


def check_end(ended, fault):
    """Return what is wrong with how a program ended."""
    if fault == 'KILL':
        return [] if ended.status in (-9, 0) else [f'status {ended.status}']
    if ended.hit is None:
        return []           # with threads, not every run has as many changes
    lines = ended.err.splitlines()
    if 'Traceback' in ended.err:
        return ['traceback: ' + last_line(ended.err)]
    if ended.status == 0:
        return []           # said and gone on, as with the user's cache
    if ended.status != 1:
        return [f'status {ended.status}']
    if not lines or not lines[-1].startswith('[!] '):
        return ['no [!] line: ' + last_line(ended.err)]
    return []


def check_files(case, before, after):
    """Return which old files are gone or others, but for its own."""
    return [f'{path} is {"gone" if path not in after else "another"}'
            for path in sorted(before)
            if not re.match(case.may_change, path)
            and before[path] != after.get(path)]


def list_names(folder):
    """Return the paths of all files and folders below a folder."""
    return [os.path.join(parent, name)
            for parent, folders, names in os.walk(folder)
            for name in folders + names]


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else ''
