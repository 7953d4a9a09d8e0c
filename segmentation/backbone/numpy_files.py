"""Weights in NumPy's files: .npz of arrays, .npy of a pickled dictionary.

Nothing in them is trusted: sizes are compared with what the file has before
memory is taken, and a pickle builds the stand-ins below and nothing else.
"""
import mmap
import os
import pickle
import pickletools
import zipfile

import numpy as np

from segmentation.backbone import architecture, array_claims
from segmentation.errors import InputError

HEADERS = {(1, 0): np.lib.format.read_array_header_1_0,
           (2, 0): np.lib.format.read_array_header_2_0}
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)    # NumPy writes these


def read_npz(path):
    """Return {layer: (kernel, bias)} of `conv1_1/kernel` and so on."""
    room = os.path.getsize(path)
    layers = {}
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        for name in architecture.SIDES:
            pair = [entries.get(f'{name}/{part}.npy')
                    for part in ('kernel', 'bias')]
            if None not in pair:
                layers[name] = tuple(read_entry(archive, entry, room)
                                     for entry in pair)
    return layers


def read_entry(archive, entry, room):
    """Return the array of an entry of a zip file of `room` bytes."""
    name = entry.filename
    if entry.compress_type not in METHODS:
        raise InputError(f'{name} is compressed by method '
                         f'{entry.compress_type}: stored or deflated is '
                         'wanted')
    room = min(entry.file_size,
               array_claims.EXPANSION * min(entry.compress_size, room))
    with archive.open(entry) as opened:
        shape, dtype = read_header(opened)
        array_claims.check(name, shape, dtype, room)
    with archive.open(entry) as opened:
        return np.lib.format.read_array(opened, allow_pickle=False)


def read_header(opened):
    """Return the shape and the dtype at the beginning of an .npy file."""
    version = np.lib.format.read_magic(opened)
    if version not in HEADERS:
        raise InputError(f'is of version {version}: 1.0 or 2.0 is wanted')
    shape, _, dtype = HEADERS[version](opened)
    return shape, dtype


def read_npy(path):
    """Return {layer: (kernel, bias)} of a pickled dictionary.

    A layer is a list of its kernel and its bias, or a dictionary.
    """
    with open(path, 'rb') as file, mmap.mmap(
            file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        shape, dtype = read_header(content)
        if shape != () or dtype != object:
            raise InputError('holds an array, not a dictionary of layers')
        start = content.tell()
        check_lengths(content)
        content.seek(start)
        # latin1 is how Python 3 reads the arrays that Python 2 pickled.
        layers = plain(ArrayUnpickler(content, encoding='latin1').load())
    if not isinstance(layers, dict):
        raise InputError('holds no dictionary of layers')
    return {name: [np.asarray(plain(part)) for part in pair(layers[name])]
            for name in architecture.SIDES if name in layers}


def pair(layer):
    """Return kernel and bias of a list or of a dictionary."""
    layer = plain(layer)
    if not isinstance(layer, dict):
        return layer[:2]
    kernel = layer['weights' if 'weights' in layer else 'kernel']
    return kernel, layer['biases' if 'biases' in layer else 'bias']


def plain(value):
    """Return what a pickled array holds, anything else as it is."""
    return value.content if isinstance(value, PickledArray) else value


def check_lengths(content):
    """Raise unless the file has all that its pickle is going to read.

    The unpickler takes memory by what it reads before it looks whether that
    is there: by lengths, and by the numbers of remembered objects.
    """
    for count, (opcode, argument, _) in enumerate(
            pickletools.genops(content), 1):
        if opcode.name in ('PUT', 'BINPUT', 'LONG_BINPUT') and not (
                0 <= argument <= count):
            raise InputError(f'object {argument} is remembered among '
                             f'{count} that there are')


class PickledArray:
    """Stands for an array while it is unpickled.

    It is made without a size, whatever the pickle asks for, and gets its
    content as the state that follows.
    """

    def __init__(self, *_):
        self.content = None

    def __setstate__(self, state):
        _, shape, dtype, is_fortran, raw = state
        dtype = dtype.build()
        if dtype == object:
            # a dictionary of layers, or kernel and bias of a layer
            self.content = raw[0] if shape == () else list(raw)
            return
        array_claims.check_numbers('an array', dtype)
        if isinstance(raw, str):
            raw = raw.encode('latin1')
        self.content = np.frombuffer(raw, dtype).reshape(
            shape, order='F' if is_fortran else 'C')


class PickledDtype:
    """Stands for a dtype while it is unpickled: a code and a byte order."""

    def __init__(self, code, *_):
        self.code, self.order = code, '|'

    def __setstate__(self, state):
        self.order = state[1]

    def build(self):
        """Return the dtype."""
        return np.dtype(self.order + self.code)


def from_buffer(raw, dtype, shape, order):
    """Return a PickledArray, as the fifth protocol builds arrays."""
    array = PickledArray()
    array.__setstate__((1, shape, dtype, order == 'F', raw))
    return array


def encode(text, _):
    """Return bytes that Python 3 wrote so that Python 2 can read them."""
    return text.encode('latin1')


# All that pickled arrays need; anything else could run a program. Each module
# as NumPy 1 and as NumPy 2 names it.
STAND_INS = {('numpy', 'ndarray'): PickledArray,
             ('numpy', 'dtype'): PickledDtype,
             ('_codecs', 'encode'): encode}
for core in ('numpy.core', 'numpy._core'):
    STAND_INS[f'{core}.multiarray', '_reconstruct'] = PickledArray
    STAND_INS[f'{core}.numeric', '_frombuffer'] = from_buffer


class ArrayUnpickler(pickle.Unpickler):
    """Builds stand-ins of arrays, and plain containers."""

    def find_class(self, module, name):
        """Return the stand-in of what a pickle wants to call."""
        if (module, name) not in STAND_INS:
            raise InputError(f'holds {module}.{name}; only plain arrays are '
                             'read from it')
        return STAND_INS[module, name]
