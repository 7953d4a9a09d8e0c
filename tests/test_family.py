"""benchmarks/family.py, and what it counts of a network."""
import json
import os
import sys

import fixtures
import helpers
import numpy as np
import pytest

import models
import recipes
import train
from segmentation import option_types
from segmentation.backbone import architecture, graph
from segmentation.nn import layers, network, upsampling
from segmentation.tf1 import tf

sys.path.append(os.path.join(helpers.ROOT, 'benchmarks'))
import family  # noqa: E402
import flops  # noqa: E402


def vgg16_weights(fc):
    """Return zeros in the shapes of VGG16's weights; they take no memory."""
    return {name: (np.broadcast_to(np.float32(0), shape), np.zeros(shape[3]))
            for name, shape in architecture.shapes().items()
            if fc or name not in architecture.FC_NAMES}


def count_trained():
    return network.count_parameters(tf.trainable_variables())


def test_operations_of_a_tiny_network_are_those_worked_out_by_hand():
    with fixtures.fresh_session() as sess:
        picture = tf.placeholder(tf.float32, [None, None, None, 3])
        x = layers.convolve(picture, 5, 'down', stride=2)     # 13 x 7 -> 7 x 4
        upsampling.upsample(x, 2, 2, 'up')
        sess.run(tf.global_variables_initializer())
        # 28 pixels through 3x3x3x5, through 4x4x5x2, and through the 4x4 of
        # what lies inside the picture; two operations each.
        assert flops.flop(sess, picture, (13, 7)) == 2 * 28 * (135 + 160 + 16)
        assert count_trained() == 135 + 5 + 160


def test_vgg16_has_its_published_number_of_parameters():
    with tf.Graph().as_default():
        graph.build(vgg16_weights(fc=True))
        # Simonyan & Zisserman 2015: 138,357,544 with fc8, 4096 * 1000 + 1000.
        assert count_trained() == 138357544 - 4097000


def test_convolutions_of_vgg16_take_56_gflop_at_the_size_of_kitti():
    with fixtures.fresh_session() as sess:
        tensors, _ = graph.build(vgg16_weights(fc=False))
        sess.run(tf.global_variables_initializer())
        # Multiplications a pixel of the picture in the five blocks. With
        # fc6 and fc7 at 18 x 5 places they make 78 GFLOP.
        assert flops.flop(sess, tensors['image_input'], (576, 160)) == 2 * (
            38592 + 55296 + 92160 + 92160 + 27648) * 576 * 160


@pytest.mark.parametrize('name', fixtures.each_model())
def test_operations_of_every_model_grow_with_the_picture(name, tmp_path):
    vgg_dir = fixtures.make_vgg(tmp_path)
    with fixtures.fresh_session() as sess:
        net = fixtures.build_model(sess, name, vgg_dir)
        network.initialize_rest(sess)
        small, large = (flops.flop(sess, net.image_input, size)
                        for size in ((128, 64), (256, 128)))
    assert large == pytest.approx(4 * small, rel=.02) and small > 1e5


@pytest.mark.slow
def test_two_models_make_a_table(tmp_path):
    helpers.data_dir()
    done = helpers.run_program(
        'benchmarks/family.py', '--data-source', 'tiny', '--data-dir',
        helpers.data_dir(), '--vgg-dir', fixtures.make_vgg(tmp_path),
        '--models', 'fcn32s', 'fcn-lite', '--epochs', '1', '--seconds', '.1',
        '--output-dir', str(tmp_path / 'family'),
        '--json', str(tmp_path / 'new' / 'family.json'))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()[-5:]
    assert lines[0].startswith('| model | parameters (M) | GFLOP | rate |')
    assert [line.split(' | ')[0] for line in lines[2:4]] == [
        '| fcn32s', '| fcn-lite']
    # Void is the last 3 of 45 rows.
    assert lines[4] == '[i] 93.3% of the pixels are labelled'
    with open(str(tmp_path / 'new' / 'family.json')) as file:
        rows = json.load(file)['models']
    assert [row['learning_rate'] for row in rows] == [1e-4, 1e-3]
    for row in rows:
        assert row['training_per_second'] > 0 < row['inference_per_second']
        assert row['accuracy_with_void'] == pytest.approx(
            row['pixel_accuracy'] * 42 / 45)


def test_a_second_call_goes_on_with_the_same_options(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(family, 'run_program',
                        lambda *arguments: calls.append(arguments))
    options = family.parse_options(['--data-source', 'demo', '--image-size',
                                    '96x64'])
    family.train(family.choose(options, 'unet'), str(tmp_path))
    (tmp_path / 'state.json').write_text('{}')
    family.train(family.choose(options, 'unet'), str(tmp_path))
    assert calls[0][:3] == ('train.py', '--name', str(tmp_path))
    given = dict(zip(calls[0][3::2], calls[0][4::2]))
    assert given['--model'] == 'unet'
    assert given['--image-size'] == '96x64'
    assert given['--learning-rate'] == 1e-3
    assert '--resume' not in calls[0]
    assert calls[1] == calls[0] + ('--resume',)


def test_a_recipe_goes_to_each_model_as_far_as_it_applies():
    lunch = recipes.RECIPES['lunch']
    command = ['--data-source', 'demo', '--recipe', 'lunch', '--epochs', '3']
    with_backbone, without = (
        family.choose(family.parse_options(command), model)
        for model in ('fcn8s', 'unet'))
    assert set(lunch) < set(with_backbone)
    assert with_backbone['model'] == 'fcn8s' and with_backbone['epochs'] == 3
    assert with_backbone['freeze_encoder'] == lunch['freeze_encoder']
    assert set(with_backbone) - set(without) == {'freeze_encoder',
                                                 'backbone_rate'}
    assert without['batch_size'] == lunch['batch_size']
    # Every model takes what is left for it.
    for model in models.MODELS:
        chosen = family.choose(family.parse_options(command), model)
        models.check(train.parse_options([
            f'{option_types.flag(name)}={value}'
            for name, value in chosen.items()]))


def test_the_json_is_the_table_before_it_is_rounded(tmp_path, monkeypatch):
    def run_program(name, *arguments):
        if name == 'train.py':
            os.mkdir(arguments[1])
            path = os.path.join(arguments[1], 'log.jsonl')
            text = '{"epoch": 1, "images_per_second": 4}'
        else:       # one pixel right of two, and two that are ignored
            path = arguments[3]
            text = '{"matrix": [[1, 1], [0, 0]], "ignored_pixels": 2}'
        with open(path, 'w') as file:
            file.write(f'{text}\n')

    monkeypatch.setattr(family, 'run_program', run_program)
    monkeypatch.setattr(family.signal, 'signal', lambda *_: None)
    monkeypatch.setattr(family, 'measure_costs', lambda *_: {
        'parameters': 1234567, 'flop': 5e9, 'inference_per_second': 7.125})
    path = tmp_path / 'new' / 'family.json'
    family.main(['--data-source', 'demo', '--image-size', '96x64', '--models',
                 'unet', '--output-dir', str(tmp_path / 'runs'), '--json',
                 str(path)])
    written = json.loads(path.read_text(), parse_constant=pytest.fail)
    chosen = written['models'][0].pop('options')
    assert (chosen['epochs'], chosen['batch_size']) == (10, 4)
    assert written['models'] == [{
        'model': 'unet', 'learning_rate': 1e-3, 'training_per_second': 4,
        'pixel_accuracy': .5, 'accuracy_with_void': .25, 'labelled': .5,
        # Class 0 is 1 of 2, and nothing of class 1 is right.
        'miou': .25, 'parameters': 1234567, 'flop': 5e9,
        'inference_per_second': 7.125}]
    assert written['options']['image_size'] == [96, 64]


def test_speed_is_the_median_of_all_epochs_but_the_first(tmp_path):
    (tmp_path / 'log.jsonl').write_text(''.join(
        f'{{"epoch": {epoch}, "images_per_second": {speed}}}\n'
        for epoch, speed in ((1, 1), (2, 7), (3, 9), (4, 8))))
    assert family.training_speed(str(tmp_path)) == 8


def test_a_program_that_fails_is_named():
    with pytest.raises(ValueError, match='nowhere: evaluate.py ended with '
                                         'status 1'):
        family.scores('nowhere', 'scores.json')
