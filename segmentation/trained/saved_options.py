"""The options of a run that is resumed, as the command line had them."""
import argparse

from segmentation import option_types
from segmentation.errors import InputError
from segmentation.trained import run_dir


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
    saved = run_dir.read_options(directory)['options']
    parser = make_parser(SavedOptions, path)
    arguments = []
    for key, default in vars(parser.parse_args([])).items():
        value, flag = saved.get(key, default), option_types.flag(key)
        if value is True:
            arguments.append(flag)
        elif key == 'image_size' and isinstance(value, list):
            arguments.append(f"{flag}={'x'.join(map(str, value))}")
        elif isinstance(value, (list, tuple)) and value:
            arguments += [flag, *map(str, value)]
        elif isinstance(value, dict) or value is False is not default:
            raise InputError(f'{path}: {key} is {value}')
        elif value is not default:
            arguments.append(f'{flag}={value}')
    options = vars(parser.parse_args(arguments))
    if not options['data_source']:
        raise InputError(f'{path}: options lacks data_source')
    return options
