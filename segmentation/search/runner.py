"""One trial: train.py under way, its log followed, and how it ended."""
import contextlib
import os
import re
import signal
import subprocess
import time
from typing import NamedTuple, Optional

from segmentation.processes.launcher import SIGNALS
from segmentation.trained import run_dir

INTERVAL = .2       # seconds between two looks at the log
COMPLETE, PRUNED, FAILED, CUT = 'complete', 'pruned', 'failed', 'cut'
ERROR = re.compile(r'^\[!\] (.*)$', re.MULTILINE)


class Outcome(NamedTuple):
    """How a trial ended."""

    state: str
    miou: Optional[float] = None    # the best of its epochs
    error: Optional[str] = None     # where it failed
    signal: Optional[int] = None    # that came meanwhile


@contextlib.contextmanager
def received():
    """Yield a list that gets Ctrl-C and SIGTERM while the context is open."""
    numbers = []
    before = {number: signal.signal(
        number, lambda number, _: numbers.append(number))
        for number in SIGNALS}
    try:
        yield numbers
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train(trial, command, directory, output, epochs, begun):
    """Train a trial to its end; return its Outcome.

    It is pruned where the pruner of its study says so after an epoch.

    Parameters
    ----------
    trial : optuna.trial.Trial
    command : list of str
        What trains it.
    directory : str
        The run that comes of it, or that it goes on with.
    output : str
        File to which what it prints is appended.
    epochs : int
        Of the whole run.
    begun : function
        Called once the training proper begins, or the process has ended.
    """
    options = run_dir.path(directory, 'options.json')
    before, reported, is_pruned, sent = stamp(options), set(), False, 0
    with received() as numbers, open(output, 'ab') as file:
        start = file.tell()
        # A session of its own: a terminal sends Ctrl-C to this process alone.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = None
            while status is None:
                time.sleep(INTERVAL)
                status = process.poll()     # before the log is read
                for number in numbers[sent:]:
                    process.send_signal(number)
                    sent += 1
                if begun and (status is not None or stamp(options) != before):
                    begun = begun()
                for entry in new_entries(directory, reported):
                    trial.report(entry['miou'], entry['epoch'])
                    if (status is None and not is_pruned
                            and entry['epoch'] < epochs
                            and trial.should_prune()):
                        process.terminate()
                        is_pruned = True
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    came = numbers[0] if numbers else None
    if status == 0:
        miou = run_dir.read_state(directory).get('best_miou')
        return (Outcome(FAILED, None, 'no epoch has an mIoU', came)
                if miou is None else Outcome(COMPLETE, miou, signal=came))
    if is_pruned:
        return Outcome(PRUNED, signal=came)
    if came is not None:
        return Outcome(CUT, signal=came)
    return Outcome(FAILED, error=reason(status, output, start))


def stamp(path):
    """Return a number that changes with a file; None without it."""
    with contextlib.suppress(FileNotFoundError):
        return os.stat(path).st_mtime_ns
    return None


def new_entries(directory, reported):
    """Yield what the log has on epochs with an mIoU, each once."""
    for entry in run_dir.read_log(directory):
        if entry['epoch'] not in reported and entry.get('miou') is not None:
            reported.add(entry['epoch'])
            yield entry


def reason(status, output, start):
    """Return a line on why train.py failed: its own, where it has one.

    Parameters
    ----------
    status : int
        Of its process, less than 0 by a signal.
    output : str
        The file of what it printed, from the byte `start` on.
    """
    with open(output, 'rb') as file:
        file.seek(start)
        found = ERROR.findall(file.read().decode(errors='backslashreplace'))
    if found:
        return found[-1]
    if status < 0:
        return f'train.py was ended by {signal.Signals(-status).name}'
    return f'train.py ended with status {status}: {output}'
