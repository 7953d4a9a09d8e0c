"""The formats that a network is exported to, a row each."""
import importlib
import importlib.util
import os
from typing import Any, NamedTuple, Optional, Tuple

from segmentation.errors import InputError, MissingModuleError

REQUIREMENTS = 'requirements-engines.txt'


class Format(NamedTuple):
    """A row of FORMATS.

    Attributes
    ----------
    what : str
        What export.py --help says of it.
    suffix : str
        Of the file; '' of a folder.
    beside : str, optional
        Suffix of a second file, in place of `suffix`.
    packages : tuple of str
        Modules that it takes besides TensorFlow.
    int8_packages : tuple of str, optional
        What --int8 takes besides; None where there is no int8.
    is_fixed : bool
        Whether batch, height and width are those of the export.
    """

    what: str
    suffix: str
    beside: Optional[str] = None
    packages: Tuple[str, ...] = ()
    int8_packages: Optional[Tuple[str, ...]] = None
    is_fixed: bool = False


FORMATS = {
    'savedmodel': Format('folder for TensorFlow and its servers', ''),
    'pb': Format('frozen graph of TensorFlow', '.pb', '.pb.json'),
    'onnx': Format('ONNX Runtime, TensorRT and many others', '.onnx',
                   packages=('onnx', 'tf2onnx', 'onnxruntime'),
                   int8_packages=()),
    'openvino': Format('OpenVINO, on processors by Intel and others', '.xml',
                       '.bin', packages=('openvino',),
                       int8_packages=('nncf',)),
    'tflite': Format('TensorFlow Lite, on phones and small boards',
                     '.tflite', is_fixed=True),
}


def choose(path: str, wanted: Optional[str] = None) -> str:
    """Return the name of the format of an output.

    Parameters
    ----------
    path : str
        Its suffix decides; without one it is a SavedModel.
    wanted : str, optional
        The format that was asked for by name.

    Raises
    ------
    InputError
        No format has the suffix, or another one than is wanted.
    """
    suffix = os.path.splitext(os.path.basename(os.path.normpath(path)))[1]
    names = {row.suffix: name for name, row in FORMATS.items()}
    found = names.get(suffix.lower())
    if wanted is None and found is None:
        raise InputError(
            f'{path}: no format has the suffix {suffix}: '
            f'{", ".join(filter(None, names))} are there; a folder without '
            'one, or with --format savedmodel, is a SavedModel')
    if wanted is None or found == wanted:
        return found
    if wanted != 'savedmodel' or found is not None:
        raise InputError(f'{path}: --format {wanted} is written to '
                         + (f'NAME{FORMATS[wanted].suffix}'
                            if FORMATS[wanted].suffix else 'a folder'))
    return wanted


def check_packages(name: str, int8: bool = False) -> None:
    """Raise InputError where a format has no int8, or a package lacks."""
    row = FORMATS[name]
    packages = row.packages
    if int8:
        if row.int8_packages is None:
            others = ', '.join(other for other, one in FORMATS.items()
                               if one.int8_packages is not None)
            raise InputError(f'{name} is not exported in int8: {others} are')
        packages += row.int8_packages
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingModuleError(
                f'{name}{" in int8" * int8} needs the package {package}, '
                f'which is not installed: pip install -r {REQUIREMENTS}')


def writer(name: str) -> Any:
    """Return the module that writes a format; its library is loaded here."""
    return importlib.import_module(f'segmentation.export.writers.{name}')
