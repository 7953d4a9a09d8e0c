"""What is searched: options of train.py, and the values that each may take.

    {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": true},
     "batch_size": {"low": 2, "high": 16, "step": 2},
     "class_weights": ["none", "median"], "augment": [true, false]}
"""
import json
import os

from optuna import distributions

from segmentation import files, schema
from segmentation.errors import InputError
from segmentation.search.command import words
from segmentation.trained import saved_options

RANGE = {'low': float, 'high': float, 'log?': bool, 'step?': float}
CHOICE = (bool, int, float, str, list, None)
FORMS = '{"low": .., "high": ..} or a list of choices'


def read(name, spaces):
    """Return {option: domain} of a JSON file, or of `spaces` by its name."""
    if name in spaces:
        return spaces[name]
    if not os.path.isfile(name):
        raise InputError(f'--space {name}: one of {", ".join(spaces)} or a '
                         'JSON file is wanted')
    return files.read_json(name, {})


def distributions_of(space, command, where):
    """Return {option: distribution} for Optuna, once all values are checked.

    Parameters
    ----------
    space : {option: range or list of choices}
    command : command.Command
    where : str
        Names the space in messages.

    Raises
    ------
    InputError
        An option does not exist, or is given to all trials; a range or a
        choice is none, or train.py does not take it.
    """
    known = set(command.defaults) - set(saved_options.OF_ONE_RUN)
    saved_options.check_names(space, known, where)
    if not space:
        raise InputError(f'{where} is empty: options are wanted')
    for name in space:
        if name in command.given:
            raise InputError(f'{where}: {name} is given to all trials: it '
                             'cannot be searched as well')
    return {name: distribution(name, domain, command, f'{where}: {name}')
            for name, domain in space.items()}


def distribution(name, domain, command, where):
    """Return the distribution of an option from its range or choices."""
    if isinstance(domain, list) and domain:
        schema.check(domain, [CHOICE], where)
        for choice in domain:
            check_value(name, choice, command, where)
        return distributions.CategoricalDistribution(list(map(label, domain)))
    if not isinstance(domain, dict):
        raise InputError(f'{where} is {schema.brief(domain)}: {FORMS} is '
                         'wanted')
    schema.check(domain, RANGE, where)
    for key in domain:
        if key not in RANGE and f'{key}?' not in RANGE:
            raise InputError(f'{where}: a range has no {key!r}: low, high, '
                             'log and step are wanted')
    is_whole = all(isinstance(domain.get(key, 0), int)
                   for key in ('low', 'high', 'step')
                   ) and not takes_fraction(name, domain['low'], command)
    kind, number = ((distributions.IntDistribution, int) if is_whole
                    else (distributions.FloatDistribution, float))
    for key in ('low', 'high'):
        check_value(name, number(domain[key]), command, where)
    try:
        return kind(**domain)
    except ValueError as error:
        raise InputError(f'{where}: {error}')


def check_value(name, value, command, where):
    """Raise InputError unless train.py gets a value as it is meant."""
    try:
        found = command.parse({name: value})[name]
    except InputError as error:
        raise InputError(f'{where}: {str(error).replace("train.py: ", "")}')
    # Nothing is typed for these, which leaves what all trials have.
    if (value is None or value is False) and found is not value:
        raise InputError(f'{where}: {json.dumps(value)} does not apply: it '
                         f'is {json.dumps(found)} in all trials')


def takes_fraction(name, low, command):
    """Return whether an option takes numbers that are not whole."""
    try:
        command.parser.parse_args(words({name: low + .5}))
    except InputError:
        return False
    return True


def label(choice):
    """Return what stands for a choice in Optuna, which has no lists."""
    return json.dumps(choice) if isinstance(choice, list) else choice


def values(space, parameters):
    """Return {option: value} of the parameters that Optuna has chosen."""
    return {name: json.loads(value) if is_label(space[name], value) else value
            for name, value in parameters.items()}


def is_label(domain, value):
    """Return whether a value stands for a list among the choices."""
    return isinstance(domain, list) and value not in domain
