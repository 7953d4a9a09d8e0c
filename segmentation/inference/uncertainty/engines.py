"""Engines that change the probabilities of another one that is open."""
from typing import Any, Dict, Iterable, Iterator, NamedTuple

import numpy as np

from segmentation.inference.engines.engine import Engine, Wrapper
from segmentation.inference.uncertainty import measures


class Passes(NamedTuple):
    """How often a network is run with dropout, and what is wanted of it."""

    number: int
    keep_prob: float            # share of the activations that is kept
    is_measured: bool = False   # whether the mutual information is wanted


class TemperedEngine(Wrapper):
    """The probabilities of an engine, their logits over a temperature."""

    def __init__(self, engine: Engine, temperature: float) -> None:
        super().__init__(engine)
        self.temperature = temperature

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return measures.rescale(self.engine.probabilities(images),
                                self.temperature)

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        return (measures.rescale(probabilities, self.temperature)
                for probabilities in self.engine.stream(batches))

    def passes(self, images: np.ndarray, count: int, keep_prob: float
               ) -> Iterator[np.ndarray]:
        return (measures.rescale(probabilities, self.temperature)
                for probabilities in self.engine.passes(images, count,
                                                        keep_prob))

    def describe(self) -> Dict[str, Any]:
        return dict(self.engine.describe(), temperature=self.temperature)


class MonteCarloEngine(Wrapper):
    """The mean probabilities of several passes with dropout.

    Where it is wanted, the mutual information is one more plane, the last,
    of what is returned: it is resized and averaged as the others are.
    """

    def __init__(self, engine: Engine, wanted: Passes) -> None:
        super().__init__(engine)
        engine.check_dropout()
        self.wanted = wanted

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        passes = self.engine.passes(images, self.wanted.number,
                                    self.wanted.keep_prob)
        if not self.wanted.is_measured:
            total = next(passes)
            for probabilities in passes:
                total = total + probabilities
            return total / np.float32(self.wanted.number)    # [B, H, W, C]
        mean, information = measures.mean_and_information(passes)
        return np.concatenate([mean, information[..., np.newaxis]],
                              axis=-1)                      # [B, H, W, C + 1]

    def describe(self) -> Dict[str, Any]:
        return dict(self.engine.describe(), passes=self.wanted.number,
                    keep_prob=self.wanted.keep_prob)
