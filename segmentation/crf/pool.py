"""The CRF in processes of its own, beside the network.

    prediction -> a process: to the picture's size, refine -> probabilities

In a thread the CRF would hold up all others. The processes are new ones: a
fork of a process that has loaded TensorFlow may hang. They never load it.
"""
import array
import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
import threading
import time

from segmentation.crf import model
from segmentation.inference.prediction import Prediction, Refinement


def start(choice, count):
    """Return the context of a Pool; of None where there is no choice."""
    return Pool(choice, count) if choice else contextlib.nullcontext()


class Pool(Refinement):
    """Processes that refine predictions; a context.

    Parameters
    ----------
    choice : choice.Choice
    count : int
        Processes.

    Attributes
    ----------
    seconds : array of float
        How long each refinement took its process.
    """

    def __init__(self, choice, count):
        self.choice = choice
        self.seconds = array.array('d')
        with blocked_interrupts():
            self.executor = concurrent.futures.ProcessPoolExecutor(
                count, multiprocessing.get_context('spawn'), initialize,
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
        """Return a future of a module's function of what can be pickled."""
        try:
            return self.executor.submit(function, *arguments)
        except concurrent.futures.process.BrokenProcessPool:
            raise lost_process()

    def refine(self, image, prediction: Prediction) -> Prediction:
        """Return the refined prediction; wait for the process that makes it.

        Parameters
        ----------
        image : (H, W, 3) uint8 array
        prediction : Prediction at the size of the picture
        """
        future = self.submit(refine, image, compact(prediction),
                             self.choice.parameters)
        probabilities, seconds = result(future)
        self.seconds.append(seconds)
        return Prediction([probabilities], [False], prediction.size)

    def describe(self):
        return self.choice.describe()


@contextlib.contextmanager
def blocked_interrupts():
    """Keep Ctrl-C from the processes that are started in this context.

    A terminal sends it to them as well. They inherit that it is blocked, as
    they could not block it themselves before they have started. This process
    receives it at the end.
    """
    if not hasattr(signal, 'pthread_sigmask'):      # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def initialize(parent):
    """Let this new process end with its parent, and not by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, args=(parent,), daemon=True).start()


def watch(parent):
    """End this process when its parent is gone, however that went."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def compact(prediction):
    """Return the prediction as it is, or enlarged if that is less to send."""
    width, height = prediction.size
    if sum(part.shape[0] * part.shape[1]
           for part in prediction.maps) <= width * height:
        return prediction
    return Prediction([prediction.probabilities()], [False], prediction.size)


def refine(image, prediction, parameters):
    """Refine a prediction, in a process.

    Returns
    -------
    (H, W, C) float32 array
        The refined probabilities.
    float
        The seconds that it took.
    """
    start = time.perf_counter()
    probabilities = model.refine(image, prediction.probabilities(), parameters)
    return probabilities, time.perf_counter() - start


def result(future):
    """Return what a process returned; OSError if it was ended from outside.
    """
    try:
        return future.result()
    except concurrent.futures.process.BrokenProcessPool:
        raise lost_process()


def lost_process():
    return OSError('a process of the CRF was ended from outside, perhaps for '
                   'want of memory: fewer --workers need less')
