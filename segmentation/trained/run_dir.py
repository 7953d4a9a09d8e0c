"""The directory of a run: what the run knows, and where its weights are.

    options.json   options, classes, colours, sizes, split, versions
    network.meta   the graph, without loss and optimizer
    state.json     epochs done, best score, which checkpoint is which
    best-*, last-* weights: of the best mIoU so far, of the last epoch
    resume-*       weights and optimizer, to go on from
    log.jsonl      one line of scores an epoch
    tensorboard/   the same and pictures, for TensorBoard
    crf.json       parameters of the CRF, where evaluate.py tuned them
    temperature.json   what logits are divided by, where it was fitted

state.json points at the checkpoints and is replaced in one step, so that a
run that is cut off at any moment still has its previous ones whole.
"""
import argparse
import json
import os
import re
from typing import (Any, Dict, List, NamedTuple, Optional, Sequence,
                    Tuple)

from segmentation import files, option_types, schema, text
from segmentation.data import background
from segmentation.errors import InputError
from segmentation.option_types import STRIDE

KINDS = ('best', 'last', 'resume')
BEST_OR_LAST = KINDS[:2]
# TensorFlow writes the files of a checkpoint under temporary names first.
CHECKPOINT = re.compile(r'(best|last|resume)-\d+\.(index|data-\d+-of-\d+)'
                        r'(\.tempstate\d+)?$')
# Names in a run's directory that no output may take.
OWN = re.compile(r'(options|state|crf|temperature)\.json$|network\.meta$|'
                 r'log\.jsonl$|tensorboard\b|\.lock$|(best|last|resume)-\d+\.')

# What options.json, state.json and log.jsonl are made of; see schema.check.
# Of the options of train.py these are what using a run takes.
OPTIONS = {
    'options': {'data_source?': str, 'data_dir?': str,
                'classes?': (str, None), 'group_by?': (str, None),
                'hold_out?': (str, None),
                'valid_fraction?': float, 'seed?': int},
    'class_names?': [str], 'label_colors?': [[int]], 'image_size?': [int],
    'background?': [str], 'ignore?': bool, 'vgg16_channel_order?': (str, None),
    'class_weights?': (list, None), 'versions?': {'*': str},
    'precision?': str, 'teacher?': (str, None),
    'split?': {'train': [str], 'valid': [str]}}
STATE = {'epoch?': int, 'best_miou?': (float, None),
         'best_epoch?': (int, None), 'best?': str, 'last?': str,
         'resume?': str}
LOG = {'epoch': int}
RANGES = {'data_dir': option_types.path, 'seed': option_types.seed,
          'valid_fraction': option_types.fraction,
          'group_by': option_types.pattern,
          'hold_out': option_types.pattern}


class Run(NamedTuple):
    """What it takes to use a trained network."""

    path: str                       # the directory
    graph: str                      # file of the metagraph
    checkpoint: str                 # prefix of the files of the weights
    image_size: Tuple[int, int]     # (width, height) of the network's input
    class_names: List[str]
    label_colors: Dict[int, Tuple[int, int, int]]   # BGR
    saved: Optional[Dict[str, Any]]     # options.json; None of the blog's code
    background: Sequence[str] = ()      # classes that overlays leave unpainted


def path(directory, *names):
    """Return the path of a file of a run."""
    return os.path.join(directory, *names)


def read_options(directory):
    """Return options.json of a run; raise OSError where there is no run."""
    name = path(directory, 'options.json')
    if not os.path.isfile(name):
        raise FileNotFoundError(f'no run in {directory}: it has no '
                                'options.json')
    saved = files.read_json(name, OPTIONS)
    check_options(saved, name)
    return saved


def check_options(saved, where):
    """Raise InputError where values of options.json are out of range."""
    for key, parse in RANGES.items():
        value = saved['options'].get(key)
        try:
            if value is not None:
                parse(str(value))
        except (argparse.ArgumentTypeError, ValueError) as error:
            raise InputError(f'{where}: {key} is {value!r}: {error}')
    size = saved.get('image_size', (STRIDE, STRIDE))
    if len(size) != 2 or any(side < 1 or side % STRIDE for side in size):
        raise InputError(f'{where}: image_size is {size}: two multiples of '
                         f'{STRIDE} are wanted')
    names, colors = saved.get('class_names'), saved.get('label_colors')
    for color in colors or ():
        if len(color) != 3 or not all(0 <= value < 256 for value in color):
            raise InputError(f'{where}: a label colour is {color}: three '
                             'numbers of 0 to 255 are wanted')
    for name in saved.get('background', ()):
        if name not in (names or ()):
            raise InputError(f'{where}: background is {name!r}: one of '
                             'class_names is wanted')
    weights = saved.get('class_weights')
    for what, values in (('label_colors', colors), ('class_weights', weights)):
        if None not in (names, values) and len(values) != len(names):
            raise InputError(f'{where}: {len(values)} {what} are not one for '
                             f'each of {len(names)} class_names')
    schema.check(weights or [], [float], f'{where}: class_weights')


def read_state(directory):
    """Return state.json of a run: the epochs done and its checkpoints."""
    name = path(directory, 'state.json')
    if not os.path.isfile(name):
        raise FileNotFoundError(f'no checkpoint in {directory} yet: it has '
                                'no state.json')
    state = files.read_json(name, STATE)
    for kind in KINDS:
        if not re.match(rf'{kind}-\d+$', state.get(kind, f'{kind}-0')):
            raise InputError(f'{name}: {kind} is {state[kind]!r}: '
                             f'{kind}-STEP is wanted')
    return state


def checkpoint(directory, kind):
    """Return the prefix of the checkpoint `kind`: best, last or resume."""
    name = read_state(directory).get(kind)
    if not name or not os.path.isfile(path(directory, f'{name}.index')):
        found = f' {name}' if name else ''
        raise FileNotFoundError(f'{directory} has no {kind!r} checkpoint'
                                f'{found}')
    return path(directory, name)


def read_log(directory):
    """Return the entries of log.jsonl, one dict an epoch; [] without it.

    A last line that is cut off does not count: the run may be under way.
    """
    name = path(directory, 'log.jsonl')
    if not os.path.isfile(name):
        return []
    with open(name, 'rb') as file:
        *lines, _ = file.read().split(b'\n')
    entries = []
    for number, line in enumerate(lines, 1):
        where = f'{name}, line {number}'
        try:
            entries.append(json.loads(line.decode('utf-8')))
        except (ValueError, RecursionError) as error:
            raise InputError(f'{where}: no JSON: {error}')
        schema.check(entries[-1], LOG, where)
    return entries


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
        names, colors, unpainted = background.classes(source)
        return Run(directory, graph, weights, tuple(source.image_size), names,
                   colors, None, unpainted)
    if kind not in BEST_OR_LAST:
        raise InputError(f'--checkpoint is {kind!r}: {directory} has best '
                         'and last')
    run = read(directory, kind)
    if source is not None:
        check_source(run, source)
    return run


def read(directory, kind):
    """Return the Run in `directory`; `kind` is as `checkpoint` takes it."""
    saved = read_options(directory)
    try:
        return Run(directory, path(directory, 'network.meta'),
                   checkpoint(directory, kind), tuple(saved['image_size']),
                   saved['class_names'],
                   dict(enumerate(map(tuple, saved['label_colors']))), saved,
                   background.recorded(saved))
    except KeyError as error:
        raise InputError(f"{path(directory, 'options.json')} has no {error}")


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
                   if name in (kind, f'{kind}.ckpt')]
        if not weights:
            raise FileNotFoundError(f'{directory} has no checkpoint {kind!r}')
    chosen = max(weights, key=lambda name: age(f'{name}.index'))
    graph = chosen if chosen in graphs else max(
        graphs, key=lambda name: age(f'{name}.meta'))
    return path(directory, f'{graph}.meta'), path(directory, chosen)


def check_source(run, source):
    """Raise InputError where a source contradicts the classes of a model."""
    if source.num_classes != len(run.class_names):
        raise InputError(f'the data source has '
                         f'{text.counted(source.num_classes, "class")}, '
                         f'{run.path} has {len(run.class_names)}')
    names, colors, _ = background.classes(source)
    for number, name in enumerate(run.class_names):
        for what, found, wanted in (
                ('name', names[number], name),
                ('colour (BGR)', colors[number], run.label_colors[number])):
            if found != wanted:
                raise InputError(
                    f'the {what} of class {number} is {found} in the data '
                    f'source, {wanted} in {run.path}')
