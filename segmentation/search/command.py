"""The command line of train.py that all trials of a study share."""
import argparse
import json

from segmentation import option_types
from segmentation.errors import InputError
from segmentation.trained import saved_options

# What each trial has of its own, or what would take from the others.
NOT_SHARED = ('name', 'resume', 'sanity', 'tensorboard_dir', 'delete_features')
# What trials are compared on is not what the best options are for.
NOT_BEST = saved_options.OF_ONE_RUN + ('hold_out',)


def words(values):
    """Return {option: value} as it is typed.

    >>> words({'epochs': 3, 'augment': True, 'xla': False, 'patience': None})
    ['--epochs=3', '--augment']
    """
    typed = []
    for name, value in values.items():
        flag = option_types.flag(name)
        if value is True:
            typed.append(flag)
        elif isinstance(value, list):
            typed += [flag, *map(str, value)]
        elif value is not None and value is not False:
            typed.append(f'{flag}={value}')
    return typed


def plain(options):
    """Return options as JSON has them, without tuples."""
    return json.loads(json.dumps(options))


class Command:
    """What follows train.py in every trial.

    Parameters
    ----------
    make_parser : function of (class of the parser, its name)
        Returns the parser of train.py.
    recipe : list of str
        What the --recipe among the arguments stands for.
    arguments : list of str
        As they are typed.

    Attributes
    ----------
    given : set of str
        The options among the arguments.
    options : {name: value}
        Those of every trial, with defaults and recipe.

    Raises
    ------
    InputError
        An option is not for all trials.
    """

    def __init__(self, make_parser, recipe, arguments):
        self.recipe = recipe
        self.arguments = arguments
        self.parser = make_parser(saved_options.SavedOptions, 'train.py')
        self.defaults = vars(self.parser.parse_args([]))
        self.given = self.names(arguments)
        for name in NOT_SHARED:
            if name in self.given:
                raise InputError(f'{option_types.flag(name)} is not for all '
                                 'trials of a search: it goes without')
        self.options = self.parse({})

    def names(self, arguments):
        """Return the names of the options that are among some arguments."""
        untyped = object()
        typed = vars(self.parser.parse_args(arguments, argparse.Namespace(
            **dict.fromkeys(self.defaults, untyped))))
        return {name for name, value in typed.items() if value is not untyped}

    def parse(self, values):
        """Return {name: value} of all options with those of a trial."""
        return vars(self.parser.parse_args(
            [*self.recipe, *self.arguments, *words(values)]))

    def fixed(self, changeable):
        """Return the options that make trials comparable, as JSON has them.

        Parameters
        ----------
        changeable : collection of str
            Names of the others.
        """
        return {name: value for name, value in plain(self.options).items()
                if name not in changeable}

    def best(self, values):
        """Return {option: value}, a recipe: what a trial has set in all."""
        defaults, options = plain(self.defaults), plain(self.parse(values))
        kept = set()
        if options['patience']:     # train.py has another --schedule then
            kept = {'schedule'} & {*values, *self.names(
                [*self.recipe, *self.arguments])}
        return {name: value for name, value in options.items()
                if (value != defaults[name] or name in kept)
                and name not in NOT_BEST}
