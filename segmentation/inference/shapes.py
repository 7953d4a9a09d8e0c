"""Pictures whose shape differs much from that of the network's input."""
from typing import Callable, Iterable, Iterator, Optional, Tuple

from segmentation import option_types, pixels
from segmentation.inference.model_options import Settings
from segmentation.inference.predictor import Result
from segmentation.trained import exported, lookup

Size = Tuple[int, int]      # (width, height) in pixels

# How much longer one side becomes, of the other, before it is worth a word:
# 4:3 for CamVid's 480x352 is 1.02, 16:9 is 1.3, KITTI's 1242x375 is 2.4.
TOLERANCE = 1.25
LARGEST = 4     # pixels to suggest, as a multiple of the network's input


def squeeze(size: Size, image_size: Size) -> float:
    """Return by how much a picture is squeezed, in one direction or the other.

    >>> squeeze((200, 100), (300, 100)), squeeze((100, 200), (100, 100))
    (1.5, 2.0)
    """
    factor = size[0] * image_size[1] / (size[1] * image_size[0])
    return max(factor, 1 / factor)


def suggest(size: Size, image_size: Size) -> Size:
    """Return a network input of the shape of a picture.

    It is the picture's own size in multiples of 32, or a smaller one of
    its shape, of at most LARGEST times the pixels of `image_size`.

    >>> suggest((1242, 375), (480, 352)), suggest((3840, 2160), (480, 352))
    ((1248, 384), (1088, 608))
    """
    return option_types.fit_image_size(
        size, LARGEST * image_size[0] * image_size[1])


def wanted(model: lookup.Model, settings: Settings
           ) -> Callable[[Size], Optional[str]]:
    """Return a function that says what is to be said of a picture's size.

    It returns None where nothing is: the shapes are much the same, as near as
    multiples of 32 allow, or the user has chosen.
    """
    image_size = model.image_size
    is_fixed = (isinstance(model, exported.Exported)
                and model.description['fixed_size'])

    def advise(size):
        suggested = suggest(size, image_size)
        if (settings.native or settings.image_size or settings.tiles
                or squeeze(size, image_size) < TOLERANCE
                or suggested == tuple(image_size)):
            return None
        return (f'is {size[0]}x{size[1]}: it is squeezed into the '
                f'{image_size[0]}x{image_size[1]} of the network' + (
                    ', which takes no other size' if is_fixed else
                    f'. --image-size {suggested[0]}x{suggested[1]} keeps its '
                    'shape, and --native takes each picture at its own size; '
                    'a network trained on pictures squeezed like this needs '
                    'neither'))
    return advise


def announced(results: Iterable[Result],
              advise: Callable[[Size], Optional[str]]) -> Iterator[Result]:
    """Yield results; print a line on the first picture with an advice."""
    is_said = False
    for result in results:
        if not is_said and result.sample is not None:
            advice = advise(pixels.size_of(result.sample.image))
            if advice:
                print(f'[i] {result.job.picture} {advice}', flush=True)
                is_said = True
        yield result
