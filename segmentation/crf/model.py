"""The fully connected CRF: each pixel of a picture is tied to all others.

    probabilities (H, W, C) -> cost of each class, -log p
    Gaussian kernel: pixels that are near
    bilateral kernel: pixels that are near and alike in colour
        -> mean field -> probabilities (H, W, C)

Of a kernel, sxy is its width in pixels of the picture, srgb its width in
levels of colour, and compat what it costs to differ. This is for pictures at
their own size: what is a good width for one size is none for another.

References
----------
Kraehenbuehl and Koltun 2011, 'Efficient inference in fully connected CRFs
with Gaussian edge potentials'.
"""
import collections
import importlib
import os

import numpy as np

from segmentation import files, option_types
from segmentation.errors import InputError, MissingModuleError

Parameters = collections.namedtuple(
    'Parameters', 'iterations gaussian_sxy gaussian_compat bilateral_sxy '
                  'bilateral_srgb bilateral_compat')

PRESETS = {
    # of the blog's code, made for a cat that fills its picture
    'post': Parameters(5, 10, 3, 50, 20, 10),
    # chosen on validation pictures of CamVid, 480x360: poles survive it
    'street': Parameters(2, 3, 0, 30, 8, 1),
}
FILE = 'crf.json'       # in a run: the parameters that were tuned for it
LEAST = 1e-5            # probability
NARROWEST = 1           # width of a kernel


class Choice(collections.namedtuple('Choice', 'parameters preset lines')):
    """Parameters, the preset that they are of, lines that tell of them."""

    def describe(self):
        """The same for JSON."""
        return {'preset': self.preset,
                'parameters': dict(self.parameters._asdict())}


def check():
    """Raise ImportError, with what to do, where the CRF is not installed."""
    try:
        importlib.import_module('pydensecrf.densecrf')
    except ImportError as error:
        raise MissingModuleError('--crf takes pydensecrf2, which smooths predictions '
                                 '(pip install pydensecrf2): {}'.format(error))


def build(image, probabilities, parameters):
    """The pydensecrf model of a picture; shapes as in `refine`."""
    from pydensecrf import densecrf
    height, width, classes = probabilities.shape
    if image.shape != (height, width, 3) or image.dtype != np.uint8:
        raise ValueError('a picture for the CRF is {} {}: uint8 {} is wanted'
                         .format(image.dtype, image.shape,
                                 (height, width, 3)))
    costs = -np.log(np.clip(probabilities, LEAST, 1)).reshape(-1, classes)
    model = densecrf.DenseCRF2D(width, height, classes)
    model.setUnaryEnergy(np.ascontiguousarray(costs.T, np.float32))
    if parameters.gaussian_compat:
        model.addPairwiseGaussian(parameters.gaussian_sxy,
                                  parameters.gaussian_compat)
    if parameters.bilateral_compat:
        # The order of the colours is all the same to the kernel.
        model.addPairwiseBilateral(
            parameters.bilateral_sxy, parameters.bilateral_srgb,
            np.ascontiguousarray(image), parameters.bilateral_compat)
    return model


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
    model = build(image, probabilities, parameters)
    result = np.array(model.inference(parameters.iterations))   # [C, H * W]
    return np.ascontiguousarray(result.T).reshape(probabilities.shape)


def likeliest(image, probabilities, parameters, counts):
    """Yield the class numbers (H, W) after each of the iterations `counts`.

    Those of `parameters` are left aside: what is common to several counts is
    computed once.
    """
    model = build(image, probabilities, parameters)
    state = model.startInference()
    for count in range(1, max(counts) + 1):
        model.stepInference(*state)
        if count in counts:
            yield np.array(state[0]).argmax(axis=0).astype(np.uint8).reshape(
                probabilities.shape[:2])


def in_words(parameters):
    """The parameters for people.

    >>> print(in_words(PRESETS['post']))
    iterations 5, Gaussian sxy 10 compat 3, bilateral sxy 50 srgb 20 compat 10
    """
    return ('iterations {:d}, Gaussian sxy {:g} compat {:g}, bilateral sxy '
            '{:g} srgb {:g} compat {:g}'.format(*parameters))


def add_options(parser):
    """Add the options of every program that refines; return their group."""
    group = parser.add_argument_group(
        'fully connected CRF', 'bring what the network says to the edges of '
        'the picture, at its own size; takes pydensecrf2')
    group.add_argument('--crf', nargs='?', const='auto', metavar='PRESET',
                       choices=['auto', 'tuned'] + sorted(PRESETS),
                       help='street (gentle), post (of the blog\'s code, for '
                            'large things) or tuned (for this run, by '
                            'evaluate.py --tune); without a word tuned '
                            'where it is there, otherwise street')
    group.add_argument('--crf-iterations', type=option_types.positive(int),
                       metavar='N', help='in place of the preset\'s')
    group.add_argument('--crf-gaussian', nargs=2, type=option_types.not_negative,
                       metavar=('SXY', 'COMPAT'),
                       help='width in pixels and weight of the kernel of '
                            'near pixels, in place of the preset\'s')
    group.add_argument('--crf-bilateral', nargs=3, type=option_types.not_negative,
                       metavar=('SXY', 'SRGB', 'COMPAT'),
                       help='widths in pixels and in levels of colour and '
                            'weight of the kernel of near pixels alike in '
                            'colour, in place of the preset\'s')
    return group


def check_options(parser, options):
    """End in a usage error for options that make no sense together."""
    for name in ('crf_iterations', 'crf_gaussian', 'crf_bilateral'):
        values = getattr(options, name)
        if values is None:
            continue
        option = f"--{name.replace('_', '-')}"
        if options.crf is None:
            parser.error(f'{option} goes with --crf')
        if name != 'crf_iterations' and min(values[:-1]) < NARROWEST:
            parser.error('{}: a width is {:g}, {} or more is wanted'.format(
                option, min(values[:-1]), NARROWEST))


def choose(options, run, tuned=True):
    """The Choice that the options ask for, for a rundir.Run, or None.

    Parameters
    ----------
    tuned : bool
        Whether --crf without a word takes what was tuned for the run.

    Raises
    ------
    OSError, ValueError
        The run has no tuned parameters, or none that make sense.
    """
    if options.crf is None:
        return None
    check()
    path = os.path.join(run.directory, FILE)
    preset, lines = options.crf, []
    if preset == 'auto':
        preset = 'tuned' if tuned and os.path.isfile(path) else 'street'
    if preset == 'tuned':
        parameters, lines = read_tuned(path, run)
    else:
        parameters = PRESETS[preset]
    parameters = override(parameters, options)
    return Choice(parameters, preset, ['[i] CRF, {}: {}'.format(
        preset, in_words(parameters))] + lines)


def override(parameters, options):
    """The parameters, with those that the options give."""
    given = ([options.crf_iterations]
             + list(options.crf_gaussian or [None] * 2)
             + list(options.crf_bilateral or [None] * 3))
    return Parameters(*(old if new is None else new
                        for old, new in zip(parameters, given)))


def read_tuned(path, run):
    """The Parameters in a crf.json, and lines on where they are from."""
    if not os.path.isfile(path):
        raise FileNotFoundError('{} has no {}: evaluate.py --crf --tune N '
                                'writes it'.format(run.directory, FILE))
    told = files.read_json(path, ['parameters', 'checkpoint', 'split',
                                  'pictures', 'raw_miou', 'miou'])
    try:
        parameters = Parameters(**told['parameters'])
        in_words(parameters)
        if min(parameters.iterations, parameters.gaussian_sxy,
               parameters.bilateral_sxy,
               parameters.bilateral_srgb) < NARROWEST:
            raise ValueError
        lines = ['[i] tuned on {} pictures of the {} split: mIoU {:.2%} -> '
                 '{:.2%}{}'.format(
                     len(told['pictures']), told['split'], told['raw_miou'],
                     told['miou'], ', no gain'
                     if told['miou'] <= told['raw_miou'] else '')]
    except (TypeError, ValueError):
        raise InputError('{}: {} are wanted as numbers in parameters, widths '
                         'of {} or more, as evaluate.py --tune writes it'
                         .format(path, ', '.join(Parameters._fields),
                                 NARROWEST))
    checkpoint = os.path.basename(run.checkpoint)
    if told['checkpoint'] != checkpoint:
        lines.append('[i] it was tuned with the checkpoint {}, this is {}'
                     .format(told['checkpoint'], checkpoint))
    return parameters, lines
