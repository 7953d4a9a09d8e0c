"""A part of an evaluation: what a shard has counted; all of them are scored.

    evaluate.py --shard K/N -> Tally -> PART.json
    N of them -> one Tally, the same as that of one process

A part says what it is of: the parts of one evaluation agree in that.
"""
import hashlib
import json
import os
from typing import Any, Dict, List, NamedTuple, Sequence

import numpy as np

from segmentation import files, text
from segmentation.data import cache
from segmentation.errors import InputError
from segmentation.evaluation.tally import Outcome, Tally
from segmentation.processes.shards import Shard
from segmentation.trained import lookup

FORMAT = 1
SCHEMA = {'checksum': str, 'part': {
    'format': int, 'shard': [int], 'command': [str], 'identity': {},
    'engine': {}, 'trimaps': (list, int), 'raw_matrix': (list, int),
    'pictures': [{}]}}
# What is compared by a checksum, and so has no value to show.
DIGESTS = {'network': 'networks: their weights or graphs differ',
           'data': 'data: files, their sizes or their classes differ'}
NETWORK = 'checkpoint', 'network'


class Part(NamedTuple):
    """A part that was read."""

    path: str
    shard: Shard
    body: Dict[str, Any]        # as SCHEMA has it


def identity(selected, crf=None):
    """Return what the parts of an evaluation agree in.

    Where the run and the data lie may differ between machines.

    Parameters
    ----------
    selected : selection.Selection
    crf : dict, optional
        As `Refinement.describe` returns it.
    """
    augmentation = selected.augmentation
    return as_json({
        'data_source': selected.data_source, 'split': selected.split,
        'classes': selected.model.class_names,
        'pictures': selected.pairs and len(selected.pairs),
        'checkpoint': os.path.basename(selected.model.checkpoint),
        'network': lookup.fingerprint(selected.model),
        'data': fingerprint(selected), 'image_size': augmentation.image_size,
        'tiles': selected.settings.tiles, 'native': selected.settings.native,
        'scales': augmentation.scales, 'flip': augmentation.flip,
        'confidence': selected.settings.confidence,
        'batch_size': selected.settings.batch_size, 'crf': crf})


def fingerprint(selected):
    """Return a text that differs for other data; None without files.

    Files go by their name and size, wherever the data lies.
    """
    if selected.pairs is None:
        return None
    entries = [[os.path.relpath(path, selected.data_dir),
                os.path.getsize(path) if os.path.exists(path) else None]
               for pair in selected.pairs for path in pair if path]
    return checksum([entries, cache.identity(selected.source)])


def checksum(value):
    """Return the SHA-256 of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()
                          ).hexdigest()


def as_json(value):
    """Return a value as JSON has it: lists for tuples and for arrays."""
    return json.loads(json.dumps(value, default=lambda array: array.tolist()))


def write(path, selected, engine, tally, crf, command):
    """Write what a shard has counted.

    Parameters
    ----------
    path : str
    selected : selection.Selection
        Has a shard.
    engine : dict
        As `Engine.describe` returns it.
    tally : tally.Tally
    crf : dict, optional
    command : list of str
        The arguments of evaluate.py.
    """
    pictures = []
    for k, matrix in enumerate(tally.matrices):
        cells = np.flatnonzero(matrix)
        pictures.append({
            'name': tally.names[k], 'ignored': tally.pictures_ignored[k],
            'cells': cells, 'counts': matrix.ravel()[cells],
            'bins': tally.pictures_bins[k],
            'benchmark': tally.benchmark_counts[k]})
    computed = {name: engine.get(name) for name in (
        'engine', 'version', 'precision', 'threads', 'temperature', 'passes',
        'keep_prob')}
    body = as_json({
        'format': FORMAT, 'shard': selected.shard, 'command': command,
        'identity': dict(identity(selected, crf), **computed),
        'engine': engine, 'trimaps': tally.trimaps,
        'raw_matrix': tally.raw_matrix, 'pictures': pictures})
    files.write_json(path, {'checksum': checksum(body), 'part': body})


def read(paths: Sequence[str]) -> List[Part]:
    """Return the Parts of an evaluation, by their numbers.

    Raises
    ------
    InputError
        A part is missing, is there twice, or is of another evaluation.
    """
    parts: Dict[int, Part] = {}
    for path in paths:
        part = read_part(path)
        first = next(iter(parts.values()), part)
        if part.shard.size != first.shard.size:
            raise InputError(f'{path} is shard {part.shard}, {first.path} is '
                             f'shard {first.shard}: one number of shards is '
                             'wanted')
        if part.shard.number in parts:
            raise InputError(f'{parts[part.shard.number].path} and {path} are '
                             f'both shard {part.shard}')
        check_alike(path, part.body['identity'], first.path,
                    first.body['identity'])
        parts[part.shard.number] = part
    missing = [str(Shard(number, first.shard.size))
               for number in range(1, first.shard.size + 1)
               if number not in parts]
    if missing:
        raise InputError(f'{len(parts)} of {first.shard.size} parts are '
                         f'given: shard {", ".join(missing)} is missing')
    return [parts[number] for number in sorted(parts)]


def read_part(path: str) -> Part:
    """Return the Part in a file; InputError names a file that has none."""
    content = files.read_json(path, SCHEMA)
    body = content['part']
    if body['format'] != FORMAT or checksum(body) != content['checksum']:
        raise InputError(f'{path}: it was changed, or written by another '
                         'version, after evaluate.py --shard has written it')
    return Part(path, Shard(*body['shard']), body)


def check_alike(path, own, other_path, other):
    """Raise InputError for the first thing in which two identities differ."""
    for key, value in other.items():
        if own.get(key) != value:
            raise InputError(
                f'{path} and {other_path} are of different {DIGESTS[key]}'
                if key in DIGESTS else
                f'{path} has {key} {own.get(key)}, {other_path} has {value}: '
                'parts of one evaluation are wanted')


def check(parts, selected, crf=None, is_run=False):
    """Raise InputError unless parts are of a Selection.

    Parameters
    ----------
    is_run : bool
        Whether its network is needed as well, and has to be theirs; a run
        may have been trained on meanwhile.
    """
    wanted = {key: value for key, value in identity(selected, crf).items()
              if is_run or key not in NETWORK}
    first = parts[0]
    check_alike(first.path, first.body['identity'],
                f'{selected.model.path} on {selected.data_dir}', wanted)


def merge(parts, selected):
    """Return the Tally of all pictures, in their order.

    Parameters
    ----------
    parts : list of Part
        Of a Selection.
    """
    rows = [None] * sum(len(part.body['pictures']) for part in parts)
    for part in parts:
        pictures = part.body['pictures']
        indices = list(part.shard.share(range(len(rows)),
                                        selected.settings.batch_size))
        if len(indices) != len(pictures):
            raise InputError(f'{part.path} has '
                             f'{text.counted(len(pictures), "picture")}: '
                             f'shard {part.shard} of {len(rows)} has '
                             f'{len(indices)}')
        for index, row in zip(indices, pictures):
            rows[index] = row
    tally = Tally()
    classes = len(selected.model.class_names)
    for row in rows:
        matrix = np.zeros(classes * classes, np.int64)
        matrix[row['cells']] = row['counts']
        tally.add(Outcome(row['name'], matrix.reshape(classes, classes),
                          row['ignored'], np.int64(0), np.array(row['bins']),
                          row['benchmark']))
    for part in parts:
        tally.add_sums(np.array(part.body['trimaps']),
                       np.array(part.body['raw_matrix']))
    return tally


def describe_engine(parts):
    """Return what ran the network; the devices of several machines are listed.
    """
    engines = [part.body['engine'] for part in parts]
    devices = dict.fromkeys(engine['device'] for engine in engines)
    return dict(engines[0], device='; '.join(devices))


def copy(parts, selected, writer, folder):
    """Copy what shards have written to submit.

    Parameters
    ----------
    parts : list of Part
    selected : selection.Selection
        With a benchmark.
    writer : submission.Writer
    folder : str
        The output that the shards were asked for.
    """
    for part in parts:
        for picture, _ in part.shard.share(selected.pairs,
                                           selected.settings.batch_size):
            writer.copy(selected.benchmark.names[picture],
                        part.shard.path(folder))
