"""What the loss can be made of, by NumPy, SciPy, scikit-learn and by hand."""
import fixtures
import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from segmentation.tf1 import tf
from segmentation.training.optimization import loss as training_loss
from segmentation.training.optimization import lovasz
from segmentation.training.optimization.method import Method

SHAPE = 2, 5, 3     # pictures, height, width
CLASSES = 4
WEIGHTS = .2, 1, 3.5, .7


def draw(seed=6):
    """Random logits (B, H, W, C) and ids (B, H, W), -1 for ignored."""
    random = np.random.RandomState(seed)
    ids = random.randint(-1, CLASSES, SHAPE)
    ids[0, 0] = -1      # the pictures differ in what counts
    return random.normal(0, 2, SHAPE + (CLASSES,)), ids


def rows_of(ids):
    return np.eye(CLASSES, dtype=np.uint8)[ids] * (ids[..., None] >= 0)


def compute(logits, ids, class_weights=None, **method):
    """The loss and its gradient as the session computes them."""
    with fixtures.fresh_session() as sess:
        x = tf.constant(np.array(logits, np.float32))
        loss = training_loss.masked_loss(
            x, tf.constant(rows_of(ids)), class_weights, Method(**method))
        return sess.run([loss.share, tf.gradients(loss.share, x)[0]])


def cross_entropies(logits, ids, smoothing=0):
    """The cross entropy of each pixel, (B, H, W)."""
    targets = (1 - smoothing) * rows_of(ids) + smoothing / CLASSES
    return -(targets * scipy.special.log_softmax(logits, axis=-1)).sum(-1)


def pixel_weights(ids, class_weights=None):
    return np.where(ids < 0, 0, np.array(class_weights or [1] * CLASSES)[ids])


def test_shares_of_classes_count_by_the_weights_of_their_classes():
    """As pixels do whose subpixels have one class each, in all classes."""
    random = np.random.RandomState(8)
    logits = random.normal(0, 2, (1, 2, 3, CLASSES))
    shares = random.multinomial(255, np.full(CLASSES, .25), (1, 2, 3))
    shares[0, 0, 0] = 0     # ignored
    with fixtures.fresh_session() as sess:
        x = tf.constant(logits, tf.float32)
        loss = training_loss.masked_loss(
            x, tf.constant(shares, tf.uint8), WEIGHTS).share
        found, gradient = sess.run([loss, tf.gradients(loss, x)[0]])
    parts = shares * WEIGHTS                        # [1, 2, 3, C]
    logs = scipy.special.log_softmax(logits, axis=-1)
    np.testing.assert_allclose(found, -(parts * logs).sum() / parts.sum(),
                               rtol=1e-5)
    np.testing.assert_allclose(
        gradient, (np.exp(logs) * parts.sum(-1, keepdims=True) - parts)
        / parts.sum(), atol=1e-6)


def published_lovasz(logits, ids):
    """Algorithm 1 of Berman et al., class by class, on all pixels at once."""
    probabilities = scipy.special.softmax(logits, axis=-1)[ids >= 0]
    truth = ids[ids >= 0]
    losses = []
    for k in np.unique(truth):
        errors = abs((truth == k) - probabilities[:, k])
        order = np.argsort(-errors)
        is_true = (truth == k)[order]
        intersection = is_true.sum() - is_true.cumsum()
        union = is_true.sum() + (~is_true).cumsum()
        jaccard = 1 - intersection / union
        jaccard[1:] -= jaccard[:-1].copy()
        losses.append(errors[order] @ jaccard)
    return np.mean(losses)


@pytest.mark.parametrize('class_weights', [None, WEIGHTS])
def test_smoothed_labels_are_spread_over_all_classes(class_weights):
    logits, ids = draw()
    loss, gradient = compute(logits, ids, class_weights, label_smoothing=.1)
    np.testing.assert_allclose(loss, np.average(
        cross_entropies(logits, ids, .1),
        weights=pixel_weights(ids, class_weights)), rtol=1e-5)
    assert not gradient[ids < 0].any()


def test_a_smoothed_label_is_what_the_hand_works_out():
    # .2 / 4 for each class, and .8 more for the true one.
    loss, gradient = compute([[[[np.log(5), 0, 0, 0]]]], np.array([[[0]]]),
                             label_smoothing=.2)
    np.testing.assert_allclose(
        loss, .85 * np.log(8 / 5) + .15 * np.log(8), rtol=1e-6)
    np.testing.assert_allclose(gradient[0, 0, 0], [
        5 / 8 - .85, 1 / 8 - .05, 1 / 8 - .05, 1 / 8 - .05], atol=1e-6)


@pytest.mark.parametrize('class_weights', [None, WEIGHTS])
@pytest.mark.parametrize('share', [.25, .5, .999])
def test_the_hardest_pixels_of_each_picture_count_alone(share, class_weights):
    logits, ids = draw()
    loss, gradient = compute(logits, ids, class_weights, hard_pixels=share)
    losses = cross_entropies(logits, ids)
    weights = pixel_weights(ids, class_weights)
    total = weight = 0
    for k in range(len(ids)):
        valid = np.flatnonzero(ids[k] >= 0)
        weighed = (weights[k] * losses[k]).ravel()[valid]
        count = int(np.ceil(share * len(valid)))
        chosen = valid[np.argsort(weighed)[-count:]]
        assert 0 < count <= len(valid)
        total += (weights[k] * losses[k]).ravel()[chosen].sum()
        weight += weights[k].ravel()[chosen].sum()
        others = np.setdiff1d(np.arange(ids[k].size), chosen)
        assert not gradient[k].reshape(-1, CLASSES)[others].any()
        assert gradient[k].reshape(-1, CLASSES)[chosen].any(axis=-1).all()
    np.testing.assert_allclose(loss, total / weight, rtol=1e-5)


def test_pixels_that_are_equally_hard_share_what_is_left():
    """As at the start of a run, where all scores are equal."""
    logits = np.zeros((1, 2, 3, CLASSES))
    logits[0, 0, 0] = 0, 3, 0, 0        # the hardest one
    logits[0, 1, 2] = 3, 0, 0, 0        # the easiest one
    ids = np.zeros((1, 2, 3), int)
    ids[0, 0, 1] = -1
    loss, gradient = compute(logits, ids, hard_pixels=.4)
    hardest = np.log(np.exp(3) + 3)
    # Two of five: one, and a third of each of three.
    np.testing.assert_allclose(loss, (hardest + np.log(4)) / 2, rtol=1e-6)
    np.testing.assert_allclose(gradient[0, 1, :2], np.tile(
        np.array([-.75, .25, .25, .25]) / 3 / 2, (2, 1)), rtol=1e-5)
    assert not gradient[0, 1, 2].any() and not gradient[0, 0, 1].any()


def test_a_picture_without_labels_has_no_hard_pixels():
    logits, ids = draw()
    ids[1] = -1
    loss, gradient = compute(logits, ids, hard_pixels=.5)
    alone, _ = compute(logits[:1], ids[:1], hard_pixels=.5)
    np.testing.assert_allclose(loss, alone, rtol=1e-6)
    assert not gradient[1].any()


def compute_lovasz(logits, ids):
    with fixtures.fresh_session() as sess:
        x = tf.constant(np.array(logits, np.float32))
        loss = lovasz.lovasz_softmax(
            tf.reshape(x, [-1, CLASSES]),
            tf.constant(rows_of(ids).reshape(-1, CLASSES), tf.float32))
        return sess.run([loss, tf.gradients(loss, x)[0]])


@pytest.mark.parametrize('classes', [range(-1, CLASSES), (-1, 0, 2), (1,)])
def test_lovasz_softmax_is_that_of_its_paper(classes):
    """Of four classes, of two, and of one that all pixels have."""
    logits, ids = draw()
    ids = np.where(np.isin(ids, classes), ids, classes[-1])
    loss, gradient = compute_lovasz(logits, ids)
    np.testing.assert_allclose(loss, published_lovasz(logits, ids), rtol=1e-5)
    slopes = np.zeros_like(logits)
    for where in np.ndindex(logits.shape):
        step = np.zeros_like(logits)
        step[where] = 1e-6
        slopes[where] = (published_lovasz(logits + step, ids)
                         - published_lovasz(logits - step, ids)) / 2e-6
    np.testing.assert_allclose(gradient, slopes, atol=1e-5)
    assert not gradient[ids < 0].any()


def test_lovasz_softmax_of_many_pixels_is_right_to_a_bin():
    random = np.random.RandomState(4)
    ids = random.randint(-1, CLASSES, (3, 60, 80))
    logits = random.normal(0, 2, ids.shape + (CLASSES,))
    loss, gradient = compute_lovasz(logits, ids)
    assert abs(loss - published_lovasz(logits, ids)) < 1 / lovasz.BINS
    step = 1e-3 * random.normal(size=logits.shape)
    assert (gradient * step).sum() == pytest.approx(
        (published_lovasz(logits + step, ids)
         - published_lovasz(logits - step, ids)) / 2, rel=.01)


def test_lovasz_softmax_of_a_network_that_diverged_is_no_number():
    logits, ids = draw()
    logits[0, 1, 1] = np.nan
    assert np.isnan(compute_lovasz(logits, np.abs(ids))[0])


def test_lovasz_softmax_of_sure_predictions_is_one_less_the_miou():
    random = np.random.RandomState(3)
    ids = random.randint(-1, 3, (2, 7, 9))
    predicted = random.randint(0, 3, ids.shape)
    loss, _ = compute_lovasz(200. * rows_of(predicted), ids)
    np.testing.assert_allclose(1 - loss, sklearn.metrics.jaccard_score(
        ids[ids >= 0], predicted[ids >= 0], average='macro'), rtol=1e-5)


def test_lovasz_softmax_is_what_the_hand_works_out():
    # Class 0 has errors .75 (true) and .5 (not), class 1 .75 (not) and .5.
    logits = np.full((1, 1, 2, CLASSES), -100.)
    logits[..., :2] = [[[[0, np.log(3)], [0, 0]]]]
    loss, _ = compute_lovasz(logits, np.array([[[0, 1]]]))
    # .75 * 1 + .5 * 0; .75 / 2 + .5 / 2
    np.testing.assert_allclose(loss, (.75 + .625) / 2, rtol=1e-6)


@pytest.mark.parametrize('method', [
    {'lovasz': .3}, {'hard_pixels': .5}, {'label_smoothing': .1},
    {'lovasz': .3, 'hard_pixels': .5, 'label_smoothing': .1}])
def test_nothing_to_learn_is_zero(method):
    logits, ids = draw()
    loss, gradient = compute(logits, np.full_like(ids, -1), **method)
    assert loss == 0 and not gradient.any()


def test_the_lovasz_loss_has_a_share_of_the_whole():
    logits, ids = draw()
    loss, gradient = compute(logits, ids, WEIGHTS, lovasz=.2,
                             label_smoothing=.1)
    cross = np.average(cross_entropies(logits, ids, .1),
                       weights=pixel_weights(ids, WEIGHTS))
    np.testing.assert_allclose(
        loss, .8 * cross + .2 * published_lovasz(logits, ids), rtol=1e-5)
    assert not gradient[ids < 0].any()


class Two(training_loss.Cluster):
    """The first of two processes, where the other one's weight is known."""

    size = 2

    def __init__(self, weight):
        super().__init__()
        self.weight = weight

    def total(self, tensor):
        return tensor + self.weight


@pytest.mark.parametrize('method', [{'hard_pixels': .5, 'label_smoothing': .1},
                                    {'lovasz': .2}])
def test_shares_of_processes_are_means_by_weight(method):
    """Of pictures apart the loss is that of all, but for the Lovasz loss."""
    logits, ids = draw()
    method = Method(**method)
    with fixtures.fresh_session() as sess:
        parts = [slice(0, 1), slice(1, 2)]
        alone, shares = [], []
        for part in parts + [slice(0, 2)]:
            alone.append(training_loss.masked_loss(
                tf.constant(logits[part], tf.float32),
                tf.constant(rows_of(ids[part])), WEIGHTS, method))
        for part, other in zip(parts, (1, 0)):
            shares.append(training_loss.masked_loss(
                tf.constant(logits[part], tf.float32),
                tf.constant(rows_of(ids[part])), WEIGHTS, method,
                Two(alone[other].weight)))
        (first, second, whole), found = sess.run([alone, shares])
    wanted = np.average([first.share, second.share],
                        weights=[first.weight, second.weight])
    assert found[0].share + found[1].share == pytest.approx(wanted, rel=1e-6)
    assert found[0].weight == found[1].weight == whole.weight
    if not method.lovasz:
        assert wanted == pytest.approx(whole.share, rel=1e-6)
