"""Search for the options of train.py that score best, by Optuna.

    python search.py --study runs/search --space frozen --trials 40 -- \\
        --data-source camvid --data-dir CamVid --hold-out 0006R0 \\
        --model fcn-pools --freeze-encoder --epochs 8
    python search.py --study runs/search --show
    python train.py --recipe runs/search/best.json --name runs/best

What follows -- is the command line of train.py in all trials. The same command
goes on with a study, also from several terminals at once.
"""
import importlib.util
import os
import sys

import recipes
import train_options
import utils
from segmentation import option_types
from segmentation.errors import InputError, MissingModuleError
from segmentation.terminal import command_line
from segmentation.trained import saved_options

SPACES = {
    'frozen': {     # of a head on a frozen encoder
        'learning_rate': {'low': 3e-4, 'high': 1e-2, 'log': True},
        'keep_prob': {'low': .5, 'high': 1, 'step': .1},
        'l2': {'low': 1e-7, 'high': 1e-3, 'log': True},
        'class_weights': ['none', 'sqrt-median', 'median'],
        'head_width': [64, 128, 256],
        'batch_size': [4, 8, 16]},
}
# Options of train.py in which two calls of one search may differ: those that a
# resumed run may change, but for what changes its score.
CHANGEABLE = set(train_options.CHANGEABLE) - {
    'epochs', 'patience', 'processes', 'accumulate', 'teacher', 'unlabelled',
    'validation_interval'}


def make_parser():
    """Return the parser of what stands before --."""
    count = option_types.positive(int)
    parser = command_line.Parser(
        usage='search.py --study DIR [options] -- [options of train.py]',
        description='Search for the options of train.py that score best on '
                    'validation.')
    parser.add_argument('--study', type=option_types.path, required=True,
                        metavar='DIR',
                        help='folder of the search: its trials and their '
                             'runs; what is there is gone on with')
    parser.add_argument('--space', type=option_types.path, metavar='SPACE',
                        help='what is searched: a JSON file of {option: '
                             '{"low": .., "high": .., "log": true} or a list '
                             f'of choices}}, or {", ".join(SPACES)}')
    parser.add_argument('--trials', type=count, default=20, metavar='N',
                        help='number of trials in all, those before included '
                             '(default: %(default)s)')
    parser.add_argument('--keep', type=count, metavar='N',
                        help='remove the runs of all but the best N trials')
    parser.add_argument('--full-trials', type=count, default=5, metavar='N',
                        help='train N trials to their end before any is '
                             'pruned (default: %(default)s)')
    parser.add_argument('--min-epochs', type=count, default=1, metavar='N',
                        help='prune no trial before its epoch N (default: '
                             '%(default)s)')
    parser.add_argument('--seed', type=option_types.seed, default=0,
                        help='random seed of what is tried; that of train.py '
                             'follows -- (default: %(default)s)')
    parser.add_argument('--show', action='store_true',
                        help='show the trials so far, and train none')
    return parser


def parse_options(argv=None):
    """Return the options of the search, and the arguments of train.py."""
    argv = sys.argv[1:] if argv is None else argv
    end = argv.index('--') if '--' in argv else len(argv)
    return make_parser().parse_args(argv[:end]), argv[end + 1:]


def main(argv=None):
    options, arguments = parse_options(argv)
    if importlib.util.find_spec('optuna') is None:
        raise MissingModuleError(
            'search.py needs the package optuna, which is not installed: '
            'pip install -r requirements-search.txt')
    # Optuna takes a second to load: only once the options are right.
    from segmentation.search import storage, study
    with storage.errors(options.study):
        if options.show:
            if not storage.exists(options.study):
                raise FileNotFoundError(f'no study in {options.study}')
            show(study.Study(options.study))
            return 0
        return search(options, arguments)


def search(options, arguments):
    """Begin a study or go on with it; return the exit status."""
    from segmentation.search import loop, space, storage, study
    folder, settings = options.study, {}
    if storage.exists(folder):
        settings = study.Study(folder).settings
    else:
        study.check_new(folder)
    command = read_command(arguments or settings.get('arguments', []))
    if options.space:
        wanted = space.read(options.space, SPACES)
    elif settings:
        wanted = settings['space']
    else:
        make_parser().error('--space is missing: a JSON file, or '
                            f'{", ".join(SPACES)}')
    distributions = space.distributions_of(
        wanted, command, f'space {options.space or folder}')
    fixed = command.fixed(CHANGEABLE)
    if settings:
        check_same(folder, settings, wanted, fixed)
    trials = study.Study(folder, options.seed, options.full_trials,
                         options.min_epochs)
    trials.save({'arguments': command.arguments, 'space': wanted,
                 'fixed': fixed})
    status = loop.search(
        trials, [sys.executable, os.path.join(utils.HOME, 'train.py')],
        command, wanted, distributions, options.trials, options.keep)
    show(trials)
    return status


def read_command(arguments):
    """Return the Command of all trials; end where train.py would."""
    from segmentation.search import command
    parser = train_options.make_parser(prog='train.py')
    recipe = parser.parse_args(arguments).recipe
    shared = command.Command(
        train_options.make_parser, saved_options.recipe_arguments(
            train_options.make_parser, recipe, recipes.RECIPES)
        if recipe else [], arguments)
    if not shared.options['data_source']:
        parser.error('--data-source is missing: after --, search.py takes '
                     'the options of train.py that all trials share')
    return shared


def check_same(folder, settings, space, fixed):
    """Raise InputError where trials could not be compared with earlier ones.
    """
    if space != settings['space']:
        raise InputError(f'{folder} searches another space: --study starts '
                         'another search')
    for name, value in settings['fixed'].items():
        if fixed.get(name) != value:
            raise InputError(
                f'{option_types.flag(name)} is {value} in {folder}, '
                f'{fixed.get(name)} here: --study starts another search')


def show(trials):
    """Print the trials of a study, best first."""
    from segmentation.search import ranking
    found = trials.trials
    print(ranking.table(found, trials.settings.get('space', ())))
    for line in ranking.failures(found):
        print(f'[i] {line}')
    shares = ranking.importance(trials.load())
    if shares:
        print('[i] importance:', ', '.join(
            f'{name} {share:.0%}' for name, share in shares.items()))
    ranked = trials.ranked()
    if ranked:
        print(f'[i] best options, those of trial {ranked[0].number}: train.py '
              f'--recipe {trials.path("best.json")}')


if __name__ == '__main__':
    utils.run(main)
