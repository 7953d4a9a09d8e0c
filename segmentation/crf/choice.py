"""Which parameters the CRF has: the options, presets, or tuned for a run."""
import os
from typing import Any, Dict, NamedTuple, Tuple

from segmentation import option_types, schema, text
from segmentation.crf.model import (MIN_WIDTH, Parameters, check_installed,
                                    in_words)
from segmentation.errors import InputError
from segmentation.trained import lookup

PRESETS = {
    # of the blog's code, made for a cat that fills its picture
    'post': Parameters(5, 10, 3, 50, 20, 10),
    # chosen on validation pictures of CamVid, 480x360: poles survive it
    'street': Parameters(2, 3, 0, 30, 8, 1),
}
SCHEMA = {'parameters': {'iterations': int, **{
    name: float for name in Parameters._fields[1:]}},
          'checkpoint': str, 'split': str, 'pictures': [str],
          'raw_miou': float, 'miou': float}
MOST = 10000            # of a parameter that is read


class Choice(NamedTuple):
    """The parameters to refine with, and where they come from."""

    parameters: Parameters
    preset: str                     # of PRESETS, or 'tuned'
    notes: Tuple[str, ...] = ()     # lines on how they were tuned

    def describe(self) -> Dict[str, Any]:
        """Return what JSON files say of it."""
        return {'preset': self.preset,
                'parameters': dict(self.parameters._asdict())}

    def lines(self):
        """Return lines for the terminal."""
        return (f'[i] CRF, {self.preset}: {in_words(self.parameters)}',
                *self.notes)


def add_options(parser):
    """Add the options of every program that refines; return their group."""
    group = parser.add_argument_group(
        'refinement by a fully connected CRF', 'moves the borders of the '
        'predictions to edges of the picture, at its own size; requires '
        'pydensecrf2')
    group.add_argument('--crf', nargs='?', const='auto', metavar='PRESET',
                       choices=['auto', 'tuned'] + sorted(PRESETS),
                       help='refine predictions; PRESET is street (gentle), '
                            'post (from the blog\'s code, for large objects) '
                            'or tuned (for this run, by evaluate.py --tune); '
                            'if it is left out, tuned where the run has it, '
                            'otherwise street')
    group.add_argument('--crf-iterations', type=option_types.positive(int),
                       metavar='N',
                       help='iterations, in place of those of the preset')
    group.add_argument('--crf-gaussian', nargs=2,
                       type=option_types.not_negative,
                       metavar=('SXY', 'COMPAT'),
                       help='width in pixels and weight of the kernel for '
                            'neighbouring pixels, in place of those of the '
                            'preset')
    group.add_argument('--crf-bilateral', nargs=3,
                       type=option_types.not_negative,
                       metavar=('SXY', 'SRGB', 'COMPAT'),
                       help='width in pixels, width in levels of colour and '
                            'weight of the kernel for neighbouring pixels of '
                            'similar colour, in place of those of the preset')
    return group


def check_options(parser, options):
    """End in a usage error for options that make no sense together."""
    for name in ('crf_iterations', 'crf_gaussian', 'crf_bilateral'):
        values = getattr(options, name)
        if values is None:
            continue
        option = option_types.flag(name)
        if options.crf is None:
            parser.error(f'{option} goes with --crf')
        if name != 'crf_iterations' and min(values[:-1]) < MIN_WIDTH:
            parser.error(f'{option}: a width is {min(values[:-1]):g}, '
                         f'{MIN_WIDTH} or more is wanted')


def choose(options, model, tuned=True):
    """Return the Choice that the options ask for; None without --crf.

    Parameters
    ----------
    options : argparse.Namespace
    model : run_dir.Run or exported.Exported
    tuned : bool
        Whether --crf without a preset takes what was tuned for the model.

    Raises
    ------
    OSError, InputError
        The model has no tuned parameters, or none that make sense.
    """
    if options.crf is None:
        return None
    check_installed()
    preset = options.crf
    if preset == 'auto':
        preset = 'street'
        if tuned and lookup.fitted(model, lookup.CRF)[0] is not None:
            preset = 'tuned'
    chosen = (read_tuned(model) if preset == 'tuned'
              else Choice(PRESETS[preset], preset))
    given = ([options.crf_iterations]
             + list(options.crf_gaussian or [None] * 2)
             + list(options.crf_bilateral or [None] * 3))
    return chosen._replace(parameters=Parameters(*(
        old if new is None else new
        for old, new in zip(chosen.parameters, given))))


def read_tuned(model):
    """Return the Choice of the parameters that were tuned for a model."""
    saved, where = lookup.fitted(model, lookup.CRF)
    if saved is None:
        raise FileNotFoundError(
            f'{model.path} has no tuned parameters: evaluate.py --crf '
            f'--tune N writes {lookup.CRF}.json of a run, and export.py takes '
            'them from there')
    schema.check(saved, SCHEMA, where)
    parameters = Parameters(**{name: saved['parameters'][name]
                               for name in Parameters._fields})
    widths = (parameters.gaussian_sxy, parameters.bilateral_sxy,
              parameters.bilateral_srgb)
    if not (1 <= parameters.iterations <= MOST
            and all(MIN_WIDTH <= width <= MOST for width in widths)
            and 0 <= parameters.gaussian_compat <= MOST
            and 0 <= parameters.bilateral_compat <= MOST
            and 0 <= saved['raw_miou'] <= 1 and 0 <= saved['miou'] <= 1):
        raise InputError(f'{where}: iterations of 1 or more, widths of '
                         f'{MIN_WIDTH} or more, weights of 0 or more and '
                         'mIoUs from 0 to 1 are wanted, as evaluate.py '
                         '--tune writes it')
    note = (f'[i] tuned on '
            f'{text.counted(len(saved["pictures"]), "picture")} of the '
            f'{saved["split"]} split: mIoU {saved["raw_miou"]:.2%} -> '
            f'{saved["miou"]:.2%}')
    if saved['miou'] <= saved['raw_miou']:
        note += ', no gain'
    checkpoint = os.path.basename(model.checkpoint)
    if saved['checkpoint'] == checkpoint:
        return Choice(parameters, 'tuned', (note,))
    return Choice(parameters, 'tuned', (
        note, '[i] it was tuned with the checkpoint '
        f'{saved["checkpoint"]}, this is {checkpoint}'))
