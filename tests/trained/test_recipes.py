"""Recipes: named sets of options of train.py, and files of them."""
import json
import os

import helpers
import pytest

import recipes
import train
from segmentation.errors import InputError


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def parse(*arguments):
    return train.parse_options(['--data-source', 'demo', *arguments])


def write(**options):
    with open('own.json', 'w') as file:
        json.dump(options, file)


@pytest.mark.parametrize('name', recipes.RECIPES)
def test_recipe_sets_its_options_and_no_others(name):
    plain, options = vars(parse()), vars(parse('--recipe', name))
    recipe = dict(recipes.RECIPES[name], recipe=name)
    assert {key: options[key] for key in recipe} == recipe
    assert ({key: value for key, value in options.items()
             if key not in recipe}
            == {key: value for key, value in plain.items()
                if key not in recipe})


def test_command_line_replaces_what_a_recipe_says():
    options = parse('--epochs', '3', '--recipe', 'coffee')
    assert options.epochs == 3
    assert options.model == recipes.RECIPES['coffee']['model']


def test_a_recipe_says_what_is_the_default_too():
    # Without a recipe --patience has a constant learning rate by default.
    assert parse('--patience', '3').schedule == 'constant'
    options = parse('--patience', '3', '--recipe', 'coffee')
    assert options.schedule == recipes.RECIPES['coffee']['schedule'] == 'poly'


def test_file_of_options_is_a_recipe():
    write(epochs=3, image_size=[64, 32], augment=True, crop_size=[32, 64])
    options = parse('--recipe', 'own.json')
    assert (options.epochs, options.image_size, options.augment,
            options.crop_size) == (3, (64, 32), 'light', (32, 64))


@pytest.mark.parametrize('options, message', [
    ({'epoch': 3}, "'epoch' is no option of a recipe: did you mean "
     "'epochs'?"),
    ({'resume': True}, "'resume' is no option of a recipe"),
    ({'epochs': 'many'}, "argument --epochs: invalid"),
    ({'epochs': {}}, 'epochs is {}'),
    ({'model': 'fcn9s'}, 'argument --model: invalid choice')])
def test_what_is_no_recipe_is_told(options, message):
    write(**options)
    with pytest.raises(InputError) as refused:
        parse('--recipe', 'own.json')
    assert str(refused.value).startswith('recipe own.json: ')
    assert message in str(refused.value)


def test_unknown_recipe_is_told_with_those_that_there_are():
    with pytest.raises(InputError, match='--recipe tea: one of coffee'):
        parse('--recipe', 'tea')


@pytest.mark.slow
def test_run_says_and_keeps_its_recipe_and_is_one_for_the_next(tmp_path):
    write(model='fcn-lite', epochs=1, image_size=[64, 32], batch_size=9)
    own, first = str(tmp_path / 'own.json'), str(tmp_path / 'first')
    done = helpers.run_program(
        'train.py', '--data-source', 'tiny', '--data-dir', helpers.data_dir(),
        '--name', first, '--config', own, '--seed', '4')
    assert done.returncode == 0, done.stderr
    assert (f'[i] recipe {own}: --image-size=64x32 --model=fcn-lite '
            '--epochs=1 --batch-size=9\n') in done.stdout
    path = os.path.join(first, 'options.json')
    with open(path) as file:
        saved = json.load(file)['options']
    assert (saved['recipe'], saved['epochs'], saved['seed']) == (own, 1, 4)
    again = train.parse_options(['--config', path, '--name', 'second'])
    assert vars(again) == dict(saved, recipe=path, name='second',
                               image_size=(64, 32))
