"""The CRF in processes of its own, beside the network.

    prediction -> a process: to the picture's size, refine -> probabilities

In a thread the CRF would hold up all others. The processes are new ones: a
fork of a process that has loaded TensorFlow may hang. They never load it.
"""
import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
import threading
import time

from segmentation.crf import model
from segmentation.inference import tta


def start(choice, count):
    """The context of a Pool; of None where nothing is to be refined."""
    return Pool(choice, count) if choice else contextlib.nullcontext()


class Pool:
    """Processes that refine predictions; a context.

    Parameters
    ----------
    choice : crf.Choice
    count : int
        Processes.

    Attributes
    ----------
    seconds : list of float
        How long each refinement took its process.
    """

    def __init__(self, choice, count):
        self.choice = choice
        self.seconds = []
        with blocked_interrupts():
            self.executor = concurrent.futures.ProcessPoolExecutor(
                count, multiprocessing.get_context('spawn'), prepare,
                (os.getpid(),))
        # Once more: multiprocessing has just unblocked them.
        with blocked_interrupts():
            # Processes are started by what is submitted.
            for _ in range(count):
                self.executor.submit(os.getpid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.executor.shutdown()

    def submit(self, function, *arguments):
        """A future of a module's function of what can be pickled."""
        try:
            return self.executor.submit(function, *arguments)
        except concurrent.futures.process.BrokenProcessPool:
            raise lost()

    def refine(self, image, prediction):
        """The refined views.Prediction of a picture; waits for it.

        Parameters
        ----------
        image : (H, W, 3) uint8 array
        prediction : views.Prediction at the size of the picture
        """
        future = self.submit(refine, image, lighter(prediction),
                             self.choice.parameters)
        probabilities, seconds = result(future)
        self.seconds.append(seconds)
        return tta.Prediction([probabilities], [False], prediction.size)


@contextlib.contextmanager
def blocked_interrupts():
    """Processes that are started herein never hear Ctrl-C.

    A terminal sends it to them, too. They inherit that it is blocked, as they
    could not see to it themselves before they have started. This process
    hears of it at the end.
    """
    if not hasattr(signal, 'pthread_sigmask'):      # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def prepare(parent):
    """What a process does first: see to it that it ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, args=(parent,), daemon=True).start()


def watch(parent):
    """End this process when its parent is gone, however that went."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def lighter(prediction):
    """The prediction as it is, or enlarged where that is less to send."""
    width, height = prediction.size
    if sum(part.shape[0] * part.shape[1]
           for part in prediction.maps) <= width * height:
        return prediction
    return tta.Prediction([prediction.probabilities()], [False],
                          prediction.size)


def refine(image, prediction, parameters):
    """In a process: the refined (H, W, C) and the seconds that it took."""
    begin = time.perf_counter()
    probabilities = model.refine(image, prediction.probabilities(), parameters)
    return probabilities, time.perf_counter() - begin


def result(future):
    """What a process returns; OSError where it was ended from outside."""
    try:
        return future.result()
    except concurrent.futures.process.BrokenProcessPool:
        raise lost()


def lost():
    return OSError('a process of the CRF was ended from outside, perhaps for '
                   'want of memory: fewer --workers need less')
