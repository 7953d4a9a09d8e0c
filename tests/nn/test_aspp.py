"""fcn-aspp: VGG16 at stride 8, and the pyramid of dilated convolutions."""
import contextlib
import os

import fixtures
import helpers
import numpy as np
import pytest
import scipy.ndimage
import scipy.signal

import models
from segmentation import option_types
from segmentation.backbone import architecture, dilated, saved_model
from segmentation.errors import InputError
from segmentation.nn import frozen, network
from segmentation.tf1 import tf
from segmentation.training.optimization import step

PICTURE = np.random.RandomState(0).randint(0, 256, (1, 64, 96, 3))


@pytest.fixture(scope='module')
def vgg_dir(tmp_path_factory):
    return fixtures.make_vgg(tmp_path_factory.mktemp('aspp'))


@pytest.fixture(scope='module')
def bare_vgg_dir(tmp_path_factory):
    """VGG16 without fc6 and fc7."""
    path = str(tmp_path_factory.mktemp('bare') / 'vgg')
    saved_model.save(architecture.with_fc(
        architecture.random_weights(fixtures.WIDTH), 'none'), path)
    return path


def values(sess, prefix):
    """Return {name: array} of the variables whose names begin so."""
    return {v.op.name: sess.run(v) for v in tf.global_variables()
            if v.op.name.startswith(prefix)}


def test_every_second_pixel_is_what_the_undilated_network_has(vgg_dir):
    with fixtures.fresh_session() as sess:
        inputs = network.inputs()
        taps, _ = saved_model.load(
            sess, vgg_dir, inputs.image_input, inputs.keep_prob,
            taps=dilated.TAPS + ('conv5_3/Relu',))
        pool5 = dilated.build(taps)
        wide, narrow, pooled = sess.run(
            [pool5.op.inputs[0], taps['conv5_3/Relu'], pool5],
            {inputs.image_input: PICTURE})
    assert wide.shape == (1, 8, 12, 10) and narrow.shape == (1, 4, 6, 10)
    assert narrow.std() > 0
    np.testing.assert_allclose(wide[:, ::2, ::2], narrow,
                               atol=1e-5 * narrow.max())
    np.testing.assert_array_equal(pooled, scipy.ndimage.maximum_filter(
        wide, (1, 3, 3, 1), mode='constant'))


def test_a_branch_is_a_convolution_with_gaps_in_its_kernel(bare_vgg_dir):
    with fixtures.fresh_session() as sess:
        net = fixtures.build_model(sess, 'fcn-aspp', bare_vgg_dir,
                                   head_width=2, aspp_rates=(1, 3, 5))
        network.initialize_rest(sess)
        kernels = values(sess, 'fc6')
        fetched = [f'fc6_{k}/Relu:0' for k in range(3)]
        pool5, *found = sess.run(['pool5/truediv:0'] + fetched,
                                 {net.image_input: PICTURE})
    for index, rate in enumerate((1, 3, 5)):
        kernel = kernels[f'fc6_{index}/filter']
        gaps = np.zeros((2 * rate + 1,) * 2 + kernel.shape[2:])
        gaps[::rate, ::rate] = kernel
        for unit in range(2):
            expected = sum(scipy.signal.correlate2d(
                pool5[0, :, :, c], gaps[:, :, c, unit], 'same')
                for c in range(pool5.shape[3]))
            np.testing.assert_allclose(found[index][0, :, :, unit],
                                       np.maximum(expected, 0), atol=1e-4)


def test_branches_begin_as_different_units_of_fc6(vgg_dir):
    fc6 = tf.train.load_checkpoint(
        f'{vgg_dir}/variables/variables').get_tensor('fc6/weights')
    assert fc6.shape == (7, 7, 10, 81)
    with fixtures.fresh_session() as sess:
        fixtures.build_model(sess, 'fcn-aspp', vgg_dir, head_width=2)
        network.initialize_rest(sess)
        kernels = values(sess, 'fc6')
        assert not any(name.startswith('fc6/') for name in kernels)
    # Eight of 81 units: 0, 10, 20, 30, 40, 50, 60, 70, dealt to 4 branches.
    for index, units in enumerate(([0, 40], [10, 50], [20, 60], [30, 70])):
        kernel = kernels[f'fc6_{index}/filter']
        ratio = kernel / fc6[::3, ::3][..., units]
        np.testing.assert_allclose(ratio, ratio.flat[0], rtol=1e-4)
        assert kernel.std() == pytest.approx((2 / 90) ** .5, rel=1e-3)


@pytest.mark.slow
def test_the_gradient_reaches_the_dilated_block(bare_vgg_dir):
    labels = np.zeros((1, 64, 96), np.uint8)
    labels[:, 40:] = 1
    with fixtures.fresh_session() as sess:
        net = fixtures.build_model(sess, 'fcn-aspp', bare_vgg_dir,
                                   head_width=4)
        training = step.add_training(net, 1e-3)
        network.initialize_rest(sess)
        feed = {net.image_input: PICTURE, training.labels: labels}
        loss, _ = sess.run([training.loss, training.step], feed)
        assert loss == pytest.approx(np.log(3), rel=1e-5)
        gradients = sess.run({variable.op.name: gradient for gradient, variable
                              in training.gradients}, feed)
    for name in ('conv1_1', 'conv5_1', 'conv5_2', 'conv5_3', 'fc6_3'):
        assert abs(gradients[f'{name}/filter']).max() > 0, name


@pytest.mark.slow
def test_it_trains_on_cached_features_and_from_the_head_on(vgg_dir):
    settings = ('--data-source', 'tiny', '--data-dir', helpers.data_dir(),
                '--vgg-dir', vgg_dir, '--model', 'fcn-aspp', '--epochs', '1',
                '--head-width', '8')
    done = helpers.run_program(
        'train.py', '--name', 'aspp-frozen', '--freeze-encoder',
        '--delete-features', '--aspp-rates', '1', '2', *settings)
    assert done.returncode == 0, done.stderr
    done = helpers.run_program(
        'train.py', '--name', 'aspp', '--init-from', 'aspp-frozen',
        '--aspp-rates', '1', '2', *settings)
    assert done.returncode == 0, done.stderr
    assert 'new:' not in done.stdout
    done = helpers.run_program('evaluate.py', '--name', 'aspp')
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('name', fixtures.each_model(
    name for name, row in models.MODELS.items() if row.backbone))
def test_the_table_says_up_to_which_pools_a_model_can_be_frozen(
        name, vgg_dir):
    possible = []
    for pool in option_types.POOLS:
        with fixtures.fresh_session() as sess:
            fixtures.build_model(sess, name, vgg_dir)
            with contextlib.suppress(InputError):
                frozen.end_at(pool)
                possible.append(pool)
    assert tuple(possible) == models.MODELS[name].pools


def test_freezing_up_to_a_pool_it_goes_around_is_refused_at_once():
    done = helpers.run_program(
        'train.py', '--name', 'refused', '--data-source', 'tiny',
        '--data-dir', helpers.data_dir(), '--model', 'fcn-aspp',
        '--freeze-encoder', 'pool4', '--class-weights', 'median')
    assert done.returncode == 1
    assert done.stdout == ''
    assert done.stderr == (
        '[!] --freeze-encoder pool4: fcn-aspp goes around this pool; one of '
        'pool2, pool3 is wanted\n')
    assert not os.path.exists('refused')


def test_rates_of_another_model_are_refused():
    done = helpers.run_program(
        'train.py', '--name', 'refused', '--data-source', 'tiny',
        '--data-dir', helpers.data_dir(), '--aspp-rates', '2', '4')
    assert done.returncode == 1
    assert done.stderr == ('[!] --aspp-rates applies to fcn-aspp alone: it '
                           'does not apply to fcn8s\n')
