"""Data sources by name: find source_NAME.py, make its source, load its data.

`load_source` is the front door of the data wing: it takes a command line with
the options that utils.add_source_options adds.
"""
import argparse
import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
from types import ModuleType
from typing import List, Optional, Sequence

from segmentation import errors, option_types, text
from segmentation.data import contract, splits
from segmentation.errors import InputError, MissingModuleError

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE_FILE = re.compile(r'source_(\w+)\.py')
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
    check_name(name)
    module = import_module(name, module_name(name))
    if not hasattr(module, 'get_source'):
        raise InputError(f'data source {name!r}: {module.__file__} has no '
                         'get_source()')
    source = module.get_source()
    contract.check(source, name)
    return source


def module_name(name: str) -> str:
    """Return the name of the module of a data source."""
    return name if '.' in name else f'source_{name}'


def source_file(name: str) -> str:
    """Return the path of the module of a source that was found."""
    return str(sys.modules[module_name(name)].__file__)


def check_name(name: str) -> None:
    """Raise MissingModuleError if a name cannot be that of a module."""
    if name.endswith('.py') or not all(
            part.isidentifier() for part in module_name(name).split('.')):
        raise MissingModuleError(
            f'no data source {name!r}: the NAME of source_NAME.py, or a '
            f'dotted module name, is wanted: {suggestion(name)}')


def list_names() -> List[str]:
    """Return the names of all data sources on the path, and of those here."""
    names = set()
    for folder in {os.getcwd(), os.path.dirname(PACKAGE), *sys.path}:
        if os.path.isdir(folder) and not errors.is_library(folder + os.sep):
            matches = map(SOURCE_FILE.fullmatch, os.listdir(folder))
            names |= {match.group(1) for match in matches if match}
    return sorted(names)


def suggestion(name: str) -> str:
    """Return which data source was probably meant, and which there are."""
    stem = os.path.basename(name).lower()
    stem = re.sub(r'^source_|\.py$', '', stem)
    return text.suggest(stem, list_names(), 'data sources')


def import_own(module_name: str) -> Optional[ModuleType]:
    """Import a module that lies in the working directory.

    It wins over one of that name on the path, where ours are.

    Returns
    -------
    module or None
        None where there is none.
    """
    importlib.invalidate_caches()
    spec = importlib.machinery.PathFinder.find_spec(module_name,
                                                    [os.getcwd()])
    if spec is None or spec.loader is None or not spec.origin:
        return None
    loaded = sys.modules.get(module_name)
    if loaded and os.path.realpath(spec.origin) == os.path.realpath(
            loaded.__file__ or ''):
        return loaded
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module


def import_module(name: str, module_name: str) -> ModuleType:
    """Import a module from the working directory or the path."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    problem: Exception
    try:
        own = None if '.' in module_name else import_own(module_name)
        return own or importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        parents = [module_name.rsplit('.', count)[0]
                   for count in range(module_name.count('.') + 1)]
        if error.name in parents:
            path = module_name.replace('.', '/')
            raise MissingModuleError(f'no data source {name!r}: {path}.py is '
                                     f'not on the path: {suggestion(name)}')
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
        settings['image_size'] = option_types.resolve_size(
            options.image_size, source.image_size)
    if getattr(options, 'group_by', None):
        if not contract.offers(source, 'group_by'):
            raise InputError(f'data source {options.data_source!r} knows no '
                             'groups: --group-by does not apply')
        settings['group_by'] = options.group_by
    held_out = getattr(options, 'hold_out', None)
    if held_out and required is None:
        required = ('train',)
    if required is not None and contract.offers(source, 'required_splits'):
        settings['required_splits'] = required
    contract.configure(source, **settings)
    option_types.check_image_size(source.image_size)
    contract.begin_epoch(source, options.seed, 0)
    load_data(source, options.data_source, options.data_dir,
              options.valid_fraction)
    if held_out:
        splits.hold_out(source, options.data_source, options.data_dir,
                        held_out)
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
    except OSError as error:
        if not (error.filename and error.strerror):     # it says it all
            raise
        raise OSError(f'{errors.describe(error)} (--data-dir is '
                      f'{data_dir!r})')
    except errors.EXPECTED + BUGS:
        raise
    except Exception as error:
        path, line = errors.origin(error)
        if os.path.abspath(path).startswith(os.path.join(PACKAGE, '')):
            raise
        raise InputError(f'data source {name!r} cannot load {data_dir}: '
                         f'{errors.name(error)} ({path}, line {line})')
