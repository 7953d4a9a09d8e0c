"""What the tests of graphs and of training build on: a VGG16, a session."""
import contextlib
import os
import subprocess
import sys

from helpers import ROOT

import vgg16
from segmentation import tf1
from segmentation.backbone import saved_model
from segmentation.tf1 import tf

WIDTH = .02     # 1, 2, 5, 10 and 10 channels, 81 in fc6 and fc7


def make_vgg(directory):
    """Write a VGG16 of a few channels as a SavedModel; return its path."""
    path = str(directory / 'vgg')
    saved_model.save(vgg16.random_weights(WIDTH), path)
    return path


@contextlib.contextmanager
def fresh_session():
    """A session on a graph of its own."""
    with tf.Graph().as_default(), tf1.session() as sess:
        yield sess


def run_program(name, *arguments, cwd, **environment):
    """Run a program as a person does; the finished process."""
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, name)] + list(arguments),
        cwd=str(cwd), env=dict(os.environ, **environment),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, timeout=300)
