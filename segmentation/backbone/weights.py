"""Read the weights of VGG16 from files of NumPy, Keras and torchvision.

All are returned in one convention, that of the Oxford release: kernels are
(K, K, in, out), fully connected layers are convolutions of pool5, and conv1_1
takes BGR 0..255 minus MEAN_BGR.
"""
import os
import re

import numpy as np

from segmentation.backbone import (architecture, array_claims, keras_weights,
                                   numpy_files)
from segmentation.errors import InputError, MissingModuleError

# What torchvision's models take: (RGB / 255 - mean) / deviation.
# https://pytorch.org/vision/stable/models.html
TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)
TORCH_NAMES = dict(zip(architecture.SIDES, [
    f'features.{index}'
    for index in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
] + ['classifier.0', 'classifier.3']))
# Earlier ones run code from a file even with weights_only: CVE-2025-32434.
SAFE_TORCH = 2, 6


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
    MissingModuleError
        The package that reads such files is missing.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in READERS:
        raise InputError(f'{path}: weights are read from '
                         f'{", ".join(sorted(READERS))} files')
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f'{path}: is no regular file')
    open(path, 'rb').close()  # the parsers' own errors lack the name
    try:
        layers = {name: in_one_form(name, *pair)
                  for name, pair in READERS[suffix](path).items()}
        check(layers)
    except MissingModuleError as error:
        raise MissingModuleError(f'{path}: {error}')
    except InputError as error:
        raise InputError(f'{path}: {error}')
    except Exception as error:  # four parsers raise anything on broken files
        reason = (str(error).splitlines() or [''])[0]
        raise InputError(f'{path}: cannot be read: {type(error).__name__}: '
                         f'{reason}') from error
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


def read_torch(path):
    """Return {layer: (kernel, bias)} of a state_dict of torchvision."""
    try:
        import torch
    except ImportError:
        raise MissingModuleError('needs torch: pip install torch')
    version = tuple(map(int, re.findall(r'\d+', torch.__version__)[:2]))
    if version < SAFE_TORCH:
        raise MissingModuleError(
            'needs PyTorch 2.6 or later, as earlier ones may run code from '
            f'such a file (CVE-2025-32434); found {torch.__version__}: pip '
            'install --upgrade torch')
    state = torch.load(path, map_location='cpu', weights_only=True)
    layers = {}
    for name, key in TORCH_NAMES.items():
        if {f'{key}.weight', f'{key}.bias'} <= set(state):
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


READERS = {'.npz': numpy_files.read_npz, '.npy': numpy_files.read_npy,
           '.h5': keras_weights.read, '.hdf5': keras_weights.read,
           '.pth': read_torch, '.pt': read_torch}


def in_one_form(name, kernel, bias):
    """Return kernel and bias as float32, a matrix as a convolution."""
    for array in (kernel, bias):
        array_claims.check_numbers(name, array.dtype)
    with np.errstate(over='ignore'):    # `check` finds what is not finite
        kernel, bias = [np.ascontiguousarray(array, dtype=np.float32)
                        for array in (kernel, bias)]
    if name in architecture.FC_NAMES and kernel.ndim == 2:
        side = architecture.SIDES[name]                 # (K * K * in, out)
        if kernel.size and len(kernel) % (side * side) == 0:
            kernel = kernel.reshape(side, side, -1, kernel.shape[1])
    return kernel, bias


def check(layers):
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
        if kernel.ndim != 4 or kernel.shape != shape or not kernel.size:
            raise InputError(f'{name} has kernel {kernel.shape}, wanted '
                             f'({side}, {side}, {channels}, out)')
        channels = kernel.shape[3]
        if bias.shape != (channels,):
            raise InputError(f'{name} has bias {bias.shape}, wanted '
                             f'({channels},)')
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise InputError(f'{name} has values that are not finite')
