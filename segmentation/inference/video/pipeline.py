"""A video on its way through the network; all stages work at a time.

    one thread decodes -> threads prepare -> the caller's runs the network,
    smooths -> threads refine and draw -> one thread encodes

What waits between two stages is bounded: memory does not grow with length.
"""
import collections
import contextlib
import os
import re
import time
from typing import Callable, Deque, Dict, List, NamedTuple, Optional

import numpy as np

from segmentation import text, threads
from segmentation.inference import outputs, shapes
from segmentation.inference.jobs import Job
from segmentation.inference.outputs import OVERLAY, Kind
from segmentation.inference.predictor import Predictor, Result
from segmentation.inference.video import reading, smoothing, writing
from segmentation.inference.video.options import Settings
from segmentation.processes.stopping import Stop
from segmentation.terminal import progress

MOST_TIMES = 10000          # of each stage that are kept: the latest
FRAME = re.compile(r'\d{6,}\.png')


class Drawn(NamedTuple):
    """What was made of a frame."""

    overlay: Optional[np.ndarray]
    seconds: float
    pixels: int
    changed: int            # pixels whose class was refined by the CRF


class Report(NamedTuple):
    """What became of a video."""

    name: str
    frames: int
    damaged: int            # frames that could not be decoded
    elapsed: float          # seconds
    stages: Dict[str, Deque[float]]     # seconds of frames, by stage
    changed: Optional[float]            # share of pixels that the CRF changed
    scenes: Optional[int]               # where smoothing counts them

    def lines(self) -> List[str]:
        """Return what is to be said in the end."""
        speed = self.frames / self.elapsed
        lines = [f'[i] {self.name}: {text.counted(self.frames, "frame")} in '
                 f'{text.duration(self.elapsed)}: {speed:.2f} frames/s']
        if self.scenes is not None:
            lines.append('[i] temporal smoothing: '
                         f'{text.counted(self.scenes, "scene")}')
        if self.changed is not None:
            lines.append(f'[i] CRF: {self.changed:.2%} of the pixels changed '
                         'class')
        return lines + outputs.describe_stages(self.stages)

    def error(self) -> Optional[str]:
        """Return the line on what is damaged, if anything is."""
        if not self.damaged:
            return None
        return (f'[!] {self.name}: {text.counted(self.damaged, "frame")} '
                'could not be decoded: left out')


def check(jobs: List[Job], settings: Settings) -> None:
    """Raise where a video cannot be read, or one cannot be written."""
    for job in jobs:
        with reading.Reader(job.picture, settings):
            pass
    for path in (job.outputs[OVERLAY] for job in jobs[:1]
                 if OVERLAY in job.outputs):
        writing.check_codec(path, settings.codec)


def segment(job: Job, settings: Settings, predictor: Predictor,
            writer: outputs.OutputWriter, advise: Callable, stop: Stop
            ) -> Report:
    """Write the outputs of a video; return the Report of it.

    Parameters
    ----------
    job : Job
        Its outputs are a file of the overlays and, for each other kind, a
        folder of frames.
    settings : Settings
    predictor : Predictor
        Its times are bounded.
    writer : outputs.OutputWriter
    advise : function of (width, height)
        As `shapes.wanted` returns it.
    stop : Stop
        Where it is asked to stop the video ends with the frames under way.
    """
    count = predictor.workers * (2 if writer.refinement else 1)
    ahead = max(count, predictor.batch_size)
    smoother = (smoothing.TemporalSmoothing(settings.smoothing)
                if settings.smoothing else None)
    folders = {kind: path for kind, path in job.outputs.items()
               if kind != OVERLAY}
    for folder in folders.values():
        remove_frames(folder)
    drawing: Deque[float] = collections.deque(maxlen=MOST_TIMES)
    frames = pixels = changed = 0
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(reading.Reader(job.picture, settings))
        film = (stack.enter_context(writing.Film(
            job.outputs[OVERLAY], reader.rate / settings.every,
            settings.codec)) if OVERLAY in job.outputs else None)

        def draw(result: Result) -> Drawn:
            result.check()
            return draw_frame(result, writer, folders, film is not None)

        def encode(drawn: Drawn) -> Drawn:
            if film is not None:
                film.add(drawn.overlay)
            return drawn._replace(overlay=None)

        start = time.perf_counter()
        # Closed before what they read from and write to is.
        taken = stack.enter_context(contextlib.closing(reading.read_ahead(
            reader, lambda: stop.signal is not None, ahead)))
        results = shapes.announced(
            predictor.predict(taken, reading.sample), advise)
        if smoother:
            results = smoothing.in_order(results, smoother)
        encoded = stack.enter_context(contextlib.closing(threads.in_threads(
            1, encode, threads.in_threads(count, draw, results, ahead),
            ahead)))
        for drawn in progress.track(encoded, reader.total, reader.name,
                                    'frame'):
            frames += 1
            pixels += drawn.pixels
            changed += drawn.changed
            drawing.append(drawn.seconds)
        if not frames and stop.signal is None:
            raise reader.too_short(reader.position)
    return Report(reader.name, frames, reader.damaged,
                  time.perf_counter() - start,
                  dict(predictor.seconds, write=drawing),
                  changed / max(1, pixels) if writer.refinement else None,
                  smoother.changes + 1 if smoother else None)


def draw_frame(result: Result, writer: outputs.OutputWriter,
               folders: Dict[Kind, str], has_overlay: bool) -> Drawn:
    """Write what goes to folders, and return the overlay."""
    frame, image = result.job, result.job.image
    assert result.prediction is not None
    prediction, changed = writer.refine(image, result.prediction)
    start = time.perf_counter()
    writer.write_files({kind: os.path.join(folder, f'{frame.number:06d}.png')
                        for kind, folder in folders.items()},
                       image, prediction, result.prediction, frame.picture)
    overlay = writer.draw(OVERLAY, image, prediction) if has_overlay else None
    return Drawn(overlay, time.perf_counter() - start, prediction.ids.size,
                 changed)


def remove_frames(folder: str) -> None:
    """Remove the frames that an earlier call wrote to a folder of ours."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if FRAME.fullmatch(name):
            os.remove(os.path.join(folder, name))
