"""export.py as a user runs it, on a run whose network SciPy computes, too."""
import json
import os

import cv2
import helpers
import numpy as np
import programs
import pytest
from exporting import NAMES, list_all, make_run, run_export, skip_without

import export
from segmentation.export import formats, inputs, writing
from segmentation.tf1 import tf
from segmentation.trained import exported, golden

TRAIN = os.path.join(helpers.data_dir(), 'train')
# Without the label files, which lie beside them.
PICTURES = [os.path.join(TRAIN, f'{k}.png') for k in range(9)]


@pytest.fixture
def run(place):
    return make_run()


@pytest.mark.slow
@pytest.mark.parametrize('name', list(NAMES))
def test_an_exported_model_knows_what_the_run_knows(name, run, capsys):
    path = run_export(name)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == '[i] model: run, best-1; 108 parameters'
    assert lines[1] == (f'[i] output: {name}, float32; 4 classes, input '
                        '64x32')
    assert lines[4].startswith('[i] golden picture: probabilities differ by')
    assert lines[5].startswith(f'[i] {path}: 0.0 MB')
    model = exported.read(path)
    assert model[:5] == (path, name, (64, 32), list(helpers.CLASSES),
                         dict(enumerate(helpers.COLORS)))
    known = model.description
    assert known['options']['data_source'] == 'tiny'
    assert known['channel_order'] == 'BGR' and known['run'] == 'run'
    assert known['precision'] == 'float32' and known['crf'] is None
    assert known['parameters'] == 108       # 3x3 pixels, 3 colours, 4 classes
    assert known['versions']['tensorflow'] == tf.__version__
    assert model.checkpoint == 'best-1'
    assert known['fixed_size'] == ([1, 32, 64] if name == 'tflite' else None)
    image, ids = golden.decode(model)
    expected = programs.run_network(image, 0).argmax(axis=-1)
    assert (ids == expected).mean() > .999 and len(np.unique(ids)) > 1


def open_file(name, path):
    return formats.writer(name).open_file(path)


@pytest.mark.slow
@pytest.mark.parametrize('name', list(NAMES))
def test_rgb_bytes_give_what_bgr_numbers_give(name, run):
    if name == 'tflite' and tf.__version__.startswith('1.'):
        with pytest.raises(ValueError, match='uint8 takes TensorFlow 2'):
            run_export(name, '--input-type', 'uint8')
        path = run_export(name, '--channel-order', 'RGB')
        kind = np.float32
    else:
        path = run_export(name, '--channel-order', 'RGB', '--input-type',
                          'uint8')
        kind = np.uint8
    image, _ = helpers.draw_scene(7, (64, 32))
    with open_file(name, path) as give:
        softmax, classes = give(image[None, ..., ::-1].astype(kind))
    expected = programs.run_network(image, 0)
    np.testing.assert_allclose(softmax[0], expected, atol=1e-4)
    assert (classes[0] == expected.argmax(axis=-1)).mean() > .999
    assert classes.dtype == np.uint8


@pytest.mark.parametrize('name', ['savedmodel', 'pb', 'onnx', 'openvino'])
def test_batch_height_and_width_are_free(name, run):
    path = run_export(name)
    images = np.random.RandomState(0).uniform(0, 255, (3, 96, 32, 3))
    with open_file(name, path) as give:
        softmax, classes = give(images.astype(np.float32))
    for k, image in enumerate(images):
        np.testing.assert_allclose(softmax[k], programs.run_network(image, 0),
                                   atol=1e-4)
    assert classes.shape == (3, 96, 32)


def test_tflite_has_the_size_that_is_asked_for(run):
    path = run_export('tflite', '--image-size', '96x64', '--batch-size', '2')
    assert exported.read(path).description['fixed_size'] == [2, 64, 96]
    image, _ = helpers.draw_scene(7, (96, 64))
    with open_file('tflite', path) as give:
        softmax, _ = give(np.stack([image, image[::-1]]).astype(np.float32))
    np.testing.assert_allclose(
        softmax[1], programs.run_network(image[::-1], 0), atol=1e-4)


def test_a_savedmodel_is_served_by_its_signature(run):
    run_export('savedmodel')
    with tf.Graph().as_default(), tf.Session() as sess:
        meta = tf.saved_model.load(sess, ['serve'], 'road')
    signature = meta.signature_def['serving_default']
    assert set(signature.inputs) == {'image_input'}
    assert set(signature.outputs) == {'softmax', 'classes'}
    assert signature.method_name == 'tensorflow/serving/predict'


@pytest.mark.parametrize('name', [helpers.slow('onnx'), 'openvino'])
def test_int8_is_scored_before_and_after(name, run, capsys):
    path = run_export(name, '--int8', *PICTURES, '--data-dir',
                      helpers.data_dir(), '--max-loss', '100')
    assert not os.path.exists('float32')
    lines = capsys.readouterr().out.splitlines()
    assert '[i] int8, calibrated on 9 pictures of 64x32' in lines
    words = next(line for line in lines if 'mIoU' in line).split()
    scores = [float(word[:-1]) for word in words if word.endswith('%')]
    wanted = programs.score(run)['scores']['miou']
    assert abs(scores[0] - 100 * wanted) < .02
    assert abs(scores[1] - scores[0]) < 5
    model = exported.read(path)
    assert model.description['precision'] == 'int8'
    image, ids = golden.decode(model)
    with open_file(name, path) as give:
        _, classes = give(image[None].astype(np.float32))
    np.testing.assert_array_equal(classes[0], ids)
    assert (ids == programs.run_network(image, 0).argmax(axis=-1)
            ).mean() > .9


@pytest.mark.parametrize('scores, fails', [((.8, .794), True),
                                           ((.8, .796), False),
                                           ((.7, .9), False)])
def test_int8_that_loses_more_than_allowed_leaves_nothing(run, scores,
                                                          fails):
    """By default half a point of mIoU."""
    skip_without('onnx', True)
    before = list_all()
    given = iter(scores)
    wanted = export.request.make(export.parse_options(
        ['--name', 'run', '--output', 'road.onnx', '--int8', TRAIN]))
    lines = writing.export(wanted, lambda model: next(given))
    if fails:
        with pytest.raises(ValueError, match='int8 loses 0.60 points of mIoU,'
                                             ' more than --max-loss 0.5'):
            list(lines)
        assert list_all() == before
    else:
        list(lines)
        assert list_all() == sorted(before + ['road.onnx'])


@pytest.mark.parametrize('name', list(NAMES))
def test_a_file_that_gives_something_else_leaves_nothing(name, run,
                                                         monkeypatch):
    skip_without(name)
    before = list_all()
    monkeypatch.setattr(inputs, 'as_taken', lambda images, *_:
                        images[:, ::-1].astype(np.float32))
    with pytest.raises(ValueError, match=f'{NAMES[name]} is not the same '
                                         'network: probabilities differ'):
        run_export(name)
    assert list_all() == before


@pytest.mark.slow
@pytest.mark.parametrize('name', list(NAMES))
def test_an_exported_model_is_replaced(name, run):
    run_export(name)
    before = list_all()
    run_export(name, '--image-size', '96x64')
    assert list_all() == before
    assert exported.read(NAMES[name]).image_size == (96, 64)


@pytest.mark.parametrize('arguments, message', [
    (['--output', 'road.h5'], 'no format has the suffix .h5'),
    (['--output', 'road.pb', '--format', 'tflite'],
     '--format tflite is written to NAME.tflite'),
    (['--output', 'road', '--format', 'pb'],
     '--format pb is written to NAME.pb'),
    (['--output', 'road.pb', '--format', 'savedmodel'],
     '--format savedmodel is written to a folder'),
    (['--output', 'road.tflite', '--int8', TRAIN],
     'tflite is not exported in int8: onnx, openvino are'),
    (['--output', 'road.pb', '--batch-size', '2'],
     '--batch-size does not apply to pb'),
    (['--output', 'no/road.pb'], 'no: no such folder'),
    (['--output', 'run/network.meta/road.pb'], 'no such folder'),
    (['--output', 'run'], 'run holds best-1.data-00000-of-00001, which is'),
    (['--output', 'other'], 'other holds photo.png, which is of no'),
    (['--output', 'file'], 'file is a file: a folder is wanted'),
    (['--output', 'foreign.pb'], 'foreign.pb exists already and was not'),
    (['--output', 'lonely.pb'], 'lonely.pb.json exists already and was not'),
    (['--output', 'road.pb', '--name', 'nowhere'], 'no run in nowhere'),
    (['--output', 'road.pb', '--checkpoint', 'last'], "no 'last' checkpoint"),
])
def test_bad_input_is_refused_in_one_line(run, arguments, message):
    os.mkdir('other')
    cv2.imwrite('other/photo.png', np.zeros((4, 4), np.uint8))
    for name in ('file', 'foreign.pb', 'lonely.pb.json'):
        with open(name, 'w') as file:
            file.write('{}')
    before = list_all()
    with pytest.raises((ValueError, OSError)) as caught:
        export.main(['--name', 'run'] + arguments)
    line = str(caught.value)
    assert message in line and '\n' not in line
    assert list_all() == before


def test_pictures_that_judge_int8_do_not_calibrate_it(run):
    skip_without('onnx', True)
    with pytest.raises(ValueError, match='0.png is a validation picture of'):
        run_export('onnx', '--int8', TRAIN,
                   os.path.join(helpers.data_dir(), 'valid'))
    with pytest.raises(ValueError, match='run: no picture in it'):
        run_export('onnx', '--int8', 'run')


@pytest.mark.parametrize('name, int8, package', [
    ('onnx', False, 'tf2onnx'), ('openvino', False, 'openvino'),
    ('openvino', True, 'nncf')])
def test_a_missing_package_is_named(name, int8, package, run, monkeypatch):
    find = formats.importlib.util.find_spec
    monkeypatch.setattr(
        formats.importlib.util, 'find_spec',
        lambda wanted: None if wanted == package else find(wanted))
    monkeypatch.setattr(formats, 'FORMATS', {
        key: row._replace(packages=(package,) if row.packages else ())
        for key, row in formats.FORMATS.items()})
    with pytest.raises(ImportError) as caught:
        export.main(['--name', 'run', '--output', NAMES[name]]
                    + (['--int8', TRAIN] if int8 else []))
    assert str(caught.value) == (
        f'{name}{" in int8" * int8} needs the package {package}, which is '
        'not installed: pip install -r requirements-engines.txt')


@pytest.mark.parametrize('arguments', [
    ['--max-loss', '1', '--int8', TRAIN], ['--data-dir', 'data'],
    ['--classes', '19'], ['--image-size', '65x32'], ['--max-loss', '-1'],
    ['--channel-order', 'GBR'], ['--format', 'h5'], ['--output', '']])
def test_options_that_make_no_sense_are_usage_errors(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        export.main(['--output', 'road.pb'] + arguments)
    assert stopped.value.code == 2
    assert 'error:' in capsys.readouterr().err


def test_a_run_of_the_blog_is_exported_by_the_classes_of_a_source(place):
    (place / 'old').mkdir()
    with tf.Graph().as_default(), tf.Session() as sess:
        image_input = tf.placeholder(tf.float32, [None, None, None, 3],
                                     name='image_input')
        keep_prob = tf.placeholder(tf.float32, name='keep_prob')
        weights = tf.get_variable('weights', initializer=np.float32(
            [[1, 0, 0, -9], [0, 1, 0, -9], [0, 0, 1, -9]]) / 64)
        scores = tf.nn.conv2d(image_input, weights[None, None],
                              [1, 1, 1, 1], 'SAME')
        scores = tf.nn.dropout(scores, rate=1 - keep_prob)
        total = tf.add(scores, 0., name='sum/Add_1')
        softmax = tf.nn.softmax(total, name='result/Softmax')
        tf.argmax(softmax, axis=-1, name='result/ArgMax')
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, str(place / 'old' / 'e9.ckpt'))
    with pytest.raises(ValueError, match='--data-source to know its classes'):
        run_export('pb', run='old')
    path = run_export('pb', '--data-source', 'tiny', run='old')
    model = exported.read(path)
    assert model.class_names == list(helpers.CLASSES)
    assert model.checkpoint == 'e9.ckpt'
    with open_file('pb', path) as give:
        _, classes = give(np.float32([[[[9, 0, 0], [0, 9, 0], [1, 2, 9]]]]))
    np.testing.assert_array_equal(classes, [[[0, 1, 2]]])


def test_the_program_ends_with_a_line(run, place):
    """Of a checkpoint that is cut off, too; nothing is left."""
    os.truncate('run/best-1.data-00000-of-00001', 20)
    before = list_all()
    done = helpers.run_program('export.py', '--name', 'run', '--output',
                               'road.pb', cwd=place)
    assert done.returncode == 1
    assert done.stderr.startswith('[!] run/best-1: the weights cannot be')
    assert done.stderr.count('\n') == 1
    assert list_all() == before


def test_a_description_beside_a_frozen_graph_is_json(run):
    run_export('pb')
    with open('road.pb.json') as file:
        assert json.load(file)['class_names'] == list(helpers.CLASSES)
