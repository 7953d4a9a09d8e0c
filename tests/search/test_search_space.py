"""Spaces: JSON -> distributions of Optuna, and back to train.py's options."""
import json

import pytest

import recipes
import search
import train_options
from segmentation.errors import InputError
from segmentation.trained import saved_options

pytest.importorskip('optuna')
from optuna import distributions  # noqa: E402

from segmentation.search import command, space  # noqa: E402


def command_of(*arguments):
    recipe = saved_options.recipe_arguments(
        train_options.make_parser, 'coffee', recipes.RECIPES)
    return command.Command(train_options.make_parser,
                           recipe if '--recipe' in arguments else [],
                           ['--data-source', 'demo', *arguments])


def distribution(name, domain, *arguments):
    return space.distributions_of({name: domain}, command_of(*arguments),
                                  'space s')[name]


@pytest.mark.parametrize('name, domain, wanted', [
    ('learning_rate', {'low': 1e-4, 'high': .01, 'log': True},
     distributions.FloatDistribution(1e-4, .01, log=True)),
    ('l2', {'low': 0, 'high': 1}, distributions.FloatDistribution(0, 1)),
    ('keep_prob', {'low': .5, 'high': 1, 'step': .25},
     distributions.FloatDistribution(.5, 1, step=.25)),
    ('batch_size', {'low': 2, 'high': 8, 'step': 2},
     distributions.IntDistribution(2, 8, step=2)),
    ('class_weights', ['none', 'median'],
     distributions.CategoricalDistribution(['none', 'median'])),
    ('patience', [None, 3], distributions.CategoricalDistribution([None, 3])),
    ('skip_scales', [[1, 1], [.5, .1]],
     distributions.CategoricalDistribution(['[1, 1]', '[0.5, 0.1]']))])
def test_distribution_of_a_domain(name, domain, wanted):
    assert distribution(name, domain) == wanted


@pytest.mark.parametrize('name, domain, message', [
    ('learning-rate', [1], "'learning-rate' is no option of a recipe: did you "
     "mean 'learning_rate'?"),
    ('name', ['a'], "'name' is no option"),
    ('epochs', [], 'epochs is []: {"low": .., "high": ..} or a list'),
    ('epochs', 3, 'epochs is 3: {"low": .., "high": ..} or a list'),
    ('epochs', {'low': 1}, 'epochs lacks high'),
    ('epochs', {'low': 1, 'high': '3'}, "epochs.high is '3': float is wanted"),
    ('epochs', {'low': 1, 'high': 3, 'logs': True}, "a range has no 'logs'"),
    ('epochs', {'low': 0, 'high': 3}, '--epochs: 0: a number above 0'),
    ('epochs', {'low': 1, 'high': 2.5}, "--epochs: invalid int value: '1.0'"),
    ('keep_prob', {'low': .5, 'high': 1.5}, '--keep-prob: 1.5: a share'),
    ('l2', {'low': 2, 'high': 1}, ' `low'),
    ('l2', {'low': 0, 'high': 1, 'log': True}, ' `low'),
    ('model', ['unet', 'fcn9s'], '--model: invalid choice'),
    ('augment', [True, 'no'], '--augment: invalid choice'),
    ('freeze_encoder', [True, False],
     'freeze_encoder: false does not apply: it is "pool4" in all trials'),
    ('xla', [True], 'xla is given to all trials')])
def test_what_is_no_space_is_told(name, domain, message):
    with pytest.raises(InputError) as refused:
        distribution(name, domain, '--recipe', 'coffee', '--xla')
    assert str(refused.value).startswith('space s: ')
    assert message in str(refused.value)


@pytest.mark.parametrize('name', search.SPACES)
def test_own_spaces_are_sound(name):
    shared = command_of('--recipe', 'coffee')
    assert space.distributions_of(space.read(name, search.SPACES), shared, '')


def test_unknown_space_is_told_with_those_that_there_are(tmp_path):
    with pytest.raises(InputError, match='--space no: one of frozen or a'):
        space.read('no', search.SPACES)


def test_lists_come_back_from_optuna():
    domains = {'skip_scales': [[1, 1], [.5, .1]], 'model': ['unet', '[1, 1]'],
               'l2': {'low': 0, 'high': 1}}
    assert space.values(domains, {'skip_scales': '[0.5, 0.1]', 'l2': .5,
                                  'model': '[1, 1]'}) == {
        'skip_scales': [.5, .1], 'l2': .5, 'model': '[1, 1]'}


def test_command_knows_what_is_given_to_all():
    shared = command_of('--recipe', 'coffee', '--epochs', '40',
                        '--image-size', '64x32', '--hold-out', '^a')
    assert shared.given == {'data_source', 'recipe', 'epochs', 'image_size',
                            'hold_out'}
    options = shared.parse({'learning_rate': .25, 'skip_scales': [2, 3]})
    assert (options['learning_rate'], options['skip_scales'],
            options['epochs'], options['model']) == (
        .25, [2, 3], 40, 'fcn-pools')
    # 40 epochs of poly are the default; a drive is held out of no recipe.
    assert json.loads(json.dumps(shared.best({'learning_rate': .25}))) == dict(
        {key: value for key, value in recipes.RECIPES['coffee'].items()
         if key not in ('epochs', 'schedule')}, learning_rate=.25,
        data_source='demo', image_size=[64, 32])


@pytest.mark.parametrize('arguments, values, wanted', [
    (['--patience', '5'], {}, None),
    (['--patience', '5', '--schedule', 'poly'], {}, 'poly'),
    (['--patience', '5', '--recipe', 'coffee'], {}, 'poly'),
    (['--patience', '5'], {'schedule': 'poly'}, 'poly')])
def test_best_options_tell_a_schedule_that_patience_would_change(
        arguments, values, wanted):
    assert command_of(*arguments).best(values).get('schedule') == wanted


@pytest.mark.parametrize('option', ['--name=a', '--resume', '--delete-cache'])
def test_what_is_no_option_of_all_trials_is_told(option):
    with pytest.raises(InputError, match='is not for all trials'):
        command_of(option)
