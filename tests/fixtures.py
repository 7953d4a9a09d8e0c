"""What tests of graphs and of training build on: VGG16, models, a session."""
import contextlib
import functools

import helpers
import numpy as np

import models
from segmentation import tf1
from segmentation.backbone import architecture, saved_model
from segmentation.nn import network
from segmentation.tf1 import tf

WIDTH = .02     # 1, 2, 5, 10 and 10 channels, 81 in fc6 and fc7
LARGE = 'fcn-aspp', 'unet'      # with the most operations: they take seconds


def make_vgg(directory):
    """Write a VGG16 of a few channels as a SavedModel; return its path."""
    path = str(directory / 'vgg')
    saved_model.save(architecture.random_weights(WIDTH), path)
    return path


def each_model(names=tuple(models.MODELS)):
    """Return names of models for parametrize, the large ones as slow tests."""
    return [helpers.slow(name) if name in LARGE else name for name in names]


def build_model(sess, name, vgg_dir, num_classes=3, seed=0, **options):
    """Build a model of models.MODELS, its options at their defaults."""
    row = models.MODELS[name]
    loaders = [functools.partial(load, sess, vgg_dir) for load in (
        saved_model.load, saved_model.load_array)] if row.backbone else []
    defaults = {option: models.DEFAULTS[option] for option in row.options}
    return row.build(network.inputs(seed, *loaders), num_classes,
                     dict(defaults, **options))


def build_scored(sess, name, vgg_dir):
    """Build a model of three classes whose scores are not zero."""
    net = build_model(sess, name, vgg_dir)
    network.initialize_rest(sess)
    random = np.random.RandomState(2)
    for variable in tf.trainable_variables():
        if 'score' in variable.op.name:
            variable.load(random.normal(
                0, .1, variable.shape.as_list()), sess)
    return net


@contextlib.contextmanager
def fresh_session():
    """Open a session on a graph of its own."""
    with tf.Graph().as_default(), tf1.session() as sess:
        yield sess
