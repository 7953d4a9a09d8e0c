"""Several processes of one program on this machine, started by the first.

Only process 0 is heard. What the others say is kept for the case that one of
them fails. Signals are handed on to all, each once.
"""
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

from segmentation.training import stopping

LAUNCHED = 'SEGMENTATION_LAUNCHED'      # in the environment of these processes
LOST = 75           # status of a process that has lost another one
GRACE = 5           # seconds in which the others may end by themselves


def is_launched(environ):
    """Return whether this process was started by `run`."""
    return LAUNCHED in environ


def end_with_parent():
    """Let this process end when the one that started it has ended.

    The other end of its standard input is held by that one alone.
    """
    def wait():
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


class Process:
    """A process that is under way, or has ended.

    Parameters
    ----------
    rank : int
    command : list of str
    environment : dict
        Is added to this process's own.
    """

    def __init__(self, rank, command, environment):
        self.rank = rank
        self.said = tempfile.TemporaryFile() if rank else None
        # A session of its own: a terminal sends Ctrl-C to the first alone,
        # which hands it on.
        self.process = subprocess.Popen(
            command, env=dict(os.environ, **{LAUNCHED: '1'}, **environment),
            stdin=subprocess.PIPE, start_new_session=True,
            stdout=subprocess.DEVNULL if rank else None, stderr=self.said)

    @property
    def status(self):
        """Return its exit status, less than 0 by a signal; None before."""
        return self.process.poll()

    def send(self, number):
        """Send it a signal, unless it has ended."""
        self.process.send_signal(number)

    def lines(self):
        """Return what it has said on stderr, as lines."""
        if self.said is None:
            return []
        self.said.seek(0)
        text = self.said.read().decode(errors='backslashreplace')
        return [line for line in text.splitlines() if line.strip()]


class Launcher:
    """Starts processes, hands on signals, and waits for all.

    Parameters
    ----------
    commands : list of (list of str, dict)
        The command and what its environment has on top, by rank.
    advice : str, optional
        What the line on a process that was killed ends with.
    together : bool, optional
        Whether all are ended when one fails.
    """

    def __init__(self, commands, advice='', together=True):
        self.advice = advice
        self.together = together
        self.signal = None          # the last one that was handed on
        self.failed = []            # processes, in the order of their ends
        self.processes = []
        for number in stopping.SIGNALS:
            signal.signal(number, self.receive)
        for rank, (command, environment) in enumerate(commands):
            self.processes.append(Process(rank, command, environment))

    def receive(self, number, _):
        """Hand on a signal."""
        self.signal = number
        for process in self.processes:
            process.send(number)

    def run(self):
        """Wait for all processes; return the status of this one."""
        end = None
        while any(process.status is None for process in self.processes):
            self.failed += [process for process in self.processes
                            if process.status and process not in self.failed]
            if self.failed and self.together:
                end = end or time.monotonic() + GRACE
                if time.monotonic() > end:
                    break
            time.sleep(.05)
        killed = [process for process in self.processes
                  if process.status is None]
        for process in killed:
            process.send(signal.SIGKILL)
            process.process.wait()
        self.failed += [process for process in self.processes
                        if process.status and process not in killed
                        and process not in self.failed]
        return self.conclude()

    def conclude(self):
        """Return the status, after a line on what process 0 has not said."""
        if not self.failed:
            return 0
        first = self.processes[0]
        if self.signal and all(process.status in (
                LOST, -self.signal, 128 + self.signal)
                for process in self.failed):
            return 128 + self.signal
        if first in self.failed and 0 < first.status != LOST:
            return first.status
        guilty = [process for process in self.failed
                  if process.status != LOST] or self.failed
        for process in guilty if not self.together else guilty[:1]:
            print('\n'.join(self.describe(process)), file=sys.stderr)
        return 1

    def describe(self, process):
        """Return lines on a process that has failed, with its status."""
        name = f'[!] process {process.rank} of {len(self.processes)}'
        status = process.status
        if status < 0:
            what = signal.Signals(-status).name
            return [f'{name} was ended by {what}{self.advice}']
        *before, last = process.lines() or ['[!] nothing was said']
        if 'Traceback (most recent call last):' in before:
            return before + [f'{name} ended with status {status}: '
                             f'{last.replace("[!] ", "")}']
        return [f'{name} ended with status {status}: '
                f'{last.replace("[!] ", "")}']


def run(commands, advice='', together=True):
    """Run processes, see Launcher; return the exit status of this one."""
    return Launcher(commands, advice, together).run()
