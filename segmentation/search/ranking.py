"""The trials of a study as a table, best first, and what matters in them."""
import importlib.util
import warnings

import optuna
from optuna.trial import TrialState

from segmentation import text
from segmentation.search.study import is_cut

ORDER = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING,
         TrialState.FAIL)
NOTES = {TrialState.COMPLETE: '', TrialState.PRUNED: 'pruned',
         TrialState.RUNNING: 'running', TrialState.FAIL: 'failed'}
FEWEST = 5      # complete trials from which importance is estimated


def table(trials, options):
    """Return lines on trials, best first; those that were cut are left out.

    Parameters
    ----------
    trials : list of optuna.trial.FrozenTrial
    options : collection of str
        Those that are searched, a column each.
    """
    shown = [trial for trial in trials
             if trial.state in ORDER and not is_cut(trial)]
    shown.sort(key=lambda trial: (ORDER.index(trial.state), -miou(trial),
                                  trial.number))
    head = ('trial', 'mIoU', 'epochs', 'time', *options, '')
    return text.table(head, [(
        str(trial.number),
        text.percent(miou(trial)) if trial.intermediate_values else '-',
        str(max(trial.intermediate_values, default=0)),
        text.duration(trial.duration.total_seconds()) if trial.duration
        else '-',
        *(brief(trial.params.get(name)) for name in options),
        NOTES[trial.state]) for trial in shown], left=(len(head) - 1,))


def miou(trial):
    """Return the best mIoU of a trial's epochs; -1 without any."""
    return max(trial.intermediate_values.values(), default=-1)


def brief(value):
    """Return a value of an option in a few characters.

    >>> brief(.00123456), brief(True), brief('none'), brief(None)
    ('0.001235', 'true', 'none', 'null')
    """
    words = {None: 'null', True: 'true', False: 'false'}
    if value is None or isinstance(value, bool):
        return words[value]
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def failures(trials):
    """Return a line on each trial that failed."""
    return [f'trial {trial.number} failed: {trial.user_attrs["error"]}'
            for trial in trials
            if trial.state == TrialState.FAIL and not is_cut(trial)]


def importance(study):
    """Return {option: share of the differences that it explains}.

    It is empty without scikit-learn, or with too few trials that differ.
    """
    complete = [trial for trial in study.trials
                if trial.state == TrialState.COMPLETE]
    if (len(complete) < FEWEST
            or importlib.util.find_spec('sklearn') is None):
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            return optuna.importance.get_param_importances(
                study,
                evaluator=optuna.importance.FanovaImportanceEvaluator(seed=0))
    except RuntimeError:        # all trials have the same score
        return {}
