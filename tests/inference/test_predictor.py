"""The predictor with an engine of NumPy: order, batches, errors."""
import collections
import os
import subprocess
import sys

import cv2
import helpers
import numpy as np
import pytest

from segmentation.errors import InputError
from segmentation.inference.engines.engine import Engine
from segmentation.inference.predictor import Predictor, Sample
from segmentation.inference.tta import TestTimeAugmentation

NATIVE = TestTimeAugmentation(None)
SCENE = 'a.png', 0, 64, 32


class Thirds(Engine):
    """Three classes whose probabilities are the shares of the colours."""

    def __init__(self):
        self.shapes = []

    def __exit__(self, *_):
        pass

    def probabilities(self, images):
        self.shapes.append(images.shape)
        return (images / images.sum(axis=-1, keepdims=True)).astype(
            np.float32)

    def describe(self):
        return {'engine': 'shares of the colours'}


def read(job):
    """Return the picture of a (path, seed, width, height), or raise."""
    if isinstance(job[1], Exception):
        raise job[1]
    _, seed, width, height = job
    return Sample(np.random.RandomState(seed).randint(
        1, 256, (height, width, 3)).astype(np.uint8))


def shares(job):
    image = read(job).image
    return image / image.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize('workers', [1, 3])
def test_results_come_in_order_by_batches_of_one_size(workers):
    jobs = [('a.png', seed, *size) for seed, size in enumerate(
        [(70, 33), (70, 33), (70, 33), (41, 64), (70, 33)])]
    engine = Thirds()
    results = list(Predictor(engine, NATIVE, 2, workers).predict(jobs, read))
    assert [result.job for result in results] == jobs
    # Padded to multiples of 32; at most two pictures, of one size.
    assert engine.shapes == [(2, 64, 96, 3), (1, 64, 96, 3), (1, 64, 64, 3),
                             (1, 64, 96, 3)]
    for result in results:
        assert result.error is None
        expected = shares(result.job)
        assert result.prediction.size == expected.shape[1::-1]
        np.testing.assert_allclose(result.prediction.probabilities(),
                                   expected, atol=1e-6)
        np.testing.assert_array_equal(result.prediction.ids,
                                      expected.argmax(axis=-1))
        np.testing.assert_allclose(result.prediction.confidence,
                                   expected.max(axis=-1), atol=1e-6)


def test_what_cannot_be_read_is_a_result_in_its_place():
    broken, missing = InputError('no picture'), FileNotFoundError('no file')
    jobs = [SCENE, ('b.png', broken), ('c.png', missing),
            ('d.png', 1, 64, 32)]
    predictor = Predictor(Thirds(), NATIVE, 4, 2)
    results = list(predictor.predict(jobs, read))
    assert [result.error for result in results] == [None, broken, missing,
                                                    None]
    assert [result.prediction is None for result in results] == [
        False, True, True, False]
    results[0].check()
    with pytest.raises(InputError, match='no picture'):
        results[1].check()
    assert [len(predictor.seconds[stage]) for stage in ('decode', 'network')
            ] == [2, 2]


class Ahead(Thirds):
    """Takes two batches in advance, as engines do that overlap requests."""

    def stream(self, batches):
        under_way = collections.deque()
        for images in batches:
            under_way.append(self.probabilities(images))
            if len(under_way) > 2:
                yield under_way.popleft()
        yield from under_way


@pytest.mark.parametrize('flip', [False, True])
def test_results_stay_in_order_where_the_engine_takes_some_in_advance(flip):
    jobs = [('a.png', 0, 64, 32), ('b.png', InputError('no picture')),
            ('c.png', 1, 64, 32), ('d.png', 2, 96, 32),
            ('e.png', InputError('nor this one'))]
    augmentation = TestTimeAugmentation(None, flip=flip)
    plain, ahead = (list(Predictor(engine, augmentation, 1, 2).predict(
        jobs, read)) for engine in (Thirds(), Ahead()))
    assert [result.job for result in ahead] == jobs
    for one, other in zip(plain, ahead):
        assert one.error is other.error
        if one.error is None:
            np.testing.assert_array_equal(one.prediction.ids,
                                          other.prediction.ids)


def test_a_bug_in_reading_is_no_result():
    predictor = Predictor(Thirds(), NATIVE, 4, 2)
    jobs = [SCENE, ('b.png', ValueError('our bug'))]
    with pytest.raises(ValueError, match='our bug'):
        list(predictor.predict(jobs, read))


@pytest.mark.parametrize('scales, reader', [
    ((1000,), read), ((1,), lambda job: cv2.resize(np.zeros(0), (1, 1))),
    ((1,), lambda job: bytes(1 << 60))])
def test_what_is_too_large_or_broken_is_named(scales, reader):
    augmentation = TestTimeAugmentation((512, 256), scales)
    predictor = Predictor(Thirds(), augmentation, 1, 1)
    with pytest.raises((MemoryError, InputError), match='^a.png: '):
        for result in predictor.predict([SCENE], reader):
            result.check()


def test_all_inputs_of_a_picture_are_averaged():
    augmentation = TestTimeAugmentation((64, 32), scales=(1, 2), flip=True)
    engine = Thirds()
    jobs = [SCENE, ('b.png', 1, 64, 32)]
    results = list(Predictor(engine, augmentation, 2, 1).predict(jobs, read))
    assert engine.shapes == 2 * [(2, 32, 64, 3)] + 2 * [(2, 64, 128, 3)]
    for result in results:
        # Mirrored back, both halves of the average are the picture itself.
        single = TestTimeAugmentation((64, 32), scales=(1, 2))
        expected, = Predictor(engine, single, 2, 1).predict([result.job],
                                                            read)
        np.testing.assert_allclose(result.prediction.plane(1),
                                   expected.prediction.plane(1), atol=1e-6)


def test_argmax_is_computed_once():
    result, = Predictor(Thirds(), NATIVE, 1, 1).predict([SCENE], read)
    assert result.prediction.ids is result.prediction.ids
    assert result.prediction.argmax()[1] is result.prediction.confidence


def test_predicting_loads_no_tensorflow():
    done = subprocess.run(
        [sys.executable, '-c', 'import sys\n'
         'import segmentation.inference.predictor\n'
         'import segmentation.inference.outputs\n'
         'sys.exit("tensorflow" in sys.modules)'],
        env=dict(os.environ, PYTHONPATH=helpers.ROOT))
    assert done.returncode == 0
