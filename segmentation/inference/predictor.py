"""Take jobs through a network; reading ahead overlaps with computing.

    jobs -> read (threads) -> batches of one size -> engine (the caller's
    thread) -> results, in order
"""
import collections
import time
from typing import (Any, Callable, Deque, Dict, Iterable, Iterator, List,
                    NamedTuple, Optional)

import numpy as np

from segmentation import opencv, pixels, threads
from segmentation.errors import InputError
from segmentation.inference.engines.engine import Engine
from segmentation.inference.prediction import Prediction
from segmentation.inference.tta import TestTimeAugmentation


class Sample(NamedTuple):
    """What is read of a job."""

    image: np.ndarray                   # (H, W, 3), BGR 0..255
    ids: Optional[np.ndarray] = None    # (H, W) uint8, where they are known


class Result(NamedTuple):
    """What becomes of a job: a sample and its prediction, or an error."""

    job: Any
    sample: Optional[Sample] = None
    prediction: Optional[Prediction] = None
    error: Optional[Exception] = None   # why it could not be read

    def check(self):
        """Raise its error, if it has one."""
        if self.error is not None:
            raise self.error


class Prepared(NamedTuple):
    """A job on its way to the network; without inputs there was an error."""

    result: Result
    inputs: List[np.ndarray]            # (h, w, 3) each

    def shapes(self):
        return [image.shape for image in self.inputs]


class Predictor:
    """Takes jobs through an engine, and notes how long that takes.

    Parameters
    ----------
    engine : Engine
    augmentation : TestTimeAugmentation
    batch_size : int
        Pictures that the engine takes at a time, at most.
    workers : int
        Threads that read.
    most_times : int, optional
        How many times of a stage are kept, the latest; by default all.

    Attributes
    ----------
    seconds : {stage: deque of float}
        The time of each sample: 'decode', and 'network', its share of the
        batch.
    """

    def __init__(self, engine: Engine, augmentation: TestTimeAugmentation,
                 batch_size: int, workers: int,
                 most_times: Optional[int] = None) -> None:
        self.engine = engine
        self.augmentation = augmentation
        self.batch_size = batch_size
        self.workers = workers
        self.seconds: Dict[str, Deque[float]] = {
            stage: collections.deque(maxlen=most_times)
            for stage in ('decode', 'network')}

    def predict(self, jobs: Iterable[tuple], read: Callable[[Any], Sample]
                ) -> Iterator[Result]:
        """Yield the Result of each job, in order.

        Parameters
        ----------
        jobs : iterable of tuples
            The first item of each is the path of its picture. A few batches
            are taken in advance.
        read : function of a job
            Returns its Sample; called in threads. Where it raises OSError or
            InputError that is the result.
        """
        def prepare(job):
            start = time.perf_counter()
            try:
                with opencv.blaming(job[0]):
                    sample = read(job)
                    inputs = self.augmentation.inputs(sample.image)
            except (OSError, InputError) as error:
                return Prepared(Result(job, error=error), [])
            self.seconds['decode'].append(time.perf_counter() - start)
            return Prepared(Result(job, sample), inputs)

        prepared = threads.in_threads(self.workers, prepare, jobs,
                                      2 * self.batch_size + self.workers)
        yield from self.run(batches(prepared, self.batch_size))

    def run(self, batches: Iterable[List[Prepared]]) -> Iterator[Result]:
        """Yield the Results of batches whose inputs have the same shapes."""
        under_way: Deque[List[Prepared]] = collections.deque()
        waiting = 0.0       # for the batches, as opposed to the engine

        def stacks():
            nonlocal waiting
            start = time.perf_counter()
            for batch in batches:
                waiting += time.perf_counter() - start
                under_way.append(batch)
                for images in zip(*(inputs for _, inputs in batch)):
                    yield np.stack(images)
                start = time.perf_counter()

        def errors():       # what could not be read has no inputs
            while under_way and not under_way[0][0].inputs:
                yield from (result for result, _ in under_way.popleft())

        maps: List[np.ndarray] = []
        start = time.perf_counter()
        for probabilities in self.engine.stream(stacks()):
            yield from errors()
            maps.append(probabilities)
            if len(maps) == len(under_way[0][0].inputs):
                batch = under_way.popleft()
                share = time.perf_counter() - start - waiting
                self.seconds['network'] += [share / len(batch)] * len(batch)
                yield from self.results(batch, maps)
                maps, waiting, start = [], 0.0, time.perf_counter()
        yield from errors()

    def results(self, batch: List[Prepared], maps: List[np.ndarray]
                ) -> Iterator[Result]:
        """Yield the Results of a batch, given the maps of each input."""
        for k, (result, _) in enumerate(batch):
            assert result.sample is not None
            yield result._replace(prediction=self.augmentation.prediction(
                [several[k] for several in maps],
                pixels.size_of(result.sample.image)))


def batches(prepared: Iterable[Prepared], batch_size: int
            ) -> Iterator[List[Prepared]]:
    """Yield lists of jobs in a row whose inputs have the same shapes.

    Every `batch_size` jobs a new one begins, whatever came before: shards of
    a list have the batches of the whole.
    """
    batch: List[Prepared] = []
    for index, item in enumerate(prepared):
        if batch and (index % batch_size == 0
                      or item.shapes() != batch[0].shapes()):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch
