"""What went wrong: bad input, as opposed to a bug, and how to say it."""
import contextlib
import os
import re
import sys
import tempfile
import traceback


class InputError(ValueError):
    """What the user gave cannot be used; its text is one line for people.

    The line says what was found, where, and what was wanted. Any other
    exception but OSError and MemoryError is a bug and keeps its traceback.
    """


class MissingModuleError(InputError, ImportError):
    """An optional package, or a module that the user named, is missing."""


# What ends a line, or moves the cursor of a terminal.
CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029]')
PACKAGES = {'site-packages', 'dist-packages'}

# What a program reports in one line; everything else is a bug.
EXPECTED = (InputError, OSError, MemoryError)


def describe(error):
    """Return one line on an exception of EXPECTED, with the file's name.

    Control characters, which names of files may hold, are escaped.

    >>> describe(InputError('a\\nb.png: no picture'))
    'a\\\\nb.png: no picture'
    """
    return CONTROL.sub(lambda match: repr(match.group())[1:-1],
                       message(error))


def message(error):
    """Return what an exception of EXPECTED says."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        file = (isinstance(error, (FileExistsError, NotADirectoryError))
                and in_the_way(error.filename))
        return (f'{file} is a file: a folder is wanted' if file else
                f'{error.filename}: {error.strerror}')
    if isinstance(error, MemoryError):
        return (f'out of memory ({error}): a smaller --batch-size or '
                '--image-size needs less')
    return str(error)


def in_the_way(path):
    """Return the file at a path or above it, where folders are wanted."""
    path = os.fsdecode(path)
    while path and not os.path.lexists(path):
        path = os.path.dirname(path)
    return path if os.path.isfile(path) else None


def is_interrupt(error):
    """Return whether an exception was raised on account of Ctrl-C."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def name(error):
    """Return the class of an exception and its first line, 'KeyError: 3'."""
    return ''.join(traceback.format_exception_only(type(error), error)
                   ).strip().splitlines()[-1]


def origin(error):
    """Return (file, line) of the innermost code that is in no library.

    Libraries are what lies in Python's own folders, or in those of packages.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not is_library(frame.filename)]
    frame = (own or frames)[-1]
    return frame.filename, frame.lineno


def is_library(path):
    """Return whether a file of code belongs to Python or to a package."""
    return (path.startswith(('<', os.path.dirname(os.__file__) + os.sep))
            or not PACKAGES.isdisjoint(path.split(os.sep)))


@contextlib.contextmanager
def quiet(reveal=True):
    """Hold back what native code writes to stderr.

    Parameters
    ----------
    reveal : bool
        Whether it appears after all where an exception is raised.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            if reveal:
                held.seek(0)
                os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
