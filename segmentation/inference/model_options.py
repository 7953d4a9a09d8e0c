"""The options of every program that uses a model: which, and how it runs.

`settings` is their front door: what it returns are plain values.
"""
import contextlib
import os
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

from segmentation import option_types
from segmentation.errors import InputError
from segmentation.inference import engines, golden
from segmentation.inference.engines.engine import Engine
from segmentation.inference.tiles import layout
from segmentation.inference.tiles import options as tile_options
from segmentation.inference.tiles.engine import TiledEngine
from segmentation.inference.tta import TestTimeAugmentation
from segmentation.inference.uncertainty import maps
from segmentation.inference.uncertainty import options as uncertainty_options
from segmentation.terminal import header
from segmentation.trained import exported, lookup


class Settings(NamedTuple):
    """How a model is run."""

    engine: Optional[str]                   # None: by the format
    precision: Optional[str]                # None: the model's own
    num_threads: int                        # 0: all cores
    image_size: Optional[Tuple[int, int]]   # None: the model's
    native: bool                            # each picture at its own size
    batch_size: int
    check_golden: bool
    device: Optional[str] = None            # None: as the engine chooses
    tiles: Optional[layout.Tiles] = None    # None: each picture as a whole
    confidence: uncertainty_options.Confidence = (
        uncertainty_options.Confidence())

    @property
    def pictures(self) -> int:
        """Pictures per batch: the tiles of each make up batches of tiles."""
        return 1 if self.tiles else self.batch_size

    def augmentation(self, model: lookup.Model,
                     scales: Sequence[float] = (1.,), flip: bool = False
                     ) -> TestTimeAugmentation:
        """Return the network inputs of pictures.

        Raises
        ------
        InputError
            The model takes one size only, which is another.
        """
        size = (None if self.native or self.tiles
                else self.image_size or model.image_size)
        fixed = (model.description['fixed_size']
                 if isinstance(model, exported.Exported) else None)
        if fixed and self.tiles:
            if self.tiles.size != model.image_size:
                raise InputError(f'{model.path} takes pictures of '
                                 f'{fixed[2]}x{fixed[1]} alone: that is the '
                                 'size of --tiles')
        elif fixed and (size != model.image_size or tuple(scales) != (1.,)):
            raise InputError(f'{model.path} takes pictures of '
                             f'{fixed[2]}x{fixed[1]} alone: --image-size, '
                             '--native and --scales do not apply')
        kind = (maps.MeasuredAugmentation if self.confidence.is_measured
                else TestTimeAugmentation)
        return kind(size, scales, flip)

    def check(self, model: lookup.Model) -> None:
        """Raise InputError where a model cannot be run so, by its format."""
        name = engines.choose(model, self.engine)
        engines.choose_precision(model, name, self.precision)
        self.confidence.check(model, name)

    def untempered(self) -> 'Settings':
        """Return these settings at a temperature of 1."""
        return self._replace(confidence=self.confidence._replace(
            temperature=1))

    @contextlib.contextmanager
    def open(self, model: lookup.Model, throughput: bool = True
             ) -> Iterator[Tuple[Engine, List[str]]]:
        """Open the engine of a model; check its golden picture.

        Yields
        ------
        Engine
        list of str
            Lines for the terminal: what the golden picture has shown, and
            what is done to the probabilities.
        """
        with engines.open(model, self.engine, self.precision,
                          self.num_threads, throughput,
                          self.device) as engine:
            lines: List[str] = []
            if self.check_golden and isinstance(model, exported.Exported):
                lines = golden.check_once(engine, model)
            engine, more = self.confidence.apply(engine)
            lines = lines + more
            if self.tiles:
                lines = lines + [f'[i] tiles: {self.tiles.describe()}']
                engine = TiledEngine(engine, self.tiles, self.batch_size)
            yield engine, lines


def add_options(parser):
    """Add the options that `settings` and `lookup.find` take.

    Returns
    -------
    argparse group
        For more options on how pictures are predicted.
    """
    group = parser.add_argument_group('model')
    group.add_argument('--name', default='runs/test', metavar='MODEL',
                       help='directory of the run, or an exported model '
                            '(default: %(default)s)')
    group.add_argument('--checkpoint', metavar='WHICH',
                       help='checkpoint of a run: best or last, or for a run '
                            'of the blog\'s code also a name such as e50 '
                            '(default: best)')
    group = parser.add_argument_group('inference')
    size = group.add_mutually_exclusive_group()
    size.add_argument('--image-size', type=option_types.image_size,
                      metavar='WxH',
                      help='width and height that pictures are resized to '
                           'for the network, each divisible by 32 (default: '
                           'those of the model)')
    size.add_argument('--native', action='store_true',
                      help='run the network at the size of each picture '
                           'instead of resizing it')
    tile_options.add_options(size, group)
    uncertainty_options.add_options(group)
    group.add_argument('--engine', choices=sorted(engines.ENGINES),
                       help='library that runs the network (default: '
                            'tensorflow for a run, otherwise the one for the '
                            'format of the model)')
    group.add_argument('--precision', choices=engines.PRECISIONS,
                       help='number format of the computation; auto chooses '
                            'bfloat16 where the processor supports it, which '
                            'is about twice as fast and changes the class of '
                            'about one pixel in a thousand (default: '
                            'float32, or int8 for a model that is int8)')
    group.add_argument('--device', type=option_types.device,
                       help='where the network is computed: cpu, gpu, or '
                            'gpu:1 for the second GPU (default: a GPU where '
                            'tensorflow or onnxruntime finds one; the '
                            'processor for openvino)')
    group.add_argument('--threads', type=option_types.positive(int),
                       default=0, metavar='N',
                       help='threads that compute the network (default: one '
                            'per core)')
    group.add_argument('--batch-size', type=option_types.positive(int),
                       default=4, help='pictures per batch (default: '
                       '%(default)s)')
    group.add_argument('--skip-golden', action='store_true',
                       help='do not check an exported model against the '
                            'picture and the classes stored in it')
    return group


def settings(options):
    """Return the Settings that the options ask for."""
    return Settings(options.engine, options.precision, options.threads,
                    options.image_size, options.native, options.batch_size,
                    not options.skip_golden, options.device,
                    tile_options.tiles(options),
                    uncertainty_options.confidence(options))


def header_lines(engine: Engine) -> List[str]:
    """Return the lines of a program's header on the model that it runs."""
    model, described = engine.model, engine.describe()
    name = f'{model.path}, {os.path.basename(model.checkpoint)}'
    return [header.model(name, engine.count_parameters()),
            *header.engine(described['engine'], described['version'],
                           described['precision'], described['threads'],
                           engine.describe_device())]
