"""How unsure probabilities are, of each pixel; entropies are in nats."""
from typing import Iterable, Tuple

import numpy as np

TINY = np.float32(np.finfo(np.float32).tiny)


def entropy(planes: Iterable[np.ndarray]) -> np.ndarray:
    """Return the entropy -sum p ln p of the planes of all classes.

    Parameters
    ----------
    planes : iterable of (..., H, W) float32 arrays
        The probability of each class; taken one at a time.

    Examples
    --------
    >>> entropy(np.float32([[[.5, 1]], [[.5, 0]]])).round(3).tolist()
    [[0.6930000185966492, 0.0]]
    """
    total = np.zeros((), np.float32)
    for plane in planes:
        total = total - plane * np.log(np.maximum(plane, TINY))
    return np.maximum(total, 0)


def mean_and_information(passes: Iterable[np.ndarray]
                         ) -> Tuple[np.ndarray, np.ndarray]:
    """Return the mean of passes, and their mutual information (BALD).

    The mutual information of class and weights is the entropy of the mean
    less the mean of the entropies: 0 where all passes agree. Sums alone are
    kept, whatever the number of passes.

    Parameters
    ----------
    passes : iterable of (B, H, W, C) float32 arrays
        The probabilities of each pass, one or more.

    Returns
    -------
    (B, H, W, C) float32 array
    (B, H, W) float32 array, in nats

    References
    ----------
    Houlsby, Huszar, Ghahramani and Lengyel 2011, 'Bayesian active learning
    for classification and preference learning'.
    """
    count = 0
    total = entropies = np.zeros((), np.float32)
    for probabilities in passes:
        count += 1
        total = total + probabilities                       # [B, H, W, C]
        entropies = entropies + entropy(by_class(probabilities))
    mean = total / np.float32(count)
    return mean, np.maximum(
        entropy(by_class(mean)) - entropies / np.float32(count), 0)


def by_class(probabilities: np.ndarray) -> np.ndarray:
    """Return a view of probabilities (..., C) with the classes first."""
    return np.moveaxis(probabilities, -1, 0)


def rescale(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities (..., C) as of logits that are divided.

    The softmax of logits / T is p ** (1 / T), normalized: the logits are not
    needed, and the order of the classes stays.

    Examples
    --------
    >>> rescale(np.float32([.8, .2]), 2).round(3).tolist()
    [0.6669999957084656, 0.3330000042915344]
    """
    logits = np.log(np.maximum(probabilities, TINY))
    powers = np.exp(logits / np.float32(temperature))
    return powers / powers.sum(axis=-1, keepdims=True)
