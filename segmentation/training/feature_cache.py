"""Where the features of a frozen encoder are kept from run to run.

A folder goes by the pictures and labels, how they are read, their size, and
the encoder's weights: the next run with the same finds it.
"""
import contextlib
import hashlib
import inspect
import os
import tempfile

import numpy as np

from segmentation.data import cache
from segmentation.training import cached_features


@contextlib.contextmanager
def opened(options, pictures, tensors, encode, weights):
    """The Features of a run, prepared, in a folder of their own.

    For a source that does not tell its files it is deleted in the end.

    Parameters
    ----------
    options : argparse.Namespace
        Of train.py.
    pictures, tensors, encode
        As features.Features takes them.
    weights : list of arrays
        What the features are computed with.
    """
    place = options.feature_dir or cache.folder()
    os.makedirs(place, exist_ok=True)
    key = fingerprint(options, pictures.source, tensors, weights)
    folder = (os.path.join(place, f"features-{key}") if key else
              tempfile.mkdtemp(prefix='features-', dir=place))
    found = cached_features.Features(folder, pictures, options.data_dir, tensors,
                                     encode)
    try:
        found.prepare()
        yield found
    finally:
        if key is None:
            found.delete()


def fingerprint(options, source, tensors, weights):
    """A text that is another for other features; None if it cannot tell."""
    data = cache.fingerprint(source, options.data_dir, pictures=True)
    if data is None:
        return None
    told = hashlib.sha256(repr([data, options.soft_labels] + [
        tensor.name for tensor in tensors]).encode())
    with open(inspect.getfile(type(source)), 'rb') as file:
        told.update(file.read())
    for array in weights:
        told.update(np.ascontiguousarray(array))
    return told.hexdigest()[:16]
