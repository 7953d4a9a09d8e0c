"""Steps on a small network: Adam, decay, clipping, sums and averages."""
import fixtures
import numpy as np
import pytest

from segmentation.nn import network
from segmentation.tf1 import tf
from segmentation.training.optimization import step
from segmentation.training.optimization.method import Method

RATE = .05
IMAGES = np.random.RandomState(1).randint(0, 256, (6, 3, 5, 3)).astype(
    np.uint8)
IDS = (IMAGES[..., 0] // 100).astype(np.uint8)      # 0, 1, 2
# Batches of two differ in what they have of each class, and in labels.
IDS[:2, :, :3] = 255
IDS[4:6][IDS[4:6] == 1] = 2


def build(sess, loss_scaling=False, l2=0., freeze=False, **method):
    """(Network, Training) of two 1x1 convolutions, one named as VGG16's."""
    inputs = network.inputs()
    x = inputs.image_input / 255
    random = np.random.RandomState(0)
    for name, channels in (('conv1_1', 4), ('score', 3)):
        with tf.variable_scope(name):
            kernel = tf.get_variable('filter', initializer=random.normal(
                size=(1, 1, int(x.shape[-1]), channels)).astype(np.float32),
                regularizer=tf.nn.l2_loss)
            biases = tf.get_variable('biases', initializer=random.normal(
                size=channels).astype(np.float32))
        x = tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1],
                                        padding='SAME'), biases)
    net = network.finish(inputs, x)
    network.initialize_rest(sess)
    training = step.add_training(net, RATE, [1, 2, .5], l2,
                                 loss_scaling=loss_scaling,
                                 method=Method(**method))
    network.initialize_rest(sess)
    sess.run(tf.local_variables_initializer())
    return net, training


def feed(net, training, first=0, last=6):
    return {**net.feed(IMAGES[first:last]),
            **training.feed(IDS[first:last])}


def names(training):
    return [variable.op.name for _, variable in training.gradients]


def values(sess, training):
    """The values of the variables, in their order."""
    return sess.run([variable for _, variable in training.gradients])


class Adam:
    """Adam in NumPy, with its decay decoupled."""

    def __init__(self, weights, decays, rates):
        self.weights = [np.array(value, float) for value in weights]
        self.moments = [[np.zeros_like(value)] * 2 for value in self.weights]
        self.decays, self.rates = decays, rates
        self.count = 0

    def step(self, gradients):
        self.count += 1
        scale = np.sqrt(1 - .999 ** self.count) / (1 - .9 ** self.count)
        for k, gradient in enumerate(gradients):
            mean, square = self.moments[k]
            mean = .9 * mean + .1 * gradient
            square = .999 * square + .001 * gradient ** 2
            self.moments[k] = [mean, square]
            self.weights[k] -= self.rates[k] * (
                scale * mean / (np.sqrt(square) + 1e-8)
                + self.decays[k] * self.weights[k])


def assert_close(found, wanted, tolerance=1e-6):
    for one, other in zip(found, wanted):
        np.testing.assert_allclose(one, other, atol=tolerance)


@pytest.mark.parametrize('method, decay, factor', [
    ({}, 0, 1), ({'weight_decay': .3}, .3, 1), ({'backbone_rate': .1}, 0, .1),
    ({'weight_decay': .3, 'backbone_rate': .1}, .3, .1)])
def test_a_step_is_that_of_adam_with_decay_and_rates(method, decay, factor):
    """The kernels decay, by their own rates; biases do not."""
    with fixtures.fresh_session() as sess:
        net, training = build(sess, **method)
        assert names(training) == ['conv1_1/filter', 'conv1_1/biases',
                                   'score/filter', 'score/biases']
        adam = Adam(values(sess, training), [decay, 0] * 2,
                    [RATE * factor] * 2 + [RATE] * 2)
        for _ in range(4):
            gradients, _ = sess.run(
                [[gradient for gradient, _ in training.gradients],
                 training.step], feed(net, training))
            adam.step(gradients)
            assert_close(values(sess, training), adam.weights)
        assert sess.run(tf.train.get_global_step()) == 4


def test_a_step_that_is_left_out_decays_nothing():
    """Loss scaling leaves out a step whose gradients overflow."""
    with fixtures.fresh_session() as sess:
        net, training = build(sess, loss_scaling=True, weight_decay=.3,
                              backbone_rate=.1, clip=1)
        before = values(sess, training)
        sess.run(training.step, {
            **net.feed(np.full(IMAGES.shape, 1e37, np.float32)),
            **training.feed(IDS)})
        assert_close(values(sess, training), before, 0)
        sess.run(training.step, feed(net, training))
        assert all((one != other).any() for one, other
                   in zip(values(sess, training), before))


@pytest.mark.parametrize('norm', [.02, 1e6])
def test_gradients_are_clipped_by_their_global_norm(norm):
    with fixtures.fresh_session() as sess:
        net, training = build(sess, clip=norm)
        adam = Adam(values(sess, training), [0] * 4, [RATE] * 4)
        # Adam forgets the scale of its first gradients: not of the later.
        for first in (0, 2, 4, 0):
            gradients, _ = sess.run(
                [[gradient for gradient, _ in training.gradients],
                 training.step], feed(net, training, first, first + 2))
            length = np.sqrt(sum((one ** 2).sum() for one in gradients))
            assert (length > norm) == (norm < 1)
            adam.step([one * min(1, norm / length) for one in gradients])
            assert_close(values(sess, training), adam.weights, 1e-5)


@pytest.mark.parametrize('size, count', [(2, 3), (1, 8)])
def test_batches_that_are_accumulated_are_one_large_one(size, count):
    """The last step of an epoch may have fewer of them than asked for."""
    results = []
    options = dict(l2=.1, hard_pixels=.6, label_smoothing=.1, clip=.5,
                   weight_decay=.1, ema=.9)
    for method in ({}, {'accumulate': count}):
        with fixtures.fresh_session() as sess:
            net, training = build(sess, **options, **method)
            losses = []
            for _ in range(3):
                given = feed(net, training)
                source = training
                if training.sums is not None:
                    for first in range(0, 6, size):
                        sess.run(training.sums.add, feed(
                            net, training, first, first + size))
                    given, source = {}, training.sums
                losses.append(sess.run([source.loss, training.step],
                                       given)[0])
            with training.scored(sess):
                averages = values(sess, training)
            results.append((losses, values(sess, training), averages))
            # Dropout differs from batch to batch: it goes by this.
            assert sess.run(tf.train.get_global_step()) == (
                3 if training.sums is None else 3 * 6 / size)
            assert not any(variable.op.name.startswith('accumulated/')
                           for variable in tf.global_variables())
    one, many = results
    assert one[0][2] < one[0][0]
    np.testing.assert_allclose(one[0], many[0], rtol=1e-5)
    assert_close(one[1], many[1], 1e-5)
    assert_close(one[2], many[2], 1e-5)


def test_averages_take_the_place_of_weights_while_they_are_scored():
    with fixtures.fresh_session() as sess:
        net, training = build(sess, ema=.3)
        averages = values(sess, training)       # as it begins
        with training.scored(sess):
            assert_close(values(sess, training), averages, 0)
        for n in range(1, 5):
            sess.run(training.step, feed(net, training))
            trained = values(sess, training)
            decay = min(.3, (1 + n) / (10 + n))     # 2/11, 3/12, .3, .3
            averages = [decay * average + (1 - decay) * value
                        for average, value in zip(averages, trained)]
            with training.scored(sess):
                assert_close(values(sess, training), averages)
                loss = sess.run(training.loss, feed(net, training))
            assert_close(values(sess, training), trained, 0)
            assert loss != sess.run(training.loss, feed(net, training))
        saved = training.saved(tf.trainable_variables()
                               + [tf.train.get_global_step()])
        assert set(saved) == set(names(training)) | {'global_step'}
        assert_close(sess.run([saved[name] for name in names(training)]),
                     averages)
        assert sess.run(saved['global_step']) == 4


def test_without_options_nothing_is_added():
    with fixtures.fresh_session() as sess:
        _, training = build(sess)
        assert training.sums is training.averages is None
        assert tf.local_variables() == []
        assert len(tf.global_variables()) == 4 * 3 + 3
        weights = tf.trainable_variables()
        assert list(training.saved(weights).values()) == weights
