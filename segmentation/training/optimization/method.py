"""The options of the loss and of the step.

`choose` is their front door: what it returns are plain values.
"""
from typing import NamedTuple

from segmentation import option_types
from segmentation.errors import InputError


class Method(NamedTuple):
    """What is minimized and how; by default cross entropy, by Adam."""

    lovasz: float = 0           # share of the Lovasz-softmax loss, below 1
    hard_pixels: float = 1      # share of a picture's pixels that count
    label_smoothing: float = 0  # share of a label spread over all classes
    accumulate: int = 1         # batches a step
    clip: float = 0             # largest norm of all gradients; 0: any
    weight_decay: float = 0     # times the learning rate, of a step
    backbone_rate: float = 1    # learning rate of VGG16, of the others'
    ema: float = 0              # decay of the averages of weights; 0: none

    def of_single_steps(self) -> 'Method':
        """Return the method with a cross entropy of each batch alone."""
        return Method(clip=self.clip, weight_decay=self.weight_decay,
                      backbone_rate=self.backbone_rate)


DEFAULTS = Method()


def add_options(parser):
    """Add the options that `choose` takes to a parser."""
    group = parser.add_argument_group('loss and steps')
    group.add_argument('--lovasz', type=option_types.part, metavar='SHARE',
                       default=DEFAULTS.lovasz,
                       help='share of the Lovasz-softmax loss, which follows '
                            'the mIoU, in what is minimized; the rest is '
                            'cross entropy (default: %(default)s)')
    group.add_argument('--hard-pixels', type=option_types.share,
                       default=DEFAULTS.hard_pixels, metavar='SHARE',
                       help='train on this share of the pixels of each '
                            'picture alone, those of the highest cross '
                            'entropy (default: %(default)s)')
    group.add_argument('--label-smoothing', type=option_types.part,
                       default=DEFAULTS.label_smoothing, metavar='SHARE',
                       help='share of each label that is spread over all '
                            'classes (default: %(default)s)')
    group.add_argument('--weight-decay', type=option_types.not_negative,
                       default=DEFAULTS.weight_decay, metavar='X',
                       help='decoupled weight decay (AdamW): each step takes '
                            'X times the learning rate from all kernels, '
                            'VGG16\'s too (default: %(default)s)')
    group.add_argument('--backbone-rate', metavar='FACTOR',
                       type=option_types.positive(float),
                       default=DEFAULTS.backbone_rate,
                       help='learning rate of VGG16, as a multiple of that '
                            'of the other layers (default: %(default)s)')
    group.add_argument('--accumulate', type=option_types.positive(int),
                       default=DEFAULTS.accumulate, metavar='N',
                       help='add up the gradients of N batches for each '
                            'step, which is then that of one batch N times '
                            'as large, in the memory of one (default: '
                            '%(default)s)')
    group.add_argument('--clip', type=option_types.not_negative,
                       default=DEFAULTS.clip, metavar='NORM',
                       help='shrink the gradients of a step if their global '
                            'norm is larger than this (default: never)')
    group.add_argument('--ema', type=option_types.part, metavar='DECAY',
                       default=DEFAULTS.ema,
                       help='score and save exponential moving averages of '
                            'the weights, such as of decay 0.999, in place '
                            'of the weights (default: no averages)')


def check(options, has_backbone):
    """Raise InputError where the options contradict others.

    Parameters
    ----------
    options : argparse.Namespace
    has_backbone : bool
        Whether the model is built on VGG16.
    """
    if options.lovasz and options.soft_labels:
        raise InputError('--lovasz takes one class a pixel: it does not go '
                         'with --soft-labels')
    if options.backbone_rate != DEFAULTS.backbone_rate:
        if not has_backbone:
            raise InputError(f'{options.model} has no VGG16: --backbone-rate '
                             'does not apply')
        if options.freeze_encoder == option_types.WHOLE:
            raise InputError('--freeze-encoder does not train VGG16: '
                             '--backbone-rate does not apply')


def choose(options):
    """Return the Method that the options ask for."""
    return Method(*(getattr(options, name) for name in Method._fields))
