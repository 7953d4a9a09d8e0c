"""TensorFlow's version 1 interface, loaded by a program of somebody else."""
import subprocess
import sys

import helpers
import pytest


def run(code):
    """Return what code prints, to which the project can be imported."""
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                          cwd=helpers.ROOT, stdout=subprocess.PIPE,
                          universal_newlines=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize('state', ['enable', 'disable'])
def test_loading_it_leaves_the_garbage_collector_as_it_was(state):
    assert run(f'import gc; gc.{state}(); from segmentation import tf1; '
               'print(gc.isenabled())') == [str(state == 'enable')]


@pytest.mark.slow
def test_keras_is_there_for_whoever_asks_for_it():
    assert run('from segmentation import tf1; import tensorflow; '
               'print(tensorflow.keras.layers.Dense.__name__)') == ['Dense']
