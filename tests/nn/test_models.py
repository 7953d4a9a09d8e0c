"""All models through the same Network."""
import os
import subprocess

import fixtures
import helpers
import numpy as np
import pytest

import models
import train
from segmentation.nn import network, upsampling
from segmentation.tf1 import tf
from segmentation.training.optimization import loss as training_loss
from segmentation.training.optimization import step


@pytest.fixture(scope='module')
def vgg_dir(tmp_path_factory):
    return fixtures.make_vgg(tmp_path_factory.mktemp('models'))


def options(**others):
    """Return train.py's options, some of them changed."""
    chosen = train.parse_options(['--data-source', 'demo'])
    vars(chosen).update(others)
    return chosen


def count(variables):
    return sum(v.shape.num_elements() for v in variables)


@pytest.mark.slow
@pytest.mark.parametrize('name', models.MODELS)
def test_every_model_starts_at_ln_c_and_learns(name, vgg_dir):
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (2, 64, 96, 3))
    labels = np.eye(3, dtype=np.uint8)[random.randint(0, 3, (2, 64, 96))]
    labels[:, :40] = (0, 1, 0)
    with fixtures.fresh_session() as sess:
        tf.set_random_seed(1)
        net = fixtures.build_model(sess, name, vgg_dir)
        training = step.add_training(net, 1e-3)
        network.initialize_rest(sess)
        feed = {net.image_input: images, net.keep_prob: .9,
                **training.feed(labels)}
        losses = [sess.run([training.loss, training.step], feed)[0]
                  for _ in range(8)]
        classes = sess.run(net.classes, feed)
    assert losses[0] == pytest.approx(np.log(3), rel=.05)
    assert min(losses[1:]) < losses[0]
    assert classes.shape == (2, 64, 96)


@pytest.mark.parametrize('name', models.MODELS)
def test_enlarging_a_constant_gives_a_constant(name, vgg_dir):
    """No checkerboard is there at the start, and none can be learned."""
    with fixtures.fresh_session() as sess:
        fixtures.build_model(sess, name, vgg_dir)
        sess.run(tf.global_variables_initializer())
        operations = sess.graph.get_operations()
        transposed = [operation for operation in operations
                      if operation.type == 'Conv2DBackpropInput']
        # Each layer has two: of its input, and of what lies inside.
        layers = [operation for operation in operations
                  if operation.type == 'RealDiv'
                  and operation.inputs[0].op in transposed]
        assert 2 * len(layers) == len(transposed) > 0
        for layer in layers:
            _, kernel, x = layer.inputs[0].op.inputs
            stride = layer.inputs[0].op.get_attr('strides')[1]
            assert kernel.shape[0] % stride == 0
            found = sess.run(layer.outputs[0], {
                x: np.full((1, 2, 3, x.shape[-1]), 2.)})
            assert found.shape[:3] == (1, 2 * stride, 3 * stride)
            np.testing.assert_allclose(found, np.broadcast_to(
                found[:, :1, :1], found.shape), atol=1e-4)


@pytest.mark.parametrize('factor, side', [(3, 5), (5, 9)])
def test_a_layer_that_could_learn_a_checkerboard_is_refused(factor, side):
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match='up3: the side of the kernel is '
                           f'{side}, its stride {factor}: '):
            upsampling.layer(tf.zeros([1, 2, 3, 4]), 4, factor, 'up3')


@pytest.mark.slow
def test_fixed_upsampling_does_not_learn(vgg_dir):
    for fixed, names in ((False, {'up32/filter', 'layer7_out_score/filter',
                                  'layer7_out_score/biases'}),
                         (True, {'layer7_out_score/filter',
                                 'layer7_out_score/biases'})):
        with fixtures.fresh_session() as sess:
            net = fixtures.build_model(sess, 'fcn32s', vgg_dir,
                                       fixed_upsampling=fixed)
            training = step.add_training(net, 1e-3)
            assert names == {variable.op.name
                             for _, variable in training.gradients
                             if 'up' in variable.op.name
                             or 'score' in variable.op.name}
            assert 'up32/filter' in {v.op.name for v in tf.global_variables()}


def test_chain_has_kernels_of_4_4_and_16(vgg_dir):
    with fixtures.fresh_session() as sess:
        fixtures.build_model(sess, 'fcn8s-chain', vgg_dir, 29)
        shapes = {v.op.name: v.shape.as_list()
                  for v in tf.trainable_variables() if 'up' in v.name}
    assert shapes == {'layer4_out_up2/filter': [4, 4, 29, 29],
                      'layer3_out_up2/filter': [4, 4, 29, 29],
                      'up8/filter': [16, 16, 29, 29]}


def test_small_fcn_has_1_4_million_weights():
    with fixtures.fresh_session() as sess:
        fixtures.build_model(sess, 'fcn-lite', None, 12)
        assert 1.35e6 < count(tf.trainable_variables()) < 1.45e6


def test_enlarging_to_another_number_of_channels_keeps_a_constant():
    with fixtures.fresh_session() as sess:
        tf.set_random_seed(3)
        x = tf.placeholder(tf.float32, [None, None, None, 5])
        enlarged = upsampling.upsample(x, 2, 4, 'up')
        sess.run(tf.global_variables_initializer())
        result = sess.run(enlarged, {x: np.full((1, 3, 7, 5), 2.)})
    assert result.shape == (1, 12, 28, 2)
    assert np.ptp(result, axis=(1, 2)).max() < 1e-5


@pytest.mark.slow
def test_skips_are_scaled_before_they_are_scored(vgg_dir):
    random = np.random.RandomState(0)
    image = random.randint(0, 256, (1, 32, 64, 3))
    results = []
    for scales in ((1, 1), (.01, .0001)):
        with fixtures.fresh_session() as sess:
            net = fixtures.build_model(sess, 'fcn8s-chain', vgg_dir,
                                       skip_scales=scales)
            network.initialize_rest(sess)
            for variable in tf.trainable_variables():
                if variable.op.name == 'layer3_out_score/filter':
                    sess.run(variable.assign(tf.ones_like(variable)))
            results.append(sess.run(net.logits, {net.image_input: image}))
    assert abs(results[0]).max() > 0
    np.testing.assert_allclose(results[1], results[0] * 1e-4, rtol=1e-4)


@pytest.mark.parametrize('recipe', [{'stddev': .01},
                                    {'fixed_upsampling': True},
                                    {'skip_scales': (.01, .0001)}])
def test_recipes_of_vgg16_are_refused_elsewhere(recipe):
    with pytest.raises(ValueError, match='does not apply to unet'):
        models.check(options(model='unet', **recipe))


def test_truncated_normal_start_has_its_deviation(vgg_dir):
    with fixtures.fresh_session() as sess:
        tf.set_random_seed(2)
        fixtures.build_model(sess, 'fcn8s', vgg_dir, 11, stddev=.01)
        network.initialize_rest(sess)
        values = sess.run([v for v in tf.trainable_variables()
                           if v.op.name == 'layer7_out_up/filter'])[0]
    assert abs(values).max() <= .02
    # A normal cut off at two deviations has .88 of its deviation.
    assert values.std() == pytest.approx(.0088, rel=.02)


@pytest.mark.slow
def test_l2_pulls_on_the_decoder_alone(vgg_dir):
    """With nothing labelled the cross entropy has no gradient."""
    with fixtures.fresh_session() as sess:
        net = fixtures.build_model(sess, 'fcn8s-chain', vgg_dir)
        training = step.add_training(net, 1e-3, l2=.5)
        network.initialize_rest(sess)
        feed = {net.image_input: np.zeros((1, 32, 64, 3)),
                training.labels: np.full((1, 32, 64), 255, np.uint8)}
        for gradient, variable in training.gradients:
            found, value = sess.run([gradient, variable], feed)
            decoder = ('up' in variable.op.name or 'score' in variable.op.name
                       ) and variable.op.name.endswith('filter')
            np.testing.assert_allclose(found, .5 * value if decoder
                                       else np.zeros_like(value), atol=1e-7)


def test_soft_labels_are_learned_as_shares(vgg_dir):
    """The gradient of the logits is p - shares, ignored parts left out."""
    logits = tf.constant([[[[1., 2., 3.], [0., 0., 0.]]]])
    labels = np.uint8([[[[51, 204, 0], [0, 0, 0]]]])
    loss = training_loss.masked_loss(logits, tf.constant(labels)).share
    gradient, = tf.gradients(loss, logits)
    with tf.Session() as sess:
        found, value = sess.run([gradient, loss])
    p = np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum()
    np.testing.assert_allclose(found[0, 0, 0], p - [.2, .8, 0], atol=1e-6)
    assert not found[0, 0, 1].any()
    assert value == pytest.approx(-.2 * np.log(p[0]) - .8 * np.log(p[1]))


@pytest.mark.slow
def test_stages_load_what_they_share(vgg_dir, tmp_path):
    """fcn16s loads fcn32s's scores, fcn8s-chain also fcn16s's skip."""
    path = str(tmp_path / 'weights')
    loaded_by = {}
    for name in ('fcn32s', 'fcn16s', 'fcn8s-chain'):
        with fixtures.fresh_session() as sess:
            fixtures.build_model(sess, name, vgg_dir)
            network.initialize_rest(sess)
            if name != 'fcn32s':
                loaded, others = network.load_matching(sess, path)
                loaded_by[name] = ({n for n in loaded if 'score' in n
                                    or 'up' in n}, set(others))
            tf.train.Saver().save(sess, path, write_meta_graph=False)
    assert loaded_by['fcn16s'] == (
        {'layer7_out_score/filter', 'layer7_out_score/biases'},
        {'layer4_out_score/filter', 'layer4_out_score/biases',
         'layer4_out_up2/filter', 'up16/filter'})
    assert loaded_by['fcn8s-chain'][0] == {
        'layer7_out_score/filter', 'layer7_out_score/biases',
        'layer4_out_score/filter', 'layer4_out_score/biases',
        'layer4_out_up2/filter'}


def test_help_describes_every_model(capsys):
    with pytest.raises(SystemExit):
        train.parse_options(['--help'])
    described = ' '.join(capsys.readouterr().out.split())
    for name, model in models.MODELS.items():
        assert f'{name}: {model.what}' in described


def test_fixed_upsampling_is_bilinear_whatever_the_initializer(vgg_dir):
    with fixtures.fresh_session() as sess:
        fixtures.build_model(sess, 'fcn16s', vgg_dir, fixed_upsampling=True,
                             stddev=.01)
        network.initialize_rest(sess)
        kernel = next(sess.run(v) for v in tf.global_variables()
                      if v.op.name == 'layer4_out_up2/filter')
    line = np.array([.25, .75, .75, .25])
    np.testing.assert_allclose(kernel[:, :, 1, 1], np.outer(line, line))
    assert not kernel[:, :, 1, 0].any()


# Run by the other interpreter: the outputs of all saved models on a picture.
RESTORE = """
import sys

import numpy as np

from segmentation import tf1
from segmentation.nn import network
from segmentation.tf1 import tf

picture = np.load('picture.npy')
for name in sys.argv[1:]:
    with tf.Graph().as_default(), tf1.session() as sess:
        net = network.restore(sess, name + '/network.meta', name + '/weights')
        np.save(name + '/softmax.npy',
                sess.run(net.softmax, {net.image_input: picture}))
"""


@pytest.mark.skipif(not os.environ.get('OTHER_PYTHON'),
                    reason='OTHER_PYTHON names no second interpreter')
def test_every_model_opens_in_the_other_tensorflow(vgg_dir, tmp_path):
    picture = np.random.RandomState(0).randint(0, 256, (1, 64, 96, 3))
    np.save(str(tmp_path / 'picture.npy'), picture)
    outputs = {}
    for name in models.MODELS:
        directory = tmp_path / name
        directory.mkdir()
        with fixtures.fresh_session() as sess:
            net = fixtures.build_model(sess, name, vgg_dir)
            network.initialize_rest(sess)
            for variable in tf.trainable_variables():
                if 'score' in variable.op.name:     # zero at the start
                    sess.run(tf.assign(variable, tf.random.uniform(
                        variable.shape, -1e-2, 1e-2, seed=1)))
            network.export(str(directory / 'network.meta'))
            tf.train.Saver(tf.global_variables()).save(
                sess, str(directory / 'weights'), write_meta_graph=False)
            outputs[name] = sess.run(net.softmax, {net.image_input: picture})
    subprocess.check_call(
        [os.environ['OTHER_PYTHON'], '-c', RESTORE] + list(models.MODELS),
        cwd=str(tmp_path), env=dict(os.environ, PYTHONPATH=helpers.ROOT))
    for name, expected in outputs.items():
        found = np.load(str(tmp_path / name / 'softmax.npy'))
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
