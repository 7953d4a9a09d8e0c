"""Take large pictures through a network, one at a time.

    jobs -> read -> tiles -> engine -> blended -> results, in order
"""
import time
from typing import Callable, Dict, Iterable, Iterator, List

from segmentation import opencv, pixels
from segmentation.errors import InputError
from segmentation.inference.jobs import Job
from segmentation.inference.predictor import Result, Sample
from segmentation.inference.tiles.engine import TiledEngine
from segmentation.inference.tiles.prediction import TiledPrediction


class TilePredictor:
    """Takes jobs through a TiledEngine, and notes how long that takes.

    Beside a picture it keeps a byte a pixel for the classes, and for each
    confidence that a job writes.

    Attributes
    ----------
    seconds : {stage: list of float}
        The time of each picture: 'decode' and 'network'.
    """

    def __init__(self, engine: TiledEngine) -> None:
        self.engine = engine
        self.seconds: Dict[str, List[float]] = {'decode': [], 'network': []}

    def predict(self, jobs: Iterable[Job], read: Callable[[Job], Sample]
                ) -> Iterator[Result]:
        """Yield the Result of each job, in order; none is read in advance.

        Parameters
        ----------
        jobs : iterable of Job
        read : function of a job
            Returns its Sample. Where it raises OSError or InputError that is
            the result.
        """
        for job in jobs:
            start = time.perf_counter()
            try:
                with opencv.blaming(job.picture):
                    sample = read(job)
            except (OSError, InputError) as error:
                yield Result(job, error=error)
                continue
            self.seconds['decode'].append(time.perf_counter() - start)
            start = time.perf_counter()
            prediction = TiledPrediction(
                pixels.size_of(sample.image),
                [kind for kind in job.outputs if isinstance(kind, int)])
            for block in self.engine.blocks(sample.image):
                prediction.put(block)
            self.seconds['network'].append(time.perf_counter() - start)
            yield Result(job, sample, prediction)
