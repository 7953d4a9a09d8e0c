"""Features of a frozen encoder, each with its own deviation."""
import types

import fixtures
import numpy as np
import pytest

from segmentation.nn import frozen
from segmentation.tf1 import tf


@pytest.mark.parametrize('raw', ['first', 'last'])
def test_a_deviation_is_that_of_its_own_feature(raw):
    with fixtures.fresh_session() as sess:
        x = tf.placeholder(tf.float32, [None, 2, 3, 1])
        small, large = tf.multiply(x, 2, 'small'), tf.multiply(x, 10, 'large')
        if raw == 'first':
            frozen.feature(x)
        outputs = [frozen.standardize(small, 'a'),
                   frozen.standardize(large, 'b')]
        if raw == 'last':
            frozen.feature(x)
        sess.run(tf.global_variables_initializer())
        # Half of the values are 0, half are 3: their deviation is 1.5.
        values = np.array([0, 0, 0, 3, 3, 3], np.float32).reshape(1, 2, 3, 1)
        batch = types.SimpleNamespace(feed={x: values}, paths=['0.png'])
        frozen.measure_deviations(sess, lambda: batch)
        assert sess.run(['a/deviation:0', 'b/deviation:0']) == [3, 15]
        for output in sess.run(outputs, {x: values}):
            np.testing.assert_allclose(output, values / 1.5)


def test_a_deviation_is_that_of_the_parts_of_all_processes():
    """One has a picture of 0 and 4, the other two of 6."""
    parts = [([[0, 4]], ['0.png']), ([[6, 6], [6, 6]], ['1.png', '2.png'])]
    arrays = []         # what each process gives to each sum

    def measure(values, paths, total):
        with fixtures.fresh_session() as sess:
            x = tf.placeholder(tf.float32, [None, 2])
            frozen.standardize(x, 'a')
            sess.run(tf.global_variables_initializer())
            frozen.measure_deviations(sess, lambda: types.SimpleNamespace(
                feed={x: values}, paths=paths), total)
            return sess.run('a/deviation:0')

    # Sums are of count * mean, count, count * spread, count.
    sums = [np.array([2. + 2 * 6]), np.array(3.)]
    mean = 14 / 3
    sums += [np.array([4 + (2 - mean) ** 2 + 2 * (6 - mean) ** 2]),
             np.array(3.)]
    for values, paths in parts:
        given = iter(sums)
        assert measure(values, paths, lambda array: arrays.append(array)
                       or next(given)) == pytest.approx(
            np.std([0, 4, 6, 6, 6, 6]))
    first, second = arrays[:4], arrays[4:]
    for one, other, total in zip(first, second, sums):
        np.testing.assert_allclose(np.asarray(one) + other, total, rtol=1e-6)


def test_a_feature_that_is_always_zero_has_a_deviation_above_zero():
    with fixtures.fresh_session() as sess:
        x = tf.placeholder(tf.float32, [None, 2])
        output = frozen.standardize(x, 'a')
        sess.run(tf.global_variables_initializer())
        batch = types.SimpleNamespace(feed={x: np.zeros((3, 2))},
                                      paths=['0.png', '1.png', '2.png'])
        frozen.measure_deviations(sess, lambda: batch)
        assert not sess.run(output, batch.feed).any()


def test_without_deviations_no_batch_is_read():
    with fixtures.fresh_session() as sess:
        frozen.feature(tf.zeros([1, 2]))
        frozen.measure_deviations(sess, None)


def test_a_graph_with_features_restores(tmp_path):
    path = str(tmp_path / 'a.meta')
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 2], name='x')
        frozen.standardize(tf.identity(x, 'pool'), 'a')
        # As a graph of before, whose deviations had one collection.
        tf.add_to_collection('deviations', tf.global_variables()[0])
        tf.train.export_meta_graph(path)
    with tf.Graph().as_default():
        tf.train.import_meta_graph(path)
        pool, = tf.get_collection(frozen.FEATURES)
        assert pool.name == 'pool:0'


def test_features_end_at_a_pool():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 2])
        first = tf.multiply(x, 2, 'pool2')
        last = tf.multiply(tf.multiply(first, 2, 'pool3'), 2, 'pool4')
        frozen.feature(first)
        frozen.feature(last)
        with pytest.raises(ValueError, match='--freeze-encoder pool4: the '
                           'network takes nothing of VGG16 that lies above'):
            frozen.end_at('pool4')
        frozen.end_at('pool3')
        assert [x.name for x in tf.get_collection(frozen.FEATURES)] == [
            'pool2:0', 'pool3:0']


def test_a_pool_that_the_network_goes_around_is_no_end():
    with tf.Graph().as_default():
        first = tf.multiply(tf.placeholder(tf.float32, [None, 2]), 2, 'pool3')
        tf.multiply(first, 2, 'pool4')
        frozen.feature(first)
        frozen.feature(tf.multiply(first, 3, 'dilated'))
        with pytest.raises(ValueError, match='--freeze-encoder pool4: the '
                           'network does not go through pool4 of VGG16'):
            frozen.end_at('pool4')
        frozen.end_at('pool3')
        assert [x.name for x in tf.get_collection(frozen.FEATURES)] == [
            'pool3:0']
