"""Mutations in forked processes: what a reader makes of broken files.

    parent -> fork -> mutation k: write the file, read it, say what came of it
                      k + 1, ... until all are done, or one ends the process
"""
import faulthandler
import json
import os
import random
import re
import resource
import select
import shutil
import signal
import sys
from typing import NamedTuple

import farm

from segmentation import errors

MEMORY = 3 << 30        # bytes that a reader may take
SECONDS = 60            # that it may take
READ, REFUSED = 'read', 'refused'


class Outcome(NamedTuple):
    """What came of a mutation."""

    parser: str
    index: int
    kind: str       # READ, REFUSED, or 'fault'
    text: str       # the line that refuses it, or what is wrong


def mutate(parser, data, seed, index):
    """Return the bytes of a mutation of valid bytes."""
    generator = random.Random(f'{seed} {parser.name} {index}')
    return generator.choice(parser.mutations)(data, generator)


def run(parser, valid, work, seed, indices):
    """Return the Outcomes of some mutations of a parser's file.

    Parameters
    ----------
    valid : str
        Folder of parsers.make_files.
    work : str
        Becomes a copy of it.
    seed : int
    indices : sequence of int
    """
    outcomes, left = [], list(indices)
    while left:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(valid, work)
        outcomes += run_fork(parser, work, seed, left)
        done = {outcome.index for outcome in outcomes}
        left = [index for index in left if index not in done]
    return outcomes


def run_fork(parser, work, seed, indices):
    """Return the Outcomes of mutations, up to one that ends the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(end)
        try:
            in_child(parser, work, seed, indices, start)
        finally:
            os._exit(0)
    os.close(start)
    lines, is_late = receive(end)
    if is_late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    outcomes = [Outcome(parser.name, *line) for line in lines]
    if len(outcomes) < len(indices):
        signum = os.WTERMSIG(status)
        what = ('hangs' if is_late else
                f'ends the process: {signal.Signals(signum).name}' if signum
                else f'ends the process: status {os.WEXITSTATUS(status)}')
        outcomes.append(Outcome(parser.name, indices[len(outcomes)], 'fault',
                                what))
    return outcomes


def receive(handle):
    """Return the JSON lines from a pipe, and whether they ceased to come."""
    data = b''
    while True:
        ready, _, _ = select.select([handle], [], [], SECONDS)
        more = os.read(handle, 1 << 16) if ready else b''
        if not more:
            os.close(handle)
            return [json.loads(line) for line in data.split(b'\n')[:-1]
                    ], not ready
        data += more


def in_child(parser, work, seed, indices, pipe):
    """Read one mutation after the other; write what came of each."""
    os.chdir(work)
    os.environ['XDG_CACHE_HOME'] = os.path.join(work, 'cache')
    sys.dont_write_bytecode = True
    faulthandler.disable()
    null = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(null, number)
    limit()
    with open(parser.path, 'rb') as file:
        valid = file.read()
    for index in indices:
        write(parser.path, mutate(parser, valid, seed, index))
        line = json.dumps([index, *judge(parser)]) + '\n'
        write(parser.path, valid)
        os.write(pipe, line.encode())


def limit():
    """Let this process take so much more memory than it has, and no core."""
    with open('/proc/self/statm') as file:
        pages = int(file.read().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def write(path, data):
    """Replace a file, whatever has become of it."""
    with open(path, 'wb') as file:
        file.write(data)


def judge(parser):
    """Read the file; return (kind, text) of its Outcome."""
    try:
        parser.read(parser.path)
    except errors.EXPECTED as error:
        line = errors.describe(error)
        if not re.search(parser.pattern(), line):
            return 'fault', f'does not name the file: {line[:300]}'
        if len(line.splitlines()) > 1:
            return 'fault', f'several lines: {line[:300]}'
        return REFUSED, line[:300]
    except SystemExit as error:
        return 'fault', f'usage error {error}'
    except BaseException as error:
        path, number = errors.origin(error)
        where = os.path.relpath(path, farm.ROOT)
        return 'fault', f'{errors.name(error)[:200]} ({where}:{number})'
    return READ, ''
