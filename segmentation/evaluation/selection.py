"""Which run is scored, on which pictures, and where the results may go."""
import os

from segmentation import files, run_dir
from segmentation.data import contract, loading
from segmentation.errors import InputError


def find_run(options):
    """The Run to score; its data source fits it.

    What the options leave open is set in them from the run.
    """
    saved = {'seed': 0, 'valid_fraction': .1, 'classes': None,
             'group_by': None, 'data_source': None, 'data_dir': None}
    if os.path.isfile(run_dir.path(options.name, 'options.json')):
        saved.update(run_dir.read_options(options.name)['options'])
    for key in ('data_source', 'data_dir'):
        if not (getattr(options, key) or saved[key]):
            raise InputError('{} has no options.json: it takes --{}'.format(
                options.name, key.replace('_', '-')))
    if options.data_source in (None, saved['data_source']):
        options.classes = options.classes or saved['classes']
        options.group_by = saved['group_by']
    options.data_source = options.data_source or saved['data_source']
    options.data_dir = options.data_dir or saved['data_dir']
    options.seed = saved['seed']
    options.valid_fraction = saved['valid_fraction']
    run = run_dir.find(options.name, options.checkpoint, loading.make_source(
        options.data_source, options.classes, options.data_dir))
    options.image_size = options.image_size or run.image_size
    return run


def load_data(options):
    """The data source; for its test split the others may be empty."""
    return loading.load_source(
        options, () if options.split == 'test' else None)


def list_pairs(data, options, benchmark=None):
    """The (picture, label) paths to score; () where none are told.

    Without a test split of labelled pictures, those that are to be submitted
    to the benchmark stand in it, with None for a label.
    """
    pairs = contract.pairs(data, options.split)
    if pairs is None:
        refuse_lists(options)
        return ()
    if (not pairs and options.split == 'test' and benchmark
            and (options.export or options.birds_eye)):
        pairs = [(path, None) for path in benchmark.list_test(
            options.data_dir)]
    if not pairs:
        there = [name for name in data.splits if data.splits[name]]
        raise InputError('data source {!r} has no {} split in {}: {}'.format(
            options.data_source, options.split, options.data_dir,
            f"{' and '.join(there)} are there" if there else 'nor another'))
    for pair in pairs:
        if pair[1] is not None:
            data.check_pair(*pair)
    return read_list(options, pairs) if options.list else pairs


def refuse_lists(options):
    """Raise for what a source that tells no files cannot be asked."""
    asked = [(options.native, '--native'), (options.list, '--list')]
    for option in (name for is_asked, name in asked if is_asked):
        raise InputError('data source {!r} gives samples of one size: {} '
                         'does not apply'.format(options.data_source, option)
                         if option == '--native' else
                         'data source {!r} tells no files: {} does not apply'
                         .format(options.data_source, option))
    if options.split == 'test':
        raise InputError('data source {!r} has no test split: train and '
                         'valid are there'.format(options.data_source))


def read_list(options, pairs):
    """The pairs whose pictures stand in the file `options.list`."""
    known = {absolute(pair[0]): pair for pair in pairs}
    chosen = {}
    with open(options.list, encoding='utf-8-sig',
              errors='surrogateescape') as file:
        for number, line in enumerate(file, 1):
            name = line.strip()
            if not name:
                continue
            place = f'{options.list}, line {number}: {name}'
            key = absolute(os.path.join(options.data_dir, name))
            if key not in known:
                raise InputError('{} is no picture of the {} split in {}'
                                 .format(place, options.split,
                                         options.data_dir))
            if key in chosen:
                raise InputError(f'{place} stands there twice')
            chosen[key] = known[key]
    if not chosen:
        raise InputError(f'{options.list}: no picture in it')
    return list(chosen.values())


def absolute(path):
    return os.path.normcase(os.path.abspath(path))


def check_outputs(paths, run, pairs):
    """Raise unless each of `paths` that is not None can be written to."""
    seen = set()
    for path in paths:
        if path is None:
            continue
        check_output(path, run, pairs)
        if absolute(path) in seen:
            raise InputError(f'{path}: two outputs would be written to it')
        seen.add(absolute(path))


def check_output(path, run, pairs):
    """Raise unless `path` can be written to, and is no input."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'{folder}: no such folder')
    if os.path.isdir(path):
        raise IsADirectoryError(f'{path} is a folder: a file is wanted')
    of_run = [run_dir.path(run.directory, name) for name in (
        'options.json', 'state.json', 'network.meta', 'crf.json')]
    files.refuse_overwrite(path, [
        name for name in of_run + [name for pair in pairs for name in pair]
        if name and os.path.isfile(name)])
