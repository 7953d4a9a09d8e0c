"""How TensorFlow is loaded, and what of that a program notices."""
import gc
import subprocess
import sys

import helpers
import pytest

from segmentation.tf1 import loading


@pytest.mark.parametrize('is_enabled', [True, False])
def test_the_garbage_collector_is_left_as_it_was(is_enabled):
    assert gc.isenabled()
    if not is_enabled:
        gc.disable()
    try:
        with pytest.raises(ImportError), loading.without_collecting():
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled() == is_enabled
    finally:
        gc.enable()


@pytest.mark.slow
def test_keras_is_there_for_whoever_asks_for_it():
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c',
         'from segmentation import tf1; import tensorflow; '
         'print(tensorflow.keras.layers.Dense.__name__)'],
        cwd=helpers.ROOT, stdout=subprocess.PIPE, universal_newlines=True,
        check=True)
    assert done.stdout.split() == ['Dense']
