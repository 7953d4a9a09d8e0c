"""A model for programs that build on this one: pictures in, classes out."""
import contextlib
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from segmentation import option_types, pixels
from segmentation.drawing import legend as legends
from segmentation.drawing import overlay, palettes, style
from segmentation.errors import InputError
from segmentation.inference import model_options
from segmentation.inference.prediction import Prediction
from segmentation.inference.tiles import layout
from segmentation.trained import lookup


class PicturePrediction(Prediction):
    """What a model says of a picture, and the picture.

    Attributes
    ----------
    ids : (H, W) uint8 array
        The likeliest class of each pixel.
    confidence : (H, W) float32 array
        Its probability.
    """

    def __init__(self, prediction: Prediction, image: np.ndarray,
                 model: lookup.Model) -> None:
        super().__init__(prediction.maps, prediction.mirrored,
                         prediction.size)
        self.image = image
        self.model = model

    def overlay(self, alpha: Optional[float] = None,
                only: Optional[Sequence[str]] = None,
                alphas: Optional[Mapping[str, float]] = None,
                outline: bool = False, palette: str = palettes.SOURCE,
                legend: Optional[str] = None) -> np.ndarray:
        """Return the picture under the colours of its classes.

        Parameters
        ----------
        alpha : float, optional
            Share of the colours, 0..1; by default .5, or 1 of contours.
        only : sequence of str, optional
            Classes to draw; by default all but the background of the model.
        alphas : {name: float}, optional
            The share of single classes.
        outline : bool
            Whether contours are drawn instead of areas.
        palette : str
            source or colour-blind.
        legend : str, optional
            Names the classes: below, on or beside the picture.

        Returns
        -------
        (H, W, 3) uint8 array, BGR; larger with a legend below or beside
        """
        for name, value, known in (('palette', palette, palettes.PALETTES),
                                   ('legend', legend, (None,
                                                       *legends.PLACES))):
            if value not in known:
                raise InputError(f'{name} is {value!r}: one of '
                                 f'{", ".join(map(str, known))} is wanted')
        if isinstance(only, str):
            only = [only]
        chosen = style.choose(
            self.model.class_names, self.model.label_colors,
            self.model.background, only, alpha, alphas, palette, outline,
            legend)
        return legends.add(overlay.draw(self.image, self.ids, chosen), chosen)


class LoadedModel(contextlib.AbstractContextManager):
    """A run or an exported model, ready for pictures until it is closed.

    Parameters
    ----------
    path : str
        Directory of the run, or the exported model.
    checkpoint : str, optional
        Of a run: best, which is the default, or last.
    engine : str, optional
        tensorflow, openvino or onnxruntime; by default what the format takes.
    precision : str, optional
        float32, bfloat16, int8 or auto; by default the model's own.
    num_threads : int
        0 takes all cores.
    image_size : (width, height), optional
        Network input in pixels, each divisible by 32; by default the model's.
    native : bool
        Whether the network runs at each picture's own size instead.
    scales : sequence of float
        The probabilities at these multiples of the network input are
        averaged.
    flip : bool
        Whether those of the mirrored picture are averaged with them.
    check_golden : bool
        Whether an exported model is run on the picture that it carries, the
        first time that it is loaded on a machine.
    device : str, optional
        cpu, gpu, or gpu:N for GPU N; by default as the engine chooses.
    tiles : (width, height), optional
        Of overlapping tiles that pictures are cut into, each divisible by 32;
        the network runs at each picture's own size then.
    overlap : int, optional
        Pixels by which tiles overlap, divisible by 32.

    Attributes
    ----------
    class_names : list of C str
    label_colors : {class id: (blue, green, red)}
    engine : dict
        What runs the network: 'engine', 'version', 'precision', 'threads',
        'device'.
    notes : list of str
        What was found when the golden picture was checked, and what is done
        to the probabilities.

    Raises
    ------
    segmentation.errors.InputError, OSError
        The model cannot be run so, in one line.
    """

    def __init__(self, path: str, checkpoint: Optional[str] = None,
                 engine: Optional[str] = None,
                 precision: Optional[str] = None, num_threads: int = 0,
                 image_size: Optional[Tuple[int, int]] = None,
                 native: bool = False, scales: Sequence[float] = (1.,),
                 flip: bool = False, check_golden: bool = True,
                 device: Optional[str] = None,
                 tiles: Optional[Tuple[int, int]] = None,
                 overlap: Optional[int] = None) -> None:
        for size in filter(None, (image_size, tiles)):
            option_types.check_image_size(size)
        if sum(map(bool, (image_size, native, tiles))) > 1:
            raise InputError('image_size, native and tiles exclude one '
                             'another')
        if overlap is not None and not tiles:
            raise InputError('overlap goes with tiles')
        model = lookup.find(path, checkpoint)
        settings = model_options.Settings(engine, precision, num_threads,
                                          image_size, native, 1, check_golden,
                                          device, tiles and layout.make(
                                              tiles, overlap))
        self.model = model
        self.class_names: List[str] = model.class_names
        self.label_colors = model.label_colors
        self.augmentation = settings.augmentation(model, scales, flip)
        self.stack = contextlib.ExitStack()
        self.runner, lines = self.stack.enter_context(
            settings.open(model, throughput=False))
        self.engine: Dict[str, Any] = self.runner.describe()
        self.notes = lines

    def predict(self, image: np.ndarray) -> PicturePrediction:
        """Return what the model says of a picture.

        Parameters
        ----------
        image : (H, W, 3) uint8 array, BGR
            Of any size, which is that of the prediction.
        """
        if not (isinstance(image, np.ndarray) and image.dtype == np.uint8
                and image.ndim == 3 and image.shape[2] == 3 and image.size):
            found = (f'{image.dtype} {image.shape}'
                     if isinstance(image, np.ndarray)
                     else type(image).__name__)
            raise InputError(f'the picture is {found}: a uint8 array '
                             '(H, W, 3), BGR, is wanted')
        maps = [self.runner.probabilities(view[np.newaxis])[0]
                for view in self.augmentation.inputs(image)]
        prediction = self.augmentation.prediction(maps, pixels.size_of(image))
        return PicturePrediction(prediction, image, self.model)

    def close(self) -> None:
        """Free what the engine holds; no picture can be predicted then."""
        self.stack.close()

    def __exit__(self, *_):
        self.close()
