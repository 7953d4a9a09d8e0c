"""What a teacher says of pictures: computed once, then read from files.

    pictures -> teacher -> probabilities (h, w, C), at 1 / STRIDE of the size
                           that the network is trained at
             -> their square roots in 255ths, uint8

    pictures-roots   (N, h, w, C), in the order of the pictures

Square roots, as they have the small probabilities that a temperature raises:
at one of 2 they are exact to 1/510. A store goes by the teacher, the
pictures and the size: the next run with the same finds it.
"""
import threading

import numpy as np

from segmentation import text
from segmentation.store import array_store
from segmentation.terminal import progress

STRIDE = 4
SPLIT, ARRAY = 'pictures', 'pictures-roots'


def encode(probabilities):
    """Return probabilities as uint8: their square roots in 255ths."""
    return np.rint(255 * np.sqrt(probabilities)).astype(np.uint8)


class Targets:
    """The probabilities of a teacher for a list of pictures.

    Parameters
    ----------
    parent : str
        Where the folder of the store is made.
    key : str
        A text that differs wherever the probabilities would.
    teacher : inference.teacher.Teacher
    jobs : list of tuples
        The pictures; the first item of each is its path.
    names : list of str
        Their names, which stay when a data set is moved.
    read : function of a job
        Returns the picture (H, W, 3) at its own size; called in threads.
    image_size : (width, height)
        That the network is trained at.

    Attributes
    ----------
    store : array_store.ArrayStore
        To be opened and locked before `compute`.
    """

    what = 'probabilities'

    def __init__(self, parent, key, teacher, jobs, names, read, image_size):
        self.teacher = teacher
        self.jobs = jobs
        self.names = names
        self.read = read
        self.size = tuple(side // STRIDE for side in image_size)
        self.lock = threading.Lock()
        width, height = self.size
        shape = len(jobs), height, width, len(teacher.class_names)
        self.store = array_store.ArrayStore(
            array_store.choose_folder(parent, 'teacher', key),
            {ARRAY: (shape, np.uint8)}, {SPLIT: len(jobs)})

    def describe(self):
        """Return of how many pictures the probabilities are, in words."""
        return ('probabilities of the teacher for '
                f'{text.counted(len(self.jobs), "picture")}')

    def estimate(self, plan):
        """Return how many seconds those missing in a Plan take."""
        if plan.is_complete:
            return 0
        return plan.missing[SPLIT] * self.teacher.measure(self.jobs[-1],
                                                          self.read)

    def compute(self, plan):
        """Compute the probabilities that are missing in a Plan."""
        if not plan.is_complete:
            self.store.fill(SPLIT, self.results(), self.write)

    def results(self):
        """Yield ([name], probabilities) of all pictures, in their order.

        Those that are written come without probabilities.
        """
        done = len(self.store.progress.names(SPLIT))
        for name in self.names[:done]:
            yield [name], None
        with progress.show(len(self.jobs), 'teacher', initial=done) as bar:
            for name, probabilities in zip(
                    self.names[done:], self.teacher.probabilities(
                        self.jobs[done:], self.read, self.size)):
                yield [name], probabilities
                bar.update()

    def write(self, _, rows, probabilities):
        """Write the probabilities (h, w, C) of a picture to its row."""
        self.store.arrays[ARRAY][rows] = encode(probabilities)

    def roots(self, row):
        """Return the square roots (h, w, C) uint8 of a picture; in threads.

        They are a view of the file, which must not be written to.
        """
        with self.lock:     # of damage one thread alone may report
            self.store.check(SPLIT, [row])
        return np.asarray(self.store.arrays[ARRAY])[row]
