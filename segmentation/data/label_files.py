"""Label files of a folder: find them, and read the values as they stand.

Labels are PNG: grey, palette or true colour. A JPEG is refused, since its
compression changes values along every edge.
"""
import collections
import os
import struct
import zlib

import cv2
import numpy as np

from segmentation import pixels
from segmentation.errors import InputError

PICTURES = ('.png', '.jpg', '.jpeg')
SIGNATURE = b'\x89PNG\r\n\x1a\n'
GREY, PALETTE, GREY_ALPHA = 0, 3, 4     # colour types of the PNG standard

# `chunks` is [(type, data)]; `depth` is bits a value.
Png = collections.namedtuple('Png', 'path depth kind chunks')


def list_files(folder, suffixes=PICTURES):
    """The files of a folder and its sub-folders, sorted.

    Returns
    -------
    list of str
        Paths relative to `folder`, parted by '/'; hidden ones are left out.
    """
    def stop(error):
        raise error

    found, seen = [], set()
    for parent, folders, names in os.walk(folder, onerror=stop,
                                          followlinks=True):
        here = os.path.realpath(parent)
        folders[:] = [name for name in folders
                      if name[0] != '.' and here not in seen]
        if here not in seen:
            found += [os.path.relpath(os.path.join(parent, name), folder)
                      for name in names if name[0] != '.'
                      and name.lower().endswith(suffixes)]
        seen.add(here)
    return sorted(name.replace(os.sep, '/') for name in found)


def open_png(path):
    """The Png of a file; ValueError says what else it is."""
    with open(path, 'rb') as file:
        data = file.read()
    if data[:3] == b'\xff\xd8\xff':
        raise InputError(
            '{}: a JPEG: its compression changes the values of a label, so '
            'that a PNG is wanted, made anew and not from the JPEG'.format(
                path))
    if data[:8] != SIGNATURE:
        raise InputError(f'{path}: no PNG: a label has to be one')
    chunks, place, kind = [], 8, None
    while kind != b'IEND':
        head = data[place:place + 8]
        length = struct.unpack('>I', head[:4])[0] if len(head) == 8 else 0
        kind, body = head[4:], data[place + 8:place + 8 + length]
        place += 12 + length
        if len(head) < 8 or place > len(data):
            raise InputError('{}: the PNG is cut off after {} bytes'.format(
                path, len(data)))
        chunks.append((kind, body))
    if chunks[0][0] != b'IHDR' or len(chunks[0][1]) != 13:
        raise InputError(f'{path}: a broken PNG: it has no header')
    return Png(path, chunks[0][1][8], chunks[0][1][9], chunks)


def decode(png):
    """The image as OpenCV decodes it, (H, W) or (H, W, 3 or 4)."""
    parts = [SIGNATURE]
    for kind, body in png.chunks:
        parts += [struct.pack('>I', len(body)), kind, body,
                  struct.pack('>I', zlib.crc32(kind + body))]
    image = cv2.imdecode(np.frombuffer(b''.join(parts), np.uint8),
                         cv2.IMREAD_UNCHANGED)
    if image is None:
        raise InputError(f'{png.path}: a broken PNG')
    return image


def read_samples(png):
    """The grey values or the places in the palette, (H, W), as stored.

    OpenCV paints a palette's colours, and stretches values of less than 8
    bits to 0..255. Declared as grey and without its palette, the same file
    gives the places.
    """
    header = bytearray(png.chunks[0][1])
    if png.kind == PALETTE:
        header[9] = GREY
    image = decode(png._replace(chunks=[(b'IHDR', bytes(header))] + [
        chunk for chunk in png.chunks if chunk[0] in (b'IDAT', b'IEND')]))
    if image.ndim == 3:                 # grey with alpha
        image = np.ascontiguousarray(image[:, :, 0])
    return image // (255 // (2 ** png.depth - 1)) if png.depth < 8 else image


def read_palette(png):
    """The colours (N, 3) of a palette: red, green, blue."""
    body = dict(png.chunks).get(b'PLTE', b'')
    return np.frombuffer(body[:len(body) // 3 * 3], np.uint8).reshape(-1, 3)


def read_colors(png):
    """The packed colours (H, W) int32; grey values are grey colours."""
    image = decode(png)
    if image.dtype != np.uint8:
        raise InputError('{}: {} bits a value: colours have 8'.format(
            png.path, png.depth))
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return pixels.pack(image)


def read_ids(png):
    """The ids (H, W), uint8 or uint16; None where the file has colours.

    Ids may be stored in three equal channels as well.
    """
    if png.kind in (GREY, PALETTE, GREY_ALPHA):
        return read_samples(png)
    image = decode(png)
    first = np.ascontiguousarray(image[:, :, 0])
    return first if all((image[:, :, k] == first).all()
                        for k in (1, 2)) else None
