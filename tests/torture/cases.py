"""What is run under faults: a program, and what it may change.

Each case is run in a copy of one folder: small data sets, a small VGG16, a
trained run, and earlier outputs that differ from those of the case.
"""
import os
import re
import shutil
from typing import Callable, List, NamedTuple

import farm
import helpers
import road_frames

import check_source
import evaluate
import infer
import source_demo
import train
import vgg16

NONE = '(?!)'       # a pattern that matches nothing
RECORD = r'\w+/infer\.json'       # says whether it is complete

# A camera 1.65 m above the road, for the view from above.
CALIBRATION = '''P2: 180 0 155 0 0 180 43 0 0 0 1 0
R0_rect: 1 0 0 0 1 0 0 0 1
Tr_cam_to_road: 1 0 0 0 0 1 0 -1.65 0 0 1 0
'''
TINY = ['--data-source', 'tiny', '--data-dir', 'data', '--workers', '2']
TRAIN = TINY + ['--batch-size', '3', '--learning-rate', '.01']
LITE = TRAIN + ['--model', 'fcn-lite']
NEW = LITE + ['--name', 'new', '--epochs', '2', '--class-weights', 'median']
RESUMED = ['--name', 'run', '--resume', '--epochs', '2']
FROZEN = TRAIN + ['--vgg-dir', 'vgg', '--name', 'frozen', '--epochs', '1',
                  '--freeze-encoder', '--feature-dir', 'features']
INFER = ['--name', 'run', '--samples-dir', 'data/valid/0.png',
         'data/valid/1.png', '--workers', '1', '--class-ids', '--output-dir']
EVALUATE = ['--name', 'run', '--json', 'scores.json', '--csv', 'scores.csv',
            '--matrix', 'matrix.png', '--reliability', 'reliability.png',
            '--report', 'report', '--workers', '1']
EXPORT = ['--name', 'road', '--export', 'maps', '--birds-eye', 'above',
          '--zip', '--workers', '1']
CHECK = ['--data-source', 'tiny', '--data-dir', 'data', '--workers', '1',
         '--output-dir', 'check', '--json', 'check.json']
DRAFT = ['--data-source', 'folder', '--data-dir', 'scenes',
         '--write-classes', 'draft.csv']
DEMO = ['scenes', '--labels', '--count', '2', '--image-size', '64x32']
RANDOM = ['--random', '--width', '.02', '--vgg-dir']


class Case(NamedTuple):
    """A program under faults.

    Attributes
    ----------
    name : str
    main : function of a list of arguments
    arguments : list of str
    owns : str
        Pattern of the paths that it writes or replaces.
    again : function of a folder
        Returns the arguments of the next run; None if nothing is left to do.
    growing : str
        Pattern of the paths that may be there in part, as the program knows
        how much of them counts.
    varies : str
        Pattern of the paths that may differ in the end: those that hold the
        options of the last run.
    """

    name: str
    main: Callable
    arguments: List[str]
    owns: str
    again: Callable
    growing: str = NONE
    varies: str = NONE


def repeat(arguments):
    """Return a function of a folder: the same arguments once more."""
    return lambda folder: arguments


def unless_done(arguments, *names):
    """Return a function: arguments, or None if all of these are there.

    Some of them are removed first, as a person does who reads that they
    stand in the way.
    """
    def next_run(folder):
        paths = [os.path.join(folder, name) for name in names]
        if all(map(os.path.exists, paths)):
            return None
        for path in filter(os.path.exists, paths):
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        return arguments
    return next_run


def resume_or_begin(arguments, name):
    """Return a function: arguments that resume a run, or begin it anew.

    What holds no run to resume is removed first, as the program says.
    """
    def next_run(folder):
        run = os.path.join(folder, name)
        if os.path.isfile(os.path.join(run, 'state.json')):
            return ['--name', name, '--resume']
        shutil.rmtree(run, ignore_errors=True)
        return arguments
    return next_run


PARTS = r'/(log\.jsonl|state\.json|(best|last|resume)-\d+\.)'
# On TensorFlow 1.15 the order in a metagraph is not always the same.
OPTIONS = r'.*/(options\.json|network\.meta)$'
FEATURES = r'features/features-KEY/'

CASES = (
    Case('train', train.main, NEW, 'new/', resume_or_begin(NEW, 'new'),
         f'new{PARTS}', OPTIONS),
    Case('train --resume', train.main, RESUMED, 'run/', repeat(RESUMED),
         f'run{PARTS}', OPTIONS),
    Case('train --freeze-encoder', train.main, FROZEN, '(frozen|features)/',
         resume_or_begin(FROZEN, 'frozen'), f'frozen{PARTS}|{FEATURES}',
         OPTIONS),
    Case('infer', infer.main, INFER + ['out'], 'out/',
         repeat(INFER + ['out']), RECORD),
    Case('infer --skip-existing', infer.main,
         INFER + ['fresh', '--skip-existing'], 'fresh/',
         repeat(INFER + ['fresh', '--skip-existing']), RECORD),
    Case('evaluate', evaluate.main, EVALUATE,
         r'report/|scores\.|(matrix|reliability)\.png$', repeat(EVALUATE)),
    Case('evaluate --export', evaluate.main, EXPORT,
         r'(maps|above)(/|\.zip$)',
         unless_done(EXPORT, 'maps', 'maps.zip', 'above', 'above.zip')),
    Case('check_source', check_source.main, CHECK, r'check(/|\.json$)',
         repeat(CHECK), r'check/check_source\.txt'),
    Case('check_source --write-classes', check_source.main, DRAFT,
         r'draft\.csv$', unless_done(DRAFT, 'draft.csv')),
    Case('source_demo', source_demo.main, DEMO + ['--seed', '1'], 'scenes/',
         repeat(DEMO + ['--seed', '1'])),
    Case('vgg16 --random', vgg16.main, RANDOM + ['other'], 'other/',
         # TensorFlow 1.15 writes a random number into it.
         unless_done(RANDOM + ['other'], 'other'),
         varies=r'other/saved_model\.pb'),
    Case('vgg16 --archive', vgg16.main,
         ['--archive', 'vgg.zip', '--vgg-dir', 'other'], 'other/',
         repeat(['--archive', 'vgg.zip', '--vgg-dir', 'other'])),
)
BY_NAME = {case.name: case for case in CASES}


def make_folder(folder):
    """Fill a folder with what the cases work on."""
    os.makedirs(folder)
    shutil.copytree(helpers.data_dir(), os.path.join(folder, 'data'))
    road = os.path.join(folder, 'road_data', 'training')
    for seed, name in enumerate(road_frames.FRAMES):
        road_frames.write_frame(road, name, seed)
        calibration = os.path.join(road, 'calib', f'{name}.txt')
        os.makedirs(os.path.dirname(calibration), exist_ok=True)
        with open(calibration, 'w') as file:
            file.write(CALIBRATION)
    for main, arguments in (
            (vgg16.main, RANDOM + ['vgg']),
            (train.main, LITE + ['--name', 'run', '--epochs', '1']),
            (make_road_run, []),
            (infer.main, INFER + ['out', '--alpha', '.9', '--confidence',
                                  'road']),
            (evaluate.main, EVALUATE + ['--split', 'train']),
            (check_source.main, CHECK + ['--image-size', '96x32']),
            (source_demo.main, DEMO)):
        ended = farm.run(main, arguments, folder)
        assert ended.status == 0, ended
    shutil.make_archive(os.path.join(folder, 'vgg'), 'zip',
                        os.path.join(folder, 'vgg'))


def make_road_run(_):
    """Write a run of KITTI road without training it."""
    import runs
    runs.make('road', 'kitti', 'road_data', seed=3, valid_fraction=.5)


def owned(case, snapshot):
    """Return what a case owns of a farm.snapshot."""
    return {path: digest for path, digest in snapshot.items()
            if re.match(case.owns, path)}
