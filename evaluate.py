"""Score a trained network on a split of a data set, or compare two.

    python evaluate.py --name runs/kitti --split valid
    python evaluate.py --name runs/camvid --data-dir camvid --split test \\
        --flip --scales 0.75,1,1.25 --json test.json --matrix test.png
    python evaluate.py --name runs/camvid --report report
    python evaluate.py --name runs/city --export results --zip
    python evaluate.py --compare runs/a runs/b --json difference.json
    python evaluate.py --name runs/camvid --crf --tune 20
    python evaluate.py --name runs/camvid --calibrate
    python evaluate.py --name runs/city --processes 4 --json valid.json

One confusion matrix over all pixels, at the labels' own size: the network's
probabilities are brought to it before the likeliest class is taken. Only a
source that lists no files is scored at the size of its samples. The run knows
its data; a run of the blog's code takes --data-source and --data-dir.

Cityscapes and KITTI road are scored by the rules of their benchmarks as well,
and --export writes the files to submit; with --split test, those of the
pictures without labels.

--crf brings predictions to the edges of the pictures by a fully connected
CRF before all that, and says what that gains or loses. With --tune N it tries
some settings on N pictures of the split first, and writes the best to the
run, where infer.py --crf finds them; the scores are of the other pictures.

--calibrate fits a temperature to the split, after which the confidences of
the network are as high as its accuracy, and writes it to the run, where
infer.py and evaluate.py take it from; the scores are those with it.

--report writes a page to look at, DIR/index.html: scores, the worst pictures
of each class, confusions of classes, how the training went.

--processes N divides the pictures among processes of this machine. On several
machines each call takes a share of them, and writes what it has counted; then
the parts are put together, to the scores of one process:

    python evaluate.py --name runs/city --shard 1/2 --json part-1.json
    python evaluate.py --name runs/city --shard 2/2 --json part-2.json
    python evaluate.py --merge part-1.json part-2.json --json valid.json
"""
import contextlib
import functools
import os
import sys
import tempfile

import utils
from segmentation import files, option_types, text
from segmentation.crf import choice, model, pool, tuning
from segmentation.evaluation import (comparison, results, selection,
                                     submission, usage)
from segmentation.evaluation.consistency import (
    options as consistency_options)
from segmentation.evaluation.scaling import fitting, samples
from segmentation.evaluation.sharding import options as sharding
from segmentation.evaluation.sharding import parts
from segmentation.inference import model_options
from segmentation.inference.predictor import Predictor
from segmentation.inference.uncertainty import options as uncertainty_options
from segmentation.inference.uncertainty.engines import TemperedEngine
from segmentation.processes import members, messages, shards
from segmentation.report import folder, page
from segmentation.terminal import command_line, progress
from segmentation.trained import lookup


def make_parser():
    parser = command_line.Parser(
        description='Score a trained network on a split of a data set, or '
                    'compare two.')
    parser.add_argument('--compare', nargs=2, metavar=('A', 'B'),
                        help='compare two models instead: what each class '
                             'gains from A to B, with a 95 %% bootstrap '
                             'interval over pictures')
    selection.add_options(parser).add_argument(
        '--calibrate', action='store_true',
        help='fit the temperature that makes the confidences of the network '
             'match its accuracy on the split, write it to temperature.json '
             'of the run, and score with it')
    choice.add_options(parser).add_argument(
        '--tune', type=option_types.positive(int), metavar='N',
        help='try settings around the preset on N pictures of the split, '
             'evenly spaced, write the best to crf.json of the run, and '
             'score the other pictures')
    results.add_options(parser)
    consistency_options.add_options(parser)
    shards.add_options(parser).add_argument(
        '--merge', nargs='+', metavar='PART.json',
        help='score what all shards have written by --json; other options '
             'are theirs, but for what is to be written and where the run '
             'and the data lie')
    return parser


def parse_options(argv=None, given=None):
    """Return the options; those of `given` stand where argv has none."""
    parser = make_parser()
    options = parser.parse_args(argv, given)
    choice.check_options(parser, options)
    uncertainty_options.check_options(parser, options)
    usage.check_options(parser, options)
    consistency_options.check_options(parser, options)
    return options


def prepare(options, name):
    """Return the Selection of a model; check all that needs no network."""
    selected = selection.select(options, name)
    if options.calibrate:
        lookup.check_fitting(selected.model, lookup.TEMPERATURE,
                             '--calibrate')
        selected = selected._replace(settings=selected.settings.untempered())
    written = (options.json, options.csv, options.matrix, options.reliability)
    folders = options.export, options.birds_eye
    results.check_paths(written, selected, options.merge or ())
    for path in filter(None, (options.matrix, options.reliability)):
        files.check_image_type(path)
    submission.check(folders, options.zip, (*written, options.report))
    if options.report:
        folder.check(options.report, written + folders)
    places = [os.path.dirname(os.path.abspath(path))
              for path in (*written, *folders, options.report) if path]
    if options.processes > 1:
        places.append(tempfile.gettempdir())
    utils.remove_leftovers(
        places + [selected.model.path] * bool(options.tune
                                              or options.calibrate))
    if selected.benchmark:
        selected.benchmark.prepare(selected.pairs)
    return selected


@contextlib.contextmanager
def opened(selected, workers, is_said=False):
    """Yield the Predictor of a Selection; its engine is open.

    Parameters
    ----------
    selected : selection.Selection
    workers : int
        Threads that read.
    is_said : bool
        Whether the header has its lines on the engine already.
    """
    # Engines may take seconds to load: only after all that may be wrong.
    with selected.settings.open(selected.network) as (engine, lines):
        if not is_said:
            print(*model_options.header_lines(engine), *lines, sep='\n',
                  flush=True)
        yield Predictor(engine, selected.augmentation,
                        selected.settings.pictures, workers)


def tune(selected, predictor, chosen, wanted):
    """Find parameters of the CRF, write them to the run; return the Tuning.

    Parameters
    ----------
    selected : selection.Selection
    predictor : Predictor
    chosen : choice.Choice
        The settings to try surround its parameters.
    wanted : int
        Pictures to tune on.
    """
    scorer = selected.scorer()
    with pool.start(chosen, predictor.workers) as processes:
        examples = tuning.collect(predictor, scorer, wanted)
        print(f'[i] tuning on {len(examples)} of '
              f'{text.counted(scorer.count, "picture")} of the '
              f'{selected.split} split')
        tuned = tuning.tune(processes, chosen.parameters, examples)
    print('\n'.join(tuning.report(tuned)))
    print(f'[i] {tuning.save(selected.model, selected.split, tuned)}')
    return tuned


def write_report(path, selected, scorer, tally, summary, predictor, chosen):
    """Write the page; predict the pictures that it shows once more."""
    with folder.replace(path) as work:
        report = page.Report(work, selected.model, scorer, tally,
                             chosen and model.in_words(chosen.parameters))
        for figures in progress.track(
                scorer.predict(predictor, report.jobs(), report.draw),
                len(report.shots), 'report'):
            report.add(figures)
        report.write(summary.scores, summary.benchmark_lines)
    print(f"[i] {os.path.join(path, 'index.html')}")


def calibrate(selected, predictor):
    """Fit the temperature, write it to the run; return a Predictor with it.

    Parameters
    ----------
    selected : selection.Selection
    predictor : Predictor
        Gives the probabilities of the network.
    """
    fitted = fitting.fit(samples.collect(predictor, selected.scorer()))
    print('\n'.join(fitting.report(fitted)))
    print(f'[i] {fitting.save(selected.model, selected.split, fitted)}')
    return Predictor(TemperedEngine(predictor.engine, fitted.temperature),
                     predictor.augmentation, predictor.batch_size,
                     predictor.workers)


def compare(options):
    """Score two models; print and write how they differ."""
    selections = [prepare(options, name) for name in options.compare]
    scorers = [selected.scorer() for selected in selections]
    models = [selected.model for selected in selections]
    comparison.check(models, scorers)
    tallies, described = [], []
    for selected, scorer in zip(selections, scorers):
        print(*selected.header_lines(), sep='\n')
        with opened(selected, options.workers) as predictor:
            tallies.append(selected.score(scorer, predictor))
            described.append(results.describe(selected,
                                              predictor.engine.describe()))
    result = comparison.compare(*comparison.align(*tallies, options.compare),
                                models[0].class_names)
    for letter, one in zip('AB', models):
        print(f'[i] {letter}: {os.path.basename(one.checkpoint)} of '
              f'{one.path}, {options.split} split')
    print(f'[i] {comparison.verdict(result)}')
    print(comparison.table(result))
    if options.json:
        files.write_json(options.json, files.without_nan(dict(
            result, runs=described)))


def evaluate(options, command):
    """Score a model; print and write its scores, or what a shard counts."""
    selected = prepare(options, options.name)
    chosen = choice.choose(options, selected.model, tuned=not options.tune)
    if options.tune:
        lookup.check_fitting(selected.model, lookup.CRF, '--tune')
    if not messages.is_open():      # else the first process has said it
        print(*selected.header_lines(), sep='\n')
    if chosen:
        print('\n'.join(chosen.lines()))
    with opened(selected, options.workers) as predictor:
        exclude = ()
        if options.calibrate:
            predictor = calibrate(selected, predictor)
        if options.tune:
            tuned = tune(selected, predictor, chosen, options.tune)
            chosen, exclude = tuned.choice(), tuned.pictures
            count = selected.scorer(exclude=exclude).count
            print('[i] the scores are of the '
                  f'{text.counted(count, "picture")} that tuning did not see'
                  if count else '[i] tuning has seen every picture: none is '
                  'left to score')
            if not count:
                return
        with pool.start(chosen, options.workers) as refinement:
            scorer = selected.scorer(refinement, exclude)
            sequences = consistency_options.sequences(options)
            tally = selected.score(scorer, predictor, sequences)
            engine = predictor.engine.describe()
            if options.shard:
                parts.write(options.json, selected, engine, tally,
                            chosen and chosen.describe(), command)
                return
            summary = print_and_write(
                options, selected, results.describe(selected, engine), tally,
                chosen, sequences)
            if options.report:
                write_report(options.report, selected, scorer, tally, summary,
                             predictor, chosen)


def print_and_write(options, selected, description, tally, chosen,
                    sequences=None):
    """Print and write the scores, but for the report; return the Summary."""
    summary = results.summarize(description, selected.model.class_names,
                                tally, selected.benchmark,
                                chosen and chosen.describe(), sequences)
    print('\n'.join(summary.lines))
    results.write(summary, tally, options.json, options.csv, options.matrix,
                  options.reliability)
    return summary


def launch(options, command):
    """Let processes score the pictures; print and write their scores.

    Raises
    ------
    SystemExit
        One has failed; what is to be said is said.
    """
    selected = prepare(options, options.name)
    chosen = choice.choose(options, selected.model)
    print(*selected.header_lines(), sep='\n', flush=True)
    total = selected.scorer().count
    count = shards.useful(options.processes, total, options.batch_size)
    with tempfile.TemporaryDirectory(prefix=files.PART) as work:
        status, _ = members.launch(
            [sys.executable, os.path.abspath(__file__), *command], count,
            total, 'evaluation', work, options.device)
        if status:
            raise SystemExit(status)
        shares = [sharding.of_member(options, members.Member(
            shards.Shard(number, count), work))
            for number in range(1, count + 1)]
        conclude(options, selected, chosen,
                 parts.read([one.json for one in shares]), shares[0])


def merge(options, argv):
    """Score the parts that shards have written."""
    given = parts.read(options.merge)
    options = sharding.of_merged(
        parse_options(given[0].body['command']), options.workers,
        functools.partial(parse_options, argv))
    selected = prepare(options, options.name)
    chosen = choice.choose(options, selected.model)
    parts.check(given, selected, chosen and chosen.describe(),
                bool(options.report))
    print(*selected.header_lines(), sep='\n')
    conclude(options, selected, chosen, given, options)


def conclude(options, selected, chosen, given, shared):
    """Print and write the scores of all parts, as one process does.

    Parameters
    ----------
    options : argparse.Namespace
    selected : selection.Selection
    chosen : choice.Choice, optional
    given : list of parts.Part
    shared : argparse.Namespace
        Has the outputs that the shards were asked for.
    """
    tally = parts.merge(given, selected)
    with contextlib.ExitStack() as stack:
        for writer, path in zip(selected.writers, filter(None, (
                shared.export, shared.birds_eye))):
            parts.copy(given, selected, stack.enter_context(writer), path)
    description = dict(
        results.describe(selected, parts.describe_engine(given)),
        checkpoint=given[0].body['identity']['checkpoint'])
    summary = print_and_write(options, selected, description, tally, chosen)
    if options.report:
        with opened(selected, options.workers, True) as predictor, pool.start(
                chosen, options.workers) as refinement:
            write_report(options.report, selected,
                         selected.scorer(refinement), tally, summary,
                         predictor, chosen)


def main(argv=None):
    command = sys.argv[1:] if argv is None else argv
    options = parse_options(command)
    member = members.join()
    if member:
        options = sharding.of_member(options, member)
    if options.compare:
        compare(options)
    elif options.merge:
        merge(options, command)
    elif options.processes > 1:
        launch(options, command)
    elif options.shard:
        evaluate(sharding.of_shard(options), command)
    else:
        evaluate(options, command)


if __name__ == '__main__':
    utils.run(main)
