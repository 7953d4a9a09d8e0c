"""The models that train.py offers: one row each.

A new model is a file with a builder, build(inputs, num_classes, options) ->
Network (see segmentation/nn/network.py), and a row in MODELS. TensorFlow is
loaded only when a model is built.
"""
import argparse
import importlib
from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Tuple

from segmentation import option_types
from segmentation.errors import InputError

if TYPE_CHECKING:
    from segmentation.nn import network

# Options that apply to some models only, and their defaults.
DEFAULTS: Dict[str, Any] = {
    'initializer': 'zeros', 'stddev': None, 'skip_scales': (1, 1),
    'fixed_upsampling': False, 'head_width': 64, 'aspp_rates': (2, 4, 8, 12)}

Builder = Callable[['network.Inputs', int, Dict[str, Any]], 'network.Network']


class Model(NamedTuple):
    """A row of MODELS.

    Attributes
    ----------
    what : str
        What train.py --help says of the model.
    build : callable
        build(inputs, num_classes, options) -> Network, given network.Inputs
        and {name: value} of the options that apply.
    options : tuple of str
        The options that apply, keys of DEFAULTS.
    backbone : bool
        Whether it is built on VGG16, by inputs.load_backbone.
    pools : tuple of str
        The pools of VGG16 that it can be frozen up to.
    """

    what: str
    build: Builder
    options: Tuple[str, ...] = ()
    backbone: bool = True
    pools: Tuple[str, ...] = option_types.POOLS


def lazy(module: str, function: str = 'build', **fixed: Any) -> Builder:
    """Return a builder that imports its module when it is called.

    `fixed` are arguments that distinguish models of one function.
    """
    def build(inputs, num_classes, options):
        builder = getattr(importlib.import_module(module), function)
        return builder(inputs, num_classes, options, **fixed)
    return build


FCN_OPTIONS = ('initializer', 'stddev', 'skip_scales', 'fixed_upsampling')

MODELS = {
    'fcn8s': Model('three taps of VGG16, each enlarged straight',
                   lazy('fcnvgg', 'build_sum'), FCN_OPTIONS),
    'fcn8s-chain': Model('three taps, enlarged and joined in turn',
                         lazy('fcnvgg', 'build_chain', depth=3), FCN_OPTIONS),
    'fcn16s': Model('two taps, joined',
                    lazy('fcnvgg', 'build_chain', depth=2), FCN_OPTIONS),
    'fcn32s': Model('the last tap alone',
                    lazy('fcnvgg', 'build_chain', depth=1), FCN_OPTIONS),
    'fcn-pools': Model('four pools of VGG16, joined by 3x3 convolutions',
                       lazy('fcnpools'), ('head_width',)),
    'fcn-aspp': Model('VGG16 dilated to stride 8, with atrous spatial pyramid '
                      'pooling', lazy('fcnaspp'),
                      ('head_width', 'aspp_rates'), pools=('pool2', 'pool3')),
    'fcn-lite': Model('four strided convolutions, no VGG16',
                      lazy('unet', 'build_lite'), backbone=False),
    'unet': Model('U-Net, no VGG16',
                  lazy('unet', 'build_unet'), backbone=False),
}


def option_value(options, name):
    """Return the value of an option of DEFAULTS; a list of JSON as a tuple."""
    value = getattr(options, name)
    if value is None:
        return DEFAULTS[name]
    return tuple(value) if isinstance(value, list) else value


def build_options(options: argparse.Namespace) -> Dict[str, Any]:
    """Return {name: value} of the options that apply to options.model."""
    return {name: option_value(options, name)
            for name in MODELS[options.model].options}


def check(options: argparse.Namespace) -> None:
    """Raise InputError where options do not apply to options.model."""
    model = MODELS[options.model]
    for name, default in DEFAULTS.items():
        if name in model.options or option_value(options, name) == default:
            continue
        owners = ', '.join(other for other, row in MODELS.items()
                           if name in row.options)
        flag = option_types.flag(name)
        raise InputError(f'{flag} applies to {owners} alone: it does not '
                         f'apply to {options.model}')
    if options.freeze_encoder and not model.backbone:
        raise InputError(f'{options.model} has no VGG16: --freeze-encoder '
                         'does not apply')
    if options.freeze_encoder in set(option_types.POOLS) - set(model.pools):
        raise InputError(f'--freeze-encoder {options.freeze_encoder}: '
                         f'{options.model} goes around this pool; one of '
                         f'{", ".join(model.pools)} is wanted')
    if options.crop_size and not options.augment:
        raise InputError('--crop-size goes with --augment')
