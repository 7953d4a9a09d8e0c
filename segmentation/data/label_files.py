"""Label files: find them, read their values, say what is wrong with one.

Labels are PNG: grey, palette or true colour. A JPEG is refused, since its
compression changes values along every edge.
"""
import os
import struct
import zlib
from typing import List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from segmentation import pixels, text
from segmentation.data import listing
from segmentation.errors import InputError

PICTURES = ('.png', '.jpg', '.jpeg')
SIGNATURE = b'\x89PNG\r\n\x1a\n'
GREY, PALETTE, GREY_ALPHA = 0, 3, 4     # colour types of the PNG standard


class Png(NamedTuple):
    """A PNG file taken apart."""

    path: str
    depth: int                          # bits a value
    kind: int                           # colour type
    chunks: List[Tuple[bytes, bytes]]   # (type, data)


def list_files(folder: str,
               suffixes: Tuple[str, ...] = PICTURES) -> List[str]:
    """List the files of a folder and its sub-folders, sorted.

    Returns
    -------
    list of str
        Paths relative to `folder`, separated by '/'; without hidden ones.
    """
    return sorted(os.path.relpath(path, folder).replace(os.sep, '/')
                  for path in listing.walk(folder)
                  if path.lower().endswith(suffixes))


def open_png(path: str) -> Png:
    """Read the chunks of a PNG; InputError says what else the file is."""
    data = pixels.read_bytes(path)
    if data[:3] == b'\xff\xd8\xff':
        raise InputError(
            f'{path}: a JPEG: its compression changes the values of a label, '
            'so that a PNG is wanted, made anew and not from the JPEG')
    if data[:8] != SIGNATURE:
        raise InputError(f'{path}: no PNG: a label has to be one')
    chunks, start, kind = [], 8, None
    while kind != b'IEND':
        head = data[start:start + 8]
        length = struct.unpack('>I', head[:4])[0] if len(head) == 8 else 0
        kind, body = head[4:], data[start + 8:start + 8 + length]
        start += 12 + length
        if len(head) < 8 or start > len(data):
            raise InputError(f'{path}: the PNG is cut off after {len(data)} '
                             'bytes')
        chunks.append((kind, body))
    if chunks[0][0] != b'IHDR' or len(chunks[0][1]) != 13:
        raise InputError(f'{path}: a broken PNG: it has no header')
    return Png(path, chunks[0][1][8], chunks[0][1][9], chunks)


def decode(png: Png) -> np.ndarray:
    """Return the image as OpenCV decodes it, (H, W) or (H, W, 3 or 4)."""
    parts = [SIGNATURE]
    for kind, body in png.chunks:
        parts += [struct.pack('>I', len(body)), kind, body,
                  struct.pack('>I', zlib.crc32(kind + body))]
    image = pixels.decode(png.path, b''.join(parts), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise InputError(f'{png.path}: a broken PNG')
    return image


def read_samples(png: Png) -> np.ndarray:
    """Return the grey values or the palette indices, (H, W), as stored.

    OpenCV paints a palette's colours, and stretches values of less than 8
    bits to 0..255. Declared as grey and without its palette, the same file
    gives the indices.
    """
    header = bytearray(png.chunks[0][1])
    if png.kind == PALETTE:
        header[9] = GREY
    image = decode(png._replace(chunks=[(b'IHDR', bytes(header))] + [
        chunk for chunk in png.chunks if chunk[0] in (b'IDAT', b'IEND')]))
    if image.ndim == 3:                 # grey with alpha
        image = np.ascontiguousarray(image[:, :, 0])
    return image // (255 // (2 ** png.depth - 1)) if png.depth < 8 else image


def read_palette(png: Png) -> np.ndarray:
    """Return the colours (N, 3) of a palette: red, green, blue."""
    body = dict(png.chunks).get(b'PLTE', b'')
    return np.frombuffer(body[:len(body) // 3 * 3], np.uint8).reshape(-1, 3)


def read_colors(png: Png) -> np.ndarray:
    """Return the packed colours (H, W) int32; grey values are grey colours.
    """
    image = decode(png)
    if image.dtype != np.uint8:
        raise InputError(f'{png.path}: {png.depth} bits a value: colours '
                         'have 8')
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return pixels.pack(image)


def read_ids(png: Png) -> Optional[np.ndarray]:
    """Return the ids (H, W), uint8 or uint16; None of a file of colours.

    Ids may be stored in three equal channels as well.
    """
    if png.kind in (GREY, PALETTE, GREY_ALPHA):
        return read_samples(png)
    image = decode(png)
    first = np.ascontiguousarray(image[:, :, 0])
    return first if all((image[:, :, k] == first).all()
                        for k in (1, 2)) else None


def check_ids(path, image):
    """Raise InputError unless ids as OpenCV reads them can be looked up."""
    if image.dtype not in (np.uint8, np.uint16):
        raise InputError(f'{path}: {image.dtype} ids: 8 or 16 bits without a '
                         'sign are wanted')


def check_colors(path, image):
    """Raise InputError unless colours as OpenCV reads them can be packed."""
    if image.dtype != np.uint8:
        raise InputError(f'{path}: {image.dtype} colours: 8 bits a channel '
                         'are wanted')
    if image.ndim == 3 and image.shape[2] not in (3, 4):
        raise InputError(f'{path}: {image.shape[2]} channels: 1, 3 or 4 are '
                         'wanted')


def describe_unknown(path, codes, ids):
    """Return a line on the first value of a label that is in no class."""
    row, column = np.argwhere(ids == pixels.UNKNOWN)[0]
    code = codes[row, column]
    value = pixels.describe(code, codes.dtype == np.int32)
    return (f'{path}: {value} at row {row}, column {column} is in no class '
            f'({text.counted((codes == code).sum(), "pixel")} in all)')


def check_exists(path, what, other):
    """Raise FileNotFoundError unless there is what `other` needs.

    Whether it is a file, and no folder or pipe, is found out by reading it.
    """
    if not os.path.exists(path):
        folder, name = os.path.split(path)
        raise FileNotFoundError(f'{os.path.basename(other)}: no {what} {name} '
                                f'in {folder}')


def check_sizes(image_path, image_size, label_path, label_size):
    """Raise InputError where a picture and a label differ in (width, height).
    """
    if tuple(label_size) != tuple(image_size):
        raise InputError(describe_sizes(image_path, image_size[::-1],
                                        label_path, label_size[::-1]))


def describe_sizes(image_path, image_shape, label_path, label_shape):
    """Return a line on a picture and a label that differ in size."""
    height, width = image_shape[:2]
    label_height, label_width = label_shape[:2]
    return (f'{image_path} is {width}x{height} but its label {label_path} is '
            f'{label_width}x{label_height}')
