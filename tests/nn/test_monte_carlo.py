"""Monte Carlo dropout: passes are those of the whole graph on their noise."""
import fixtures
import numpy as np
import pytest

from segmentation.errors import InputError
from segmentation.nn import monte_carlo, network
from segmentation.tf1 import tf

IMAGES = np.random.RandomState(1).randint(
    256, size=(2, 64, 96, 3)).astype(np.float32)


@pytest.fixture(scope='module')
def vgg(tmp_path_factory):
    return fixtures.make_vgg(tmp_path_factory.mktemp('vgg'))


def randomize(sess):
    """Give the variables that start at zero values of their own."""
    network.initialize_rest(sess)
    random = np.random.RandomState(0)
    for variable in tf.trainable_variables():
        variable.load(random.normal(
            0, .1, variable.shape.as_list()).astype(np.float32), sess)


@pytest.mark.parametrize('name', ['fcn8s', 'fcn-pools', 'fcn-lite'])
def test_passes_are_those_of_the_whole_graph(name, vgg):
    with fixtures.fresh_session() as sess:
        net = fixtures.build_model(sess, name, vgg)
        randomize(sess)
        dropout = monte_carlo.Dropout(net)
        assert dropout.fixed and dropout.noise
        fed = {net.image_input: IMAGES, net.keep_prob: .5}
        passes = list(dropout.passes(sess, fed, IMAGES.shape, 3))
        again = list(dropout.passes(sess, fed, IMAGES.shape, 2))
        fed_one = {**fed, net.image_input: IMAGES[1:]}
        one = next(dropout.passes(sess, fed_one, IMAGES[1:].shape, 1))
        sizes = sess.run([x.op.inputs[0] for x in dropout.noise], fed)
        wanted = [sess.run(net.softmax, {**fed, **{
            x: monte_carlo.draw(number, k, size) for k, (x, size)
            in enumerate(zip(dropout.noise, sizes))}})
            for number in range(3)]
    for found, other in zip(passes, wanted):
        np.testing.assert_allclose(found, other, atol=1e-5)
    np.testing.assert_array_equal(passes[:2], again)
    np.testing.assert_allclose(passes[0][1:], one, atol=1e-5)
    assert abs(passes[0] - passes[1]).max() > .01


def test_noise_is_uniform_and_the_same_for_each_picture():
    noise = monte_carlo.draw(3, 1, (2, 50, 60, 7))
    assert noise.dtype == np.float32 and noise.shape == (2, 50, 60, 7)
    np.testing.assert_array_equal(noise[0], noise[1])
    assert noise.min() >= 0 and abs(noise.mean() - .5) < .01
    assert (noise[0] != monte_carlo.draw(4, 1, (1, 50, 60, 7))[0]).any()
    assert (noise[0] != monte_carlo.draw(3, 0, (1, 50, 60, 7))[0]).any()


@pytest.mark.parametrize('make, message', [
    (lambda x: x, 'has no dropout'),
    (lambda x: x + tf.random_normal(tf.shape(x)),
     'draws random numbers by .*, which is not dropout')])
def test_other_networks_are_refused(make, message):
    with fixtures.fresh_session():
        inputs = network.inputs()
        net = network.finish(inputs, make(inputs.image_input))
        with pytest.raises(InputError, match=message):
            monte_carlo.Dropout(net)
