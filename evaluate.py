"""Score a trained network on a split of a data set, or compare two.

    python evaluate.py --name runs/kitti --split valid
    python evaluate.py --name runs/camvid --data-dir camvid --split test \\
        --flip --scales 0.75,1,1.25 --json test.json --matrix test.png
    python evaluate.py --name runs/camvid --report report
    python evaluate.py --name runs/city --export results --zip
    python evaluate.py --compare runs/a runs/b --json difference.json
    python evaluate.py --name runs/camvid --crf --tune 20

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

--report writes a page to look at, DIR/index.html: scores, the worst pictures
of each class, confusions of classes, how the training went.
"""
import contextlib
import os

import utils
from segmentation import files, opencv, option_types, threads
from segmentation.crf import choice, model, pool, tuning
from segmentation.evaluation import (comparison, results, selection,
                                     submission)
from segmentation.evaluation.tally import Tally
from segmentation.inference import model_options
from segmentation.inference.predictor import Predictor
from segmentation.report import folder, page
from segmentation.terminal import command_line, progress


def parse_options(argv=None):
    parser = command_line.Parser(
        description='Score a trained network on a split of a data set, or '
                    'compare two.')
    parser.add_argument('--compare', nargs=2, metavar=('A', 'B'),
                        help='compare two models instead: what each class '
                             'gains from A to B, with a 95 %% bootstrap '
                             'interval over pictures')
    selection.add_options(parser)
    choice.add_options(parser).add_argument(
        '--tune', type=option_types.positive(int), metavar='N',
        help='try settings around the preset on N pictures of the split, '
             'evenly spaced, write the best to crf.json of the run, and '
             'score the other pictures')
    results.add_options(parser)
    options = parser.parse_args(argv)
    check_options(parser, options)
    return options


def check_options(parser, options):
    """End in a usage error for options that make no sense together."""
    exported = options.export or options.birds_eye
    if options.zip and not exported:
        parser.error('--zip goes with --export or --birds-eye')
    choice.check_options(parser, options)
    if options.tune and options.crf is None:
        parser.error('--tune goes with --crf')
    if options.tune and options.split == 'test':
        parser.error('--tune does not go with --split test: the pictures to '
                     'be judged by are not to be tuned on')
    if options.tune and exported:
        parser.error('--tune leaves pictures out: --export and --birds-eye '
                     'take a call of their own')
    if options.compare:
        for name in ('csv', 'matrix', 'reliability', 'report', 'export',
                     'birds_eye', 'crf'):
            if getattr(options, name):
                parser.error(f'{option_types.flag(name)} does not go with '
                             '--compare')


def prepare(options, name):
    """Return the Selection of a model; check all that needs no network."""
    selected = selection.select(options, name)
    written = (options.json, options.csv, options.matrix, options.reliability)
    folders = options.export, options.birds_eye
    results.check_paths(written, selected)
    for path in filter(None, (options.matrix, options.reliability)):
        files.check_image_type(path)
    submission.check(folders, options.zip, (*written, options.report))
    if options.report:
        folder.check(options.report, written + folders)
    places = [os.path.dirname(os.path.abspath(path))
              for path in (*written, *folders, options.report) if path]
    utils.remove_leftovers(
        places + [selected.model.path] * bool(options.tune))
    if selected.benchmark:
        selected.benchmark.prepare(selected.pairs)
    return selected


@contextlib.contextmanager
def opened(selected, workers):
    """Yield the Predictor of a Selection; its engine is open."""
    # Engines may take seconds to load: only after all that may be wrong.
    with selected.settings.open(selected.network) as (engine, lines):
        print(*model_options.header_lines(engine), *lines, sep='\n',
              flush=True)
        yield Predictor(engine, selected.augmentation,
                        selected.settings.batch_size, workers)


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
        print(f'[i] tuning on {len(examples)} of {scorer.count} pictures of '
              f'the {selected.split} split')
        tuned = tuning.tune(processes, chosen.parameters, examples)
    print('\n'.join(tuning.report(tuned)))
    print(f'[i] {tuning.save(selected.model, selected.split, tuned)}')
    return tuned


def predict(predictor, scorer, jobs, function):
    """Yield function(result) of each job, in order; it runs in threads."""
    def named(result):
        with opencv.blaming(result.job[0]):
            return function(result)

    # Threads that wait for the refinement come on top of those that work.
    count = predictor.workers * (2 if scorer.refinement else 1)
    yield from threads.in_threads(
        count, named, predictor.predict(jobs, scorer.read),
        max(count, predictor.batch_size))


def score(selected, scorer, predictor):
    """Take all pictures through the network; return the Tally of them."""
    tally = Tally()
    with contextlib.ExitStack() as stack:
        for writer in selected.writers:
            stack.enter_context(writer)
        for outcome in progress.track(
                predict(predictor, scorer, scorer.list_jobs(), scorer.score),
                scorer.count, 'evaluation'):
            tally.add(outcome)
    return tally


def write_report(path, selected, scorer, tally, summary, predictor, crf):
    """Write the page; predict the pictures that it shows once more."""
    with folder.replace(path) as work:
        report = page.Report(work, selected.model, scorer, tally, crf)
        for figures in progress.track(
                predict(predictor, scorer, report.jobs(), report.draw),
                len(report.shots), 'report'):
            report.add(figures)
        report.write(summary.scores, summary.benchmark_lines)


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
            tallies.append(score(selected, scorer, predictor))
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


def evaluate(options):
    """Score a model; print and write its scores."""
    selected = prepare(options, options.name)
    chosen = choice.choose(options, selected.model, tuned=not options.tune)
    if options.tune:
        tuning.check_model(selected.model)
    print(*selected.header_lines(), sep='\n')
    if chosen:
        print('\n'.join(chosen.lines()))
    with opened(selected, options.workers) as predictor:
        exclude = ()
        if options.tune:
            tuned = tune(selected, predictor, chosen, options.tune)
            chosen, exclude = tuned.choice(), tuned.pictures
            count = selected.scorer(exclude=exclude).count
            print(f'[i] the scores are of the {count} pictures that tuning '
                  'did not see' if count else '[i] tuning has seen every '
                  'picture: none is left to score')
            if not count:
                return
        score_and_write(options, selected, predictor, chosen, exclude)


def score_and_write(options, selected, predictor, chosen, exclude):
    """Score the pictures but those excluded; write what is asked for."""
    with pool.start(chosen, options.workers) as refinement:
        scorer = selected.scorer(refinement, exclude)
        tally = score(selected, scorer, predictor)
        summary = results.summarize(selected, predictor.engine.describe(),
                                    tally, refinement)
        print('\n'.join(summary.lines))
        results.write(summary, tally, options.json, options.csv,
                      options.matrix, options.reliability)
        if options.report:
            write_report(options.report, selected, scorer, tally, summary,
                         predictor,
                         chosen and model.in_words(chosen.parameters))
            print(f"[i] {os.path.join(options.report, 'index.html')}")


def main(argv=None):
    options = parse_options(argv)
    if options.compare:
        compare(options)
    else:
        evaluate(options)


if __name__ == '__main__':
    utils.run(main)
