"""The options of the loss and of the steps, as train.py takes them."""
import os

import helpers
import numpy as np
import pytest
import saved_runs

import train
import utils
from segmentation.trained import run_dir
from segmentation.training.optimization import method

# 9 pictures: five batches of two, and three steps of two batches.
ALL = ('--hard-pixels', '.5', '--label-smoothing', '.1', '--weight-decay',
       '.01', '--clip', '.5', '--ema', '.8')
SMALL = ('--batch-size', '2', '--accumulate', '2')
STEPS = 3


def run(name, *arguments, model='fcn-lite'):
    """Run train.py's main in this process; return its exit status."""
    arguments = ['--data-source', 'tiny', '--data-dir', helpers.data_dir(),
                 '--name', name, '--model', model, '--learning-rate', '.002',
                 '--keep-prob', '1', '--workers', '2', *arguments]
    return status(arguments)


def status(arguments):
    with pytest.raises(SystemExit) as stopped:
        utils.run(lambda: train.main(arguments))
    return stopped.value.code or 0


def assert_equal(name, other, *keys):
    """Compare the logs of two runs; return the first one."""
    logs = [saved_runs.read_log(run_name) for run_name in (name, other)]
    assert len(logs[0]) == len(logs[1])
    for one, two in zip(*logs):
        for key in ('train_loss', 'first_batch_loss', 'learning_rate') + keys:
            assert one[key] == pytest.approx(two[key], abs=1e-5), key
    return logs[0]


@pytest.mark.slow
def test_a_run_with_all_of_them_resumes_and_saves_averages(place):
    """Two epochs and two more are four at once, and averages are used."""
    options = ALL + SMALL + ('--lovasz', '.2', '--schedule', 'constant')
    assert run('four', *options, '--epochs', '4') == 0
    assert run('twice', *options, '--epochs', '2') == 0
    assert status(['--resume', '--name', 'twice', '--epochs', '4']) == 0
    log = assert_equal('four', 'twice', 'valid_loss', 'miou')
    # Were the loss the same all along, this would say nothing.
    assert abs(log[3]['train_loss'] - log[0]['train_loss']) > .01
    last, resume = [saved_runs.variables('twice', kind)
                    for kind in ('last', 'resume')]
    names = [name for name in last if name != 'global_step']
    assert last['global_step'] == 4 * 5     # batches
    assert resume['averages/steps'] == 4 * STEPS
    for name in names:
        np.testing.assert_array_equal(last[name], resume[f'averages/{name}'])
    assert any((last[name] != resume[name]).any() for name in names)
    assert set(resume) == set(last) | {
        'training/beta1_power', 'training/beta2_power', 'averages/steps',
        *(f'averages/{name}' for name in names),
        *(f'{name}/{slot}' for name in names for slot in ('Adam', 'Adam_1'))}
    saved = run_dir.read_options('twice')['options']
    assert method.Method(*(saved[name] for name in method.Method._fields)) == (
        method.Method(.2, .5, .1, 2, .5, .01, 1, .8))


@pytest.mark.slow
def test_accumulated_batches_train_as_large_ones(place):
    """And a resumed run may divide its batches otherwise."""
    more = ALL + ('--epochs', '2', '--class-weights', 'sqrt-median', '--l2',
                  '.001', '--learning-rate', '2e-4')
    assert run('large', '--batch-size', '4', *more) == 0
    assert run('small', *SMALL, *more) == 0
    assert_equal('large', 'small')
    options = train.parse_options(['--resume', '--name', 'small',
                                   '--accumulate', '4'])
    assert options.accumulate == 4


@pytest.mark.parametrize('arguments, model, message', [
    (('--lovasz', '.2', '--soft-labels'), 'fcn-lite',
     '--lovasz takes one class a pixel: it does not go with --soft-labels'),
    (('--backbone-rate', '.1'), 'fcn-lite',
     'fcn-lite has no VGG16: --backbone-rate does not apply'),
    (('--backbone-rate', '.1', '--freeze-encoder'), 'fcn-pools',
     '--freeze-encoder does not train VGG16: --backbone-rate does not '
     'apply')])
def test_contradictions_are_one_line(place, capsys, arguments, model,
                                     message):
    assert run('new', *arguments, model=model) == 1
    assert capsys.readouterr().err == f'[!] {message}\n'
    assert not os.path.exists('new')


@pytest.mark.parametrize('arguments, message', [
    (('--lovasz', '1'), 'argument --lovasz: 1: a share of 0 or more, below 1'),
    (('--hard-pixels', '0'), 'argument --hard-pixels: 0: a share above 0'),
    (('--label-smoothing', '-.1'), 'argument --label-smoothing: -.1: '),
    (('--label-smoothing', 'nan'), 'argument --label-smoothing: nan: '),
    (('--ema', '1'), 'argument --ema: 1: '),
    (('--clip', 'inf'), 'argument --clip: inf: a number of 0 or more'),
    (('--accumulate', '0'), 'argument --accumulate: 0: a number above 0'),
    (('--weight-decay', '-1'), 'argument --weight-decay: -1: '),
    (('--backbone-rate', '0'), 'argument --backbone-rate: 0: ')])
def test_what_is_out_of_range_is_a_usage_error(place, capsys, arguments,
                                               message):
    assert run('new', *arguments) == 2
    assert message in capsys.readouterr().err


def test_sanity_overfits_by_the_cross_entropy_alone():
    """Its verdicts are on that: smoothed labels have a loss that stays."""
    asked = method.Method(.2, .5, .1, 4, 1, .01, .1, .9)
    assert asked.of_single_steps() == method.Method(
        clip=1, weight_decay=.01, backbone_rate=.1)
