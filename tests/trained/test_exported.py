"""What an exported model says of itself, and files that are broken."""
import json
import os
import shutil
import zipfile

import numpy as np
import pytest

from segmentation import errors
from segmentation.trained import descriptions, exported, golden

# Parts of an ONNX file: a number, and a graph.
FIELDS = b'\x08\x07' + descriptions.field(7, b'weights')
FILES = {'pb': 'a.pb', 'onnx': 'a.onnx', 'openvino': 'a.xml',
         'tflite': 'a.tflite', 'savedmodel': 'a'}


def describe(**changes):
    image = golden.draw((64, 32))
    ids = np.arange(32 * 64, dtype=np.uint8).reshape(32, 64) % 3
    return dict({
        'class_names': ['sky', 'rue', 'straße'],
        'label_colors': [[1, 2, 3], [4, 5, 6], [255, 0, 7]],
        'image_size': [64, 32], 'ignore': True, 'channel_order': 'RGB',
        'input_type': 'uint8', 'fixed_size': None, 'precision': 'float32',
        'run': 'road', 'checkpoint': 'best-3',
        'options': {'seed': 1, 'data_source': 'tiny'},
        'versions': {'numpy': '1'}, 'crf': None,
        'golden': golden.encode(image, ids)}, **changes)


@pytest.fixture(params=list(FILES))
def path(request, tmp_path, monkeypatch):
    """A file of a format that holds nothing but a description."""
    monkeypatch.chdir(tmp_path)
    name = FILES[request.param]
    if request.param == 'savedmodel':
        os.mkdir(name)
        open(os.path.join(name, 'saved_model.pb'), 'w').close()
    else:
        with open(name, 'wb') as file:
            file.write(b'<net><layers/></net>' if name == 'a.xml' else FIELDS)
    return name


def write(path, description):
    text = (description if isinstance(description, str)
            else json.dumps(description))
    descriptions.WRITERS[exported.find_format(path)](path, text)


def test_a_description_that_is_written_is_read(path):
    description = describe()
    write(path, description)
    model = exported.read(path)
    assert model.description == description
    assert model.path == path and FILES[model.format] == path
    assert model.image_size == (64, 32)
    assert model.class_names == ['sky', 'rue', 'straße']
    assert model.label_colors[2] == (255, 0, 7)
    assert model.checkpoint == 'best-3'
    image, ids = golden.decode(model)
    np.testing.assert_array_equal(image, golden.draw((64, 32)))
    np.testing.assert_array_equal(ids.ravel()[:5], [0, 1, 2, 0, 1])


def test_a_model_of_others_is_refused(path):
    with pytest.raises(ValueError, match=f'{path} .*not written by '
                                         'export.py|was not'):
        exported.read(path)


@pytest.mark.parametrize('changes, message', [
    ({'class_names': None}, 'class_names is None: a list is wanted'),
    ({'class_names': ['sky']}, '3 label_colors are not one for each of 1'),
    ({'label_colors': [[1, 2, 256]] * 3}, r'a label colour is \[1, 2, 256\]'),
    ({'image_size': [64, 33]}, r'image_size is \[64, 33\]: two multiples'),
    ({'channel_order': 'GBR'}, "channel_order is 'GBR': BGR or RGB is"),
    ({'input_type': 'int8'}, "input_type is 'int8': float32 or uint8 is"),
    ({'precision': 'int4'}, "precision is 'int4': float32 or int8 is"),
    ({'fixed_size': [1, 64, 32]}, r'fixed_size is \[1, 64, 32\]: \[B, H, W'),
    ({'fixed_size': ['a', 64, 32]}, "fixed_size.*'a': int is wanted"),
    ({'fixed_size': [0, 32, 64]}, 'fixed_size is'),
    ({'golden': {}}, 'golden lacks image, ids, machine'),
    ({'options': {'seed': 'x'}}, "seed is 'x'"),
])
def test_a_description_that_makes_no_sense_is_refused(path, changes, message):
    write(path, describe(**changes))
    with pytest.raises(ValueError, match=f'^{path}: its description.*'
                                         f'{message}'):
        exported.read(path)


@pytest.mark.parametrize('text, message', [
    ('[' * 100000, 'its description is no JSON'), ('{"a": ', 'is no JSON'),
    ('[]', 'a JSON object is wanted')])
def test_what_is_no_description_is_refused(path, text, message):
    write(path, text)
    with pytest.raises(ValueError, match=message):
        exported.read(path)


def test_fixed_sizes_are_those_of_the_image(path):
    write(path, describe(fixed_size=[2, 32, 64]))
    assert exported.read(path).description['fixed_size'] == [2, 32, 64]


def test_a_file_cut_off_anywhere_is_refused_in_one_line(path):
    write(path, describe())
    name = {'a': 'a/assets.extra/model.json', 'a.pb': 'a.pb.json'}.get(path,
                                                                       path)
    size = os.path.getsize(name)
    for length in range(0, size, max(1, size // 50)):
        shutil.copyfile(name, 'whole')
        os.truncate(name, length)
        with pytest.raises(errors.EXPECTED) as caught:
            exported.read(path)
        assert path in str(caught.value) and '\n' not in str(caught.value)
        os.replace('whole', name)
    exported.read(path)


def test_other_files_are_no_exported_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir('empty')
    open('photo.jpg', 'w').close()
    for name in ('empty', 'photo.jpg'):
        with pytest.raises(ValueError, match='no exported model: a folder'):
            exported.read(name)
    with pytest.raises(OSError, match='no such file or folder'):
        exported.read('a.onnx')


def test_the_last_description_in_onnx_counts(tmp_path):
    path = str(tmp_path / 'a.onnx')
    open(path, 'w').close()
    for run in ('old', 'new'):
        write(path, describe(run=run))
    assert exported.read(path).description['run'] == 'new'


def test_a_compressed_description_is_not_unpacked(tmp_path):
    path = str(tmp_path / 'a.tflite')
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('model.json', ' ' * 100000)
    with pytest.raises(ValueError, match='not written by export.py'):
        exported.read(path)


@pytest.mark.parametrize('key, value, message', [
    ('image', '%', 'golden image is no base64'),
    ('image', 'é', 'golden image is no base64'),
    ('ids', 'YWJj', 'golden ids is no picture'),
    ('ids', '', 'golden ids is no picture'),
    ('ids', golden.as_text(np.zeros((32, 60), np.uint8)),
     r'golden image and ids are \(32, 64, 3\) and \(32, 60\)'),
    ('ids', golden.as_text(np.zeros((32, 64), np.uint16)), '.* of uint16'),
])
def test_a_broken_golden_picture_is_refused(path, key, value, message):
    description = describe()
    write(path, dict(description, golden=dict(description['golden'],
                                              **{key: value})))
    with pytest.raises(ValueError, match=f'{path}: {message}'):
        golden.decode(exported.read(path))


def test_the_golden_picture_is_always_the_same():
    image = golden.draw((96, 64))
    assert image.shape == (64, 96, 3) and image.dtype == np.uint8
    np.testing.assert_array_equal(image, golden.draw((96, 64)))
