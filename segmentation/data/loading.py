"""Data sources by name: find source_NAME.py, make its source, load its data.

`load_source` is the front door of the data wing: it takes a command line with
the options that utils.add_source_options adds.
"""
import argparse
import importlib
import os
import sys
from typing import Optional, Sequence

from segmentation import errors, option_types
from segmentation.data import contract
from segmentation.errors import InputError, MissingModuleError

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What a source raises by mistake alone, whatever the folder holds.
BUGS = (TypeError, LookupError, NameError, AssertionError, ArithmeticError,
        ImportError, SyntaxError, NotImplementedError, RecursionError)


def find_source(name: str) -> contract.Source:
    """Import source_NAME, or the dotted module NAME, and make its source.

    Raises
    ------
    MissingModuleError
        There is no such module, or something that it imports is missing.
    InputError
        The module has no get_source, or its source lacks attributes.
    """
    module_name = name if '.' in name else f'source_{name}'
    check_name(name, module_name)
    module = import_module(name, module_name)
    if not hasattr(module, 'get_source'):
        raise InputError(f'data source {name!r}: {module.__file__} has no '
                         'get_source()')
    source = module.get_source()
    contract.check(source, name)
    return source


def check_name(name, module_name):
    """Raise MissingModuleError if a name cannot be that of a module."""
    if not all(part.isidentifier() for part in module_name.split('.')):
        raise MissingModuleError(f'no data source {name!r}: NAME of '
                                 'source_NAME.py, or a dotted module name, '
                                 'is wanted')
    if name.endswith('.py'):
        stem = name[:-3].replace('source_', '', 1)
        raise MissingModuleError(f'no data source {name!r}: {stem} is its '
                                 'name, if that is a file here')


def import_module(name, module_name):
    """Import a module from the path or the working directory."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    problem: Exception
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        parents = [module_name.rsplit('.', count)[0]
                   for count in range(module_name.count('.') + 1)]
        if error.name in parents:
            path = module_name.replace('.', '/')
            raise MissingModuleError(f'no data source {name!r}: {path}.py is '
                                     'not on the path')
        problem = error
    except (ImportError, SyntaxError) as error:
        problem = error
    raise MissingModuleError(f'data source {name!r} cannot be imported: '
                             f'{problem}')


def make_source(name: str, classes: Optional[str] = None,
                data_dir: Optional[str] = None) -> contract.Source:
    """Make the source `name` with one of its class tables; load no data.

    A source whose classes are in its folder takes them from `data_dir`.
    """
    source = find_source(name)
    if contract.offers(source, 'choose_folder'):
        if data_dir is None:
            raise InputError(f'data source {name!r} has its classes in a '
                             'folder: --data-dir is wanted')
        source.choose_folder(data_dir)
    if classes:
        if not contract.offers(source, 'choose_classes'):
            raise InputError(f'data source {name!r} has one class table: '
                             '--classes does not apply')
        source.choose_classes(classes)
    contract.check_classes(source, name)
    return source


def load_source(options: argparse.Namespace,
                required: Optional[Sequence[str]] = None) -> contract.Source:
    """Make the source that the options describe, and load its data.

    Files are listed and split, none is decoded.

    Parameters
    ----------
    options : argparse.Namespace
        A command line with the options of utils.add_source_options.
    required : sequence of str, optional
        Splits that must not be empty, of a source that lets it be chosen.
    """
    source = make_source(options.data_source, options.classes,
                         options.data_dir)
    settings = {'seed': options.seed, 'workers': options.workers}
    if options.image_size:
        settings['image_size'] = options.image_size
    if getattr(options, 'group_by', None):
        if not contract.offers(source, 'group_by'):
            raise InputError(f'data source {options.data_source!r} knows no '
                             'groups: --group-by does not apply')
        settings['group_by'] = options.group_by
    if required is not None and contract.offers(source, 'required_splits'):
        settings['required_splits'] = required
    contract.configure(source, **settings)
    option_types.check_image_size(source.image_size)
    contract.begin_epoch(source, options.seed, 0)
    load_data(source, options.data_source, options.data_dir,
              options.valid_fraction)
    # A third-party source may know its classes only now.
    contract.check_classes(source, options.data_source)
    contract.check_counts(source, options.data_source, options.data_dir)
    return source


def load_data(source: contract.Source, name: str, data_dir: str,
              valid_fraction: float) -> None:
    """Have a source list its samples.

    Raises
    ------
    InputError
        The source raised an exception of its own, or a RuntimeError or
        AttributeError, as many do for a folder that is missing. What can
        only be a bug, and any exception of this package, is passed on.
    """
    try:
        source.load_data(data_dir, valid_fraction)
    except errors.EXPECTED + BUGS:
        raise
    except Exception as error:
        path, line = errors.origin(error)
        if os.path.abspath(path).startswith(os.path.join(PACKAGE, '')):
            raise
        raise InputError(f'data source {name!r} cannot load {data_dir}: '
                         f'{errors.name(error)} ({path}, line {line})')
