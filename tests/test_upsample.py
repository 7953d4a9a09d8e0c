"""The upsampling layer against OpenCV's and SciPy's interpolation."""
import subprocess
import sys

import cv2
import numpy as np
import pytest
import scipy.ndimage
from fixtures import fresh_session
from helpers import ROOT, run_program

import upsample
from segmentation.tf1 import tf


def enlarge(picture, factor):
    """`picture` (H, W, C) as the layer enlarges it before any training."""
    with fresh_session() as sess:
        x = tf.placeholder(tf.float32, [None, None, None, picture.shape[2]])
        y = upsample.upsample(x, picture.shape[2], factor, 'up')
        sess.run(tf.global_variables_initializer())
        return sess.run(y, {x: picture[None]})[0]


def draw_picture(height, width, channels):
    return np.random.RandomState(3).uniform(
        -1, 1, (height, width, channels)).astype(np.float32)


@pytest.mark.parametrize('factor', [1, 2, 3, 4, 5, 8, 16, 32])
def test_it_is_opencv_s_interpolation_up_to_the_border(factor):
    picture = draw_picture(13, 7, 3)
    expected = cv2.resize(picture, (7 * factor, 13 * factor),
                          interpolation=cv2.INTER_LINEAR)
    found = enlarge(picture, factor)
    assert found.shape == (13 * factor, 7 * factor, 3)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_it_is_scipy_s_zoom_of_centred_pixels():
    picture = draw_picture(5, 7, 2)
    expected = scipy.ndimage.zoom(picture, (4, 4, 1), order=1, mode='nearest',
                                  grid_mode=True)
    np.testing.assert_allclose(enlarge(picture, 4), expected, atol=1e-5)


def test_two_pixels_by_two_are_what_the_hand_works_out():
    # Centres of 0 and 4 lie at .5 and 2.5; outside of them nothing changes.
    found = enlarge(np.array([0, 4], np.float32).reshape(1, 2, 1), 2)
    np.testing.assert_allclose(found[:, :, 0], [[0, 1, 3, 4]] * 2, atol=1e-6)


@pytest.mark.parametrize('factor', [3, 8])
def test_a_constant_stays_constant_in_every_corner(factor):
    found = enlarge(np.full((2, 3, 2), 7, np.float32), factor)
    np.testing.assert_allclose(found, 7, atol=1e-5)


def test_channels_do_not_mix():
    picture = draw_picture(3, 5, 4)
    picture[:, :, [0, 1, 3]] = 0
    found = enlarge(picture, 8)
    assert (found[:, :, [0, 1, 3]] == 0).all()
    assert abs(found[:, :, 2]).max() > .5


def test_the_samples_of_a_batch_do_not_mix():
    with fresh_session() as sess:
        x = tf.placeholder(tf.float32, [None, 2, 3, 1])
        y = upsample.upsample(x, 1, 2, 'up')
        sess.run(tf.global_variables_initializer())
        found = sess.run(y, {x: np.stack([np.zeros((2, 3, 1)),
                                          np.ones((2, 3, 1))])})
    np.testing.assert_allclose(found[0], 0)
    np.testing.assert_allclose(found[1], 1, atol=1e-6)


def test_one_graph_takes_any_size():
    with fresh_session() as sess:
        x = tf.placeholder(tf.float32, [None, None, None, 2])
        y = upsample.upsample(x, 2, 4, 'up')
        sess.run(tf.global_variables_initializer())
        for batch, height, width in ((1, 2, 3), (2, 5, 1)):
            found = sess.run(y, {x: np.zeros((batch, height, width, 2))})
            assert found.shape == (batch, 4 * height, 4 * width, 2)


def test_it_learns():
    with fresh_session() as sess:
        x = tf.placeholder(tf.float32, [None, None, None, 2])
        y = upsample.upsample(x, 2, 4, 'up')
        loss = tf.reduce_mean(tf.square(y - 1))
        variables = tf.trainable_variables()
        gradient = tf.gradients(loss, variables)[0]
        step = tf.train.GradientDescentOptimizer(.5).minimize(loss)
        sess.run(tf.global_variables_initializer())
        feed = {x: draw_picture(3, 5, 2)[None]}
        assert [v.op.name for v in variables] == ['up/filter']
        assert variables[0].shape.as_list() == [8, 8, 2, 2]
        # Also the weights between channels, which start at zero.
        assert (abs(sess.run(gradient, feed)).max(axis=(0, 1)) > 1e-3).all()
        before = sess.run([loss, step], feed)[0]
        assert sess.run(loss, feed) < before


def test_a_saved_graph_is_small_however_large_the_kernels():
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, None, None, 29])
        upsample.upsample(x, 29, 32, 'up')
        assert tf.trainable_variables()[0].shape.as_list() == [64, 64, 29, 29]
        # As float32 the 64 x 64 x 29 x 29 weights are 13.8 MB.
        assert graph.as_graph_def().ByteSize() < 50e3


def test_factor_zero_is_refused():
    with tf.Graph().as_default(), pytest.raises(ValueError, match='is 0'):
        upsample.upsample(tf.zeros([1, 2, 3, 1]), 1, 0, 'up')


def test_published_functions_are_those_of_the_layer():
    assert [upsample.kernel_side(factor) for factor in (1, 2, 3, 8)] == [
        1, 4, 5, 16]
    np.testing.assert_allclose(upsample.bilinear_kernel(2)[1],
                               [.1875, .5625, .5625, .1875])
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        upsample.nothing


@pytest.mark.parametrize('module', ['models', 'train', 'upsample', 'vgg16'])
def test_tensorflow_is_not_loaded_for_help(module):
    code = f'import sys, {module}; sys.exit("tensorflow" in sys.modules)'
    assert subprocess.call([sys.executable, '-c', code], cwd=ROOT) == 0


@pytest.mark.slow
def test_the_program_enlarges_a_picture_and_prints_the_difference(tmp_path):
    picture = np.random.RandomState(1).randint(0, 256, (6, 9, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'small one.png'), picture)
    done = run_program('upsample.py', 'small one.png', 'large.png',
                       '--factor', '8', cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, '')
    lines = done.stdout.splitlines()
    assert lines[:2] == ['[i] original size: 9x6', '[i] upsampled size: 72x48']
    assert 'largest difference' in lines[2]
    assert float(lines[2].split(': ')[1].split()[0]) < .01
    large = cv2.imread(str(tmp_path / 'large.png'))
    expected = cv2.resize(picture.astype(np.float32), (72, 48))
    np.testing.assert_allclose(large, expected, atol=.51)   # rounded


@pytest.mark.parametrize('arguments, message', [
    (['a.png', 'a.png'], 'a.png is an input'),
    (['a.png', './a.png'], 'a.png is an input'),
    (['notes.png', 'b.png'], 'notes.png: no picture'),
    (['none.png', 'b.png'], 'none.png: No such file'),
    (['a.png', 'b.xyz'], 'b.xyz: no picture type'),
    (['a.png', 'no/b.png'], 'no: no such folder'),
    (['a.png', 'b.png', '--factor', '0'], 'factor is 0')])
def test_what_cannot_be_is_refused_in_one_line(
        tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite('a.png', np.zeros((2, 3, 3), np.uint8))
    (tmp_path / 'notes.png').write_text('no picture')
    before = (tmp_path / 'a.png').read_bytes()
    with tf.Graph().as_default(), pytest.raises(SystemExit) as stopped:
        upsample.utils.run(lambda: upsample.main(arguments))
    error = capsys.readouterr().err
    assert stopped.value.code == 1
    assert error.startswith('[!] ') and error.count('\n') == 1
    assert message in error
    assert (tmp_path / 'a.png').read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'a.png', 'notes.png']
