"""What infer.py makes of a prediction: pictures, drawn and written."""
import os
import time
from typing import (Any, Dict, Iterable, List, Mapping, NamedTuple, Optional,
                    Sequence, Tuple, Union)

import cv2
import numpy as np

from segmentation import errors, files, opencv, text
from segmentation.drawing import legend, overlay
from segmentation.drawing.style import Style
from segmentation.inference import polygons
from segmentation.inference.prediction import Prediction, Refinement
from segmentation.inference.predictor import Result
from segmentation.inference.uncertainty import maps
from segmentation.inference.uncertainty.ranking import Ranking

OVERLAY, CLASS_IDS, COLORS = 'overlay', 'class-ids', 'colors'
POLYGONS = 'polygons'
# What an output shows; a number is the class whose confidence it shows.
Kind = Union[str, int]


class Written(NamedTuple):
    """What became of one picture."""

    error: Optional[Exception] = None   # why it could not be read
    seconds: float = 0                  # of drawing and writing
    pixels: int = 0
    changed: int = 0                    # pixels whose class was refined


class OutputWriter:
    """Draws and writes the outputs of Results, in threads.

    Parameters
    ----------
    style : Style
        How classes are drawn; its colours are those of all outputs.
    refinement : Refinement, optional
    jpeg : int, optional
        Quality of overlays, 1..100, where they are JPEG files.
    ranking : Ranking, optional
        Takes what the network says of each picture.
    """

    def __init__(self, style: Style,
                 refinement: Optional[Refinement] = None,
                 jpeg: Optional[int] = None,
                 ranking: Optional[Ranking] = None) -> None:
        self.style = style
        self.refinement = refinement
        self.jpeg = jpeg
        self.ranking = ranking

    def write(self, result: Result) -> Written:
        """Write the outputs that the job of a result asks for."""
        if result.error is not None:
            return Written(result.error)
        assert result.sample is not None and result.prediction is not None
        with opencv.blaming(result.job.picture):
            return self.write_all(result.job.outputs, result.sample.image,
                                  result.prediction, result.job.picture)

    def write_all(self, paths: Dict[Kind, str], image: np.ndarray,
                  raw: Prediction, picture: str) -> Written:
        """Write the outputs of a picture to {kind: path}, once refined."""
        prediction, changed = self.refine(image, raw)
        start = time.perf_counter()
        if self.ranking is not None:
            self.ranking.add(picture, raw)
        self.write_files(paths, image, prediction, raw, picture)
        return Written(None, time.perf_counter() - start,
                       prediction.ids.size, changed)

    def refine(self, image: np.ndarray, raw: Prediction
               ) -> Tuple[Prediction, int]:
        """Return the refined prediction, and how many pixels changed class."""
        if self.refinement is None:
            return raw, 0
        prediction = self.refinement.refine(image, raw)
        return prediction, int(np.count_nonzero(prediction.ids != raw.ids))

    def write_files(self, paths: Dict[Kind, str], image: np.ndarray,
                    prediction: Prediction, raw: Prediction, picture: str
                    ) -> None:
        """Write the outputs of a picture to {kind: path}.

        What tells how sure the network is goes by the raw prediction.
        """
        for kind, path in paths.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if kind == POLYGONS:
                polygons.write(path, prediction.ids, {
                    class_id: self.style.names[class_id]
                    for class_id in self.style.alphas}, picture)
                continue
            files.write_image(
                path, self.draw(kind, image, raw if kind in maps.KINDS
                                else prediction),
                (cv2.IMWRITE_JPEG_QUALITY, self.jpeg)
                if self.jpeg and kind == OVERLAY else ())

    def draw(self, kind: Kind, image: np.ndarray, prediction: Prediction
             ) -> np.ndarray:
        """Return the (H, W) or (H, W, 3) uint8 output of a kind."""
        if kind == CLASS_IDS:
            return prediction.ids
        if kind in maps.KINDS:
            return maps.draw(str(kind), prediction)
        if kind == COLORS:
            return overlay.colors_of(prediction.ids, self.style.colors)
        if kind == OVERLAY:
            return legend.add(overlay.draw(image, prediction.ids, self.style),
                              self.style)
        assert isinstance(kind, int)
        return prediction.levels(kind)


class Summary(NamedTuple):
    """What became of several pictures; JSON can hold it."""

    pictures: int = 0
    errors: Sequence[Tuple[str, str]] = ()  # picture, why it was not read
    seconds: Dict[str, List[float]] = {}    # of each picture, by stage
    elapsed: float = 0                      # seconds
    pixels: int = 0
    changed: int = 0                        # pixels whose class was refined

    def lines(self, is_refined: bool) -> List[str]:
        """Return lines on what was refined, and on how fast it went."""
        if not self.pixels:
            return []
        share = self.changed / self.pixels
        return ([f'[i] CRF: {share:.2%} of the pixels changed class']
                * is_refined + describe_speed(self.seconds, self.elapsed))


def summarize(jobs: Sequence[Any], written: Sequence[Written],
              seconds: Mapping[str, Iterable[float]], elapsed: float
              ) -> Summary:
    """Return the Summary of jobs and what became of each.

    Parameters
    ----------
    seconds : {stage: seconds of each picture}
        Of the stages before writing.
    elapsed : float
        Seconds of all.
    """
    done = [one for one in written if one.error is None]
    return Summary(
        len(written),
        [(job.picture, errors.describe(one.error))
         for job, one in zip(jobs, written) if one.error is not None],
        dict({stage: list(values) for stage, values in seconds.items()},
             write=[one.seconds for one in done]), elapsed,
        sum(one.pixels for one in done), sum(one.changed for one in done))


def combine(jobs: Sequence[Any], summaries: Iterable[Summary]) -> Summary:
    """Return the Summary of processes that worked at the same time.

    Parameters
    ----------
    jobs : sequence of Job
        Those of all; errors come in their order.
    """
    summaries = list(summaries)
    order = {job.picture: index for index, job in enumerate(jobs)}
    stages = dict.fromkeys(stage for one in summaries for stage in one.seconds)
    return Summary(
        sum(one.pictures for one in summaries),
        sorted(((picture, error) for one in summaries
                for picture, error in one.errors),
               key=lambda error: order[error[0]]),
        {stage: [value for one in summaries
                 for value in one.seconds.get(stage, ())]
         for stage in stages},
        max((one.elapsed for one in summaries), default=0),
        sum(one.pixels for one in summaries),
        sum(one.changed for one in summaries))


def describe_speed(seconds, elapsed):
    """Return lines on how fast it went: all in all, and each stage.

    Parameters
    ----------
    seconds : {stage: seconds of each picture}
    elapsed : float
        Seconds.
    """
    count = len(seconds['network'])
    return [f'[i] {text.counted(count, "picture")} in '
            f'{text.duration(elapsed)}: '
            f'{count / elapsed:.2f} pictures/s', *describe_stages(seconds)]


def describe_stages(seconds):
    """Return lines on how fast each stage is; parameters as above."""
    lines = []
    for stage, values in seconds.items():
        if len(values):
            median, high = 1000 * np.percentile(values, [50, 95])
            lines.append(f'[i] {stage}: median {median:.1f} ms, 95th '
                         f'percentile {high:.1f} ms')
    return lines
