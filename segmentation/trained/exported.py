"""An exported model: a network in a file, with all that using it takes.

`read` needs no library that runs models. What is known of a model, its
description, has the schema below; where it stands in the file is a matter of
`descriptions`.
"""
import json
import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from segmentation import schema
from segmentation.data import background
from segmentation.errors import InputError
from segmentation.trained import descriptions, run_dir

SUFFIXES = {'.pb': 'pb', '.onnx': 'onnx', '.xml': 'openvino',
            '.tflite': 'tflite'}
CHANNEL_ORDERS = ('BGR', 'RGB')
INPUT_TYPES = ('float32', 'uint8')
PRECISIONS = ('float32', 'int8')

# What a description is made of; see schema.check.
SCHEMA = {
    'class_names': [str], 'label_colors': [[int]],      # BGR
    'background?': [str],           # classes that overlays leave unpainted
    'image_size': [int],            # (width, height), see Exported
    'ignore': bool,                 # whether the labels had ignored pixels
    'channel_order': str,           # of the pictures that it takes
    'input_type': str,              # of their values 0..255
    'fixed_size': (list, None),     # [B, H, W] where they are not free
    'precision': str,
    'parameters?': int,             # how many numbers it has learned
    'run': str, 'checkpoint': str,  # names of what was exported
    'options': {'*': (str, float, bool, list, dict, None)},     # of train.py
    'versions': {'*': str},         # of training and of exporting
    'crf': (dict, None),            # crf.json of the run, if it has one
    'temperature?': (dict, None),   # and its temperature.json
    'golden': {'image': str, 'ids': str, 'machine': str}}   # see golden


class Exported(NamedTuple):
    """What it takes to use an exported model."""

    path: str
    format: str                     # a key of descriptions.READERS
    image_size: Tuple[int, int]     # (width, height) of the network's input
    class_names: List[str]
    label_colors: Dict[int, Tuple[int, int, int]]   # BGR
    description: Dict[str, Any]     # as SCHEMA has it

    @property
    def checkpoint(self) -> str:
        """Return the name of the checkpoint that was exported."""
        return self.description['checkpoint']

    @property
    def background(self) -> List[str]:
        """Return the names of the classes that overlays leave unpainted."""
        return background.recorded(self.description)


def find_format(path: str) -> Optional[str]:
    """Return the format of the model at a path; None where there is none."""
    if os.path.isfile(os.path.join(path, 'saved_model.pb')):
        return 'savedmodel'
    suffix = os.path.splitext(path)[1].lower()
    return SUFFIXES.get(suffix) if os.path.isfile(path) else None


def read(path: str) -> Exported:
    """Read the description of an exported model.

    Raises
    ------
    OSError
        There is no such file.
    InputError
        It is no exported model, or not one of this project's.
    """
    name = find_format(path)
    if name is None:
        if not os.path.exists(path):
            raise FileNotFoundError(f'{path}: no such file or folder')
        raise InputError(f'{path}: no exported model: a folder with '
                         f'saved_model.pb, or {", ".join(SUFFIXES)}, is '
                         'wanted')
    text = descriptions.READERS[name](path)
    if text is None:
        raise InputError(f'{path} has no description of its classes: it was '
                         'not written by export.py')
    where = f'{path}: its description'
    try:
        description = json.loads(text if isinstance(text, str)
                                 else text.decode('utf-8'))
    except (ValueError, RecursionError) as error:
        raise InputError(f'{where} is no JSON: {error}')
    check(description, where)
    names = description['class_names']
    return Exported(path, name, tuple(description['image_size']), names,
                    dict(enumerate(map(tuple, description['label_colors']))),
                    description)


def check(description, where):
    """Raise InputError unless a description makes sense."""
    schema.check(description, SCHEMA, where)
    run_dir.check_options(description, where)
    for key, values in (('channel_order', CHANNEL_ORDERS),
                        ('input_type', INPUT_TYPES),
                        ('precision', PRECISIONS)):
        if description[key] not in values:
            raise InputError(f'{where}: {key} is {description[key]!r}: '
                             f'{" or ".join(values)} is wanted')
    fixed, size = description['fixed_size'], description['image_size']
    schema.check(fixed or [], [int], f'{where}: fixed_size')
    if fixed and (len(fixed) != 3 or fixed[0] < 1
                  or fixed[:0:-1] != size):
        raise InputError(f'{where}: fixed_size is {fixed}: [B, H, W] of '
                         f'image_size {size} is wanted')
