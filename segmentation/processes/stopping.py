"""How a program is asked to stop in order: by Ctrl-C or SIGTERM."""
import os
import signal

from segmentation.processes.launcher import SIGNALS


class Stop:
    """Records Ctrl-C and SIGTERM while its context is open.

    Whoever works then comes to an end soon; a second signal of a kind has its
    usual effect.

    Parameters
    ----------
    note : str
        What is done before the end.

    Attributes
    ----------
    signal : int or None
        The signal that asked to stop.
    """

    def __init__(self, note):
        self.note = note
        self.signal = None
        self.handlers = {}      # as they were before

    def __enter__(self):
        for number in SIGNALS:
            self.handlers[number] = signal.signal(number, self.receive)
        return self

    def __exit__(self, *_):
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def receive(self, number, _):
        """Handle a signal."""
        self.signal = number
        signal.signal(number, signal.SIG_DFL)
        try:
            os.write(2, f'\n[i] stopping: {self.note}\n'.encode())
        except OSError:     # whoever read stderr was stopped, too
            pass
