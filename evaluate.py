"""Score a trained network on a split of a data set, or compare two.

    python evaluate.py --name runs/kitti --split valid
    python evaluate.py --name runs/camvid --data-dir camvid --split test \\
        --flip --scales .75,1,1.25 --json test.json --matrix test.png
    python evaluate.py --name runs/camvid --report report
    python evaluate.py --name runs/city --export results --zip
    python evaluate.py --compare runs/a runs/b --json difference.json
    python evaluate.py --name runs/camvid --crf --tune 20

One confusion matrix over all pixels, at the labels' own size: the network's
probabilities are brought to it before the likeliest class is taken. Only a
source that tells no files is scored at the size of its samples. The run knows
its data; a run of the blog's code takes --data-source and --data-dir.

Cityscapes and KITTI road are scored by the rules of their benchmarks as well,
and --export writes what these want to be handed in; with --split test that of
the pictures without labels.

--crf brings predictions to the edges of the pictures by a fully connected
CRF before all that, and says what that gains or loses. With --tune N it tries
some settings on N pictures of the split first, and writes the best to the
run, where infer.py --crf finds them; the scores are of the other pictures.

--report writes a page to look at, DIR/index.html: scores, the worst pictures
of each class, what is taken for what, how the training went.
"""
import argparse
import contextlib
import copy
import os

import tqdm

import utils
from segmentation import files, option_types
from segmentation.crf import model, pool, tuning
from segmentation.data import contract
from segmentation.evaluation import comparison, results
from segmentation.evaluation import scorer as scoring
from segmentation.evaluation import selection, submission
from segmentation.evaluation.benchmarks import registry
from segmentation.inference import tta
from segmentation.report import folder as report_folder
from segmentation.report import page as report_page


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Score a trained network on a split of a data set, or '
                    'compare two.')
    parser.add_argument('--name', default='runs/test',
                        help='directory of the run (default: %(default)s)')
    parser.add_argument('--compare', nargs=2, metavar=('RUN_A', 'RUN_B'),
                        help='score two runs instead: what each class gains '
                             'from A to B, with a 95 %% bootstrap interval '
                             'over pictures, and whether that is noise')
    parser.add_argument('--checkpoint', default='best', metavar='WHICH',
                        help='best or last; of the blog\'s code also a name, '
                             'such as e50 (default: %(default)s)')
    which = parser.add_argument_group('which pictures')
    which.add_argument('--data-dir',
                       help='folder of the data set (default: the run\'s)')
    which.add_argument('--split', default='valid',
                       choices=('valid', 'train', 'test'),
                       help='which samples (default: %(default)s)')
    which.add_argument('--list', metavar='FILE',
                       help='of the split, score only the pictures in FILE: '
                            'a path a line, relative to the folder of the '
                            'data set')
    which.add_argument('--data-source', metavar='NAME',
                       help='default: the run\'s')
    which.add_argument('--classes', metavar='TABLE',
                       help='class table of a source that has several '
                            '(default: the run\'s)')
    how = parser.add_argument_group('how they are predicted')
    size = how.add_mutually_exclusive_group()
    size.add_argument('--image-size', type=option_types.image_size, metavar='WxH',
                      help='network input in pixels, each divisible by 32 '
                           '(default: the run\'s)')
    size.add_argument('--native', action='store_true',
                      help='run the network at each picture\'s own size')
    how.add_argument('--flip', action='store_true',
                     help='average the probabilities with those of the '
                          'mirrored picture')
    how.add_argument('--scales', type=option_types.scales, default=(1.,),
                     metavar='S,S,...',
                     help='average the probabilities at these multiples of '
                          'the network input, such as .75,1,1.25')
    how.add_argument('--batch-size', type=option_types.positive(int), default=4,
                     help='samples a step (default: %(default)s)')
    how.add_argument('--workers', type=option_types.positive(int),
                     default=os.cpu_count() or 1,
                     help='threads that read and score pictures '
                          '(default: %(default)s, one a core)')
    tuning.add_option(model.add_options(parser))
    written = parser.add_argument_group('what is written')
    written.add_argument('--json', metavar='FILE',
                         help='write the scores as JSON')
    written.add_argument('--csv', metavar='FILE',
                         help='write the scores of each picture')
    written.add_argument('--matrix', metavar='FILE.png',
                         help='write the confusion matrix as a picture')
    written.add_argument('--reliability', metavar='FILE.png',
                         help='write how often the network is right, by its '
                              'confidence, as a picture')
    written.add_argument('--report', metavar='DIR',
                         help='write a page with all of this, the worst '
                              'pictures of each class and what is taken for '
                              'what; DIR is new, or a report to replace')
    written.add_argument('--export', metavar='DIR',
                         help='write what the benchmark wants: label ids of '
                              'cityscapes, confidences of kitti')
    written.add_argument('--birds-eye', metavar='DIR',
                         help='of kitti, write the confidences seen from '
                              'above, 400x800 pixels of .05 m')
    written.add_argument('--zip', action='store_true',
                         help='write DIR.zip beside these folders')
    options = parser.parse_args(argv)
    if options.zip and not (options.export or options.birds_eye):
        parser.error('--zip goes with --export or --birds-eye')
    model.check_options(parser, options)
    tuning.check_option(parser, options)
    if options.compare:
        for name in ('csv', 'matrix', 'reliability', 'report', 'export',
                     'birds_eye', 'crf'):
            if getattr(options, name):
                parser.error('--{} does not go with --compare'.format(
                    name.replace('_', '-')))
    return options


def prepare(options):
    """Check all that can be checked; the Run and what scores it."""
    run = selection.find_run(options)
    data = selection.load_data(options)
    benchmark = registry.make(data, options.data_source, *(
        path and submission.Writer(path, options.zip)
        for path in (options.export, options.birds_eye)))
    pairs = selection.list_pairs(data, options, benchmark)
    if options.split != 'test' and run.saved:
        contract.check_split(data, options.data_dir, run.saved['split'])
    selection.check_outputs((options.json, options.csv, options.matrix,
                             options.reliability), run, pairs)
    for path in filter(None, (options.matrix, options.reliability)):
        files.check_image_type(path)
    submission.check((options.export, options.birds_eye), options.zip)
    if options.report:
        report_folder.check(options.report, (
            options.json, options.csv, options.matrix, options.reliability,
            options.export, options.birds_eye))
    shown = tta.Views(None if options.native else options.image_size,
                      options.scales, options.flip)
    if not pairs:
        return run, scoring.SampleScorer(data, options.split,
                                         options.batch_size, shown,
                                         options.data_dir)
    if benchmark:
        benchmark.prepare(pairs)
    return run, scoring.PairScorer(data, pairs, shown, options.data_dir,
                                   benchmark)


def restore(options, run):
    """The context of the run's network."""
    # TensorFlow takes seconds to load: only after all that may be wrong.
    from segmentation.inference import predictor

    # Threads that wait for the CRF come on top of those that work.
    threads = options.workers * (2 if options.crf else 1)
    return predictor.restore(run, options.batch_size, threads)


def tune(options, run, scorer):
    """Find parameters for the run; whether pictures are left to score."""
    tuning.check_run(run)
    places = tuning.spread(scorer.count, options.tune)
    with restore(options, run) as network:
        pictures = tuning.collect(network, scorer, places)
    print('[i] tuning on {} of {} pictures of the {} split'.format(
        len(pictures), scorer.count, options.split))
    found, raw = tuning.tune(scorer.pool, pictures)
    print('\n'.join(tuning.report(found, raw)))
    scorer.pool.choice = tuning.save(run, options.split, pictures, found,
                                     raw)
    print(f'[i] {os.path.join(run.directory, model.FILE)}')
    scorer.leave_out(places)
    print('[i] the scores are of the {} pictures that tuning did not see'
          .format(scorer.count) if scorer.count else
          '[i] tuning has seen every picture: none is left to score')
    return scorer.count > 0


def score(options, run, scorer):
    """Take all pictures through the network; the Tally of them."""
    tally = scoring.Tally()
    with contextlib.ExitStack() as stack:
        for what in ('export', 'birds_eye'):
            if getattr(options, what):
                stack.enter_context(getattr(scorer.benchmark, what))
        network = stack.enter_context(restore(options, run))
        for outcome in tqdm.tqdm(
                network.predict(scorer.jobs, scorer.read, scorer.score),
                total=scorer.count, disable=None, leave=False,
                unit='picture'):
            tally.add(outcome)
    return tally


def write_report(options, run, scorer, tally, scores, lines):
    """Take the pictures worth showing through the network again; the page.
    """
    with report_folder.replace(options.report) as work:
        page = report_page.Report(
            work, run, scorer, tally, crf=scorer.pool and model.in_words(
                scorer.pool.choice.parameters))
        with restore(options, run) as network:
            for figures in network.predict(page.jobs(), page.read, page.draw):
                page.add(figures)
        page.write(scores, lines)
    print(f"[i] {os.path.join(options.report, 'index.html')}")


def compare(options):
    """Score two runs, and print and write what differs."""
    tasks = []
    for name in options.compare:
        its = copy.copy(options)
        its.name = name
        tasks.append((its,) + prepare(its))
    (its_a, run_a, scorer_a), (its_b, run_b, scorer_b) = tasks
    comparison.check((run_a, run_b), (scorer_a, scorer_b))
    tallies = [score(*task) for task in tasks]
    result = comparison.compare(*comparison.align(*tallies, options.compare),
                                run_a.class_names)
    for letter, (its, run, _) in zip('AB', tasks):
        print('[i] {}: {} of {}, {} split'.format(
            letter, os.path.basename(run.checkpoint), its.name, its.split))
    print(f"[i] {comparison.verdict(result)}")
    print(comparison.table(result))
    if options.json:
        files.write_json(options.json, files.without_nan(dict(
            result, runs=[results.describe(its_a, run_a),
                          results.describe(its_b, run_b)])))


def main(argv=None):
    options = parse_options(argv)
    if options.compare:
        return compare(options)
    run, scorer = prepare(options)
    choice = model.choose(options, run, tuned=not options.tune)
    if choice:
        print('\n'.join(choice.lines))
    with pool.start(choice, options.workers) as scorer.pool:
        if not options.tune or tune(options, run, scorer):
            tally = score(options, run, scorer)
            told = results.tell(options, run, scorer, tally)
            if options.report:
                write_report(options, run, scorer, tally, *told)


if __name__ == '__main__':
    utils.run(main)
