"""Broken files, each of which is refused in one line with its name."""
import io
import os
import pickle
import struct
import zipfile
import zlib

import cv2
import numpy as np
import pytest
from pngs import chunk

from segmentation import errors, files, pixels
from segmentation.backbone import weights, zip_archive
from segmentation.crf import choice
from segmentation.data import class_table, kitti_road, label_files, splits
from segmentation.evaluation import picture_list
from segmentation.inference import jobs
from segmentation.trained import run_dir
from segmentation.training import class_weights

DEPTH = 100000
PAGE = b'<!DOCTYPE html><title>404 Not Found</title>'
SCENE = np.arange(12 * 20 * 3, dtype=np.uint8).reshape(12, 20, 3)


class Bomb:
    """What runs a program where it is unpickled."""

    def __reduce__(self):
        return os.system, ('touch exploded',)


def png_of(width, height, depth=8, kind=0, data=b'\0' * 9, extra=()):
    """Return a PNG that claims a size."""
    header = struct.pack('>IIBBBBB', width, height, depth, kind, 0, 0, 0)
    return b''.join([b'\x89PNG\r\n\x1a\n', chunk(b'IHDR', header), *extra,
                     chunk(b'IDAT', zlib.compress(data)), chunk(b'IEND', b'')])


def encode(suffix, image=SCENE):
    """Return the bytes of a valid picture."""
    return cv2.imencode(suffix, image)[1].tobytes()


def zip_of(*entries, method=zipfile.ZIP_STORED):
    """Return a zip of (name, contents)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', method) as archive:
        for name, body in entries:
            archive.writestr(zipfile.ZipInfo(name), body, method)
    return file.getvalue()


def npy_of(header, body=b'', version=b'\x01\0'):
    """Return a .npy of a header and what follows it."""
    text = header.encode() + b'\n'
    return b'\x93NUMPY' + version + struct.pack('<H', len(text)) + text + body


def damage(data, place):
    """Return bytes with four of them overwritten, behind the middle."""
    middle = len(data) // 2 + place
    return data[:middle] + b'\xff\0\xff\0' + data[middle + 4:]


def read_label(path):
    """Read a label file as ids."""
    return label_files.read_ids(label_files.open_png(path))


def read_run(path):
    """Read a run's directory as evaluate.py and infer.py do."""
    with open('network.meta', 'w'):
        pass
    return run_dir.find('.')


def unpack(path):
    """Unpack an archive into a new folder."""
    try:
        return zip_archive.unpack(path, 'unpacked')
    finally:
        assert not os.path.exists('../x') and not os.path.exists('/x-broken')


def read_tuned(path):
    """Read the parameters of a CRF."""
    return choice.read_tuned(run_dir.Run(
        '.', '', 'best-1', (64, 32), [], {}, None))


def read_record(path):
    """Read infer.json of the working directory."""
    return jobs.read_record('.')


def json_of(text):
    """Return (file name, reader, bytes) for every reader of JSON."""
    names = {'options.json': read_run, 'state.json': lambda _:
             run_dir.read_state('.'), 'infer.json': read_record,
             'crf.json': read_tuned, 'weights.json': lambda path:
             class_weights.read_weights(path, ['sky', 'road'])}
    return [(name, read, text) for name, read in names.items()]


NOT_JSON = [one for text in (
    b'', b'{', PAGE, b'\xff\xfe{}', b'[' * DEPTH, b'{"a":' * DEPTH, b'null',
    b'[]', b'3', b'"x"', b'{}', b'9' * 5000) for one in json_of(text)
    if (one[0], text) != ('state.json', b'{}')]
WRONG_TYPES = [
    ('options.json', read_run, b'{"options": [], "image_size": [64, 32]}'),
    ('options.json', read_run, b'{"options": {}, "image_size": "64x32"}'),
    ('options.json', read_run, b'{"options": {}, "label_colors": [3]}'),
    ('state.json', lambda _: run_dir.read_state('.'), b'{"epoch": "3"}'),
    ('state.json', lambda _: run_dir.read_state('.'), b'{"best": 3}'),
    ('infer.json', read_record, b'{"outputs": {"a.png": 1}}'),
    ('infer.json', read_record, b'{"outputs": [3]}'),
    ('infer.json', read_record, b'{"outputs": ["a\\u0000.png"]}'),
    ('infer.json', read_record, b'{"outputs": ["\\ud800.png"]}'),
    ('crf.json', read_tuned, b'{"parameters": {"iterations": "x"}}'),
    ('weights.json', lambda path: class_weights.read_weights(
        path, ['sky', 'road']), b'{"sky": 1, "road": "2"}'),
    ('weights.json', lambda path: class_weights.read_weights(
        path, ['sky', 'road']), b'{"sky": 1, "road": NaN}'),
    ('weights.json', lambda path: class_weights.read_weights(
        path, ['sky', 'road']), b'{"sky": 0, "road": 0}')]
PICTURES = [(name, pixels.read, data) for name, data in (
    ('empty.png', b''), ('page.jpg', PAGE), ('one.png', b'\x89'),
    ('signature.png', b'\x89PNG\r\n\x1a\n'),
    ('huge.png', png_of(100000, 100000)),
    ('large.png', png_of(1 << 31, 1)), ('none.png', png_of(0, 0)),
    ('cut.png', encode('.png')[:-20]), ('cut.jpg', encode('.jpg')[:-20]),
    ('cut.bmp', encode('.bmp')[:40]), ('cut.webp', encode('.webp')[:40]),
    ('huge.bmp', b'BM' + struct.pack('<IIIIiiHHIIiiII', 0, 0, 54, 40, 1 << 30,
                                     1 << 30, 1, 24, 0, 0, 0, 0, 0, 0)),
    ('tiff.png', b'II*\0' + b'\xff' * 40), ('gif.gif', b'GIF89a' + b'\xff' * 9)
)]
LABELS = [(name, read_label, data) for name, data in (
    ('empty.png', b''), ('page.png', PAGE), ('jpeg.png', encode('.jpg')),
    ('huge.png', png_of(100000, 100000)), ('none.png', png_of(0, 0)),
    ('depth.png', png_of(3, 3, depth=7)), ('kind.png', png_of(3, 3, kind=5)),
    ('short.png', png_of(30, 30)), ('cut.png', png_of(3, 3)[:-20]),
    ('headless.png', b'\x89PNG\r\n\x1a\n' + chunk(b'IEND', b'')),
    ('length.png', b'\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR'))]
WEIGHTS = [(name, weights.read, data) for name, data in (
    ('empty.npz', b''), ('page.npz', PAGE), ('none.npz', zip_of()),
    ('pickle.npz', zip_of(('conv1_1/kernel.npy', npy_of(
        "{'descr': '|O', 'fortran_order': False, 'shape': ()}",
        pickle.dumps(Bomb()))), ('conv1_1/bias.npy', b''))),
    ('huge.npz', zip_of(*[(f'conv1_1/{kind}.npy', npy_of(
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({1 << 50},)}}"))
        for kind in ('kernel', 'bias')])),
    ('open.npz', zip_of(*[(f'conv1_1/{kind}.npy', npy_of("{'descr': ("))
                          for kind in ('kernel', 'bias')])),
    ('lzma.npz', damage(zip_of(('conv1_1/kernel.npy', bytes(range(256)) * 9),
                               method=zipfile.ZIP_LZMA), 0)),
    ('empty.npy', b''), ('page.npy', PAGE), ('open.npy', npy_of('{')),
    ('array.npy', npy_of("{'descr': '<f4', 'fortran_order': False, "
                         "'shape': (1,)}", b'\0' * 4)),
    ('bomb.npy', npy_of("{'descr': '|O', 'fortran_order': False, "
                        "'shape': ()}", pickle.dumps(Bomb()))),
    ('version.npy', npy_of('{}', version=b'\x09\x09')),
    ('empty.h5', b''), ('page.h5', PAGE), ('cut.h5', b'\x89HDF\r\n\x1a\n\0'),
    ('page.pth', PAGE), ('weights.txt', b''))]
ARCHIVES = [(name, unpack, data) for name, data in (
    ('empty.zip', b''), ('page.zip', PAGE),
    ('above.zip', zip_of(('../x', b''))),
    ('root.zip', zip_of(('/x-broken', b''))),
    ('drive.zip', zip_of(('C:x', b''))),
    ('inside.zip', zip_of(('a/../../x', b''))),
    ('slashes.zip', zip_of(('a\\..\\..\\x', b''))),
    ('nameless.zip', zip_of(('', b'x'))),
    ('both.zip', zip_of(('a', b''), ('a/b', b''))),
    ('cut.zip', zip_of(('a', b'x' * 999))[:-30]),
    ('stored.zip', damage(zip_of(('a', b'x' * 9999)), 0)),
    ('deflated.zip', damage(zip_of(('a', bytes(range(256)) * 99),
                                   method=zipfile.ZIP_DEFLATED), 0)),
    ('bzip2.zip', damage(zip_of(('a', bytes(range(256)) * 99),
                                method=zipfile.ZIP_BZIP2), 0)),
    ('lzma.zip', damage(zip_of(('a', bytes(range(256)) * 99),
                               method=zipfile.ZIP_LZMA), 0)))]
TABLES = [('classes.csv', class_table.read, data) for data in (
    b'', b'\n', b'\xff\xfen\0a\0', b'name,r,g,b\nroad,1,2\n', b'name,id\n',
    b'name,id\na,1\nb,\xff\n', b'name,id\na,1\nb,99999999999999999999\n',
    b'name,id\na,1\nb,' + b'9' * 5000, b'name,id\n"a,1\nb,2\n',
    b'name,id\na,1\na,2\n', b'name,id\na,1\nb,1\n',
    b'name,id\n' + b'"' + b'a' * (1 << 18) + b'",1\n',
    b'\n'.join([b'name,id'] + [b'%d,%d' % (k, k) for k in range(300)]))]
LISTS = [('list.txt', read, data) for data in (
    b'nothing.png\n', b'\xff\xfea\0', b'a.png\na.png\n', b'\0\n',
    b'x' * 5000, b'a.png\0\n') for read in (
    lambda path: splits.read_list(path, 'data', {'a.png'}),
    lambda path: picture_list.read(path, [('data/a.png', 'x')], 'data',
                                   'valid'))]
CALIBRATIONS = [('calib.txt', kitti_road.read_calibration, data) for data in (
    b'', b'P2: 1 2 3\n', b'P2\n', b'P2: ' + b'x ' * 12, b'\xff\xfe\0\n',
    b'P2: ' + b'nan ' * 12, b'P2: ' + b'1e999 ' * 12,
    b'P2: ' + b'1 ' * 12, b'R0_rect: ' + b'0 ' * 9)]
JSON_OF_REPORT = [('report.json', lambda path: files.read_json(
    path, {'made_by': str, 'files': [str]}), data) for data in (
    b'{"made_by": 3, "files": []}', b'{"made_by": "x", "files": "y"}')]


BROKEN = (NOT_JSON + WRONG_TYPES + PICTURES + LABELS + WEIGHTS + ARCHIVES
          + TABLES + LISTS + CALIBRATIONS + JSON_OF_REPORT)


@pytest.mark.parametrize('name, read, data', BROKEN,
                         ids=[name for name, *_ in BROKEN])
def test_a_broken_file_is_refused_in_one_line_with_its_name(
        tmp_path, monkeypatch, name, read, data):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(errors.EXPECTED) as caught:
        read(name)
    line = errors.describe(caught.value)
    assert name in line and len(line.splitlines()) == 1
    # Nothing was run, and nothing was unpacked.
    assert set(os.listdir(str(tmp_path))) <= {name, 'network.meta'}
