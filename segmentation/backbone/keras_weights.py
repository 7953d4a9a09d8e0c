"""The weights of VGG16 that Keras publishes: where they are, and their files.

The address and the MD5 are those that the installed Keras has in its own
code, which is read and not run: no TensorFlow is loaded.
"""
import ast
import hashlib
import importlib.util
import os
from typing import NamedTuple

import numpy as np

from segmentation.backbone import architecture, array_claims, download
from segmentation.errors import InputError, MissingModuleError

# (package, file in it): of Keras 3 and 2, of TensorFlow 1.15's Keras.
SOURCES = (('keras', 'src/applications/vgg16.py'),
           ('keras', 'applications/vgg16.py'),
           ('keras_applications', 'vgg16.py'))
# (its constant in Keras, what is in the file)
WHOLE = 'WEIGHTS_PATH', '553 MB'
CONVOLUTIONS = 'WEIGHTS_PATH_NO_TOP', '59 MB'

# Keras and the course number layers alike; Keras calls fc6 its first.
NAMES = {f'block{name[4]}_conv{name[6]}': name
         for name in architecture.CONVOLUTIONS}
NAMES.update(fc1='fc6', fc2='fc7')
# Keras 3 numbers the layers of a kind in their order: conv2d, conv2d_1, ...
NUMBERED = {f'conv2d_{k}' if k else 'conv2d': name
            for k, name in enumerate(architecture.CONVOLUTIONS)}
NUMBERED_FC = {'dense': 'fc6', 'dense_1': 'fc7'}


class Published(NamedTuple):
    """A file of weights that Keras publishes."""

    url: str
    md5: str
    size: str       # for people

    def __str__(self):
        return f"Keras's weights of VGG16, {self.size}, from {self.url}"


def published(has_fc):
    """Return the Published file, with the fully connected layers or without.

    Raises
    ------
    MissingModuleError
        No Keras is installed, or it names no such file.
    """
    constant, size = WHOLE if has_fc else CONVOLUTIONS
    for package, name in SOURCES:
        spec = importlib.util.find_spec(package)
        for folder in spec and spec.submodule_search_locations or ():
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, encoding='utf-8') as file:
                    found = find_constants(ast.parse(file.read()))
                if constant in found:
                    return Published(*found[constant], size)
    raise MissingModuleError('the installed Keras names no weights of VGG16: '
                             'pip install --upgrade keras')


def find_constants(tree):
    """Return {constant: (address, MD5)} of the code of keras.applications."""
    urls = {target.id: ast.literal_eval(node.value) for node in tree.body
            if isinstance(node, ast.Assign) for target in node.targets
            if isinstance(target, ast.Name)
            and target.id in (WHOLE[0], CONVOLUTIONS[0])}
    found = {}
    for node in ast.walk(tree):
        keywords = {keyword.arg: keyword.value for keyword in node.keywords
                    } if isinstance(node, ast.Call) else {}
        if 'file_hash' in keywords:     # get_file(name, URL, file_hash=...)
            value = ast.literal_eval(keywords['file_hash'])
            found.update((argument.id, (urls[argument.id], value))
                         for argument in node.args
                         if isinstance(argument, ast.Name)
                         and argument.id in urls)
    return found


def fetch(file, folder, offline=False, **options):
    """Return the path of a Published file, downloaded where it is missing.

    It keeps its published name. Another file of that name is renamed to
    NAME.broken. Before a download its size and its source are printed.

    Parameters
    ----------
    file : Published
    folder : str
    offline : bool, optional
        Whether it is an OSError if the file is not in the folder.
    options
        Those of `download.fetch`.

    Returns
    -------
    str
        The path.
    bool
        Whether it was downloaded now.
    """
    path = os.path.join(folder, os.path.basename(file.url))
    if os.path.isfile(path) and md5(path) == file.md5:
        return path, False
    if offline:
        raise OSError(f'{path} is missing or is another file, and --offline '
                      f'allows no download ({file})')
    print(f'[i] downloading {file}', flush=True)
    if os.path.lexists(path):
        download.set_aside(path)
    download.fetch(file.url, path, **options)
    found = md5(path)
    if found != file.md5:
        os.remove(path)
        raise InputError(f'{file.url}: the MD5 is {found}, wanted '
                         f'{file.md5}: not kept')
    return path, True


def md5(path):
    """Return the MD5 of a file, as Keras writes it."""
    digest = hashlib.md5()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()


def import_h5py():
    """Return h5py, which reads Keras's files."""
    try:
        import h5py
    except ImportError:
        raise MissingModuleError('needs h5py: pip install h5py')
    return h5py


def read(path):
    """Return {layer: (kernel, bias)} of an .h5 file, of Keras 2 or 3."""
    h5py = import_h5py()
    datasets = {}

    def collect(where, item):
        # Versions of Keras put the arrays at different depths. All are below
        # a group of the layer's name; the optimizer has copies of its own.
        if (isinstance(item, h5py.Dataset)
                and not where.startswith('optimizer')):
            parts = where.split('/')
            name = next((part for part in parts if part in NAMES), None)
            if name is None and parts[-2:-1] == ['vars']:
                name = parts[-3]
            datasets.setdefault(name, []).append(item)

    with h5py.File(path, 'r') as opened:
        opened.visititems(collect)
        names = dict(NAMES, **NUMBERED)
        if 'dense_2' in datasets:       # the classifier, above fc6 and fc7
            names.update(NUMBERED_FC)
        pairs = {names[key]: [read_dataset(item, os.path.getsize(path))
                              for item in items]
                 for key, items in datasets.items()
                 if key in names and len(items) == 2}
    return {name: sorted(pair, key=np.ndim, reverse=True)
            for name, pair in pairs.items()}


def read_dataset(item, room):
    """Return the array of a dataset in a file of `room` bytes."""
    if item.external or item.is_virtual:
        raise InputError(f'{item.name} is in another file')
    room = min(room, item.id.get_storage_size())
    array_claims.check(item.name, item.shape, item.dtype,
                       room * array_claims.EXPANSION if item.chunks else room)
    return item[()]
