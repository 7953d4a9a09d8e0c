"""The interface of an engine: what runs a network, by whatever library."""
import abc
import contextlib
from typing import Any, Dict, Iterable, Iterator

import numpy as np


class Engine(contextlib.AbstractContextManager):
    """A network that is ready to run while its context is open."""

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
