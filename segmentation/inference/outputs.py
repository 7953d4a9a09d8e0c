"""What infer.py makes of a prediction: pictures, drawn and written."""
import os
import time
from typing import Dict, NamedTuple, Optional, Union

import cv2
import numpy as np

from segmentation import files, opencv, text
from segmentation.drawing import legend, overlay
from segmentation.drawing.style import Style
from segmentation.inference import polygons
from segmentation.inference.prediction import Prediction, Refinement
from segmentation.inference.predictor import Result

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
    """

    def __init__(self, style: Style,
                 refinement: Optional[Refinement] = None,
                 jpeg: Optional[int] = None) -> None:
        self.style = style
        self.refinement = refinement
        self.jpeg = jpeg

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
        prediction, changed = raw, 0
        if self.refinement is not None:
            prediction = self.refinement.refine(image, raw)
            changed = int(np.count_nonzero(prediction.ids != raw.ids))
        start = time.perf_counter()
        for kind, path in paths.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if kind == POLYGONS:
                polygons.write(path, prediction.ids, {
                    class_id: self.style.names[class_id]
                    for class_id in self.style.alphas}, picture)
                continue
            files.write_image(
                path, self.draw(kind, image, prediction),
                (cv2.IMWRITE_JPEG_QUALITY, self.jpeg)
                if self.jpeg and kind == OVERLAY else ())
        return Written(None, time.perf_counter() - start,
                       prediction.ids.size, changed)

    def draw(self, kind: Kind, image: np.ndarray, prediction: Prediction
             ) -> np.ndarray:
        """Return the (H, W) or (H, W, 3) uint8 output of a kind."""
        if kind == CLASS_IDS:
            return prediction.ids
        if kind == COLORS:
            return overlay.colors_of(prediction.ids, self.style.colors)
        if kind == OVERLAY:
            return legend.add(overlay.draw(image, prediction.ids, self.style),
                              self.style)
        assert isinstance(kind, int)
        return np.rint(255 * prediction.plane(kind)).astype(np.uint8)


def describe_speed(seconds, elapsed):
    """Return lines on how fast it went: all in all, and each stage.

    Parameters
    ----------
    seconds : {stage: seconds of each picture}
    elapsed : float
        Seconds.
    """
    count = len(seconds['network'])
    lines = [f'[i] {count} pictures in {text.duration(elapsed)}: '
             f'{count / elapsed:.2f} pictures/s']
    for stage, values in seconds.items():
        if len(values):
            median, high = 1000 * np.percentile(values, [50, 95])
            lines.append(f'[i] {stage}: median {median:.1f} ms, 95th '
                         f'percentile {high:.1f} ms')
    return lines
