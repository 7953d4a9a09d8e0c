"""How far a long step is, on stderr: a bar, or lines without a terminal.

A step that is over within INTERVAL seconds writes no line. One of several
processes tells the first, which shows the progress of all.
"""
import contextlib
import sys
import threading
import time

from segmentation import text
from segmentation.processes import messages

INTERVAL = 30       # seconds between two lines


def track(items, total, what, unit='picture', size=lambda item: 1):
    """Yield the items, while the progress through them is shown.

    Parameters
    ----------
    items : iterable
    total : int
        How many there will be.
    what : str
        The step, such as 'training'.
    unit : str
        What is counted.
    size : function of an item, optional
        Returns how many of them are in it, such as in a batch.
    """
    with show(total, what, unit) as progress:
        for item in items:
            yield item
            progress.update(size(item))


@contextlib.contextmanager
def show(total, what, unit='picture', initial=0):
    """Show the progress of a step while the context is open.

    Parameters
    ----------
    total : int or None
        None where it is not known.
    what, unit : str
        As for `track`; 'B' are bytes.
    initial : int, optional
        What was done before.

    Yields
    ------
    Bar, Lines or Sender
        Its `update(count, note)` says that so many more are done.
    """
    if messages.is_open():
        yield Sender()
        return
    if sys.stderr is not None and sys.stderr.isatty():
        import tqdm     # late: Ctrl-C during imports, see utils.end_at_once
        with tqdm.tqdm(total=total, desc=what, unit=unit, initial=initial,
                       leave=False, unit_scale=unit == 'B') as bar:
            yield Bar(bar)
        return
    lines = Lines(total, what, unit, initial)
    finished = threading.Event()
    # A thread of its own, as one item alone may take longer.
    thread = threading.Thread(target=lines.write_until, args=(finished,),
                              daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        finished.set()
        thread.join()


class Bar:
    """A progress bar on a terminal."""

    def __init__(self, bar):
        self.bar = bar

    def update(self, count=1, note=None):
        """Add what is done; a note, such as a loss, stands behind the bar."""
        if note is not None:
            self.bar.set_postfix_str(note, refresh=False)
        self.bar.update(count)


class Sender:
    """Sends the progress to the process that started this one."""

    def update(self, count=1, note=None):
        """Send what is done."""
        messages.send(done=count)


class Lines:
    """Lines on a step, for what is no terminal."""

    def __init__(self, total, what, unit, initial=0):
        self.total, self.what, self.unit = total, what, unit
        self.done = self.initial = initial
        self.note = None
        self.start = time.monotonic()
        self.stream = sys.stderr    # a library may be kept from it later

    def update(self, count=1, note=None):
        """Add what is done; the line to come has the last note."""
        self.done += count
        self.note = note

    def write_until(self, finished):
        """Write a line every INTERVAL seconds until an event happens."""
        while not finished.wait(INTERVAL):
            # Nobody may read it any more, as after a log-out.
            with contextlib.suppress(OSError, ValueError, AttributeError):
                print(self.describe(time.monotonic() - self.start),
                      file=self.stream, flush=True)

    def describe(self, seconds):
        """Return the line after so many seconds.

        >>> lines = Lines(600, 'training', 'picture')
        >>> lines.update(150, 'loss 0.31')
        >>> lines.describe(40)
        '[i] training: 150 of 600 pictures, loss 0.31, 2 min 0 s left'
        """
        done, total, unit = self.done, self.total, f'{self.unit}s'
        if self.unit == 'B':
            done, unit = round(done / 1e6), 'MB'
            total = total and round(total / 1e6)
        parts = [f'{done:,} of {total:,} {unit}' if total
                 else f'{done:,} {unit}']
        if self.note is not None:
            parts.append(self.note)
        fresh = self.done - self.initial
        if fresh and self.total:
            left = seconds * (self.total - self.done) / fresh
            parts.append(f'{text.duration(max(0, left))} left')
        else:
            parts.append(f'{text.duration(seconds)} so far')
        return f'[i] {self.what}: {", ".join(parts)}'
