"""Where Optuna keeps a study: a database of SQLite in the folder of the study.

A process may be killed, or a disk be full, at any moment: SQLite has what was
there before.
"""
import contextlib
import functools
import os
import sqlite3

import optuna
import sqlalchemy.exc

from segmentation.errors import InputError

NAME = 'search'         # of the study in its storage
FILE = 'study.db'
TIMEOUT = 60            # seconds in which another process has written


def exists(folder):
    """Return whether there is a study in a folder."""
    return os.path.isfile(os.path.join(folder, FILE))


def create(folder):
    """Return the storage in a folder, with a study that may be new."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # Not by a URL, in which some characters of a path mean something else.
    connect = functools.partial(
        sqlite3.connect, os.path.abspath(os.path.join(folder, FILE)),
        timeout=TIMEOUT, check_same_thread=False)
    storage = optuna.storages.RDBStorage(
        'sqlite://', engine_kwargs={'creator': connect})
    optuna.create_study(study_name=NAME, storage=storage,
                        direction='maximize', load_if_exists=True)
    return storage


@contextlib.contextmanager
def errors(folder):
    """Turn what Optuna raises about its storage into InputError."""
    try:
        yield
    except (optuna.exceptions.StorageInternalError,
            sqlalchemy.exc.SQLAlchemyError) as error:
        cause = error.__cause__ or error
        raise InputError(f'{os.path.join(folder, FILE)}: Optuna cannot use '
                         f'it: {str(cause).splitlines()[0]}')
