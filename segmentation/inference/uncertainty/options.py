"""The options of how sure a network is; `confidence` is their front door."""
import argparse
from typing import Any, List, NamedTuple, Optional, Tuple

from segmentation import option_types
from segmentation.errors import InputError
from segmentation.inference import engines
from segmentation.inference.engines.engine import Engine
from segmentation.inference.uncertainty.engines import (MonteCarloEngine,
                                                        Passes,
                                                        TemperedEngine)
from segmentation.trained import lookup
from segmentation.trained import temperature as temperatures


class Confidence(NamedTuple):
    """What is asked for of the probabilities of a model."""

    temperature: Optional[float] = None     # None: what was fitted for it
    passes: int = 0                         # 0: one, without dropout
    keep_prob: Optional[float] = None       # None: as in training
    is_measured: bool = False   # whether the mutual information is wanted

    def check(self, model: lookup.Model, engine: str) -> None:
        """Raise InputError where a model in an engine has no dropout."""
        temperatures.read(model)
        if not self.passes:
            return
        if engine != 'tensorflow' or engines.format_of(model) != 'run':
            raise InputError(f'--mc: {model.path} has no dropout in {engine}:'
                             ' a run in tensorflow is wanted')
        self.share_kept(model)

    def share_kept(self, model: lookup.Model) -> float:
        """Return the share of the activations that dropout keeps."""
        if self.keep_prob is not None:
            return self.keep_prob
        share = lookup.options(model).get('keep_prob')
        if not isinstance(share, (int, float)) or not 0 < share < 1:
            found = ('does not say with which --keep-prob it was trained'
                     if share is None else
                     f'was trained with --keep-prob {share:g}')
            raise InputError(f'--mc: {model.path} {found}: --mc-keep-prob '
                             'gives a share above 0 and below 1')
        return share

    def apply(self, engine: Engine) -> Tuple[Engine, List[str]]:
        """Return an engine with what is asked for, and lines that say it."""
        model, lines = engine.model, []
        found = temperatures.read(model)
        value = self.temperature or (found.value if found else 1)
        if value != 1:
            engine = TemperedEngine(engine, value)
            lines.append(found.line if found and not self.temperature
                         else f'[i] temperature {value:.3f}')
        if self.passes:
            share = self.share_kept(model)
            engine = MonteCarloEngine(engine, Passes(self.passes, share,
                                                     self.is_measured))
            lines.append(f'[i] mean of {self.passes} passes with dropout, '
                         f'keep_prob {share:g}')
        return engine, lines


def add_options(group: Any) -> None:
    """Add the options that `confidence` takes to a group of a parser."""
    group.add_argument('--mc', type=option_types.positive(int), default=0,
                       metavar='N',
                       help='average the probabilities of N passes with '
                            'dropout (Monte Carlo dropout), such as 8; takes '
                            'a run and tensorflow')
    group.add_argument('--mc-keep-prob', type=option_types.fraction,
                       metavar='P',
                       help='share of the activations that dropout keeps in '
                            'these passes (default: that of the training)')
    group.add_argument('--temperature', type=option_types.positive(float),
                       metavar='T',
                       help='divide the logits by T; 1 leaves them as they '
                            'are (default: what evaluate.py --calibrate has '
                            'fitted for the model, otherwise 1)')
    group.set_defaults(uncertainty=False, rank=None)


def add_outputs(group: Any) -> None:
    """Add the options of what infer.py writes."""
    group.add_argument('--uncertainty', action='store_true',
                       help='also write how unsure the network is of each '
                            'pixel, 255 for an entropy of ln C, to entropy/ '
                            'and, with --mc, 255 for ln C / 4, to '
                            'mutual-information/')
    group.add_argument('--rank', metavar='FILE.csv',
                       help='write the pictures in the order in which '
                            'labelling them teaches most: where the network '
                            'is unsure, and unlike those before')


def check_options(parser: argparse.ArgumentParser,
                  options: argparse.Namespace) -> None:
    """End in a usage error for options that make no sense together."""
    if options.mc_keep_prob and not options.mc:
        parser.error('--mc-keep-prob goes with --mc')
    if options.tiles and (options.uncertainty or options.rank):
        parser.error('--tiles keeps no probabilities: --uncertainty and '
                     '--rank take those of whole pictures')
    if options.rank:
        for name in ('shard', 'skip_existing'):
            if getattr(options, name):
                parser.error(f'{option_types.flag(name)} leaves pictures out:'
                             ' --rank takes all of them')
        if options.processes > 1:
            parser.error('--rank does not go with --processes')


def confidence(options: argparse.Namespace) -> Confidence:
    """Return the Confidence that the options ask for."""
    return Confidence(options.temperature, options.mc, options.mc_keep_prob,
                      bool(options.mc and (options.uncertainty
                                           or options.rank)))
