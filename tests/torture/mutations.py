"""Valid files made invalid, in ways that a seed repeats.

A mutation takes the bytes of a valid file and a random.Random, and returns
other bytes: most are broken, some are valid and mean something else.
"""
import copy
import io
import json
import re
import struct
import zipfile
import zlib

BYTES = (b'', b'\0', b'\xff', b'\x80', b'\n', b'\xff\xff\xff\xff',
         b'\x7f\xff\xff\xff', b'\xff\xff\xff\x7f', b'\0\0\0\x80',
         b'\0' * 64, b'\xff' * 64)
WORDS = ('', ' ', '0', '-1', '1e999', 'nan', '9' * 30, '9' * 5000, '\0',
         '\ud800', '\xe9', '"', ',', ';', '\t', '\r', ':', '../..', '/', '\\',
         '-', '[', '{', '%s', 'x' * 5000)
VALUES = (None, True, False, 0, 1, -1, 255, 3.5, 1e308, float('inf'),
          float('nan'), 10 ** 30, '', 'x', '0', 'a\0b', '\ud800', '/', '..',
          '[i]', 'x' * 5000, [], {}, [None], [[]], {'x': 1}, ['x'], [0, 0],
          {'train': 1}, [-1, 1e400, '']) + (-10 ** 400,)
SIZES = (0, 1, 2, 3, 4, 7, 8, 16, 127, 128, 255, 256, 257, 65535, 1 << 16,
         100000, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
DEPTH = 100000      # of nesting


def of_bytes(data, random):
    """Flip, cut, insert, repeat, remove or overwrite bytes, up to thrice."""
    for _ in range(random.choice((1, 1, 2, 3))):
        data = random.choice((flip, flip, cut, insert, repeat, remove,
                              overwrite))(data, random)
    return data


def flip(data, random):
    """Flip a bit."""
    if not data:
        return data
    k = random.randrange(len(data))
    return data[:k] + bytes([data[k] ^ 1 << random.randrange(8)]
                            ) + data[k + 1:]


def cut(data, random):
    """Cut the end off."""
    return data[:random.randrange(len(data) + 1)]


def insert(data, random):
    """Insert bytes."""
    k = random.randrange(len(data) + 1)
    return data[:k] + random.choice(BYTES) + data[k:]


def repeat(data, random):
    """Repeat a part."""
    start, end = part(data, random)
    return data[:end] + data[start:end] * random.choice((1, 2, 50)
                                                        ) + data[end:]


def remove(data, random):
    """Remove a part."""
    start, end = part(data, random)
    return data[:start] + data[end:]


def overwrite(data, random):
    """Overwrite bytes."""
    k, new = random.randrange(len(data) + 1), random.choice(BYTES)
    return data[:k] + new + data[k + len(new):]


def part(data, random):
    """Return where a random part of up to 200 bytes begins and ends."""
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.randrange(1, 200))


def of_text(data, random):
    """Change words or lines of a text."""
    text = data.decode('utf-8', 'surrogateescape')
    lines = text.splitlines(True) or ['']
    k = random.randrange(len(lines))
    kind = random.randrange(6)
    if kind == 0:
        lines[k:k] = [random.choice(lines)] * random.choice((1, 300))
    elif kind == 1:
        del lines[k]
    elif kind == 2:
        random.shuffle(lines)
    elif kind == 3:
        lines = [line.replace('\n', random.choice(('\r', '\r\n', '\0', '')))
                 for line in lines]
    else:
        words = re.split(r'(\w+)', lines[k])
        words[random.randrange(len(words))] = random.choice(WORDS)
        lines[k] = ''.join(words)
    text = ''.join(lines)
    encoding = random.choice(('utf-8', 'utf-8', 'utf-8', 'utf-16', 'latin1'))
    return text.encode(encoding, 'surrogatepass' if encoding != 'latin1'
                       else 'replace')


def of_json(data, random):
    """Change values of a JSON document to some of other types, up to thrice.
    """
    value = json.loads(data.decode().splitlines()[0]
                       if data.count(b'\n{') else data.decode())
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        value = change(value, random)
    text = json.dumps(value)
    if random.randrange(40) == 0:
        text = random.choice(('[' * DEPTH, '{"x":' * DEPTH,
                              '[' * DEPTH + ']' * DEPTH,
                              text.replace('0', '9' * 5000, 1)))
    return text.encode()


def change(value, random):
    """Return a JSON value with one of the values in it replaced."""
    value = copy.deepcopy(value)
    places = list(list_places(value))
    if not places or random.randrange(20) == 0:
        return random.choice(VALUES)
    parent, key = random.choice(places)
    kind = random.randrange(8)
    if kind == 0:
        del parent[key]
    elif kind == 1:
        other, name = random.choice(places)
        parent[key] = copy.deepcopy(other[name])
    elif kind == 2 and isinstance(parent, dict):
        parent[random.choice(('', 'x', 'a\0b', '0'))] = parent.pop(key)
    elif kind == 3 and isinstance(parent, list):
        parent *= random.choice((2, 300))
    else:
        parent[key] = random.choice(VALUES)
    return value


def list_places(value):
    """Yield (container, key) of all values in a JSON value."""
    items = (value.items() if isinstance(value, dict)
             else enumerate(value) if isinstance(value, list) else ())
    for key, item in list(items):
        yield value, key
        yield from list_places(item)


def of_png(data, random):
    """Change the chunks of a PNG, and let their checksums fit."""
    chunks, start = [], 8
    while start + 8 <= len(data):
        length, = struct.unpack('>I', data[start:start + 4])
        chunks.append((data[start + 4:start + 8],
                       data[start + 8:start + 8 + length]))
        start += 12 + length
    k = random.randrange(len(chunks))
    kind, body = chunks[k]
    what = random.randrange(8)
    if what == 0:
        del chunks[k]
    elif what == 1:
        chunks.insert(random.randrange(len(chunks) + 1), chunks[k])
    elif what < 5 and chunks[0][0] == b'IHDR':
        chunks[0] = b'IHDR', header(chunks[0][1], random)
    elif kind == b'IDAT' and what < 7:
        pixels = of_bytes(zlib.decompress(body), random)
        chunks[k] = kind, zlib.compress(pixels)
    else:
        chunks[k] = kind, of_bytes(body, random)
    return data[:8] + b''.join(
        struct.pack('>I', len(body)) + kind + body
        + struct.pack('>I', zlib.crc32(kind + body)) for kind, body in chunks)


def header(body, random):
    """Return the body of an IHDR with one of its values changed."""
    values = list(struct.unpack('>IIBBBBB', body))
    k = random.randrange(len(values))
    values[k] = (random.choice(SIZES) if k < 2
                 else random.choice((0, 1, 2, 3, 4, 5, 6, 8, 16, 255)))
    return struct.pack('>IIBBBBB', *values)


def of_npy(data, random):
    """Change the header of a .npy, or of a member of a .npz."""
    if not data.startswith(b'PK'):
        return of_header(data, random)
    archive = zipfile.ZipFile(io.BytesIO(data))
    chosen = random.choice(archive.namelist())
    return pack([(name, of_header(archive.read(name), random)
                  if name == chosen else archive.read(name))
                 for name in archive.namelist()])


def of_header(data, random):
    """Change words in the header of a .npy."""
    end = data.find(b'\n') + 1
    words = re.split(rb'(\w+)', data[10:end])
    words[random.randrange(len(words))] = random.choice((
        b'', b'0', b'-1', b'99999999999', b'1' * 30, b'True', b'None', b'f8',
        b'O', b'U9', b'V0', b'c16', b'(', b'{', b'[' * 300, b'\xff', b'x',
        b'3, 3, 3', b'shape', b'__import__'))
    text = b''.join(words)
    length = len(text) if random.randrange(4) else random.choice(SIZES)
    return data[:8] + struct.pack('<H', length & 65535) + text + data[end:]


def of_zip(data, random):
    """Change names, contents, methods or claims of the entries of a zip."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    entries = [(name, archive.read(name)) for name in archive.namelist()]
    k = random.randrange(len(entries))
    kind = random.randrange(6)
    if kind < 3:
        entries[k] = random.choice((
            '', '/', '.', '..', '../x', '/x', 'a/../../x', 'C:/x', 'x\0y',
            'a//b', 'x' * 300, 'x/' * 300, '\xe9', 'a\\..\\..\\x', 'con',
            entries[0][0], f'{entries[0][0]}/x', f'{entries[k][0]}/')
        ), entries[k][1]
    elif kind == 3:
        entries[k] = entries[k][0], of_bytes(entries[k][1], random)
    elif kind == 4:
        del entries[k]
    else:
        entries.append((f'{k}', b'\0' * random.choice((0, 1, 1 << 22))))
    return pack(entries, random.choice((
        zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2,
        zipfile.ZIP_LZMA)), random)


def pack(entries, method=zipfile.ZIP_STORED, random=None):
    """Return a zip of (name, contents); with random, odd attributes too."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', method) as archive:
        for name, body in entries:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            if random and random.randrange(8) == 0:     # a link, a device
                entry.external_attr = random.choice(
                    (0o120777, 0o060666, 0o040000, 0)) << 16
            archive.writestr(entry, body)
    return of_bytes(file.getvalue(), random) if random and random.randrange(
        2) else file.getvalue()
