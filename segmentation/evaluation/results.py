"""What evaluate.py tells of the scores: on the terminal and in files."""
import os

from segmentation import drawing, files, metrics
from segmentation.evaluation import calibration, comparison


def describe(options, run):
    """What JSON tells of how the scores were made."""
    return {
        'name': options.name,
        'checkpoint': os.path.basename(run.checkpoint),
        'data_source': options.data_source,
        'data_dir': options.data_dir,
        'split': options.split,
        'list': options.list,
        'image_size': 'native' if options.native else options.image_size,
        'scales': options.scales,
        'flip': options.flip,
    }


def tell(options, run, scorer, tally):
    """Print the scores, and write those that are asked for.

    Returns
    -------
    dict
        What JSON tells.
    list of str
        The lines of the benchmark.
    """
    matrix, told, lines = tally.matrix, {}, []
    print('[i] {} of {}, {} split: {} pictures, {:,} pixels, {:,} ignored'
          .format(os.path.basename(run.checkpoint), options.name,
                  options.split, len(tally.names), matrix.sum(),
                  tally.ignored))
    if matrix.any():
        print('\n'.join(tally.summaries()))
        print(metrics.table(matrix, run.class_names))
    else:
        print('[i] no pixel has a label: nothing is scored')
    if scorer.benchmark:
        lines, told = scorer.benchmark.report(tally.names, tally.extras)
        for line in lines:
            print(line)
    if scorer.pool:
        told['crf'] = tell_gain(run, scorer, tally)
    scores = files.without_nan(dict(
        describe(options, run), **tally.describe(run.class_names), **told))
    if options.json:
        files.write_json(options.json, scores)
    if options.csv:
        tally.write_csv(options.csv, run.class_names)
    if options.matrix:
        files.write_image(options.matrix,
                          drawing.confusion(matrix, run.class_names))
    if options.reliability:
        files.write_image(options.reliability, calibration.plot(tally.bins))
    return scores, lines


def tell_gain(run, scorer, tally):
    """Print what the CRF gains or loses; what JSON tells of it."""
    raw, names = tally.raw_matrix, run.class_names
    if raw.any():
        print('[i] CRF, {}: {}'.format(scorer.pool.choice.preset,
                                       comparison.gain(raw, tally.matrix)))
        print(comparison.gain_table(raw, tally.matrix, names, ('raw', 'CRF')))
    return dict(scorer.pool.choice.describe(), raw={
        'scores': metrics.scores(raw),
        'iou': dict(zip(names, metrics.iou(raw).tolist())),
        'matrix': raw.tolist()})
