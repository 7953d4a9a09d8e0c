"""A trained model as a teacher: what it says of pictures, at a small size."""
import contextlib
import hashlib
import time
from typing import Any, Callable, Iterable, Iterator, Optional, Tuple

import numpy as np

from segmentation.inference import model_options
from segmentation.inference.prediction import Prediction
from segmentation.inference.predictor import Predictor, Sample
from segmentation.trained import lookup

BATCH = 4       # pictures that the network takes at a time

Read = Callable[[Any], np.ndarray]


class Teacher:
    """A run or an exported model; its network is opened only when it is run.

    Parameters
    ----------
    path : str
        Directory of the run, whose best weights are taken, or the model.
    precision : str, optional
        float32, bfloat16, int8 or auto; by default the model's own.
    flip : bool
        Whether the probabilities of the mirrored picture are averaged with
        those of the picture.
    workers : int
        Threads that read pictures.
    device : str, optional
        cpu, gpu, or gpu:N for GPU N.

    Attributes
    ----------
    model : run_dir.Run or exported.Exported
    class_names : list of C str
    fingerprint : str
        Differs for another network, precision or `flip`.

    Raises
    ------
    InputError, OSError
        The model cannot be run so.
    """

    def __init__(self, path: str, precision: Optional[str] = None,
                 flip: bool = False, workers: int = 1,
                 device: Optional[str] = None) -> None:
        self.model = lookup.find(path)
        self.class_names = self.model.class_names
        # Whatever --calibrate has fitted: training has a --temperature.
        self.settings = model_options.Settings(
            None, precision, 0, None, False, BATCH, True, device).untempered()
        self.settings.check(self.model)
        self.augmentation = self.settings.augmentation(self.model, flip=flip)
        self.workers = workers
        self.fingerprint = hashlib.sha256(repr([
            lookup.fingerprint(self.model), precision, flip]).encode()
        ).hexdigest()

    def probabilities(self, jobs: Iterable[tuple], read: Read,
                      size: Tuple[int, int]) -> Iterator[np.ndarray]:
        """Yield the probabilities (h, w, C) float32 of pictures, in order.

        Parameters
        ----------
        jobs : iterable of tuples
            The first item of each is the path of its picture.
        read : function of a job
            Returns the picture (H, W, 3), BGR; called in threads.
        size : (width, height)
            Of the results.

        Raises
        ------
        InputError, OSError
            A picture cannot be read.
        """
        with self.open() as predictor:
            for result in predictor.predict(jobs,
                                            lambda job: Sample(read(job))):
                result.check()
                assert result.prediction is not None
                yield Prediction(result.prediction.maps,
                                 result.prediction.mirrored,
                                 size).probabilities()

    def measure(self, job: tuple, read: Read) -> float:
        """Return how many seconds a picture takes, once all is loaded."""
        with self.open() as predictor:
            for _ in range(2):
                start = time.perf_counter()
                for result in predictor.predict(
                        [job] * BATCH, lambda job: Sample(read(job))):
                    result.check()
        return (time.perf_counter() - start) / BATCH

    @contextlib.contextmanager
    def open(self) -> Iterator[Predictor]:
        """Open the network; yield what takes pictures through it."""
        with self.settings.open(self.model) as (engine, lines):
            for line in lines:
                print(line, flush=True)
            yield Predictor(engine, self.augmentation, BATCH, self.workers)
