"""Several processes of one program on this machine, started by the first.

Only the first process is heard. What the others say is kept for the case that
one of them fails. Signals are handed on to all, each once.
"""
import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time

SIGNALS = signal.SIGINT, signal.SIGTERM     # which ask a program to end
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
    printed : queue.SimpleQueue, optional
        Gets (rank, line) of what the process prints; without it the first
        one prints to this process's stdout, and the others to nowhere.
    """

    def __init__(self, rank, command, environment, printed=None):
        self.rank = rank
        self.said = tempfile.TemporaryFile() if rank else None
        stdout = (subprocess.PIPE if printed is not None
                  else subprocess.DEVNULL if rank else None)
        # A session of its own: a terminal sends Ctrl-C to the first alone,
        # which hands it on.
        self.process = subprocess.Popen(
            command, env=dict(os.environ, **{LAUNCHED: '1'}, **environment),
            stdin=subprocess.PIPE, start_new_session=True, stdout=stdout,
            stderr=self.said)
        self.reader = threading.Thread(target=self.read, args=(printed,),
                                       daemon=True)
        self.reader.start()

    def read(self, printed):
        """Put each line that it prints into a queue."""
        for line in self.process.stdout or ():
            printed.put((self.rank, line.decode(
                errors='backslashreplace').rstrip('\r\n')))

    @property
    def status(self):
        """Return its exit status, less than 0 by a signal; None before."""
        return self.process.poll()

    def send(self, number):
        """Send it a signal, unless it has ended."""
        self.process.send_signal(number)

    def end(self):
        """End it, if that is still to be done, and read all it has printed."""
        if self.status is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(GRACE)     # a process of its own may still print

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
    stop : signal, optional
        Sent to the others then; without it they notice by themselves.
    first : int, optional
        The number of the first process, in lines.
    hear : function of (rank, line), optional
        Takes what processes print.
    """

    def __init__(self, commands, advice='', together=True, stop=None,
                 first=0, hear=None):
        self.advice = advice
        self.together = together
        self.stop = stop
        self.first = first
        self.hear = hear
        self.printed = queue.SimpleQueue() if hear else None
        self.signal = None          # the last one that was handed on
        self.failed = []            # processes, in the order of their ends
        self.processes = []
        self.handlers = {number: signal.signal(number, self.receive)
                         for number in SIGNALS}
        for rank, (command, environment) in enumerate(commands):
            self.processes.append(Process(rank, command, environment,
                                          self.printed))
            if self.signal:
                self.processes[-1].send(self.signal)

    def receive(self, number, _):
        """Hand on a signal."""
        self.signal = number
        for process in self.processes:
            process.send(number)

    def run(self):
        """Wait for all processes; return the status of this one."""
        try:
            self.wait()
        finally:
            for process in self.processes:
                process.end()
            for number, handler in self.handlers.items():
                signal.signal(number, handler)
        self.listen(0)
        return self.conclude()

    def wait(self):
        """Wait until all have ended, or until one has failed for a while."""
        end = None
        while any(process.status is None for process in self.processes):
            self.note_failures()
            if self.failed and self.together:
                if end is None:
                    end = time.monotonic() + GRACE
                    if self.stop and not self.signal:
                        for process in self.processes:
                            process.send(self.stop)
                if time.monotonic() > end:
                    return
            self.listen(.05)
        self.note_failures()

    def note_failures(self):
        """Add the processes that have failed since."""
        self.failed += [process for process in self.processes
                        if process.status and process not in self.failed]

    def listen(self, seconds):
        """Wait; hand on what processes print meanwhile."""
        end = time.monotonic() + seconds
        if self.hear is None:
            time.sleep(seconds)
            return
        with contextlib.suppress(queue.Empty):
            while True:
                self.hear(*self.printed.get(
                    timeout=max(0, end - time.monotonic())))

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
        name = (f'[!] process {process.rank + self.first} of '
                f'{len(self.processes)}')
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


def run(*arguments, **more):
    """Run processes, see Launcher; return the exit status of this one."""
    return Launcher(*arguments, **more).run()
