"""The study of a search: a folder that processes share, with Optuna's storage.

    study.db        what Optuna knows: the trials, their options and scores
    trial-0007/     the run of a trial
    trial-0007.txt  what train.py printed meanwhile
    best.json       options of the best trial, a recipe of train.py
    *.lock          whose process changes the study, or has a trial

A trial whose process is gone was cut off: Optuna gets it as failed, without an
error, and the same options are waiting for the next process, which takes its
run over.
"""
import contextlib
import os
import shutil
import time
import warnings

import optuna
from optuna.trial import TrialState

from segmentation import files, locks
from segmentation.search import space as spaces
from segmentation.search import storage
from segmentation.trained import run_dir

BUSY = 'another process holds it'
INTERVAL = .1           # seconds between two looks at a lock
SUCCESS = TrialState.COMPLETE, TrialState.PRUNED
OVER = SUCCESS + (TrialState.FAIL,)


def check_new(folder):
    """Raise FileExistsError where a study cannot be begun."""
    if os.path.exists(folder) and (not os.path.isdir(folder)
                                   or os.listdir(folder)):
        raise FileExistsError(f'{folder} exists already and holds no study: '
                              '--study starts another')


def has_run(directory):
    """Return whether there is a run to go on with."""
    return os.path.isfile(run_dir.path(directory, 'state.json'))


def is_cut(trial):
    """Return whether a trial was cut off."""
    return trial.state == TrialState.FAIL and 'error' not in trial.user_attrs


class Study:
    """A study, which is begun where the folder has none.

    Parameters
    ----------
    folder : str
    seed : int, optional
        Of what Optuna proposes.
    full_trials : int, optional
        How many trials are trained to their end before any is pruned.
    min_epochs : int, optional
        After which epoch a trial may be pruned.
    """

    def __init__(self, folder, seed=0, full_trials=5, min_epochs=1):
        self.folder = folder
        self.seed = seed
        self.pruner = optuna.pruners.MedianPruner(full_trials, min_epochs)
        os.makedirs(folder, exist_ok=True)
        with self.locked():
            self.storage = storage.create(folder)

    def path(self, *names):
        """Return the path of a file of the study."""
        return os.path.join(self.folder, *names)

    def directory(self, number):
        """Return the directory of the run of a trial."""
        return self.path(f'trial-{number:04d}')

    def output(self, number):
        """Return the file of what train.py prints."""
        return f'{self.directory(number)}.txt'

    @contextlib.contextmanager
    def locked(self, what='study', note=None):
        """Hold a lock of the study, once other processes let it go.

        A note is printed where that is not at once.
        """
        with contextlib.ExitStack() as stack:
            while not hold(stack, self.path(f'{what}.lock')):
                if note:
                    print(note, flush=True)
                    note = None
                time.sleep(INTERVAL)
            yield

    def load(self, number=0):
        """Return the study of Optuna, to propose a trial of that number."""
        with warnings.catch_warnings():
            warnings.simplefilter(
                'ignore', optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(
                seed=(self.seed + number) % (1 << 32), constant_liar=True)
        return optuna.load_study(study_name=storage.NAME, storage=self.storage,
                                 sampler=sampler, pruner=self.pruner)

    @property
    def trials(self):
        """Return the trials, as Optuna has them."""
        return self.load().get_trials(deepcopy=False)

    @property
    def settings(self):
        """Return what was saved of the search; {} at first."""
        return self.load().user_attrs.get('settings', {})

    def save(self, settings):
        """Save settings, which JSON can hold."""
        self.load().set_user_attr('settings', settings)

    @contextlib.contextmanager
    def next(self, count, distributions):
        """Yield a trial to train, which this process holds meanwhile.

        Parameters
        ----------
        count : int
            How many trials there are in all.
        distributions : {option: distribution}

        Yields
        ------
        optuna.trial.Trial or None
            None where the others have been taken.
        """
        with contextlib.ExitStack() as stack:
            with self.locked():
                self.find_cut()
                trials = self.trials
                taken = [trial for trial in trials if not (
                    is_cut(trial) or trial.state == TrialState.WAITING)]
                trial = None
                if len(taken) < count:
                    study = self.load(len(trials))
                    trial = study.ask(distributions)
                    if not hold(stack, f'{self.directory(trial.number)}.lock'):
                        raise BlockingIOError(
                            f'{self.directory(trial.number)}.lock: {BUSY}')
                    self.make_room(study, trial)
            yield trial

    def find_cut(self):
        """Let the trials go on whose process is gone."""
        for trial in self.trials:
            directory = self.directory(trial.number)
            if trial.state == TrialState.RUNNING and not (
                    is_held(f'{directory}.lock')
                    or os.path.isdir(directory)     # train.py may be there
                    and is_held(os.path.join(directory, locks.LOCK))):
                self.cut(trial)

    def cut(self, trial):
        """Note that a trial was cut off; its options wait to go on."""
        attributes = trial.user_attrs
        before = (trial.number if 'directory' in attributes
                  else attributes.get('goes_on'))
        study = self.load()
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params, user_attrs={'goes_on': before})

    def make_room(self, study, trial):
        """See that a trial has its directory, with the run it goes on from.
        """
        directory = self.directory(trial.number)
        if os.path.lexists(directory):
            error = f'{directory} exists already, and is no run of the study'
            trial.set_user_attr('error', error)
            study.tell(trial, state=TrialState.FAIL)
            raise FileExistsError(error)
        trial.set_user_attr('directory', True)
        before = trial.user_attrs.get('goes_on')
        if before is not None:
            for place in (self.directory, self.output):
                with contextlib.suppress(FileNotFoundError):
                    os.rename(place(before), place(trial.number))
        if not has_run(directory):
            shutil.rmtree(directory, ignore_errors=True)

    def tell(self, trial, miou=None, state=None, error=None):
        """Give Optuna the end of a trial; without a state it is complete."""
        with self.locked():
            if error:
                trial.set_user_attr('error', error)
            self.load().tell(trial, miou, state=state)

    def give_back(self, trial):
        """Let the next process go on with a trial that was interrupted."""
        with self.locked():
            self.cut(trial)

    def has_success(self):
        """Return whether any trial has scored."""
        return any(trial.state in SUCCESS for trial in self.trials)

    def ranked(self):
        """Return the complete trials, best first."""
        return sorted((trial for trial in self.trials
                       if trial.state == TrialState.COMPLETE),
                      key=lambda trial: (-trial.value, trial.number))

    def tidy(self, command, space, keep=None):
        """Write the best options; remove runs but those of the best trials.

        Parameters
        ----------
        command : command.Command
        space : {option: domain}
        keep : int, optional
            How many runs stay; all of them by default, and always those that
            are under way or were cut off.
        """
        with self.locked():
            ranked = self.ranked()
            if ranked:
                files.write_json(self.path('best.json'), command.best(
                    spaces.values(space, ranked[0].params)))
            if keep is None:
                return
            stay = {trial.number for trial in ranked[:keep]}
            for trial in self.trials:
                if (trial.state in OVER and not is_cut(trial)
                        and 'directory' in trial.user_attrs
                        and trial.number not in stay):
                    directory = self.directory(trial.number)
                    if os.path.isdir(directory):
                        shutil.rmtree(directory)


def hold(stack, path):
    """Let a stack hold a lock; return whether it is free."""
    try:
        stack.enter_context(locks.hold(path, BUSY))
    except OSError as error:
        if error.errno is not None:     # it is no matter of locks
            raise
        return False
    return True


def is_held(path):
    """Return whether a process holds a lock."""
    with contextlib.ExitStack() as stack:
        return not hold(stack, path)
