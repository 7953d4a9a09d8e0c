"""Which model is scored, on which pictures, and how they are predicted.

`select` is the front door of the evaluation wing: it takes the options of the
command line, and what it returns are plain values.
"""
import contextlib
import os
from typing import Any, List, NamedTuple, Optional, Tuple

from segmentation import option_types, text
from segmentation.data import contract, loading, splits
from segmentation.errors import InputError
from segmentation.evaluation import common_classes, picture_list, submission
from segmentation.evaluation.benchmarks import registry
from segmentation.evaluation.scorer import PairScorer, SampleScorer
from segmentation.evaluation.tally import Tally
from segmentation.inference import model_options
from segmentation.inference.tta import TestTimeAugmentation
from segmentation.processes.shards import Shard
from segmentation.terminal import header, progress
from segmentation.trained import lookup

Pairs = List[Tuple[str, Optional[str]]]


class SourceOptions(NamedTuple):
    """The options of a data source, as `loading.load_source` takes them."""

    data_source: str
    data_dir: str
    classes: Optional[str]
    group_by: Optional[str]
    hold_out: Optional[str]
    seed: int
    valid_fraction: float
    workers: int
    image_size: Optional[Tuple[int, int]] = None


class Selection(NamedTuple):
    """A model, the pictures to score it on, and how they are predicted."""

    model: lookup.Model
    source: Any
    data_source: str                        # the name of the source
    data_dir: str
    split: str                              # train, valid or test
    list_file: Optional[str]                # has some pictures of the split
    split_size: Optional[int]               # how many pictures all of it has
    pairs: Optional[Pairs]                  # None: the source lists no files
    benchmark: Any                          # None where there is none
    writers: Tuple[submission.Writer, ...]  # those of the benchmark
    settings: model_options.Settings
    augmentation: TestTimeAugmentation
    shard: Optional[Shard]                  # None: all are scored
    network: lookup.Model       # the model, with classes of its own by --map

    def header_lines(self) -> List[str]:
        """Return the lines of a program's header on the data."""
        count = self.scorer().count
        shard = [f'[i] shard {self.shard}: '
                 f'{text.counted(count, "picture")}']
        return [header.data(self.data_source,
                            loading.source_file(self.data_source),
                            contract.folder(self.source, self.data_dir)),
                header.samples({self.split: count},
                               len(self.model.class_names),
                               self.augmentation.image_size),
                *(shard if self.shard else ())]

    def scorer(self, refinement=None, exclude=()):
        """Return what scores the pictures, but those named in `exclude`."""
        shard, batch_size = self.shard or Shard(), self.settings.batch_size
        if self.pairs is None:
            return SampleScorer(self.source, self.split, batch_size,
                                self.data_dir, refinement, exclude, shard)
        return PairScorer(self.source,
                          list(shard.share(self.pairs, batch_size)),
                          self.data_dir, self.benchmark, refinement, exclude)

    def score(self, scorer, predictor, sequences=None):
        """Take all pictures through the network; return the Tally of them.

        Those of Sequences are smoothed and compared in their order.
        """
        tally = Tally()
        with contextlib.ExitStack() as stack:
            for writer in self.writers:
                stack.enter_context(writer)
            for outcome in progress.track(
                    scorer.predict(predictor, scorer.list_jobs(),
                                   scorer.score, sequences),
                    scorer.count, 'evaluation'):
                tally.add(outcome)
                if sequences:
                    sequences.add(outcome)
        return tally


def add_options(parser):
    """Add the options that `select` takes; return the group of inference."""
    group = parser.add_argument_group('data')
    group.add_argument('--data-source', metavar='NAME',
                       help='data source (default: the one that the model '
                            'was trained on)')
    group.add_argument('--data-dir', metavar='DIR',
                       help='folder of the data set (default: the one that '
                            'the model was trained on)')
    group.add_argument('--split', default='valid', type=option_types.split,
                       choices=('valid', 'train', 'test'),
                       help='samples to score (default: %(default)s)')
    group.add_argument('--list', metavar='FILE',
                       help='score only those pictures of the split that are '
                            'in FILE, one path per line, relative to the '
                            'folder of the data set')
    group.add_argument('--classes', metavar='TABLE',
                       help='class table, for a data source that has several '
                            '(default: the one that the model was trained '
                            'on)')
    common_classes.add_option(group)
    group.add_argument('--workers', type=option_types.positive(int),
                       default=os.cpu_count() or 1,
                       help='threads that read and score pictures '
                            '(default: %(default)s, one per core)')
    group = model_options.add_options(parser)
    group.add_argument('--flip', action='store_true',
                       help='average the probabilities over the picture and '
                            'its mirror image')
    group.add_argument('--scales', type=option_types.scales, default=(1.,),
                       metavar='S,S,...',
                       help='average the probabilities over these multiples '
                            'of the network input, such as 0.75,1,1.25')
    return group


def select(options, name):
    """Return the Selection that the options ask for.

    Parameters
    ----------
    options : argparse.Namespace
        What they leave open is as the model has it.
    name : str
        Directory of the run, or an exported model.
    """
    described = complete(options, name)
    model = network = lookup.find(
        name, options.checkpoint, None if options.map else loading.make_source(
            described.data_source, described.classes, described.data_dir))
    settings = model_options.settings(options)
    settings.check(model)
    augmentation = settings.augmentation(model, options.scales, options.flip)
    image_size = options.image_size or model.image_size
    source = loading.load_source(
        described._replace(image_size=image_size),
        # For the test split the others may be empty.
        () if options.split == 'test' else None)
    if options.map:
        model, source, augmentation = common_classes.apply(
            options.map, model, source, augmentation, options.tune)
    export, birds_eye = (path and submission.Writer(path, options.zip)
                         for path in (options.export, options.birds_eye))
    benchmark = registry.make(source, described.data_source, export,
                              birds_eye)
    writers = tuple(filter(None, (export, birds_eye)))
    pairs = list_pairs(source, described, options.split,
                       benchmark if writers else None)
    split_size = len(pairs) if pairs else None
    if pairs is None:
        refuse_files(described.data_source, options.split, options.native,
                     options.list, writers)
        benchmark = None
    elif options.list:
        pairs = picture_list.read(options.list, pairs, described.data_dir,
                                  options.split)
    split = lookup.split(model)
    is_own = described.data_source == lookup.options(model).get(
        'data_source') and not options.map
    if options.split != 'test' and split and is_own:
        splits.check_unchanged(source, described.data_dir, split)
    return Selection(
        model, source, described.data_source, described.data_dir,
        options.split, options.list, split_size, pairs, benchmark, writers,
        settings, augmentation, options.shard, network)


def complete(options, name):
    """Return the SourceOptions; those left open are as the model has them."""
    saved = {'seed': 0, 'valid_fraction': .1, 'classes': None,
             'group_by': None, 'hold_out': None, 'data_source': None,
             'data_dir': None}
    saved.update(lookup.read_options(name, options.checkpoint))
    for key, value in (('data_source', options.data_source),
                       ('data_dir', options.data_dir)):
        if not (value or saved[key]):
            raise InputError(f'{name} does not say what it was trained on: '
                             f'it takes {option_types.flag(key)}')
    is_same = options.data_source in (None, saved['data_source'])
    return SourceOptions(
        options.data_source or saved['data_source'],
        options.data_dir or saved['data_dir'],
        options.classes or (saved['classes'] if is_same else None),
        saved['group_by'] if is_same else None,
        saved['hold_out'] if is_same else None,
        saved['seed'], saved['valid_fraction'], options.workers)


def list_pairs(source, described, split, benchmark=None):
    """Return the (picture, label) paths of a split, all of them checked.

    Parameters
    ----------
    source : data source
    described : SourceOptions
    split : str
    benchmark : optional
        Where there is no labelled test split it lists the pictures that are
        to be submitted, with None for a label.

    Returns
    -------
    list of (str, str or None), or None
        None where the source does not list its files.
    """
    pairs = contract.pairs(source, split)
    if pairs is None:
        return None
    if not pairs and split == 'test' and benchmark:
        pairs = [(path, None)
                 for path in benchmark.list_test(described.data_dir)]
    if not pairs:
        others = contract.split_names(source)
        there = f'{" and ".join(others)} are there' if others else (
            'nor another')
        raise InputError(f'data source {described.data_source!r} has no '
                         f'{split} split in {described.data_dir}: {there}')
    for pair in pairs:
        if pair[1] is not None:
            contract.check_pair(source, *pair)
    return pairs


def refuse_files(data_source, split, native, list_file, writers):
    """Raise InputError for what a source without lists cannot be asked."""
    if native:
        raise InputError(f'data source {data_source!r} gives samples of one '
                         'size: --native does not apply')
    for asked, option in ((list_file, '--list'), (writers, '--export')):
        if asked:
            raise InputError(f'data source {data_source!r} lists no files: '
                             f'{option} does not apply')
    if split == 'test':
        raise InputError(f'data source {data_source!r} has no test split: '
                         'train and valid are there')
