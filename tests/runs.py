"""A run without training: one random 3x3 convolution is its network."""
import argparse
import os

import numpy as np

from segmentation import files, tf1
from segmentation.data import contract, loading, splits
from segmentation.nn import layers, network
from segmentation.tf1 import tf
from segmentation.trained import run_dir

WEIGHTS = (3, 3, 3)     # height, width and input channels of the kernel


def kernel(num_classes, seed):
    """Return the weights (3, 3, 3, C) for pictures of 0..255."""
    random = np.random.RandomState(seed)
    weights = random.randn(*WEIGHTS, num_classes) / 60
    # Without the mean, which would make one class win everywhere.
    return (weights - weights.mean(axis=(0, 1, 2))).astype(np.float32)


def make(directory, data_source, data_dir, seed=0, image_size=(64, 32),
         classes=None, valid_fraction=.1, hold_out=None, keep_prob=None):
    """Write the directory of a run, as train.py does; return its name.

    With `keep_prob` its network drops out values of the picture.
    """
    directory = str(directory)
    os.makedirs(directory)
    options = argparse.Namespace(
        data_source=data_source, data_dir=str(data_dir), seed=seed, workers=1,
        classes=classes, image_size=image_size, group_by=None,
        hold_out=hold_out, valid_fraction=valid_fraction)
    if keep_prob:
        options.keep_prob = keep_prob
    source = loading.load_source(options)
    with tf.Graph().as_default(), tf1.session() as sess:
        inputs = network.inputs()
        weights = tf.get_variable('weights', initializer=kernel(
            source.num_classes, seed))
        pictures = (layers.dropout(inputs.image_input, inputs.keep_prob, seed)
                    if keep_prob else inputs.image_input)
        network.finish(inputs, tf.nn.conv2d(
            pictures, weights, strides=[1, 1, 1, 1], padding='SAME'))
        network.export(os.path.join(directory, 'network.meta'))
        sess.run(tf.global_variables_initializer())
        tf.train.Saver(tf.global_variables()).save(
            sess, os.path.join(directory, 'best-1'), write_meta_graph=False,
            write_state=False)
    files.write_json(run_dir.path(directory, 'state.json'),
                     {'epoch': 1, 'best': 'best-1'})
    files.write_json(run_dir.path(directory, 'options.json'), {
        'options': vars(options), 'class_names': contract.class_names(source),
        'label_colors': [[int(value) for value in source.label_colors[k]]
                         for k in range(source.num_classes)],
        'image_size': list(image_size),
        'split': splits.of_source(source, str(data_dir))})
    return directory
