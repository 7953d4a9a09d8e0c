"""Engines: each runs networks by a library of its own.

tensorflow   the graph and the weights of a run
"""
import abc
import contextlib

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

    @abc.abstractmethod
    def describe(self) -> str:
        """Return one line on the library and on what it runs."""
