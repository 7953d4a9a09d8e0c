"""The fully connected CRF: each pixel of a picture is tied to all others.

    probabilities (H, W, C) -> cost of each class, -log p
    Gaussian kernel: pixels that are close to each other
    bilateral kernel: pixels that are close and of similar colour
        -> mean field -> probabilities (H, W, C)

The widths are in pixels of the picture: what is good for one picture size is
not for another.

References
----------
Kraehenbuehl and Koltun 2011, 'Efficient inference in fully connected CRFs
with Gaussian edge potentials'.
"""
import importlib
from typing import NamedTuple

import numpy as np

from segmentation.errors import MissingModuleError

MIN_PROBABILITY = 1e-5      # its cost is the highest there is
MIN_WIDTH = 1               # of a kernel


class Parameters(NamedTuple):
    """How long the mean field iterates, and the two kernels."""

    iterations: int
    gaussian_sxy: float         # width in pixels
    gaussian_compat: float      # what it costs to differ
    bilateral_sxy: float        # width in pixels
    bilateral_srgb: float       # width in levels of colour, 0..255
    bilateral_compat: float     # what it costs to differ


def check_installed():
    """Raise MissingModuleError where pydensecrf cannot be imported."""
    try:
        importlib.import_module('pydensecrf.densecrf')
    except ImportError as error:
        raise MissingModuleError(
            '--crf takes pydensecrf2, which smooths predictions (pip install '
            f'pydensecrf2): {error}')


def build(image, probabilities, parameters):
    """Return the pydensecrf model of a picture; shapes as in `refine`."""
    from pydensecrf import densecrf
    height, width, classes = probabilities.shape
    if image.shape != (height, width, 3) or image.dtype != np.uint8:
        raise ValueError(f'a picture for the CRF is {image.dtype} '
                         f'{image.shape}: uint8 {(height, width, 3)} is '
                         'wanted')
    costs = -np.log(np.clip(probabilities, MIN_PROBABILITY, 1))
    crf = densecrf.DenseCRF2D(width, height, classes)
    crf.setUnaryEnergy(np.ascontiguousarray(costs.reshape(-1, classes).T,
                                            np.float32))    # [C, H * W]
    if parameters.gaussian_compat:
        crf.addPairwiseGaussian(parameters.gaussian_sxy,
                                parameters.gaussian_compat)
    if parameters.bilateral_compat:
        # The kernel treats the three colours alike: BGR is as good as RGB.
        crf.addPairwiseBilateral(
            parameters.bilateral_sxy, parameters.bilateral_srgb,
            np.ascontiguousarray(image), parameters.bilateral_compat)
    return crf


def refine(image, probabilities, parameters):
    """Bring probabilities to the edges of a picture.

    Parameters
    ----------
    image : (H, W, 3) uint8 array
    probabilities : (H, W, C) float32 array
    parameters : Parameters

    Returns
    -------
    (H, W, C) float32 array of probabilities
    """
    crf = build(image, probabilities, parameters)
    result = np.array(crf.inference(parameters.iterations))     # [C, H * W]
    return np.ascontiguousarray(result.T).reshape(probabilities.shape)


def likeliest(image, probabilities, parameters, counts):
    """Yield the class ids (H, W) after each of several numbers of iterations.

    What several of them have in common is computed once.

    Parameters
    ----------
    image, probabilities, parameters
        As in `refine`, but for the iterations of the parameters.
    counts : ascending sequence of int
        Iterations.
    """
    crf = build(image, probabilities, parameters)
    state = crf.startInference()
    for count in range(1, max(counts) + 1):
        crf.stepInference(*state)
        if count in counts:
            yield np.array(state[0]).argmax(axis=0).astype(np.uint8).reshape(
                probabilities.shape[:2])


def in_words(parameters):
    """Return the parameters for people.

    >>> print(in_words(Parameters(5, 10, 3, 50, 20, 10)))
    iterations 5, Gaussian sxy 10 compat 3, bilateral sxy 50 srgb 20 compat 10
    """
    return (f'iterations {parameters.iterations:d}, '
            f'Gaussian sxy {parameters.gaussian_sxy:g} '
            f'compat {parameters.gaussian_compat:g}, '
            f'bilateral sxy {parameters.bilateral_sxy:g} '
            f'srgb {parameters.bilateral_srgb:g} '
            f'compat {parameters.bilateral_compat:g}')
