"""What is read from files, each with a valid file to start from.

A reader is a function of the path of the file, relative to a folder that
holds the other files it may need. It may succeed or raise errors.EXPECTED.
"""
import contextlib
import json
import os
import re
import shutil
from typing import Callable, NamedTuple, Tuple

import cases
import cv2
import mutations as by
import numpy as np
import pngs

import evaluate
import models
import source_cvat_masks
import source_folder
import source_voc
import train
from segmentation import pixels
from segmentation.backbone import (architecture, course, keras_weights,
                                   weights)
from segmentation.checking import pictures
from segmentation.crf import choice
from segmentation.data import (cache, class_table, kitti_road, label_files,
                               loading, splits)
from segmentation.evaluation import picture_list
from segmentation.evaluation.benchmarks import birds_eye
from segmentation.inference import jobs
from segmentation.report import folder as report_folder
from segmentation.report import plots
from segmentation.store import array_store
from segmentation.trained import descriptions, exported, golden, run_dir
from segmentation.training import class_weights, run_files
from segmentation.training.caching import options as caching

JSON, TEXT, PICTURE = (by.of_json, by.of_json, by.of_bytes), (
    by.of_text, by.of_bytes), (by.of_bytes,)
PNG = by.of_png, by.of_png, by.of_bytes
SPECIFICATION = {'train-values': ((3, 2), np.float16)}
NAMES = ['a.png', 'b.png', 'c.png']
CRF = {'parameters': dict(choice.PRESETS['street']._asdict()),
       'checkpoint': 'best-3', 'split': 'valid', 'pictures': ['a', 'b'],
       'raw_miou': .5, 'miou': .75}
CLASSES = 'sky', 'not road', 'road', 'never'
# A message may as well name the folder.
RUN, VGG = r'\brun\b', r'\bvgg\b'
SCENES = ['--data-source', 'folder', '--data-dir', 'scenes']


class Parser(NamedTuple):
    """A reader, and the file that it reads.

    Attributes
    ----------
    name : str
    path : str
        Of a valid file, relative to the folder of `make_files`.
    mutations : functions of (bytes, random)
    read : function of a path
    share : float
        How many mutations it gets, relative to others: less if it is slow.
    words : str
        Pattern of what a message has to say; by default the file's name.
    """

    name: str
    path: str
    mutations: Tuple[Callable, ...]
    read: Callable
    share: float = 1
    words: str = ''

    def pattern(self):
        """Return the pattern of what a message has to say."""
        return self.words or re.escape(os.path.basename(self.path))


def read_options(_):
    """Read options.json as train.py --resume and evaluate.py do."""
    options = train.parse_options(['--name', 'run', '--resume'])
    models.check(options)
    caching.check(options)
    models.build_options(options)
    loading.load_source(options)
    run_dir.find('run')
    evaluate.prepare(evaluate.parse_options(['--name', 'run']), 'run')


def read_state(_):
    """Read state.json as all programs do."""
    run_dir.read_state('run')
    run_dir.checkpoint('run', 'resume')
    run_dir.find('run', 'last')


def run_train(_):
    """Resume a run that is finished."""
    train.main(['--name', 'run', '--resume', '--epochs', '1'])


def run_infer(_):
    """Segment a picture."""
    cases.infer.main(cases.INFER + ['segmented'])


def read_store(_):
    """Open an array store, and fill what is missing."""
    store = array_store.ArrayStore('store', SPECIFICATION, {'train': 3})
    with store.locked():
        if not store.open().is_complete:
            fill(store)
    assert store.progress.names('train') == NAMES


def fill(store):
    """Write the three rows of an array store."""
    def write(split, rows, batch):
        store.arrays['train-values'][rows] = batch
    store.fill('train', [([name], k) for k, name in enumerate(NAMES)], write)


def read_record(_):
    """Read infer.json, and check what may be replaced."""
    pending = jobs.list_jobs(['data/valid'], 'out',
                             {None: jobs.Destination('')})
    jobs.check_outputs(pending, 'out')


def read_crf(path):
    """Read crf.json of a run."""
    run = run_dir.Run('run', '', 'run/best-3', (64, 32), [], {}, None)
    choice.read_tuned(run).lines()


def read_cached_weights(path):
    """Read median-frequency weights from the user's cache."""
    name = os.path.join(cache.folder(), os.path.basename(path))
    os.makedirs(cache.folder(), exist_ok=True)
    source = loading.load_source(train.parse_options(cases.TINY))
    key = cache.fingerprint(source, 'data')
    shutil.copy(path, name.replace('KEY', key))
    found, _ = class_weights.class_weights('sqrt-median', source, 'data')
    assert len(found) == source.num_classes


def read_log(_):
    """Read log.jsonl, and drop epochs from it."""
    run_dir.read_log('run')
    run_files.trim_log('run', 1)


def plot_log(_):
    """Plot log.jsonl, as a report does."""
    plots.curves(run_dir.read_log('run'))


def read_classes(path):
    """Read classes.csv, and a label by it."""
    class_table.complete(class_table.read(path))
    source = loading.load_source(train.parse_options(SCENES))
    source.read_ids(os.path.join('scenes', 'labels', 'scene_00.png'))


def read_drawn(name):
    """Return a reader of what was drawn with a tool: load, read, count."""
    def read(path):
        folder = os.path.dirname(path).split(os.sep)[0]
        source = loading.make_source(name, data_dir=folder)
        source.count_names(folder)
        source.load_data(folder, .5)
        for pair in source.splits['train'] + source.splits['valid']:
            source.read_pair(*pair)
    return read


def read_split(path):
    """Read train.txt of a folder."""
    listed = splits.read_list(path, 'scenes', {
        'scene_00.png', 'scene_01.png'})
    splits.check_apart({'train': listed, 'valid': ['x']},
                       {'train': path, 'valid': 'x'})


def read_selection(path):
    """Read --list of evaluate.py."""
    names = source_folder.list_pictures('scenes')
    pairs = [(os.path.join('scenes', 'images', name), 'x') for name in names]
    picture_list.read(path, pairs, 'scenes', 'valid')


def read_calibration(path):
    """Read a calibration, and draw the view from above."""
    birds_eye.view(np.zeros((94, 310), np.uint8),
                   kitti_road.read_calibration(path))


def read_picture(path):
    """Read a picture as training and infer.py do."""
    pixels.is_picture(path)
    assert pixels.read(path).ndim == 3
    pixels.read(path, cv2.IMREAD_UNCHANGED)


def read_label(path):
    """Read a label file, as ids and as colours."""
    png = label_files.open_png(path)
    label_files.read_palette(png)
    label_files.read_ids(png)
    label_files.read_colors(png)


def read_tiny_label(path):
    """Read a label file as a data source does."""
    source = loading.make_source('tiny')
    source.read_ids(path)


def fetch_archive(path):
    """Unpack an archive; nothing may be left beside it."""
    before = os.listdir()
    try:
        course.fetch('unpacked', 'http://127.0.0.1:9/', path)
    finally:
        left = set(os.listdir()) - set(before)
        if 'unpacked' in left:
            shutil.rmtree('unpacked')
        assert left <= {'unpacked'}, left


def load_vgg(_):
    """Load the SavedModel of VGG16 into a graph."""
    from segmentation.backbone import saved_model
    from segmentation.nn import network
    from segmentation.tf1 import session, tf
    with tf.Graph().as_default(), session() as sess:
        inputs = network.inputs(0, None)
        saved_model.load(sess, 'vgg', inputs.image_input, inputs.keep_prob)


def read_exported(path):
    """Read an exported model, and its golden picture."""
    golden.decode(exported.read(path))


PARSERS = (
    Parser('options.json', 'run/options.json', JSON, read_options, 2,
           'run|data|--'),
    Parser('options.json by train.py', 'run/options.json', JSON[:1],
           run_train, .15, 'run|data|--'),
    Parser('state.json', 'run/state.json', JSON, read_state, words=RUN),
    Parser('state.json by train.py', 'run/state.json', JSON[:1], run_train,
           .15, RUN),
    Parser('progress.json', 'store/progress.json', JSON, read_store),
    Parser('infer.json', 'out/infer.json', JSON, read_record, words='out/'),
    Parser('report.json', 'report/report.json', JSON,
           lambda path: report_folder.check('report'), words='report'),
    Parser('crf.json', 'run/crf.json', JSON, read_crf),
    Parser('class weights', 'weights.json', JSON,
           lambda path: class_weights.read_weights(path, CLASSES)),
    Parser('cached weights', 'median-frequency-weights-KEY.json', JSON,
           read_cached_weights, .5, 'median-frequency-weights'),
    Parser('log.jsonl', 'run/log.jsonl', JSON + TEXT, read_log),
    Parser('log.jsonl in a report', 'run/log.jsonl', JSON, plot_log, .1),
    Parser('check_source.txt', 'check/check_source.txt', TEXT,
           lambda path: pictures.Folder('check'), .5, 'check/'),
    Parser('model.pb.json', 'model.pb.json', JSON,
           lambda path: read_exported('model.pb'), words=r'model\.pb'),
    Parser('SavedModel\'s model.json', 'model/assets.extra/model.json',
           JSON, lambda path: read_exported('model'), .5, 'model'),
    Parser('model.onnx', 'model.onnx', PICTURE, read_exported),
    Parser('model.xml', 'model.xml', TEXT, read_exported),
    Parser('model.tflite', 'model.tflite', (by.of_zip, by.of_bytes),
           read_exported),
    Parser('classes.csv', 'scenes/classes.csv', TEXT, read_classes,
           words='classes.csv|is in no class'),
    Parser('labelme', 'labelme/a.json', JSON, read_drawn('labelme')),
    Parser('COCO', 'coco/annotations/instances_default.json', JSON,
           read_drawn('coco')),
    Parser('CVAT', 'cvat/annotations.xml', TEXT, read_drawn('cvat')),
    Parser('labelmap.txt', 'cvat/labelmap.txt', TEXT,
           source_cvat_masks.read_label_map, .5),
    Parser('train.txt', 'scenes/list.txt', TEXT, read_split),
    Parser('--list', 'scenes/scenes.txt', TEXT, read_selection, .5),
    Parser('list of VOC', 'scenes/list.txt', TEXT,
           lambda path: source_voc.read_list('.', path), .5),
    Parser('calibration', 'calibration.txt', TEXT, read_calibration, .2),
    Parser('PNG', 'pictures/a.png', PNG, read_picture, 2),
    Parser('JPEG', 'pictures/a.jpg', PICTURE, read_picture),
    Parser('TIFF', 'pictures/a.tif', PICTURE, read_picture),
    Parser('BMP', 'pictures/a.bmp', PICTURE, read_picture),
    Parser('WebP', 'pictures/a.webp', PICTURE, read_picture, .5),
    Parser('label, grey', 'data/valid/0_ids.png', PNG, read_tiny_label),
    Parser('label, palette', 'labels/palette.png', PNG, read_label),
    Parser('label, 2 bits', 'labels/bits.png', PNG, read_label, .5),
    Parser('label, 16 bits', 'labels/deep.png', PNG,
           lambda path: label_files.read_ids(label_files.open_png(path)), .5),
    Parser('label, colours', 'labels/colors.png', PNG, read_label, .5),
    Parser('weights.npz', 'weights.npz', (by.of_npy, by.of_bytes),
           weights.read, .5),
    Parser('weights.npy', 'weights.npy', (by.of_npy, by.of_bytes),
           weights.read, .5),
    Parser('weights.h5', 'weights.h5', PICTURE, weights.read, .5),
    Parser('weights.pth', 'weights.pth', PICTURE, weights.read, .2),
    Parser('archive', 'small.zip', (by.of_zip, by.of_bytes), fetch_archive,
           words=r'small\.zip|unpack'),
    Parser('saved_model.pb', 'vgg/saved_model.pb', PICTURE, load_vgg, .15,
           VGG),
    Parser('VGG16 weights', 'vgg/variables/variables.index', PICTURE,
           load_vgg, .1, VGG),
    Parser('network.meta', 'run/network.meta', PICTURE, run_infer, .15, RUN),
    Parser('checkpoint index', 'run/best-3.index', PICTURE, run_infer, .1,
           RUN),
    Parser('checkpoint data', 'run/best-3.data-00000-of-00001', PICTURE,
           run_infer, .1, RUN),
)
BY_NAME = {parser.name: parser for parser in PARSERS}


def make_files(base, folder):
    """Fill a folder with valid files, beside those of cases.make_folder."""
    shutil.copytree(base, folder)
    with contextlib.ExitStack() as stack:
        stack.callback(os.chdir, os.getcwd())
        os.chdir(folder)
        write_texts()
        write_pictures()
        write_drawn()
        write_weights()
        write_exported()
        shutil.make_archive('small', 'zip', 'vgg')
        os.mkdir('store')
        store = array_store.ArrayStore('store', SPECIFICATION, {'train': 3})
        with store.locked():
            store.open()
            fill(store)


def write_texts():
    """Write valid JSON files, lists and a calibration."""
    names = 'scene_00.png', 'scene_01.png'
    for path, text in (
            ('run/crf.json', json.dumps(CRF)),
            ('weights.json', json.dumps(dict(zip(CLASSES, (1, 2, .5, 0))))),
            ('median-frequency-weights-KEY.json', '[1, 0.5, 2, 1]'),
            ('calibration.txt', cases.CALIBRATION),
            ('scenes/list.txt', '\n'.join(names)),
            ('scenes/scenes.txt', '\n'.join(f'images/{name}'
                                            for name in names))):
        with open(path, 'w') as file:
            file.write(text)


def write_exported():
    """Write exported models of all formats, descriptions above all."""
    ids = np.zeros((32, 64), np.uint8)
    text = json.dumps({
        'class_names': list(CLASSES), 'label_colors': [[1, 2, 3]] * 4,
        'image_size': [64, 32], 'ignore': True, 'channel_order': 'BGR',
        'input_type': 'uint8', 'fixed_size': [1, 32, 64],
        'precision': 'int8', 'run': 'run', 'checkpoint': 'best-3',
        'options': {'seed': 3}, 'versions': {'numpy': '1'}, 'crf': CRF,
        'golden': golden.encode(golden.draw((64, 32)), ids)})
    os.mkdir('model')
    for path, data in (
            ('model/saved_model.pb', b''), ('model.pb', b''),
            ('model.onnx', descriptions.field(7, b'graph')),
            ('model.xml', b'<net name="road"><layers/></net>'),
            ('model.tflite', b'TFL3' * 20)):
        with open(path, 'wb') as file:
            file.write(data)
    for path in ('model', 'model.pb', 'model.onnx', 'model.xml',
                 'model.tflite'):
        descriptions.WRITERS[exported.find_format(path)](path, text)


def write_pictures():
    """Write valid pictures and label files of all kinds."""
    random = np.random.RandomState(0)
    os.makedirs('pictures')
    os.makedirs('labels')
    image = random.randint(0, 256, (12, 20, 3)).astype(np.uint8)
    for suffix in ('png', 'jpg', 'tif', 'bmp', 'webp'):
        cv2.imwrite(f'pictures/a.{suffix}', image)
    ids = random.randint(0, 4, (6, 10))
    pngs.write_png('labels/palette.png', ids, random.randint(0, 256, (4, 3)))
    pngs.write_png('labels/bits.png', ids, depth=2)
    cv2.imwrite('labels/deep.png', ids.astype(np.uint16))
    cv2.imwrite('labels/colors.png', image)


def write_drawn():
    """Write shapes as labelme, COCO and CVAT do, of two pictures each."""
    ring = [[1, 2], [15, 3.5], [9, 11]]
    flat = [value for point in ring for value in point]
    texts = {
        'labelme/a.json': json.dumps({'shapes': [
            {'label': 'car', 'points': ring, 'shape_type': 'polygon'},
            {'label': 'road', 'points': ring[:2], 'shape_type': 'circle'}],
            'imageWidth': 20, 'imageHeight': 12, 'imagePath': 'a.png'}),
        'labelme/b.json': json.dumps({'shapes': []}),
        'coco/annotations/instances_default.json': json.dumps({
            'images': [{'id': k, 'file_name': f'{name}.png', 'width': 20,
                        'height': 12} for k, name in enumerate('ab')],
            'categories': [{'id': k, 'name': name}
                           for k, name in enumerate(('car', 'road'))],
            'annotations': [
                {'image_id': k, 'category_id': k, 'segmentation': area}
                for k, area in enumerate(([flat], {'counts': [7, 4, 229]}))]}),
        'cvat/labelmap.txt': 'car:1,2,3::\nroad:4,5,6::\n',
        'cvat/annotations.xml': '<annotations><meta/>{}</annotations>'.format(
            ''.join(
                f'<image name="{name}.png" width="20" height="12">'
                '<polygon label="car" points="1,2;15,3.5;9,11" z_order="1"/>'
                '<mask label="road" rle="1,3" left="3" top="4" width="2" '
                'height="2"/></image>' for name in 'ab'))}
    for path, text in texts.items():
        folder = path.split('/')[0]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        for name in 'ab':
            shutil.copy('pictures/a.png', os.path.join(folder, f'{name}.png'))
        with open(os.path.join(folder, 'classes.csv'), 'w') as file:
            file.write('name,r,g,b,background\nother,0,0,0,1\n'
                       'car,1,2,3,\nroad,4,5,6,\n')
        with open(path, 'w') as file:
            file.write(text)


def write_weights():
    """Write VGG16 of a few channels in all kinds of files."""
    layers = architecture.random_weights(.01)
    np.savez('weights.npz', **{
        f'{name}/{kind}': array for name, pair in layers.items()
        for kind, array in zip(('kernel', 'bias'), pair)})
    np.save('weights.npy', np.array({name: list(pair) for name, pair
                                     in layers.items()}, dtype=object))
    with contextlib.suppress(ImportError):
        import h5py
        with h5py.File('weights.h5', 'w') as file:
            for name, layer in keras_weights.NAMES.items():
                if layer in layers:
                    for kind, array in zip('wb', layers[layer]):
                        file[f'{name}/{kind}'] = array
    with contextlib.suppress(ImportError):
        import torch
        torch.save({}, 'weights.pth')
