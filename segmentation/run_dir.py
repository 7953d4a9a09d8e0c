"""The directory of a run: what the run knows, and where its weights are.

    options.json   options, classes, colours, sizes, split, versions
    network.meta   the graph, without loss and optimizer
    state.json     epochs done, best score, which checkpoint is which
    best-*, last-* weights: of the best mIoU so far, of the last epoch
    resume-*       weights and optimizer, to go on from
    log.jsonl      one line of scores an epoch
    tensorboard/   the same and pictures, for TensorBoard
    crf.json       parameters of the CRF, where evaluate.py tuned them

state.json points at the checkpoints and is replaced in one step, so that a
run that is cut off at any moment still has its previous ones whole.
"""
import contextlib
import json
import os
import re
import shutil
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from segmentation import files
from segmentation.data import contract
from segmentation.errors import InputError

CHECKPOINT = re.compile(r'(best|last|resume)-\d+\.(index|data-.*)$')
BEST_OR_LAST = ('best', 'last')
# Names in a run's directory that no output may take.
OWN = re.compile(r'(options|state|crf)\.json$|network\.meta$|log\.jsonl$|'
                 r'tensorboard\b|\.lock$|(best|last|resume)-\d+\.')

# What options.json and state.json are made of; see schema.check.
OPTIONS = {'options': dict, 'class_names?': [str], 'label_colors?': [[int]],
           'image_size?': [int], 'class_weights?': (list, None),
           'split?': {'train': [str], 'valid': [str]}}
STATE = {'epoch?': int, 'best_miou?': (float, None),
         'best_epoch?': (int, None), 'best?': str, 'last?': str,
         'resume?': str}


class Run(NamedTuple):
    """What it takes to use a trained network."""

    directory: str
    graph: str                      # file of the metagraph
    checkpoint: str                 # prefix of the files of the weights
    image_size: Tuple[int, int]     # (width, height) of the network's input
    class_names: List[str]
    label_colors: Dict[int, Tuple[int, int, int]]   # BGR
    saved: Optional[Dict[str, Any]]     # options.json; None of the blog's code


def path(directory, *names):
    """Return the path of a file of a run."""
    return os.path.join(directory, *names)


def create(directory, description):
    """Make the directory of a new run and write its options.json."""
    os.makedirs(directory, exist_ok=True)
    files.write_json(path(directory, 'options.json'), description)


def refuse_existing(directory):
    """Raise FileExistsError if a new run cannot go into `directory`."""
    if os.path.isfile(directory) or os.path.isdir(directory) and os.listdir(
            directory):
        if not os.path.isfile(path(directory, 'state.json')):
            raise FileExistsError(f'{directory} exists already and holds no '
                                  'run to resume: --name starts another')
        raise FileExistsError(f'{directory} exists already: --resume goes on '
                              'with it, --name starts another')


def read_options(directory):
    """Return options.json of a run; raise OSError where there is no run."""
    name = path(directory, 'options.json')
    if not os.path.isfile(name):
        raise FileNotFoundError(f'no run in {directory}: it has no '
                                'options.json')
    return files.read_json(name, OPTIONS)


def read_state(directory):
    """Return state.json of a run: the epochs done and its checkpoints."""
    name = path(directory, 'state.json')
    if not os.path.isfile(name):
        raise FileNotFoundError(f'no checkpoint in {directory} yet: it has '
                                'no state.json')
    return files.read_json(name, STATE)


def write_state(directory, state):
    """Point at the checkpoints in `state`, then remove the others."""
    files.write_json(path(directory, 'state.json'), state)
    current = {state.get(kind) for kind in ('best', 'last', 'resume')}
    for name in os.listdir(directory):
        if CHECKPOINT.match(name) and name.split('.')[0] not in current:
            os.remove(path(directory, name))


def checkpoint(directory, kind):
    """Return the prefix of the checkpoint `kind`: best, last or resume."""
    name = read_state(directory).get(kind)
    if not name or not os.path.isfile(path(directory, f"{name}.index")):
        found = f' {name}' if name else ''
        raise FileNotFoundError(f'{directory} has no {kind!r} checkpoint'
                                f'{found}')
    return path(directory, name)


def append_log(directory, entry):
    """Add one line to log.jsonl."""
    with open(path(directory, 'log.jsonl'), 'a') as file:
        file.write(f"{json.dumps(entry)}\n")


def read_log(directory):
    """Return the entries of log.jsonl, one dict an epoch; [] without it."""
    name = path(directory, 'log.jsonl')
    entries = []
    if os.path.isfile(name):
        with open(name) as file:
            for line in file:
                # The last line may be cut off: the run may be under way.
                with contextlib.suppress(ValueError):
                    entries.append(json.loads(line))
    return [entry for entry in entries if 'epoch' in entry]


def trim_log(directory, epochs):
    """Drop the lines of epochs that a resumed run is about to do again.

    A last line that was cut off is one of them.
    """
    name = path(directory, 'log.jsonl')
    if os.path.exists(name):
        with open(name) as file:
            lines = [line for line in file if line.endswith('}\n')
                     and json.loads(line)['epoch'] <= epochs]
        with files.atomic(name) as work, open(work, 'w') as file:
            file.writelines(lines)


def check_space(directory, weights):
    """Raise OSError if a run's checkpoints cannot fit on its disk.

    Parameters
    ----------
    weights : int
        Bytes of the weights alone. With Adam's two slots a resumable
        checkpoint is three times that; best, last and it are there twice
        while new ones are written.
    """
    there = os.path.abspath(directory)
    own = sum(os.path.getsize(path(there, name)) for name in os.listdir(there)
              if CHECKPOINT.match(name)) if os.path.isdir(there) else 0
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    wanted = 10 * weights - own
    free = shutil.disk_usage(there).free
    if free < wanted:
        raise OSError(f'{there}: {free / 1e9:.1f} GB are free, the '
                      f'checkpoints of this run take {wanted / 1e9:.1f} GB')


def find(directory, kind='best', source=None):
    """Return the Run in `directory`, of this project or of the blog's code.

    Parameters
    ----------
    kind : str
        Checkpoint: best or last; of the blog's code also one by its name,
        and final or newest otherwise.
    source : data source, optional
        Gives the classes of a run of the blog's code; those of other runs
        are compared with it.

    Raises
    ------
    OSError
        There is no run, or no such checkpoint.
    InputError
        The source is missing or contradicts the run.
    """
    if not os.path.isfile(path(directory, 'options.json')):
        graph, weights = find_blog_files(directory, kind)
        if source is None:
            raise InputError(f'{directory} has no options.json: it takes '
                             '--data-source to know its classes')
        return Run(directory, graph, weights, tuple(source.image_size),
                   contract.class_names(source),
                   contract.label_colors(source), None)
    if kind not in BEST_OR_LAST:
        raise InputError(f'--checkpoint is {kind!r}: {directory} has best '
                         'and last')
    saved = read_options(directory)
    try:
        run = Run(directory, path(directory, 'network.meta'),
                  checkpoint(directory, kind), tuple(saved['image_size']),
                  saved['class_names'],
                  dict(enumerate(map(tuple, saved['label_colors']))), saved)
    except KeyError as error:
        raise InputError(f"{path(directory, 'options.json')} has no {error}")
    if source is not None:
        check_source(run, source)
    return run


def find_blog_files(directory, kind):
    """Return the metagraph and the checkpoint of a run of the blog's code.

    Returns
    -------
    str, str
        The metagraph's file and the prefix of the checkpoint.
    """
    if not os.path.isdir(directory):
        raise FileNotFoundError(f'no run in {directory}: no such folder')
    names = os.listdir(directory)
    graphs = [name[:-5] for name in names if name.endswith('.meta')]
    weights = [name[:-6] for name in names if name.endswith('.index')]
    if not graphs or not weights:
        raise FileNotFoundError(f'no run in {directory}: it has neither '
                                'options.json nor a *.meta and its '
                                'checkpoint')

    def age(name):
        return (name.startswith('final'), list(map(int, re.findall(
            r'\d+', name))), os.path.getmtime(path(directory, name)))

    if kind not in BEST_OR_LAST:
        weights = [name for name in weights
                   if name in (kind, f"{kind}.ckpt")]
        if not weights:
            raise FileNotFoundError(f'{directory} has no checkpoint {kind!r}')
    chosen = max(weights, key=lambda name: age(f"{name}.index"))
    graph = chosen if chosen in graphs else max(
        graphs, key=lambda name: age(f"{name}.meta"))
    return path(directory, f"{graph}.meta"), path(directory, chosen)


def check_source(run, source):
    """Raise InputError where a source contradicts the classes of a run."""
    if source.num_classes != len(run.class_names):
        raise InputError(f'the data source has {source.num_classes} classes, '
                         f'the run {run.directory} has '
                         f'{len(run.class_names)}')
    names = contract.class_names(source)
    colors = contract.label_colors(source)
    for number, name in enumerate(run.class_names):
        for what, found, wanted in (
                ('name', names[number], name),
                ('colour (BGR)', colors[number], run.label_colors[number])):
            if found != wanted:
                raise InputError(
                    f'the {what} of class {number} is {found} in the data '
                    f'source, {wanted} in the run {run.directory}')
