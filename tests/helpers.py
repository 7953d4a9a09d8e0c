"""A tiny data set and a run trained on it, made once for all tests."""
import argparse
import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import warnings

import cv2
import numpy as np
import pytest
import sklearn.metrics

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLASSES = ('sky', 'not road', 'road', 'never')
COLORS = ((180, 130, 70), (0, 0, 255), (255, 0, 255), (0, 255, 0))  # BGR
VOID = 9                        # in label files
SIZE = 64, 32                   # network input
COUNTS = {'train': 9, 'valid': 4, 'test': 2}

# Its label files hold class ids; 'never' is in none of them.
TINY = '''
"""Three bands and a box: DIR/train/0.png beside DIR/train/0_ids.png."""
import os

import source


class TinySource(source.DataSource):
    """Tiny scenes: train/, valid/ and test/ are wanted."""

    image_size = (64, 32)
    classes = (('sky', (70, 130, 180)), ('not road', (255, 0, 0)),
               ('road', (255, 0, 255)), ('never', (0, 255, 0)))
    ids = {0: 0, 1: 1, 2: 2, 9: source.IGNORE}

    def list_splits(self, data_dir, valid_fraction):
        return {split: [(os.path.join(data_dir, split, name),
                         os.path.join(data_dir, split,
                                      name.replace('.', '_ids.')))
                        for name in sorted(os.listdir(os.path.join(
                            data_dir, split))) if 'ids' not in name]
                for split in ('train', 'valid', 'test')}


def get_source():
    return TinySource()
'''

# The same to the contract alone, at image_size. Importing nothing of ours.
BARE = '''
import glob
import os

import cv2
import numpy as np


class BareSource:
    image_size = (64, 32)
    num_classes = 4
    class_names = ['sky', 'not road', 'road', 'never']
    label_colors = {0: (180, 130, 70), 1: (0, 0, 255), 2: (255, 0, 255),
                    3: (0, 255, 0)}
    ignore = True

    def load_data(self, data_dir, valid_fraction):
        self.paths = {split: sorted(
            path for path in glob.glob(os.path.join(data_dir, split, '*'))
            if 'ids' not in path) for split in ('train', 'valid')}
        self.num_training = len(self.paths['train'])
        self.num_validation = len(self.paths['valid'])

    def train_generator(self, batch_size, names=False, split='train'):
        for k in range(0, len(self.paths[split]), batch_size):
            paths = self.paths[split][k:k + batch_size]
            label_paths = [path.replace('.', '_ids.') for path in paths]
            images = np.array([cv2.resize(cv2.imread(path), (64, 32))
                               for path in paths], np.float32)
            ids = np.array([cv2.resize(cv2.imread(path, 0), (64, 32),
                                       interpolation=cv2.INTER_NEAREST)
                            for path in label_paths])
            labels = np.eye(10)[ids][..., :4].astype(np.float32)
            yield ((images, labels, paths, label_paths) if names
                   else (images, labels))

    def valid_generator(self, batch_size, names=False):
        return self.train_generator(batch_size, names, 'valid')


def get_source():
    return BareSource()
'''


@functools.lru_cache(maxsize=None)
def folder():
    """Return the absolute path of a folder that lasts as long as the tests."""
    path = tempfile.mkdtemp(prefix='fcn-tests-')
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def load_source(name, root, **options):
    """Return a data source as the programs load it."""
    from segmentation.data import loading
    return loading.load_source(argparse.Namespace(**dict(dict(
        data_source=name, data_dir=str(root), classes=None, image_size=None,
        valid_fraction=.5, workers=1, seed=0), **options)))


def draw_scene(seed, size=(70, 45)):
    """Return a picture and its class ids: sky, road, a box, and void."""
    random = np.random.RandomState(seed)
    width, height = size
    ids = np.full((height, width), 2, np.uint8)
    ids[:random.randint(10, height - 10)] = 0
    x, y = random.randint(width - 20), random.randint(height - 15)
    ids[y:y + 15, x:x + 20] = 1
    image = np.array([(220, 180, 140), (30, 30, 160), (90, 90, 90)],
                     np.uint8)[ids]
    noise = random.randint(0, 40, image.shape)
    ids[-3:] = VOID
    return cv2.add(image, noise.astype(np.uint8)), ids


@functools.lru_cache(maxsize=None)
def data_dir():
    """Return the folder of the tiny data set; its sources lie beside it."""
    for name, code in (('tiny', TINY), ('bare', BARE)):
        with open(os.path.join(folder(), f'source_{name}.py'),
                  'w') as file:
            file.write(textwrap.dedent(code))
    data = os.path.join(folder(), 'data')
    for seed, split in enumerate(sorted(COUNTS)):
        os.makedirs(os.path.join(data, split))
        for k in range(COUNTS[split]):
            image, ids = draw_scene(100 * seed + k, (70 + k, 45))
            base = os.path.join(data, split, str(k))
            cv2.imwrite(f'{base}.png', image)
            cv2.imwrite(f'{base}_ids.png', ids)
    return data


def slow(*values):
    """Return a row of parametrize that makes a slow test."""
    return pytest.param(*values, marks=pytest.mark.slow)


def run_program(name, *arguments, timeout=120, cwd=None, **environment):
    """Run a program as a user does, by default in the tiny sources' folder."""
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, name)] + list(arguments),
        cwd=str(cwd or folder()), env=dict(os.environ, **environment),
        timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)


def softmax(run, batches):
    """Return the (B, H, W, C) of a run's network for each of some batches.

    No module of ours restores it, but for TensorFlow itself.
    """
    from segmentation.tf1 import tf
    with open(os.path.join(run, 'state.json')) as file:
        best = os.path.join(run, json.load(file)['best'])
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.train.import_meta_graph(os.path.join(run, 'network.meta'))
        tf.train.Saver(tf.global_variables()).restore(sess, best)
        return [sess.run('softmax:0', {'image_input:0': images})
                for images in batches]


@functools.lru_cache(maxsize=None)
def trained_run():
    """Return the directory of a run on the tiny data set, by train.py."""
    from segmentation.backbone import architecture, saved_model
    vgg = os.path.join(folder(), 'vgg')
    saved_model.save(architecture.random_weights(.05), vgg)
    run = os.path.join(folder(), 'run')
    done = run_program(
        'train.py', '--data-source', 'tiny', '--data-dir', data_dir(),
        '--vgg-dir', vgg, '--name', run, '--epochs', '4', '--batch-size', '1',
        '--learning-rate', '.02', '--keep-prob', '1', '--workers', '2')
    assert done.returncode == 0, done.stderr
    return run


def scores_of_sklearn(truth, predicted):
    """Return what metrics.scores returns, by scikit-learn."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')     # of classes that are never true
        return {
            'pixel_accuracy': sklearn.metrics.accuracy_score(
                truth, predicted),
            'mean_accuracy': sklearn.metrics.balanced_accuracy_score(
                truth, predicted),
            'miou': sklearn.metrics.jaccard_score(
                truth, predicted, average='macro'),
            'fwiou': sklearn.metrics.jaccard_score(
                truth, predicted, average='weighted')}
