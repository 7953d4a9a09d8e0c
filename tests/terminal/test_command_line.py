"""Command lines: what is meant by an option that does not exist."""
import importlib

import helpers
import pytest

from segmentation.terminal import command_line


def make():
    parser = command_line.Parser(prog='toy.py')
    parser.add_argument('--data-source', required=True)
    parser.add_argument('--learning-rate', type=float)
    parser.add_argument('--checkpoint-interval', type=int)
    parser.add_argument('--init-from')
    return parser


def error_of(capsys, parser, *arguments):
    """Return the lines of a usage error."""
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(list(arguments))
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert not out
    return err.splitlines()


@pytest.mark.parametrize('arguments, where', [
    (['--data-source', ''], 'argument --data-source'),
    (['--data-source='], 'argument --data-source'),
    (['--data-source', 'kitti', ''], 'an argument')])
def test_an_empty_value_is_a_usage_error(capsys, arguments, where):
    first, _ = error_of(capsys, make(), *arguments)
    assert first == f'toy.py: error: {where} is empty: a value is wanted'


@pytest.mark.parametrize('program, option', [
    ('train', '--name'), ('train', '--class-weights'), ('infer', '--name'),
    ('infer', '--samples-dir'), ('evaluate', '--json'),
    ('evaluate', '--report'), ('check_source', '--output-dir'),
    ('export', '--data-dir'), ('vgg16', '--url'), ('upsample', '--factor')])
def test_every_program_refuses_an_empty_value(capsys, program, option):
    with pytest.raises(SystemExit) as stopped:
        importlib.import_module(program).parse_options([option, ''])
    assert stopped.value.code == 2
    assert f'{option} is empty' in capsys.readouterr().err


@pytest.mark.parametrize('typed, said', [
    ('--lr', 'did you mean --learning-rate?'),
    ('--lr=.1', 'did you mean --learning-rate?'),
    ('--dataset', 'did you mean --data-source?'),
    ('--data_source', 'did you mean --data-source?'),
    ('--Lerning-rate', 'did you mean --learning-rate?'),
    ('--num-classes', 'the data source defines the classes'),
    ('--qqq', 'there is no such option'),
    # argparse would take it for --checkpoint-interval
    ('--checkpoint', 'did you mean --init-from?')])
def test_an_unknown_option_is_named_before_a_missing_one(capsys, typed, said):
    first, second = error_of(capsys, make(), typed, '1')
    assert first == f'toy.py: error: {typed.partition("=")[0]}: {said}'
    assert second == 'toy.py --help explains the options'


def test_other_errors_are_two_lines_as_well(capsys):
    first, _ = error_of(capsys, make())
    assert first.endswith('are required: --data-source')
    first, _ = error_of(capsys, make(), '--data-source', 'a',
                        '--learning-rate', 'b')
    assert first == ("toy.py: error: argument --learning-rate: invalid float "
                     "value: 'b'")


def test_abbreviations_and_values_are_as_in_argparse():
    options = make().parse_args(['--data', 'a', '--init-from=--lr',
                                 '--learning', '-1'])
    assert (options.data_source, options.init_from) == ('a', '--lr')
    assert options.learning_rate == -1


def flags_of(program):
    """Return the options that the help of a program has."""
    done = helpers.run_program(program, '--help')
    assert done.returncode == 0, done.stderr
    return {word.rstrip(',') for word in done.stdout.split()
            if word.startswith('--')}


@pytest.mark.parametrize('program, meant', [
    ('train', {'--lr': '--learning-rate', '--epoch': '--epochs',
               '--dataset': '--data-source', '--output': '--name',
               '--weights': '--vgg-dir', '--model-dir': '--name',
               '--gpu': '--device gpu', '--num-workers': '--workers'}),
    ('infer', {'--input': '--samples-dir', '--output': '--output-dir',
               '--weights': '--name', '--model': '--name',
               '--data': '--samples-dir', '--tta': None}),
    ('evaluate', {'--output': '--json', '--dataset': '--data-source',
                  '--tta': '--flip', '--val-split': '--split'}),
    ('export', {'--model': '--name', '--output-dir': '--output'}),
    ('check_source', {'--dataset': '--data-source'})])
def test_common_names_lead_to_options_of_each_program(program, meant):
    flags = flags_of(f'{program}.py')
    for typed, ours in meant.items():
        assert command_line.suggest(typed, flags) == ours


def test_every_name_in_the_table_leads_somewhere():
    flags = set().union(*(flags_of(f'{name}.py') for name in (
        'train', 'infer', 'evaluate', 'export', 'check_source')))
    for name, ours in command_line.ELSEWHERE.items():
        for option in ours:
            assert option.split()[0] in flags, name


def test_training_without_options_shows_an_example():
    done = helpers.run_program('train.py')
    assert (done.returncode, done.stdout) == (2, '')
    first, second = done.stderr.splitlines()
    example = first.partition('for example, ')[2].split()
    train = importlib.import_module('train')
    assert train.parse_options(example[1:]).data_source == 'demo'
    assert second == 'train.py --help explains the options'


@pytest.mark.parametrize('program, groups', [
    ('train.py', ['data', 'model', 'optimization', 'frozen encoder and cache',
                  'run and checkpoints', 'computation']),
    ('infer.py', ['data', 'outputs', 'model', 'inference',
                  'refinement by a fully connected CRF'])])
def test_the_help_is_in_groups(program, groups):
    lines = helpers.run_program(program, '--help').stdout.splitlines()
    titles = [line[:-1] for line in lines
              if line.endswith(':') and not line.startswith(' ')]
    assert [title for title in titles if title in groups] == groups
