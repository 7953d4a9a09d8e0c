"""Read the weights of VGG16 from files of NumPy, Keras and torchvision.

All are returned in one convention, that of the Oxford release: kernels are
(K, K, in, out), fully connected layers are convolutions of pool5, and conv1_1
takes BGR 0..255 minus MEAN_BGR.
"""
import inspect
import os
import pickle
import zipfile
import zlib

import numpy as np

from segmentation.backbone import architecture
from segmentation.errors import InputError

# What torchvision's models take: (RGB / 255 - mean) / deviation.
# https://pytorch.org/vision/stable/models.html
TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)
TORCH_NAMES = dict(zip(architecture.SIDES, [
    f'features.{index}'
    for index in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
] + ['classifier.0', 'classifier.3']))

KERAS_NAMES = {f'block{name[4]}_conv{name[6]}': name
               for name in architecture.CONVOLUTIONS}
KERAS_NAMES.update(fc1='fc6', fc2='fc7')

# All that a pickled array needs; anything else could run a program. Each
# module as NumPy 1 and as NumPy 2 names it.
PICKLED = {('numpy', 'ndarray'), ('numpy', 'dtype')}
for core in ('numpy.core', 'numpy._core'):
    PICKLED |= {(f"{core}.multiarray", '_reconstruct'),
                (f"{core}.numeric", '_frombuffer')}


def read(path):
    """Return the weights of VGG16's layers from a file.

    Parameters
    ----------
    path : str
        .npz with `conv1_1/kernel`, `conv1_1/bias` and so on; .npy with a
        pickled dictionary of [kernel, bias]; .h5 or .hdf5 of Keras; .pth or
        .pt of torchvision, see `fold_torch_input`.

    Returns
    -------
    dict
        conv1_1 ... conv5_3, and fc6 and fc7 where the file has them: (kernel,
        bias), float32 of (K, K, in, out) and (out,). fc6 has K = 7, fc7 K = 1.

    Raises
    ------
    OSError
        The file cannot be opened.
    InputError
        It is broken, layers are missing, or shapes do not fit.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in READERS:
        raise InputError(f'{path}: weights are read from '
                         f'{", ".join(sorted(READERS))} files')
    open(path, 'rb').close()  # the parsers' own errors lack the name
    try:
        layers = {name: _in_one_form(name, *pair)
                  for name, pair in READERS[suffix](path).items()}
        _check(layers)
    except (ValueError, TypeError, LookupError, AttributeError, OSError,
            EOFError, RuntimeError, ImportError, pickle.UnpicklingError,
            zipfile.BadZipFile, zlib.error) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f'{path}: {reason}') from error
    return layers


def fold_torch_input(kernel, bias):
    """Return conv1_1 of torchvision for the input of the Oxford release.

    Its output is the same wherever the kernel lies inside the picture. At
    the border both pad with zeros, which stand for the two means; these
    differ by 0.5 of 255 grey levels in green, 0.4 in blue, 0.005 in red.

    Parameters
    ----------
    kernel : array of float, (K, K, 3, out)
        Its inputs in RGB order.
    bias : array of float, (out,)

    Returns
    -------
    array of float, (K, K, 3, out)
        The kernel, its inputs in BGR order.
    array of float, (out,)
        The bias.
    """
    mean = np.array(TORCH_MEAN_RGB)[:, None]
    deviation = np.array(TORCH_DEVIATION_RGB)[:, None]
    oxford = np.array(architecture.MEAN_BGR)[::-1, None] / 255
    offset = kernel * ((oxford - mean) / deviation)
    scaled = kernel / (255 * deviation)
    return scaled[:, :, ::-1], bias + offset.sum(axis=(0, 1, 2))


def _read_npz(path):
    with np.load(path, allow_pickle=False) as arrays:
        keys = {name: (f"{name}/kernel", f"{name}/bias")
                for name in architecture.SIDES}
        return {name: (arrays[kernel], arrays[bias])
                for name, (kernel, bias) in keys.items()
                if kernel in arrays and bias in arrays}


class _ArrayUnpickler(pickle.Unpickler):
    """Rebuild NumPy arrays and plain containers, nothing else."""

    def find_class(self, module, name):
        if (module, name) == ('_codecs', 'encode'):
            return _encode
        if (module, name) not in PICKLED:
            raise pickle.UnpicklingError(
                f'holds {module}.{name}; only plain arrays are read from it')
        return super().find_class(module, name)


def _encode(text, encoding):
    # Python 3 writes bytes so in the pickles that Python 2 can read.
    return text.encode('latin1')


def _read_npy(path):
    with open(path, 'rb') as opened:
        version = np.lib.format.read_magic(opened)
        read_header = (np.lib.format.read_array_header_1_0
                       if version == (1, 0)
                       else np.lib.format.read_array_header_2_0)
        shape, _, dtype = read_header(opened)
        if shape != () or dtype != object:
            raise InputError('holds an array, not a dictionary of layers')
        # latin1 is how Python 3 reads the arrays that Python 2 pickled.
        content = _ArrayUnpickler(opened, encoding='latin1').load().item()
    return {name: _pair(content[name]) for name in architecture.SIDES
            if name in content}


def _pair(layer):
    """Return kernel and bias of a list or of a dictionary."""
    if not isinstance(layer, dict):
        return layer[:2]
    kernel = layer['weights' if 'weights' in layer else 'kernel']
    return kernel, layer['biases' if 'biases' in layer else 'bias']


def _read_keras(path):
    h5py = _import('h5py')
    arrays = {}

    def collect(where, item):
        # Versions of Keras put the arrays at different depths; all are below
        # a group of the layer's name, Adam's slots below optimizer_weights.
        name = next((KERAS_NAMES[part] for part in where.split('/')
                     if part in KERAS_NAMES), None)
        if (name and isinstance(item, h5py.Dataset)
                and not where.startswith('optimizer')):
            arrays.setdefault(name, []).append(item[()])

    with h5py.File(path, 'r') as opened:
        opened.visititems(collect)
    return {name: sorted(pair, key=np.ndim, reverse=True)
            for name, pair in arrays.items() if len(pair) == 2}


def _read_torch(path):
    torch = _import('torch')
    if 'weights_only' not in inspect.signature(torch.load).parameters:
        raise InputError('needs PyTorch 1.13 or later, found '
                         f'{torch.__version__}: pip install --upgrade torch')
    state = torch.load(path, map_location='cpu', weights_only=True)
    layers = {}
    for name, key in TORCH_NAMES.items():
        if {f"{key}.weight", f"{key}.bias"} <= set(state):
            kernel, bias = [state[key + end].float().numpy()
                            for end in ('.weight', '.bias')]
            if name in architecture.FC_NAMES:
                # (out, in * K * K): channels come first
                side = architecture.SIDES[name]
                kernel = kernel.reshape(len(kernel), -1, side, side)
            layers[name] = kernel.transpose(2, 3, 1, 0), bias
    if 'conv1_1' in layers:
        layers['conv1_1'] = fold_torch_input(*layers['conv1_1'])
    return layers


READERS = {'.npz': _read_npz, '.npy': _read_npy,
           '.h5': _read_keras, '.hdf5': _read_keras,
           '.pth': _read_torch, '.pt': _read_torch}


def _import(name):
    """Return a package that only one kind of file needs."""
    try:
        return __import__(name)
    except ImportError:
        raise InputError(f'needs {name}: pip install {name}')


def _in_one_form(name, kernel, bias):
    """Return kernel and bias as float32, a matrix as a convolution."""
    kernel, bias = [np.ascontiguousarray(array, dtype=np.float32)
                    for array in (kernel, bias)]
    if name in architecture.FC_NAMES and kernel.ndim == 2:
        side = architecture.SIDES[name]                 # (K * K * in, out)
        kernel = kernel.reshape(side, side, -1, kernel.shape[1])
    return kernel, bias


def _check(layers):
    """Raise InputError unless each layer takes what the one before gives."""
    wanted = architecture.CONVOLUTIONS
    if set(architecture.FC_NAMES) & set(layers):
        wanted += architecture.FC_NAMES
    missing = [name for name in wanted if name not in layers]
    if missing:
        raise InputError(f"lacks kernel or bias of {', '.join(missing)}")
    channels = 3
    for name in wanted:
        kernel, bias = layers[name]
        side = architecture.SIDES[name]
        shape = (side, side, channels) + kernel.shape[3:]
        if kernel.ndim != 4 or kernel.shape != shape:
            raise InputError(f'{name} has kernel {kernel.shape}, wanted '
                             f'({side}, {side}, {channels}, out)')
        channels = kernel.shape[3]
        if bias.shape != (channels,):
            raise InputError(f'{name} has bias {bias.shape}, wanted '
                             f'({channels},)')
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise InputError(f'{name} has values that are not finite')
