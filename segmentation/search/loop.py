"""The front door of the search: trials one after another, until all are done.

    ask Optuna -> train.py -> its epochs to Optuna -> best.json, runs removed

One trial at a time begins: the first computes the features that all share.
"""
import contextlib

from optuna.trial import TrialState

from segmentation import text
from segmentation.errors import InputError
from segmentation.search import runner
from segmentation.search import space as spaces
from segmentation.search.command import words
from segmentation.search.study import has_run

STATES = {runner.PRUNED: TrialState.PRUNED, runner.FAILED: TrialState.FAIL}


def search(study, train, command, space, distributions, count, keep=None):
    """Train trials until the study has `count` of them.

    Parameters
    ----------
    study : study.Study
    train : list of str
        How train.py is run.
    command : command.Command
        What follows, in all trials.
    space : {option: domain}
    distributions : {option: distribution}
    count : int
    keep : int, optional
        How many runs are not removed, those of the best trials.

    Returns
    -------
    int
        The exit status: 0, or 128 and the signal that ended the search.

    Raises
    ------
    InputError
        A trial has failed, and none has scored before.
    """
    while True:
        with contextlib.ExitStack() as stack:
            beginning = stack.enter_context(contextlib.ExitStack())
            beginning.enter_context(study.locked(
                'begin', '[i] another process begins a trial: waiting'))
            trial = stack.enter_context(study.next(count, distributions))
            if trial is None:
                break
            values = spaces.values(space, trial.params)
            resumed = trial.user_attrs.get('goes_on') is not None
            print(f'[i] trial {trial.number}:', *words(values),
                  *['(goes on)'] * resumed, flush=True)
            outcome = run(study, trial, train, command, values,
                          beginning.close)
        study.tidy(command, space, keep)
        print(f'[i] trial {trial.number}: {describe(study, outcome)}',
              flush=True)
        if outcome.signal is not None:
            return 128 + outcome.signal
        if outcome.state == runner.FAILED and not study.has_success():
            raise InputError(outcome.error)
    study.tidy(command, space, keep)
    return 0


def run(study, trial, train, command, values, begun):
    """Train a trial, or go on with its run; return its Outcome.

    Optuna and the study have it by then.
    """
    directory = study.directory(trial.number)
    arguments = [*command.arguments, *words(values), '--name', directory,
                 *['--resume'] * has_run(directory)]
    outcome = runner.train(
        trial, [*train, *arguments], directory, study.output(trial.number),
        command.parse(values)['epochs'], begun)
    if outcome.state == runner.CUT:
        study.give_back(trial)
    else:
        study.tell(trial, outcome.miou, STATES.get(outcome.state),
                   outcome.error)
    return outcome


def describe(study, outcome):
    """Return a line on the end of a trial."""
    if outcome.state == runner.FAILED:
        return f'failed: {outcome.error}'
    if outcome.state == runner.CUT:
        return 'interrupted; the same command goes on with it'
    ranked = study.ranked()
    best = (f'; best {text.percent(ranked[0].value)} % in trial '
            f'{ranked[0].number}' if ranked else '')
    return (f'pruned{best}' if outcome.state == runner.PRUNED else
            f'mIoU {text.percent(outcome.miou)} %{best}')
