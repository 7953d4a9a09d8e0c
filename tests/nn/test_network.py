"""FCN-8s, its loss and its step: numbers by hand, by NumPy and OpenCV."""
import os

import cv2
import numpy as np
import pytest
import scipy.special
from fixtures import build_model, fresh_session, make_vgg

import fcnvgg
import utils
from segmentation import tf1
from segmentation.nn import network
from segmentation.tf1 import tf
from segmentation.training.optimization import loss as training_loss
from segmentation.training.optimization import step as training_step

LN3 = np.log(3)


@pytest.fixture(scope='module')
def vgg_dir(tmp_path_factory):
    return make_vgg(tmp_path_factory.mktemp('model'))


def draw_batch(num_classes, batch=2, height=32, width=64):
    """Random pictures (B, H, W, 3) and one-hot labels (B, H, W, C)."""
    random = np.random.RandomState(4)
    images = random.uniform(0, 255, (batch, height, width, 3))
    ids = random.randint(num_classes, size=(batch, height, width))
    return images.astype(np.float32), np.eye(num_classes, dtype=np.uint8)[ids]


def one_hot(ids, num_classes=2):
    """Label rows of class ids; zeros where the id is -1."""
    return np.eye(num_classes, dtype=np.uint8)[ids] * (
        np.array(ids)[..., None] >= 0)


def compute_loss(logits, labels, class_weights=None):
    """The loss as the session computes it, and its gradient."""
    with fresh_session() as sess:
        x = tf.constant(np.array(logits, np.float32))
        loss = training_loss.masked_loss(
            x, tf.constant(np.array(labels, np.uint8)), class_weights).share
        return sess.run([loss, tf.gradients(loss, x)[0]])


@pytest.mark.parametrize('num_classes, nats',
                         [(2, .693), (11, 2.398), (29, 3.367)])
def test_the_first_loss_is_ln_c(vgg_dir, num_classes, nats):
    images, labels = draw_batch(num_classes)
    with fresh_session() as sess:
        net = build_model(sess, 'fcn8s', vgg_dir, num_classes)
        training = training_step.add_training(net, 1e-4)
        network.initialize_rest(sess)
        loss = sess.run(training.loss, {net.image_input: images,
                                        **training.feed(labels)})
    assert abs(loss - nats) < .05 * nats


@pytest.fixture(scope='module')
def fcn(vgg_dir):
    """(session, Network) of three classes, nothing trained."""
    with fresh_session() as sess:
        net = build_model(sess, 'fcn8s', vgg_dir, 3)
        network.initialize_rest(sess)
        yield sess, net


def assign(sess, name, value):
    variable = next(v for v in tf.global_variables() if v.op.name == name)
    variable.load(value, sess)


def test_outputs_have_the_size_of_the_picture(fcn):
    sess, net = fcn
    images, _ = draw_batch(3, 2, 64, 96)
    logits, softmax, classes = sess.run(
        [net.logits, net.softmax, net.classes], {net.image_input: images})
    assert logits.shape == softmax.shape == (2, 64, 96, 3)
    assert classes.shape == (2, 64, 96) and classes.dtype == np.uint8
    np.testing.assert_allclose(softmax, 1 / 3, rtol=1e-6)


def test_the_three_scores_are_summed_1_to_2_to_4(fcn):
    sess, net = fcn
    images, _ = draw_batch(3, 1)
    biases = {'layer3_out': [1, 0, 0], 'layer4_out': [0, 10, 0],
              'layer7_out': [0, 100, 1000]}
    for name, value in biases.items():
        assign(sess, f'{name}_score/biases', value)
    logits, classes = sess.run([net.logits, net.classes],
                               {net.image_input: images})
    for name in biases:
        assign(sess, f'{name}_score/biases', [0, 0, 0])
    # 1 * 1; 2 * 10 + 4 * 100; 4 * 1000
    np.testing.assert_allclose(
        logits, np.broadcast_to([1, 420, 4000], logits.shape), rtol=1e-5)
    assert (classes == 2).all()


@pytest.mark.parametrize('name, stride, weight', [
    ('layer3_out', 8, 1), ('layer4_out', 16, 2), ('layer7_out', 32, 4)])
def test_a_tap_is_scored_and_enlarged_by_its_stride(fcn, name, stride,
                                                    weight):
    sess, net = fcn
    graph = tf.get_default_graph()
    channels = {'layer3_out': 5, 'layer4_out': 10, 'layer7_out': 81}
    feed = {graph.get_tensor_by_name(f'{tap}:0'):
            np.zeros((1, 64 // s, 96 // s, channels[tap]))
            for tap, s, _ in fcnvgg.TAPS}
    spot = np.zeros((64 // stride, 96 // stride), np.float32)
    spot[1, 0] = 5
    tap = np.zeros(spot.shape + (channels[name],))
    tap[..., 3] = spot
    feed[graph.get_tensor_by_name(f'{name}:0')] = tap[None]
    kernel = np.zeros((1, 1, channels[name], 3))
    kernel[0, 0, 3] = 0, 1, -2
    assign(sess, f'{name}_score/filter', kernel)
    logits = sess.run(net.logits, feed)[0]
    assign(sess, f'{name}_score/filter', np.zeros_like(kernel))
    large = weight * cv2.resize(spot, (96, 64))
    np.testing.assert_allclose(logits, np.stack(
        [0 * large, large, -2 * large], axis=-1), atol=1e-4)


def test_the_loss_is_the_mean_of_what_the_hand_works_out():
    # Class 1 has probability 3/4: right costs ln(4/3), wrong costs ln 4.
    logits = [[[[0, LN3], [0, LN3]]]]
    loss, _ = compute_loss(logits, one_hot([[[1, 0]]]))
    np.testing.assert_allclose(loss, (np.log(4 / 3) + np.log(4)) / 2,
                               rtol=1e-6)


def test_an_ignored_pixel_counts_nowhere_and_has_no_gradient():
    logits = [[[[0, LN3], [0, LN3], [7, -7]]]]
    loss, gradient = compute_loss(logits, one_hot([[[1, 0, -1]]]))
    np.testing.assert_allclose(loss, (np.log(4 / 3) + np.log(4)) / 2,
                               rtol=1e-6)
    assert (gradient[0, 0, 2] == 0).all()
    # (probability - label) / 2 pixels
    np.testing.assert_allclose(gradient[0, 0, :2],
                               [[.125, -.125], [-.375, .375]], rtol=1e-6)


def test_not_even_a_logit_of_nan_gets_through_from_ignored_neighbours():
    loss, gradient = compute_loss([[[[0, 0], [1e30, -1e30]]]],
                                  one_hot([[[0, -1]]]))
    np.testing.assert_allclose(loss, np.log(2), rtol=1e-6)
    assert (gradient[0, 0, 1] == 0).all()


def test_a_batch_with_nothing_to_score_has_loss_and_gradient_zero():
    loss, gradient = compute_loss([[[[0, 3]], [[2, 1]]]],
                                  one_hot([[[-1], [-1]]]))
    assert loss == 0 and (gradient == 0).all()


def test_class_weights_weigh_pixels_and_their_mean():
    logits = [[[[0, LN3], [0, LN3], [5, 5]]]]
    labels = one_hot([[[1, 0, -1]]])
    for scale in (1, 10):
        loss, gradient = compute_loss(logits, labels, [3 * scale, scale])
        # (1 * ln(4/3) + 3 * ln 4) / (1 + 3)
        np.testing.assert_allclose(
            loss, (np.log(4 / 3) + 3 * np.log(4)) / 4, rtol=1e-6)
        np.testing.assert_allclose(
            gradient[0, 0], [[.25 / 4 * 1, -.25 / 4], [-.75 * 3 / 4,
                                                       .75 * 3 / 4], [0, 0]],
            rtol=1e-6)


@pytest.mark.parametrize('class_weights', [None, [.2, 1, 3.5, .7]])
def test_the_loss_is_that_of_scipy(class_weights):
    random = np.random.RandomState(6)
    logits = random.normal(0, 3, (2, 5, 3, 4))
    ids = random.randint(-1, 4, (2, 5, 3))
    loss, _ = compute_loss(logits, one_hot(ids, 4), class_weights)
    scored = ids >= 0
    weights = np.array(class_weights or [1] * 4)[ids[scored]]
    losses = -scipy.special.log_softmax(logits, axis=-1)[scored][
        np.arange(scored.sum()), ids[scored]]
    np.testing.assert_allclose(loss, np.average(losses, weights=weights),
                               rtol=1e-5)


def test_the_loss_of_many_pixels_is_as_exact_as_that_of_few():
    random = np.random.RandomState(7)
    logits = random.normal(0, 3, (1, 1024, 1024, 2)).astype(np.float32)
    ids = (logits[..., 1] > logits[..., 0]).astype(int)
    weights = np.float32([.1, .7])
    loss, _ = compute_loss(logits, one_hot(ids), weights)
    losses = -scipy.special.log_softmax(logits.astype(float), axis=-1).max(-1)
    np.testing.assert_allclose(
        loss, np.average(losses, weights=weights[ids]), rtol=5e-7)


@pytest.mark.slow
def test_steps_reach_every_weight_and_lower_the_loss(vgg_dir):
    images, labels = draw_batch(2, 2, 32, 64)
    labels[:] = labels[:, :1, :1]      # one class a picture: can be learned
    with fresh_session() as sess:
        net = build_model(sess, 'fcn8s', vgg_dir, 2)
        training = training_step.add_training(net, 1e-3)
        network.initialize_rest(sess)
        watched = ['conv1_1/filter:0', 'layer7_out_score/filter:0',
                   'layer3_out_up/filter:0']
        before = sess.run(watched)
        feed = {net.image_input: images, **training.feed(labels)}
        losses = [sess.run([training.loss, training.step], feed)[0]
                  for _ in range(6)]
        step = sess.run(tf.train.get_global_step())
        after = sess.run(watched)
    assert step == 6
    assert losses[-1] < losses[0] - .01
    names = {v.op.name for _, v in training.gradients}
    assert len(names) == 30 + 3 * 3         # VGG16; filter, biases, kernel
    assert {'conv1_1/filter', 'fc7/weights', 'layer3_out_score/biases',
            'layer7_out_up/filter'} <= names
    assert all((a != b).any() for a, b in zip(before, after))


@pytest.mark.slow
def test_pictures_and_labels_are_bytes(fcn):
    """Ids give the loss of their one-hot rows, which may be fed as well."""
    sess, net = fcn
    images, rows = draw_batch(3, 2, 32, 64)
    images = images.astype(np.uint8)
    ids = rows.argmax(axis=-1).astype(np.uint8)
    ids[0, :5], rows[0, :5] = 255, 0            # IGNORE
    assign(sess, 'layer7_out_score/biases', [1, 0, .5])
    training = training_step.add_training(net, 1e-4)
    network.initialize_rest(sess)
    floats = images.astype(np.float32)
    for pictures in (images, floats):
        for labels in (ids, rows):
            feed = {**net.feed(pictures), **training.feed(labels)}
            assert sum(value.nbytes for value in feed.values()) == 2 * 32 * (
                64 * (pictures.itemsize * 3 + (1 if labels is ids else 3)))
            loss, logits = sess.run([training.loss, net.logits], feed)
            # log(exp(4) + exp(0) + exp(2)) less the score of the class
            scores = np.array([4, 0, 2])
            wanted = (np.log(np.exp(scores).sum())
                      - scores[ids[ids < 3]]).mean()
            np.testing.assert_allclose(loss, wanted, rtol=1e-5)
            np.testing.assert_allclose(logits[0, 0, 0], scores, atol=1e-5)
    assign(sess, 'layer7_out_score/biases', [0, 0, 0])


def build_pixelwise(sess, loss_scaling):
    """(kernel, Network, Training) of one 1x1 convolution."""
    inputs = network.inputs()
    kernel = tf.get_variable('kernel', initializer=np.float32(
        np.linspace(-1, 1, 6).reshape(1, 1, 3, 2)))
    net = network.finish(inputs, tf.nn.conv2d(
        inputs.image_input / 255, kernel, strides=[1, 1, 1, 1],
        padding='SAME'))
    training = training_step.add_training(net, .1, loss_scaling=loss_scaling)
    network.initialize_rest(sess)
    return kernel, net, training


IMAGES = np.arange(72, dtype=np.uint8).reshape(2, 3, 4, 3)


def test_loss_scaling_takes_the_same_steps():
    """The scales are powers of two, which no float32 is rounded by."""
    losses, weights = [], []
    for loss_scaling in (False, True):
        with fresh_session() as sess:
            kernel, net, training = build_pixelwise(sess, loss_scaling)
            feed = {**net.feed(IMAGES), **training.feed(IMAGES[..., 0] % 2)}
            losses.append([sess.run([training.loss, training.step], feed)[0]
                           for _ in range(4)])
            weights.append(sess.run(kernel))
            assert sess.run(tf.train.get_global_step()) == 4
    np.testing.assert_array_equal(*losses)
    np.testing.assert_array_equal(*weights)
    assert losses[0][3] < losses[0][0]


def test_a_step_whose_gradients_overflow_is_left_out():
    with fresh_session() as sess:
        kernel, net, training = build_pixelwise(sess, True)
        before = sess.run(kernel)
        huge = np.full(IMAGES.shape, 1e37, np.float32)  # times 2 ** 15
        loss, _ = sess.run([training.loss, training.step], {
            **training.feed(IMAGES[..., 0] % 2), **net.feed(huge)})
        assert np.isfinite(loss)
        np.testing.assert_array_equal(sess.run(kernel), before)
        assert sess.run(tf.train.get_global_step()) == 0


def test_only_what_is_uninitialized_is_initialized(vgg_dir):
    with fresh_session() as sess:
        build_model(sess, 'fcn8s', vgg_dir, 2)
        loaded = sess.run('conv1_1/filter:0')
        own = tf.get_variable('own', initializer=tf.constant([1., 2.]))
        own.load([3., 4.], sess)
        network.initialize_rest(sess)
        np.testing.assert_array_equal(sess.run('conv1_1/filter:0'), loaded)
        np.testing.assert_array_equal(sess.run(own), [3, 4])
        assert abs(loaded).max() > 0
        assert sess.run(tf.report_uninitialized_variables()).size == 0
        network.initialize_rest(sess)       # a second time changes nothing
        np.testing.assert_array_equal(sess.run(own), [3, 4])


def test_initializing_changes_no_operation_that_a_session_has():
    with fresh_session() as sess:
        tf.get_variable('own', initializer=tf.constant([1., 2.]))
        graph = tf.get_default_graph()
        before = {node.name: node for node in graph.as_graph_def().node}
        network.initialize_rest(sess)
        after = {node.name: node for node in graph.as_graph_def().node}
        assert before == {name: after[name] for name in before}


@pytest.mark.slow
def test_a_saved_graph_restores_by_its_fields_names(vgg_dir, tmp_path):
    images, _ = draw_batch(2)
    with fresh_session() as sess:
        net = build_model(sess, 'fcn8s', vgg_dir, 2)
        network.initialize_rest(sess)
        assign(sess, 'layer7_out_score/biases', [.5, 0])
        assign(sess, 'layer3_out_score/filter', np.full((1, 1, 5, 2), [1, 2]))
        network.export(str(tmp_path / 'network.meta'))
        tf.train.Saver().save(sess, str(tmp_path / 'w'),
                              write_meta_graph=False)
        expected = sess.run(net.softmax, {net.image_input: images})
    assert net.channel_order == 'RGB'
    assert expected.std() > 0
    for field in network.TENSORS:
        assert getattr(net, field).name == f'{field}:0'
    with fresh_session() as sess:
        again = network.restore(sess, str(tmp_path / 'network.meta'),
                                str(tmp_path / 'w'))
        assert [tensor.name for tensor in again[:5]] == [
            'image_input:0', 'keep_prob:0', 'logits:0', 'softmax:0',
            'classes:0']
        assert again.channel_order is None
        np.testing.assert_array_equal(
            sess.run(again.softmax, {again.image_input: images}), expected)


def save_blog_run(directory):
    """A run with the tensor names of the blog's script; its meta path."""
    with fresh_session() as sess:
        x = tf.placeholder(tf.float32, [None, None, None, 3],
                           name='image_input')
        tf.placeholder(tf.float32, name='keep_prob')
        bias = tf.get_variable('bias', initializer=tf.constant([0., 1.]))
        sess.run(bias.initializer)
        with tf.variable_scope('sum'):
            logits = tf.add(tf.add(x[..., :2], 0.), bias, name='Add_1')
        with tf.name_scope('result'):
            softmax = tf.nn.softmax(logits, name='Softmax')
            tf.argmax(softmax, axis=-1, name='ArgMax')
        return tf.train.Saver().save(sess, str(directory / 'e1.ckpt'))


def test_a_run_of_the_blog_restores(tmp_path):
    checkpoint = save_blog_run(tmp_path)
    with fresh_session() as sess:
        net = network.restore(sess, f'{checkpoint}.meta', checkpoint)
        logits, classes = sess.run(
            [net.logits, net.classes],
            {net.image_input: [[[[5, 1, 0], [2, 2, 0]]]], net.keep_prob: 1})
        # Its graph takes floats, and gets them of bytes, too.
        picture = np.array([[[[5, 1, 0], [2, 2, 0]]]], np.uint8)
        again = sess.run(net.logits, {**net.feed(picture), net.keep_prob: 1})
    np.testing.assert_allclose(logits, [[[[5, 2], [2, 3]]]])
    np.testing.assert_array_equal(classes, [[[0, 1]]])
    np.testing.assert_array_equal(again, logits)


def test_a_graph_that_lacks_a_tensor_is_refused():
    with tf.Graph().as_default() as graph:
        network.inputs()
        with pytest.raises(ValueError, match="'logits' .nor 'sum/Add_1'"):
            network.find(graph)


def test_a_missing_graph_and_a_missing_checkpoint_are_refused(tmp_path):
    with fresh_session() as sess:
        with pytest.raises(FileNotFoundError, match='no saved graph'):
            network.restore(sess, str(tmp_path / 'network.meta'))
        checkpoint = save_blog_run(tmp_path)
        os.truncate(f'{checkpoint}.index', 20)
        with pytest.raises(ValueError, match='weights cannot be read'):
            network.restore(sess, f'{checkpoint}.meta', checkpoint)


def test_a_constant_of_another_type_is_refused(tmp_path):
    checkpoint = save_blog_run(tmp_path)
    with open(f'{checkpoint}.meta', 'rb') as file:
        saved = tf.MetaGraphDef.FromString(file.read())
    node = next(node for node in saved.graph_def.node if node.op == 'Const')
    node.attr['value'].tensor.dtype = tf.string.as_datatype_enum
    with open(f'{checkpoint}.meta', 'wb') as file:
        file.write(saved.SerializeToString())
    with fresh_session() as sess, pytest.raises(
            ValueError, match=f'meta: .*constant {node.name} is of another'):
        network.restore(sess, f'{checkpoint}.meta', checkpoint)


def test_a_graph_that_cannot_be_written_is_an_error_of_the_disk(tmp_path):
    (tmp_path / 'file').write_text('no folder')
    with fresh_session():
        network.inputs()
        with pytest.raises(OSError, match='the graph cannot be written'):
            network.export(str(tmp_path / 'file' / 'network.meta'))


def test_weights_are_loaded_by_name_and_shape(tmp_path):
    with fresh_session() as sess:
        for name, value in (('same', [1., 2.]), ('longer', [3., 4., 5.]),
                            ('gone', [6.])):
            tf.get_variable(name, initializer=tf.constant(value))
        step = tf.train.get_or_create_global_step()
        network.initialize_rest(sess)
        step.load(9, sess)
        path = tf.train.Saver().save(sess, str(tmp_path / 'w'))
    with fresh_session() as sess:
        same, longer, new = [
            tf.get_variable(name, initializer=tf.zeros([size]))
            for name, size in (('same', 2), ('longer', 4), ('new', 1))]
        step = tf.train.get_or_create_global_step()
        network.initialize_rest(sess)
        assert network.load_matching(sess, path) == (
            ['same'], ['longer', 'new'])
        np.testing.assert_array_equal(sess.run(same), [1, 2])
        np.testing.assert_array_equal(sess.run(longer), [0] * 4)
        assert sess.run(step) == 0


def test_a_model_without_a_backbone_cannot_load_one():
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match='says backbone=False'):
            network.inputs().load_backbone(['pool4'])


def test_size_in_bytes_is_four_a_weight():
    with tf.Graph().as_default():
        tf.get_variable('a', [2, 3])
        tf.get_variable('b', [5])
        assert network.size_in_bytes(tf.global_variables()) == 44


@pytest.mark.slow
def test_memory_that_runs_out_names_what_to_shrink(capsys):
    def main():
        with fresh_session() as sess:
            size = tf.placeholder(tf.int32)
            # 2 to the 60th floats: more than any address space.
            sess.run(tf.reduce_sum(tf.fill(size, 1.)),
                     {size: [1 << 30, 1 << 30]})

    with pytest.raises(SystemExit) as stopped:
        utils.run(main)
    error = capsys.readouterr().err
    assert stopped.value.code == 1
    assert error.startswith('[!] out of memory (OOM when allocating tensor')
    assert error.count('\n') == 1
    assert '--batch-size' in error and '--image-size' in error


def test_a_full_disk_is_not_reported_as_full_memory():
    with pytest.raises(OSError, match='a-1; No space left on device'):
        with tf1.session():
            raise tf.errors.ResourceExhaustedError(
                None, None, 'runs/a-1; No space left on device\n\t [[node]]')
