"""The directory of a run: what the run knows, where its weights are.

    options.json   options, classes, colours, sizes, split, versions
    network.meta   the graph, without loss and optimizer
    state.json     epochs done, best score, which checkpoint is which
    best-*, last-* weights: of the best mIoU so far, of the last epoch
    resume-*       weights and optimizer, to go on from
    log.jsonl      one line of scores an epoch
    tensorboard/   the same and pictures, for TensorBoard

state.json points at the checkpoints and is replaced in one step, so that a
run that is cut off at any moment still has its previous ones whole.
"""
import json
import os
import re
import shutil

import utils

CHECKPOINT = re.compile(r'(best|last|resume)-\d+\.(index|data-.*)$')


def path(directory, *names):
    return os.path.join(directory, *names)


def create(directory, description):
    """Make the directory of a new run and write its options.json."""
    os.makedirs(directory, exist_ok=True)
    utils.write_json(path(directory, 'options.json'), description)


def refuse_existing(directory):
    """Raise FileExistsError if a new run cannot go into `directory`."""
    if os.path.isfile(directory) or os.path.isdir(directory) and os.listdir(
            directory):
        raise FileExistsError('{} exists already: --resume goes on with it, '
                              '--name starts another'.format(directory))


def read_options(directory):
    """What options.json tells of a run; OSError where there is no run."""
    name = path(directory, 'options.json')
    if not os.path.isfile(name):
        raise FileNotFoundError('no run in {}: it has no options.json'.format(
            directory))
    return utils.read_json(name)


def read_state(directory):
    """What state.json tells of a run."""
    name = path(directory, 'state.json')
    if not os.path.isfile(name):
        raise FileNotFoundError('no checkpoint in {} yet: it has no '
                                'state.json'.format(directory))
    return utils.read_json(name)


def write_state(directory, state):
    """Point at the checkpoints in `state`, then remove those before them."""
    utils.write_json(path(directory, 'state.json'), state)
    current = {state.get(kind) for kind in ('best', 'last', 'resume')}
    for name in os.listdir(directory):
        if CHECKPOINT.match(name) and name.split('.')[0] not in current:
            os.remove(path(directory, name))


def checkpoint(directory, kind):
    """The path that restores the checkpoint `kind`: best, last or resume."""
    name = read_state(directory).get(kind)
    if not name or not os.path.isfile(path(directory, name + '.index')):
        raise FileNotFoundError('{} has no {!r} checkpoint{}'.format(
            directory, kind, ' ' + name if name else ''))
    return path(directory, name)


def append_log(directory, entry):
    """Add one line to log.jsonl."""
    with open(path(directory, 'log.jsonl'), 'a') as file:
        file.write(json.dumps(entry) + '\n')


def trim_log(directory, epochs):
    """Drop the lines of epochs that a resumed run is about to do again."""
    name = path(directory, 'log.jsonl')
    if os.path.exists(name):
        with open(name) as file:
            lines = [line for line in file
                     if json.loads(line)['epoch'] <= epochs]
        with utils.atomic(name) as work, open(work, 'w') as file:
            file.writelines(lines)


def check_space(directory, weights):
    """Raise OSError if a run's checkpoints cannot fit on its disk.

    Parameters
    ----------
    weights : int
        Bytes of the weights alone. With Adam's two slots a resumable
        checkpoint is three times that, and there are two of it while the new
        one is written; best and last are one each.
    """
    there = os.path.abspath(directory)
    own = sum(os.path.getsize(path(there, name)) for name in os.listdir(there)
              if CHECKPOINT.match(name)) if os.path.isdir(there) else 0
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    wanted = 8 * weights - own
    free = shutil.disk_usage(there).free
    if free < wanted:
        raise OSError('{}: {:.1f} GB are free, the checkpoints of this run '
                      'take {:.1f} GB'.format(there, free / 1e9, wanted / 1e9))
