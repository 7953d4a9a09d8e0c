"""The TensorFlow engine on a run without training, by SciPy."""
import sys

import helpers
import numpy as np
import programs
import pytest
import runs

from segmentation.errors import InputError
from segmentation.inference.engines.tensorflow import TensorFlowEngine
from segmentation.tf1 import tf
from segmentation.trained import run_dir

IMAGES = np.random.RandomState(1).randint(
    256, size=(2, 32, 64, 3)).astype(np.uint8)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    helpers.data_dir()
    sys.path.insert(0, helpers.folder())
    directory = runs.make(tmp_path_factory.mktemp('engine') / 'run', 'tiny',
                          helpers.data_dir(), seed=1)
    sys.path.remove(helpers.folder())
    return run_dir.find(directory)


def test_probabilities_are_those_of_the_network(run):
    with TensorFlowEngine(run) as engine:
        result = engine.probabilities(IMAGES)
        assert engine.describe()['engine'] == 'tensorflow'
    assert result.shape == (2, 32, 64, 4) and result.dtype == np.float32
    for probabilities, image in zip(result, IMAGES):
        np.testing.assert_allclose(
            probabilities, programs.run_network(image, 1), atol=1e-5)


def test_a_run_of_other_classes_is_refused_and_leaves_no_graph(run):
    graph = tf.get_default_graph()
    other = run._replace(class_names=['sky', 'road'])
    with pytest.raises(InputError, match='network.meta has 4 classes, 2 are '
                                         'wanted: sky, road'):
        with TensorFlowEngine(other):
            pass
    assert tf.get_default_graph() is graph


def test_a_batch_that_does_not_fit_is_a_memory_error(run, monkeypatch):
    def fail(*_):
        raise tf.errors.ResourceExhaustedError(None, None, 'too large')

    with TensorFlowEngine(run) as engine:
        monkeypatch.setattr(tf.Session, 'run', fail)
        with pytest.raises(MemoryError, match='too large'):
            engine.probabilities(IMAGES)
