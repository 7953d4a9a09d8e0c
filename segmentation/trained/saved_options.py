"""Options that are not typed: those of a resumed run, and of a recipe."""
import argparse
import difflib
import os

from segmentation import files, option_types
from segmentation.errors import InputError
from segmentation.trained import run_dir

# What belongs to the run that an options.json is of, and not to its recipe.
OF_ONE_RUN = ('name', 'resume', 'sanity', 'recipe', 'tensorboard_dir',
              'processes', 'join_timeout')
SIZES = 'image_size', 'crop_size'       # options that are typed as WxH


class SavedOptions(argparse.ArgumentParser):
    """A parser of saved options: what is wrong in them is bad input."""

    def error(self, message):
        raise InputError(f'{self.prog}: {message}')


def resumed(make_parser, directory, changeable, argv=None):
    """Return the options of a run, with what the command line may change.

    Parameters
    ----------
    make_parser : function of (class of the parser, its name)
        Returns the parser of the program that trained the run.
    directory : str
        The directory of the run, which may have been moved.
    changeable : collection of str
        Names of the options that may differ from the saved ones.
    argv : list of str, optional
    """
    saved = dict(read(make_parser, directory), name=directory)
    # What the command line does not give keeps its saved value.
    options = make_parser().parse_args(argv, argparse.Namespace(**saved))
    for key, value in vars(options).items():
        if key not in changeable and value != saved[key]:
            raise InputError(f'{option_types.flag(key)} is {saved[key]} in '
                             f'{directory}: a resumed run cannot change it')
    return options


def read(make_parser, directory):
    """Return {name: value} of the options in options.json of a run.

    They are parsed like a command line, which finds what is no value of
    theirs; options of an earlier train.py that are gone are passed over.
    """
    path = run_dir.path(directory, 'options.json')
    parser = make_parser(SavedOptions, path)
    options = vars(parser.parse_args(as_arguments(
        parser, run_dir.read_options(directory)['options'])))
    if not options['data_source']:
        raise InputError(f'{path}: options lacks data_source')
    return options


def as_arguments(parser, saved):
    """Return the command line that gives options their saved values.

    Parameters
    ----------
    parser : SavedOptions
    saved : {name: value}
        An option that it lacks is left out, as is a name of no option.
    """
    arguments = []
    for key, default in vars(parser.parse_args([])).items():
        value, flag = saved.get(key, default), option_types.flag(key)
        if key not in saved or value is default and isinstance(
                value, (bool, type(None))):
            continue
        if value is True:
            arguments.append(flag)
        elif key in SIZES and isinstance(value, list):
            arguments.append(f"{flag}={'x'.join(map(str, value))}")
        elif isinstance(value, (list, tuple)) and value:
            arguments += [flag, *map(str, value)]
        elif isinstance(value, dict) or value is False:
            raise InputError(f'{parser.prog}: {key} is {value}')
        else:
            arguments.append(f'{flag}={value}')
    return arguments


def recipe_arguments(make_parser, recipe, recipes):
    """Return the command line that a recipe stands for.

    Parameters
    ----------
    make_parser : function
        As `resumed` takes it.
    recipe : str
        A name in `recipes`, or a JSON file: {option: value}, or the
        options.json of a run, of which what belongs to that run is left out.
    recipes : {name: {option: value}}

    Raises
    ------
    InputError
        There is no such recipe or file, or what it holds are no options.
    """
    parser = make_parser(SavedOptions, f'recipe {recipe}')
    known = set(vars(parser.parse_args([]))) - set(OF_ONE_RUN)
    if recipe in recipes:
        saved = recipes[recipe]
    elif os.path.isfile(recipe):
        saved = files.read_json(recipe, {})
        if isinstance(saved.get('options'), dict):
            saved = {key: value for key, value in saved['options'].items()
                     if key in known}
    else:
        raise InputError(f'--recipe {recipe}: one of {", ".join(recipes)} or '
                         'a JSON file of options is wanted')
    check_names(saved, known, parser.prog)
    arguments = as_arguments(parser, saved)
    parser.parse_args(arguments)
    return arguments


def check_names(names, known, where):
    """Raise InputError, with the nearest one, where a name is no option."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise InputError(f'{where}: {name!r} is no option of a recipe'
                             + (f': did you mean {near[0]!r}?' if near
                                else ''))
