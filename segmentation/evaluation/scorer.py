"""Scoring pictures in threads: what is read for a network, and counted.

    job -> read -> network -> (refinement) -> score -> Outcome -> Tally.add
"""
import os
from typing import (Any, Callable, Collection, Iterable, Iterator, List,
                    Optional, Tuple)

import numpy as np

from segmentation import metrics, opencv, pixels, threads
from segmentation.data import batching, contract
from segmentation.evaluation import boundary, calibration
from segmentation.evaluation.consistency.sequences import Sequences
from segmentation.evaluation.tally import Outcome
from segmentation.inference.prediction import Prediction, Refinement
from segmentation.inference.predictor import Predictor, Result, Sample
from segmentation.processes.shards import Shard


class PairScorer:
    """Scores (picture, label) files at the size of the labels.

    Parameters
    ----------
    source : data source
    pairs : list of (picture path, label path)
        A picture with None for its label is not scored: its benchmark writes
        it.
    data_dir : str
        Names of pictures are relative to it.
    benchmark : optional
        Counts by rules of its own and writes what is to be submitted.
    refinement : Refinement, optional
        What is scored is refined by it.
    exclude : collection of str
        Names of pictures that are left out.

    Attributes
    ----------
    count : int
        Pictures that are scored.
    """

    def __init__(self, source: Any, pairs: List[Tuple[str, Optional[str]]],
                 data_dir: str, benchmark: Any = None,
                 refinement: Optional[Refinement] = None,
                 exclude: Collection[str] = ()) -> None:
        self.source = source
        self.pairs = pairs
        self.data_dir = data_dir
        self.benchmark = benchmark
        self.refinement = refinement
        self.exclude = frozenset(exclude)
        self.count = len(pairs) - len(self.exclude)

    def list_all(self) -> Iterable:
        """Return the jobs of all pictures, from the first one."""
        return self.pairs

    def list_jobs(self) -> Iterable:
        """Return the jobs of the pictures to score, from the first one."""
        return (job for job in self.list_all()
                if self.name(job) not in self.exclude)

    def choose(self, names: Collection[str]) -> Iterable:
        """Yield the jobs of some pictures, by their names."""
        missing = set(names)
        for job in self.list_jobs() if missing else ():
            if self.name(job) in missing:
                missing.remove(self.name(job))
                yield job
            if not missing:
                break

    def name(self, job) -> str:
        """Return the path of a job's picture, relative to `data_dir`."""
        return os.path.relpath(job[0], self.data_dir)

    def read(self, job) -> Sample:
        """Return the picture of a job, and its true class ids."""
        picture, label = job
        if label is None:
            image = pixels.read(picture)
            return Sample(image, np.full(image.shape[:2], pixels.IGNORE,
                                         np.uint8))
        return Sample(*self.source.read_pair(picture, label))

    def predict(self, predictor: Predictor, jobs: Iterable,
                function: Callable[[Result], Any],
                sequences: Optional[Sequences] = None) -> Iterator[Any]:
        """Yield function(result) of each job, in order; it runs in threads.

        Results of frames in sequence are smoothed before it, where that is
        asked for.
        """
        def named(result):
            with opencv.blaming(result.job[0]):
                return function(result)

        # Threads that wait for the refinement come on top of those that work.
        count = predictor.workers * (2 if self.refinement else 1)
        results = predictor.predict(jobs, self.read)
        if sequences:
            results = sequences.smoothed(results, self.name)
        yield from threads.in_threads(count, named, results,
                                      max(count, predictor.batch_size))

    def refine(self, result: Result) -> Prediction:
        """Return the prediction that is scored; raise the result's error."""
        result.check()
        if self.refinement is None:
            return result.prediction
        return self.refinement.refine(pixels.to_uint8(result.sample.image),
                                      result.prediction)

    def score(self, result: Result) -> Outcome:
        """Return the Outcome of a picture; raise the result's error."""
        prediction = self.refine(result)
        ids, classes = result.sample.ids, self.source.num_classes
        matrix = metrics.confusion_matrix(ids, prediction.ids, classes)
        return Outcome(
            self.name(result.job), matrix, int(ids.size - matrix.sum()),
            boundary.confusion_matrices(ids, prediction.ids, classes),
            calibration.count(ids, prediction.ids, prediction.confidence,
                              classes),
            self.benchmark and self.benchmark.take(
                result.job, ids, prediction.ids, prediction),
            self.refinement and metrics.confusion_matrix(
                ids, result.prediction.ids, classes),
            (result.sample.image, prediction.ids, ids))


class SampleScorer(PairScorer):
    """Scores the samples of a source that does not list its files.

    Parameters
    ----------
    source : data source
    split : str
        'train' or 'valid'.
    batch_size : int
        What the source's generator is asked for at a time.
    data_dir : str
    refinement, exclude
        As for PairScorer.
    shard : Shard, optional
        Which of the samples are scored; the source gives all of them.
    """

    def __init__(self, source: Any, split: str, batch_size: int,
                 data_dir: str, refinement: Optional[Refinement] = None,
                 exclude: Collection[str] = (), shard: Shard = Shard()
                 ) -> None:
        super().__init__(source, [], data_dir, None, refinement, exclude)
        self.split = split
        self.batch_size = batch_size
        self.shard = shard
        total = {'train': source.num_training,
                 'valid': source.num_validation}[split]
        self.count = shard.count_of(total, batch_size) - len(self.exclude)

    def list_all(self):
        batches = contract.generator(self.source, self.split)(
            self.batch_size, names=True)
        return self.shard.share(
            (sample for images, labels, paths, _ in contract.checked(
                self.source, batches, self.split)
             for sample in zip(paths, images, labels)), self.batch_size)

    def read(self, job):
        _, image, labels = job
        if image.dtype != np.uint8:
            image = image.astype(np.float32, copy=False)
        return Sample(image, batching.ids_of_rows(labels))
