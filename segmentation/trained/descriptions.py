"""Where an exported model carries its description, a text of JSON.

    savedmodel   a folder with saved_model.pb   assets.extra/model.json
    pb           NAME.pb, a frozen graph        NAME.pb.json, beside it
    onnx         NAME.onnx                      in the metadata of the file
    openvino     NAME.xml and NAME.bin          in <rt_info> of NAME.xml
    tflite       NAME.tflite                    model.json, zipped at its end

It is written and read without the libraries that run the models. What is read
may be broken: readers raise nothing but InputError and OSError, and return
None where there is no description.
"""
import os
import struct
import zipfile
from xml.etree import ElementTree

from segmentation.errors import InputError

KEY = 'segmentation'        # of the description in ONNX and OpenVINO
NAME = 'model.json'         # in a SavedModel and in TFLite
ASSETS = 'assets.extra'     # TensorFlow leaves what is in it to others
ONNX_METADATA = 14          # field of ModelProto; its entries are key, value
LARGEST = 1 << 28           # bytes of a description that are read


def write_saved_model(path, text):
    os.makedirs(os.path.join(path, ASSETS))
    write_text(os.path.join(path, ASSETS, NAME), text)


def read_saved_model(path):
    return read_text(os.path.join(path, ASSETS, NAME))


def write_beside(path, text):
    write_text(f'{path}.json', text)


def read_beside(path):
    return read_text(f'{path}.json')


def write_text(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def read_text(path):
    """Return the bytes of a file, None where there is no such file."""
    if not os.path.isfile(path):
        return None
    with open(path, 'rb') as file:
        return file.read(LARGEST)


def write_onnx(path, text):
    """Append the description to the metadata of an ONNX file.

    What is appended to a protocol buffer is a part of it.
    """
    entry = field(1, KEY.encode()) + field(2, text.encode())
    with open(path, 'ab') as file:
        file.write(field(ONNX_METADATA, entry))


def field(number, data):
    """Return a length-delimited field of a protocol buffer."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value):
    """Return a number in bytes of seven bits, the lowest first.

    >>> varint(300)
    b'\\xac\\x02'
    """
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes(data + bytes([value]))


def read_onnx(path):
    """Return the last description in an ONNX file.

    Only its metadata are read: the weights are passed over.
    """
    found = None
    with open(path, 'rb') as file:
        for number, start, end in fields(file, os.path.getsize(path), path):
            if number == ONNX_METADATA:
                entry = {inner: (first, last) for inner, first, last
                         in fields(file, end, path, start)}
                if (1 in entry and 2 in entry
                        and file_part(file, *entry[1]) == KEY.encode()):
                    found = file_part(file, *entry[2])
    return found


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
    """Return the bytes of a file between two positions."""
    file.seek(start)
    return file.read(end - start)


def write_openvino(path, text):
    tree = read_xml(path)
    info = tree.getroot().find('rt_info')
    if info is None:
        info = ElementTree.SubElement(tree.getroot(), 'rt_info')
    ElementTree.SubElement(info, KEY, value=text)
    tree.write(path, encoding='utf-8', xml_declaration=True)


def read_openvino(path):
    found = read_xml(path).getroot().find(f'rt_info/{KEY}')
    return None if found is None else found.get('value')


def read_xml(path):
    """Return the ElementTree of an OpenVINO model."""
    try:
        return ElementTree.parse(path)
    # An unknown encoding is a LookupError, or a ValueError.
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise InputError(f'{path} is no OpenVINO model: {error}')


def write_tflite(path, text):
    """Append the description as an archive: readers of TFLite do not mind."""
    with zipfile.ZipFile(path, 'a', zipfile.ZIP_STORED) as archive:
        archive.writestr(NAME, text)


def read_tflite(path):
    try:
        with open(path, 'rb') as file, zipfile.ZipFile(file) as archive:
            entry = archive.getinfo(NAME)
            if (entry.compress_type != zipfile.ZIP_STORED
                    or entry.file_size > LARGEST):
                return None
            return archive.read(entry)
    except KeyError:
        return None
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError,
            struct.error) as error:
        # A place before the start of the file is an OSError without a name.
        if isinstance(error, OSError) and error.filename:
            raise
        raise InputError(f'{path} is cut off, or was not written by '
                         f'export.py: {error}')


READERS = {'savedmodel': read_saved_model, 'pb': read_beside,
           'onnx': read_onnx, 'openvino': read_openvino,
           'tflite': read_tflite}
WRITERS = {'savedmodel': write_saved_model, 'pb': write_beside,
           'onnx': write_onnx, 'openvino': write_openvino,
           'tflite': write_tflite}
