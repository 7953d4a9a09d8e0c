"""The loss of knowledge distillation: by SciPy and NumPy."""
import functools

import fixtures
import numpy as np
import pytest
import scipy.special
from scipy import ndimage

from segmentation.nn import network
from segmentation.tf1 import tf
from segmentation.training.distillation import loss, targets
from segmentation.training.optimization import step

SHAPE = 3, 8, 12, 5         # of the logits
IGNORE = 255


def draw(seed=0):
    """Return logits (B, H, W, C), the teacher's (B, h, w, C) and labels."""
    random = np.random.RandomState(seed)
    logits = random.normal(scale=3, size=SHAPE).astype(np.float32)
    teacher = scipy.special.softmax(
        random.normal(scale=3, size=(3, 2, 3, 5)), axis=-1)
    labels = random.randint(SHAPE[-1], size=SHAPE[:3]).astype(np.uint8)
    labels[0, :3] = IGNORE
    labels[1] = IGNORE          # of no label at all
    return logits, teacher, labels


def soften(roots, temperature):
    """Return softmax(log p / T), enlarged four times along each side."""
    with np.errstate(divide='ignore'):
        logs = 2 * np.log(roots / 255)
    soft = scipy.special.softmax(logs / temperature, axis=-1)
    return ndimage.zoom(soft, (1, 4, 4, 1), order=1, grid_mode=True,
                        mode='nearest')


def train_on(logits, roots, labels, temperature, weight):
    """Return the loss that is reported, and the gradient of the logits."""
    with fixtures.fresh_session() as sess:
        inputs = network.inputs()
        variable = tf.get_variable('logits', initializer=logits)
        net = network.finish(inputs, variable + 0 * tf.reduce_sum(
            inputs.image_input))
        fed = loss.placeholder(SHAPE[-1])
        training = step.add_training(net, 1e-3, combine=functools.partial(
            loss.combine, roots=fed, temperature=temperature, weight=weight))
        sess.run(tf.global_variables_initializer())
        return sess.run([training.loss, training.gradients[0][0]], {
            **net.feed(np.zeros((3, 8, 12, 3), np.uint8)),
            **training.feed(labels), fed: roots})


@pytest.mark.parametrize('temperature, weight', [(1, 1), (2, .25), (5, .7)])
def test_gradients_are_those_of_labels_and_teacher(temperature, weight):
    logits, teacher, labels = draw()
    roots = targets.encode(teacher)
    reported, gradient = train_on(logits, roots, labels, temperature, weight)
    labelled = labels != IGNORE
    logs = scipy.special.log_softmax(logits, axis=-1)
    hot = np.eye(256, SHAPE[-1])[labels]
    assert reported == pytest.approx(-(logs * hot).sum() / labelled.sum(),
                                     rel=1e-5)
    # d/dz of cross entropy with q at temperature T is (softmax(z/T) - q) / T.
    soft = soften(roots, temperature)
    of_labels = (np.exp(logs) - hot) * labelled[..., None] / labelled.sum()
    of_teacher = (scipy.special.softmax(logits / temperature, axis=-1)
                  - soft) / temperature / labelled.size
    np.testing.assert_allclose(
        gradient, (1 - weight) * of_labels
        + weight * temperature ** 2 * of_teacher,
        rtol=0, atol=1e-7)


def test_a_picture_without_labels_and_targets_has_no_gradient():
    logits, teacher, labels = draw()
    roots = targets.encode(teacher)
    roots[1] = 0
    _, gradient = train_on(logits, roots, labels, 2, .5)
    assert np.all(gradient[1] == 0)
    assert np.abs(gradient[[0, 2]]).max(axis=-1).min() > 0


def test_what_is_small_is_there_at_a_temperature():
    probabilities = np.array([.9989, .001, .0001, 0])
    roots = targets.encode(probabilities)[None, None, None]
    with fixtures.fresh_session() as sess:
        soft = sess.run(loss.soften(tf.constant(roots), [3, 5], 2.))
    powers = probabilities ** .5
    np.testing.assert_allclose(soft, np.broadcast_to(
        powers / powers.sum(), (1, 3, 5, 4)), rtol=0, atol=1 / 255)
