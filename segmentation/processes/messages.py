"""What a launched process says to the one that started it: lines on stdout.

Each is JSON behind a mark, so that what else is printed is no message.
"""
import json
import os

OPEN = 'SEGMENTATION_MESSAGES'  # in the environment of a process that is heard
MARK = '\x1e'                   # RFC 7464


def is_open(environ=os.environ):
    """Return whether the process that started this one hears messages."""
    return OPEN in environ


def send(**message):
    """Send a message, of what JSON can hold."""
    print(MARK + json.dumps(message), flush=True)


def read(line):
    """Return the message of a line; None where it is a line like any other.

    >>> read(MARK + '{"done": 3}'), read('[i] device: CPU')
    ({'done': 3}, None)
    """
    return json.loads(line[1:]) if line.startswith(MARK) else None
