"""The interface of an engine: what runs a network, by whatever library."""
import abc
import contextlib
from typing import (Any, Dict, Iterable, Iterator, NamedTuple, Optional,
                    Tuple)

import numpy as np

from segmentation import processor
from segmentation.errors import InputError
from segmentation.trained import exported, lookup


class Setup(NamedTuple):
    """How an engine is to run a model."""

    precision: str = 'float32'      # float32, bfloat16, int8 or auto
    num_threads: int = 0            # 0: all cores
    throughput: bool = False        # many pictures soon, not each the sooner
    device: Optional[str] = None    # cpu, gpu, gpu:N; None: as the engine is


class Engine(contextlib.AbstractContextManager):
    """A network that is ready to run while its context is open.

    Parameters
    ----------
    model : run_dir.Run or exported.Exported
    setup : Setup

    Raises
    ------
    InputError
        The precision cannot be had on this machine.
    """

    def __init__(self, model: lookup.Model, setup: Setup = Setup()) -> None:
        self.model = model
        self.setup = setup

    @abc.abstractmethod
    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Run the network on a batch.

        Parameters
        ----------
        images : (B, H, W, 3) array, BGR 0..255
            Both sides are divisible by 32.

        Returns
        -------
        (B, H, W, C) float32 array
            The probability of each class.
        """

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the `probabilities` of batches, in order.

        Batches are taken in the caller's thread. An engine may take some in
        advance, and run several at a time.
        """
        return map(self.probabilities, batches)

    def passes(self, images: np.ndarray, count: int, keep_prob: float
               ) -> Iterator[np.ndarray]:
        """Yield the `probabilities` of a batch by each pass with dropout.

        Parameters
        ----------
        images : (B, H, W, 3) array, BGR 0..255
        count : int
            Passes.
        keep_prob : float
            Share of the activations that dropout keeps.
        """
        self.check_dropout()
        raise NotImplementedError

    def check_dropout(self) -> None:
        """Raise InputError where the engine or the network has no dropout."""
        raise InputError(f'--mc: {self.model.path} has no dropout in '
                         f'{self.describe()["engine"]}')

    @abc.abstractmethod
    def describe(self) -> Dict[str, Any]:
        """Return what runs the network, as JSON files have it.

        Returns
        -------
        dict
            'engine', the name in `engines.ENGINES`; 'version' of its library;
            'precision' that it really computes in; 'threads', 0 for all
            cores; 'device'.
        """

    def describe_device(self) -> str:
        """Return the device that it computes on, and why it is no GPU."""
        return f'CPU, {processor.name()}'

    def count_parameters(self) -> Optional[int]:
        """Return how many numbers the network has learned, where known."""
        return (self.model.description.get('parameters')
                if isinstance(self.model, exported.Exported) else None)


class Wrapper(Engine):
    """An Engine by another one, which its owner closes."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.model, engine.setup)
        self.engine = engine

    def __exit__(self, *_):
        pass

    def check_dropout(self) -> None:
        self.engine.check_dropout()

    def describe_device(self) -> str:
        return self.engine.describe_device()

    def count_parameters(self) -> Optional[int]:
        return self.engine.count_parameters()


def as_taken(images: np.ndarray, model: lookup.Model) -> np.ndarray:
    """Return BGR pictures (B, H, W, 3) as an exported model takes them.

    Raises
    ------
    InputError
        It takes another size.
    """
    if not isinstance(model, exported.Exported):
        return images
    fixed = model.description['fixed_size']
    if fixed and list(images.shape[1:3]) != fixed[1:]:
        height, width = images.shape[1:3]
        raise InputError(f'{model.path} takes pictures of '
                         f'{fixed[2]}x{fixed[1]}, not {width}x{height}')
    if model.description['channel_order'] == 'RGB':
        images = images[..., ::-1]
    return np.ascontiguousarray(images, model.description['input_type'])


def checked(result: np.ndarray, shape: Tuple[int, ...], model: lookup.Model
            ) -> np.ndarray:
    """Return the probabilities of pictures of a shape; raise for others."""
    wanted = shape[:3] + (len(model.class_names),)
    if result.shape != wanted:
        raise InputError(f'{model.path} gives {result.shape}: {wanted} is '
                         'wanted')
    return result                                           # [B, H, W, C]


def last_line(error: Exception) -> str:
    """Return what a library says in the last line of an exception."""
    lines = [line.strip() for line in str(error).splitlines()]
    return ([type(error).__name__] + list(filter(None, lines)))[-1]
