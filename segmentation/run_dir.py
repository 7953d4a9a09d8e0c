"""The directory of a run: what the run knows, where its weights are.

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
import collections
import json
import os
import re
import shutil

from segmentation import files
from segmentation.data import contract
from segmentation.errors import InputError

# What it takes to use a run: the files of its graph and its weights, the
# (width, height) of its input, its C names and {class number: colour}.
# `saved` is options.json; None for a run of the blog's code.
Run = collections.namedtuple('Run', 'directory graph checkpoint image_size '
                                    'class_names label_colors saved')

CHECKPOINT = re.compile(r'(best|last|resume)-\d+\.(index|data-.*)$')


def path(directory, *names):
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
            raise FileExistsError('{} exists already and holds no run to '
                                  'resume: --name starts another'.format(
                                      directory))
        raise FileExistsError('{} exists already: --resume goes on with it, '
                              '--name starts another'.format(directory))


def read_options(directory):
    """What options.json tells of a run; OSError where there is no run."""
    name = path(directory, 'options.json')
    if not os.path.isfile(name):
        raise FileNotFoundError('no run in {}: it has no options.json'.format(
            directory))
    return files.read_json(name, ['options'])


def read_state(directory):
    """What state.json tells of a run."""
    name = path(directory, 'state.json')
    if not os.path.isfile(name):
        raise FileNotFoundError('no checkpoint in {} yet: it has no '
                                'state.json'.format(directory))
    return files.read_json(name, [])


def write_state(directory, state):
    """Point at the checkpoints in `state`, then remove those before them."""
    files.write_json(path(directory, 'state.json'), state)
    current = {state.get(kind) for kind in ('best', 'last', 'resume')}
    for name in os.listdir(directory):
        if CHECKPOINT.match(name) and name.split('.')[0] not in current:
            os.remove(path(directory, name))


def checkpoint(directory, kind):
    """The path that restores the checkpoint `kind`: best, last or resume."""
    name = read_state(directory).get(kind)
    if not name or not os.path.isfile(path(directory, f"{name}.index")):
        raise FileNotFoundError('{} has no {!r} checkpoint{}'.format(
            directory, kind, f" {name}" if name else ''))
    return path(directory, name)


def append_log(directory, entry):
    """Add one line to log.jsonl."""
    with open(path(directory, 'log.jsonl'), 'a') as file:
        file.write(f"{json.dumps(entry)}\n")


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
        raise OSError('{}: {:.1f} GB are free, the checkpoints of this run '
                      'take {:.1f} GB'.format(there, free / 1e9, wanted / 1e9))


def find(directory, kind='best', source=None):
    """The Run in `directory`, of this project or of the blog's code.

    Parameters
    ----------
    kind : str
        Checkpoint: best or last; of the blog's code also one by its name,
        and final or newest otherwise.
    source : data source, optional
        Tells the classes of a run of the blog's code, and is checked against
        those of the others.

    Raises
    ------
    OSError
        There is no run, or no such checkpoint.
    ValueError
        The source is missing or contradicts the run.
    """
    if not os.path.isfile(path(directory, 'options.json')):
        graph, weights = find_blog_files(directory, kind)
        if source is None:
            raise InputError('{} has no options.json: it takes --data-source '
                             'to know its classes'.format(directory))
        return Run(directory, graph, weights, tuple(source.image_size),
                   contract.class_names(source),
                   contract.label_colors(source), None)
    if kind not in ('best', 'last'):
        raise InputError('--checkpoint is {!r}: {} has best and last'.format(
            kind, directory))
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
    """The metagraph and the checkpoint of a run of the blog's code."""
    if not os.path.isdir(directory):
        raise FileNotFoundError(f'no run in {directory}: no such folder')
    names = os.listdir(directory)
    graphs = [name[:-5] for name in names if name.endswith('.meta')]
    weights = [name[:-6] for name in names if name.endswith('.index')]
    if not graphs or not weights:
        raise FileNotFoundError(
            'no run in {}: it has neither options.json nor a *.meta and its '
            'checkpoint'.format(directory))

    def age(name):
        return (name.startswith('final'), list(map(int, re.findall(
            r'\d+', name))), os.path.getmtime(path(directory, name)))

    if kind not in ('best', 'last'):
        weights = [name for name in weights
                   if name in (kind, f"{kind}.ckpt")]
        if not weights:
            raise FileNotFoundError(f'{directory} has no checkpoint {kind!r}')
    chosen = max(weights, key=lambda name: age(f"{name}.index"))
    graph = chosen if chosen in graphs else max(
        graphs, key=lambda name: age(f"{name}.meta"))
    return path(directory, f"{graph}.meta"), path(directory, chosen)


def check_source(run, source):
    """Raise ValueError where a source contradicts the classes of a run."""
    if source.num_classes != len(run.class_names):
        raise InputError('the data source has {} classes, the run {} has {}'
                         .format(source.num_classes, run.directory,
                                 len(run.class_names)))
    names = contract.class_names(source)
    colors = contract.label_colors(source)
    for number, name in enumerate(run.class_names):
        for what, its, ours in (
                ('name', names[number], name),
                ('colour (BGR)', colors[number], run.label_colors[number])):
            if its != ours:
                raise InputError(
                    'the {} of class {} is {} in the data source, {} in the '
                    'run {}'.format(what, number, its, ours, run.directory))
