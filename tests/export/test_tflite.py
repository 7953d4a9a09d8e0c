"""TensorFlow Lite: enlargements that each TensorFlow's library computes."""
import cv2
import numpy as np
import pytest
from fixtures import build_scored, fresh_session, make_vgg

from segmentation.export import inputs
from segmentation.export.writers import tflite
from segmentation.nn import freeze
from segmentation.tf1 import tf


@pytest.mark.parametrize('factor', [1, 2, 3, 4])
def test_centres_of_pixels_are_those_of_opencv(factor):
    images = np.random.RandomState(0).rand(2, 5, 7, 3).astype(np.float32)
    with fresh_session() as sess:
        found = sess.run(tflite.enlarge(tf.constant(images), factor))
    for image, enlarged in zip(images, found):
        np.testing.assert_allclose(
            enlarged, cv2.resize(image, (7 * factor, 5 * factor)), atol=1e-6)


def test_other_factors_stay_as_they_are():
    with tf.Graph().as_default() as graph:
        images = tf.placeholder(tf.float32, [1, 4, 6, 3], 'image_input')
        for size in ([6, 9], [8, 6], [2, 3]):
            images = tf.image.resize_bilinear(images, size,
                                              half_pixel_centers=True)
        for name in inputs.OUTPUTS:
            tf.identity(images, name)
    changed = tflite.without_half_pixel_centers(graph.as_graph_def())
    assert sorted((node.name, node.op, list(node.input))
                  for node in changed.node) == sorted(
        (node.name, node.op, list(node.input))
        for node in graph.as_graph_def().node)


@pytest.mark.slow
@pytest.mark.parametrize('name', ['fcn-pools', 'fcn-aspp'])
def test_a_file_gives_what_the_network_gives(name, tmp_path):
    images = np.random.RandomState(1).randint(
        0, 256, (1, 64, 96, 3)).astype(np.float32)
    with fresh_session() as sess:
        net = build_scored(sess, name, make_vgg(tmp_path))
        wanted = sess.run(net.softmax, {net.image_input: images})
        graph_def = inputs.adapt(freeze.freeze(sess, net), 'float32', 'BGR',
                                 images.shape[:3])
    assert wanted.std() > .01
    path = str(tmp_path / 'road.tflite')
    tflite.write(graph_def, path, images.shape[:3])
    with tflite.open_file(path) as run:
        softmax, classes = run(images)
    np.testing.assert_allclose(softmax, wanted, atol=1e-4)
    assert (classes == wanted.argmax(axis=-1)).mean() > .999
