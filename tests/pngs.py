"""PNG files that OpenCV does not write: palettes, few bits a value."""
import struct
import zlib

import numpy as np


def chunk(kind, body):
    return (struct.pack('>I', len(body)) + kind + body
            + struct.pack('>I', zlib.crc32(kind + body)))


def write_png(path, samples, palette=None, depth=8):
    """Write (H, W) samples, as grey or as places in `palette` (N, 3) RGB."""
    samples = np.asarray(samples)
    height, width = samples.shape
    header = struct.pack('>IIBBBBB', width, height, depth,
                         0 if palette is None else 3, 0, 0, 0)
    rows = b''.join(b'\0' + pack(row, depth) for row in samples)
    parts = [b'\x89PNG\r\n\x1a\n', chunk(b'IHDR', header)]
    if palette is not None:
        parts.append(chunk(b'PLTE', bytes(bytearray(np.ravel(palette)
                                                    .tolist()))))
    parts += [chunk(b'IDAT', zlib.compress(rows)), chunk(b'IEND', b'')]
    with open(str(path), 'wb') as file:
        file.write(b''.join(parts))


def pack(row, depth):
    """Values of `depth` bits side by side, the first one highest."""
    bits = ''.join('{:0{}b}'.format(value, depth) for value in row.tolist())
    bits += '0' * (-len(bits) % 8)
    return bytes(bytearray(int(bits[k:k + 8], 2)
                           for k in range(0, len(bits), 8)))
