"""An exported model: a network in a file, with all that using it takes.

    savedmodel   a folder with saved_model.pb   assets.extra/model.json
    pb           NAME.pb, a frozen graph        NAME.pb.json, beside it
    onnx         NAME.onnx                      in the metadata of the file
    openvino     NAME.xml and NAME.bin          in <rt_info> of NAME.xml
    tflite       NAME.tflite                    model.json, zipped at its end

The last column is where the description stands. It is read without the
library that runs the model.
"""
import json
import os
import zipfile
from typing import Any, Dict, List, NamedTuple, Optional, Tuple
from xml.etree import ElementTree

from segmentation import schema
from segmentation.errors import InputError

KEY = 'segmentation'        # of the description in ONNX and OpenVINO
NAME = 'model.json'         # in a SavedModel and in TFLite
ONNX_METADATA = 14          # field of ModelProto; its entries are key, value

# What a description is made of; see schema.check.
SCHEMA = {
    'class_names': [str], 'label_colors': [[int]], 'image_size': [int],
    'ignore': bool,
    'channel_order': str,           # of the pictures it takes: BGR or RGB
    'input_type': str,              # uint8 or float32
    'fixed_size': (list, None),     # [B, H, W] where they are not free
    'precision': str,               # float32 or int8
    'run': str, 'checkpoint': str,  # what was exported
    'options': {'*': (str, float, bool, list, dict, None)},     # of train.py
    'versions': {'*': str},
    'crf': (dict, None),            # parameters tuned for the run
    'golden': {'image': str, 'ids': str, 'machine': str}}   # PNG in base64


class Exported(NamedTuple):
    """What it takes to use an exported model."""

    path: str
    format: str                     # a key of FORMATS
    image_size: Tuple[int, int]     # (width, height) that it was trained at
    class_names: List[str]
    label_colors: Dict[int, Tuple[int, int, int]]   # BGR
    description: Dict[str, Any]     # as SCHEMA has it


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
        raise InputError(f'{path}: no exported model: a folder with '
                         f'saved_model.pb, or {", ".join(SUFFIXES)}, is '
                         'wanted')
    text = READERS[name](path)
    if text is None:
        raise InputError(f'{path} has no description of its classes: it was '
                         'not written by export.py')
    try:
        description = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f'{path}: its description is no JSON: {error}')
    schema.check(description, SCHEMA, f'{path}: its description')
    names = description['class_names']
    return Exported(path, name, tuple(description['image_size']), names,
                    dict(enumerate(map(tuple, description['label_colors']))),
                    description)


def read_saved_model(path):
    """Return the description of a SavedModel, None without one."""
    return read_text(os.path.join(path, 'assets.extra', NAME))


def read_beside(path):
    """Return the description in the file beside a frozen graph."""
    return read_text(f'{path}.json')


def read_text(path):
    """Return the text of a file, None where there is no such file."""
    if not os.path.isfile(path):
        return None
    with open(path, 'rb') as file:
        return file.read()


def read_onnx(path):
    """Return the description in an ONNX file, None without one.

    Only its metadata are read: the weights are passed over.
    """
    with open(path, 'rb') as file:
        size = os.path.getsize(path)
        for field, start, end in fields(file, size, path):
            if field == ONNX_METADATA:
                entry = {number: file_part(file, first, last)
                         for number, first, last in fields(
                             file, end, path, start)}
                if entry.get(1) == KEY.encode():
                    return entry.get(2)
    return None


def fields(file, end, path, start=0):
    """Yield (number, start, end) of the length-delimited fields of a message.

    Parameters
    ----------
    file : binary file
    end : int
        Where the message ends.
    path : str
        Names the file in an InputError, if it is no protocol buffer.
    start : int, optional
        Where it begins.
    """
    position = start
    while position < end:
        file.seek(position)
        tag = read_varint(file, path)
        kind = tag & 7
        if kind == 0:
            read_varint(file, path)
            position = file.tell()
        elif kind in (1, 5):
            position = file.tell() + (8 if kind == 1 else 4)
        elif kind == 2:
            length = read_varint(file, path)
            first = file.tell()
            position = first + length
            if position > end:
                raise InputError(f'{path} is cut off, or no ONNX file')
            yield tag >> 3, first, position
        else:
            raise InputError(f'{path} is no ONNX file')


def read_varint(file, path):
    """Return the number of variable length at the position of a file."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise InputError(f'{path} is cut off, or no ONNX file')
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    raise InputError(f'{path} is no ONNX file')


def file_part(file, start, end):
    """Return the bytes of a file between two positions; it stays where it is.
    """
    position = file.tell()
    file.seek(start)
    part = file.read(end - start)
    file.seek(position)
    return part


def read_openvino(path):
    """Return the description in an OpenVINO model, None without one."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise InputError(f'{path} is no OpenVINO model: {error}')
    found = root.find(f'rt_info/{KEY}')
    return None if found is None else found.get('value')


def read_tflite(path):
    """Return the description at the end of a TFLite file, or None."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(NAME)
    except (zipfile.BadZipFile, KeyError, RuntimeError):
        return None


SUFFIXES = {'.pb': 'pb', '.onnx': 'onnx', '.xml': 'openvino',
            '.tflite': 'tflite'}
READERS = {'savedmodel': read_saved_model, 'pb': read_beside,
           'onnx': read_onnx, 'openvino': read_openvino,
           'tflite': read_tflite}
