"""The directory of a run while it is trained: begun, written, kept in order.

What is written is on the disk before anything points at it, so that neither
a killed process nor a power cut loses what was there. A directory that
vanishes is noticed at the next write: TensorFlow would make another one.
"""
import json
import os
import re
import shutil

from segmentation import files, locks, schema
from segmentation.errors import InputError
from segmentation.trained import run_dir

# What a run has before its first state.json: there is nothing to resume yet.
BEGUN = re.compile(r'(options\.json|network\.meta|\.lock)$|resume-0\.|\.part-')

# What resuming a run takes of its state.json.
RESUMABLE = {'epoch': int, 'best_miou': (float, None),
             'best_epoch': (int, None), 'resume': str}


def locked(directory):
    """Return the context of the lock of a run, which one process holds."""
    if os.path.isfile(directory):
        raise FileExistsError(f'{directory} is a file: the name of a folder '
                              'is wanted')
    return locks.locked(directory,
                        f'{directory}: another process trains there')


def refuse_existing(directory):
    """Raise FileExistsError if a new run cannot go into `directory`.

    It can where there is nothing, or only what a run has that was ended
    before its first checkpoint.
    """
    if os.path.isfile(run_dir.path(directory, 'state.json')):
        raise FileExistsError(f'{directory} exists already: --resume goes on '
                              'with it, --name starts another')
    if not all(map(BEGUN.match, os.listdir(directory))):
        raise FileExistsError(f'{directory} exists already and holds no run '
                              'to resume: --name starts another')


def check_resumable(directory):
    """Raise OSError or InputError if a run cannot be resumed."""
    read_state(directory)
    run_dir.checkpoint(directory, 'resume')
    run_dir.read_log(directory)


def check_source(directory, source):
    """Raise InputError where a source is not what a run was begun with."""
    run = run_dir.read(directory, 'resume')
    run_dir.check_source(run, source)
    found, wanted = ('x'.join(map(str, size))
                     for size in (source.image_size, run.image_size))
    if found != wanted:
        raise InputError(f'image_size is {found} in the data source, '
                         f'{wanted} in {directory}')


def read_state(directory):
    """Return state.json of a run that has all that resuming it takes."""
    state = run_dir.read_state(directory)
    where = run_dir.path(directory, 'state.json')
    schema.check(state, RESUMABLE, where)
    epoch, best = state['epoch'], (state['best_miou'], state['best_epoch'])
    if epoch < 0 or best.count(None) == 1:
        raise InputError(f'{where}: epoch is {epoch}, best_miou and '
                         f'best_epoch are {best}')
    return state


def remove_leftovers(directory):
    """Remove what a process that was killed left in the directory of a run.

    Returns
    -------
    int
        The number of files: temporary ones, and those of checkpoints that
        state.json does not point at.
    """
    state = {}
    if os.path.isfile(run_dir.path(directory, 'state.json')):
        state = run_dir.read_state(directory)
    return (files.remove_leftovers(directory)
            + remove_other_checkpoints(directory, state))


def remove_other_checkpoints(directory, state):
    """Remove the checkpoints that are not in `state`; return their files."""
    current = {state.get(kind) for kind in run_dir.KINDS}
    others = [name for name in os.listdir(directory)
              if run_dir.CHECKPOINT.match(name)
              and name.split('.')[0] not in current]
    for name in others:
        os.remove(run_dir.path(directory, name))
    return len(others)


def write_options(directory, description):
    """Write options.json, into a directory that is there."""
    if not os.path.isdir(directory):
        raise missing(directory)
    files.write_json(run_dir.path(directory, 'options.json'), description)
    files.sync(os.path.dirname(os.path.abspath(directory)))


def check(directory):
    """Raise FileNotFoundError if a run's directory has been removed."""
    if not os.path.isfile(run_dir.path(directory, 'options.json')):
        raise missing(directory)


def missing(directory):
    """Return the error that says that a run's directory has vanished."""
    return FileNotFoundError(f'{directory} is gone: somebody has removed or '
                             'renamed it while the run was trained')


def sync_checkpoint(directory, name):
    """Wait until the files of a checkpoint are on the disk."""
    for file in os.listdir(directory):
        if file.startswith(f'{name}.'):
            files.sync(run_dir.path(directory, file))
    files.sync(directory)


def write_state(directory, state):
    """Point at the checkpoints in `state`, then remove the others."""
    check(directory)
    files.write_json(run_dir.path(directory, 'state.json'), state)
    remove_other_checkpoints(directory, state)


def append_log(directory, entry):
    """Add one line to log.jsonl."""
    check(directory)
    name = run_dir.path(directory, 'log.jsonl')
    try:
        with open(name, 'a', encoding='utf-8') as file:
            file.write(f'{json.dumps(entry)}\n')
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:    # a full disk has no name
        raise OSError(error.errno, error.strerror, name)


def trim_log(directory, epochs):
    """Drop the lines of epochs that a resumed run is about to do again.

    A last line that was cut off is one of them.
    """
    name = run_dir.path(directory, 'log.jsonl')
    if os.path.exists(name):
        with files.atomic(name) as work, open(
                work, 'w', encoding='utf-8') as file:
            file.writelines(f'{json.dumps(entry)}\n'
                            for entry in run_dir.read_log(directory)
                            if entry['epoch'] <= epochs)


def check_space(directory, weights, has_averages=False):
    """Raise OSError if a run's checkpoints cannot fit on its disk.

    Parameters
    ----------
    weights : int
        Bytes of the weights alone. With Adam's two slots a resumable
        checkpoint is three times that; best, last and it are there twice
        while new ones are written.
    has_averages : bool, optional
        Whether a resumable checkpoint has averages of the weights, too.
    """
    own = sum(os.path.getsize(run_dir.path(directory, name))
              for name in os.listdir(directory)
              if run_dir.CHECKPOINT.match(name))
    wanted = (12 if has_averages else 10) * weights - own
    free = shutil.disk_usage(directory).free
    if free < wanted:
        raise OSError(f'{directory}: {free / 1e9:.1f} GB are free, the '
                      f'checkpoints of this run take {wanted / 1e9:.1f} GB')
