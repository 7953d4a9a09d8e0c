"""What evaluate.py says of the scores: lines, JSON, CSV and pictures."""
import os
from typing import Any, Dict, NamedTuple, Sequence

from segmentation import files, metrics, overwriting, text
from segmentation.drawing import confusion
from segmentation.evaluation import calibration, comparison
from segmentation.trained import lookup


class Summary(NamedTuple):
    """The scores of a model, for people and as JSON."""

    lines: Sequence[str]            # for the terminal
    scores: Dict[str, Any]          # as --json has them
    benchmark_lines: Sequence[str]  # those of `lines` that the benchmark says


def add_options(parser):
    """Add the options of what evaluate.py writes."""
    group = parser.add_argument_group('outputs')
    group.add_argument('--json', metavar='FILE',
                       help='write the scores as JSON')
    group.add_argument('--csv', metavar='FILE',
                       help='write the scores of each picture')
    group.add_argument('--matrix', metavar='FILE.png',
                       help='write the confusion matrix as a picture')
    group.add_argument('--reliability', metavar='FILE.png',
                       help='write the reliability diagram: how often the '
                            'network is right at each confidence')
    group.add_argument('--report', metavar='DIR',
                       help='write a page with all of this, the worst '
                            'pictures of each class and the classes that are '
                            'confused; DIR is new, or a report to replace')
    group.add_argument('--export', metavar='DIR',
                       help='write the files to submit to the benchmark: '
                            'label ids for cityscapes, confidences for kitti')
    group.add_argument('--birds-eye', metavar='DIR',
                       help='for kitti, write the confidences as seen from '
                            'above, 400x800 pixels of 0.05 m')
    group.add_argument('--zip', action='store_true',
                       help='write DIR.zip beside each of these folders')


def describe(selected, engine):
    """Return how the scores of a Selection are made, as --json has it.

    Parameters
    ----------
    selected : selection.Selection
    engine : dict
        As `Engine.describe` returns it.
    """
    return {
        'name': selected.model.path,
        'checkpoint': os.path.basename(selected.model.checkpoint),
        'data_source': selected.data_source,
        'data_dir': selected.data_dir,
        'split': selected.split,
        'list': selected.list_file,
        'split_size': selected.split_size,
        'image_size': selected.augmentation.image_size or 'native',
        'scales': selected.augmentation.scales,
        'flip': selected.augmentation.flip,
        'engine': engine,
    }


def summarize(description, class_names, tally, benchmark=None, crf=None,
              sequences=None):
    """Return the Summary of the scores.

    Parameters
    ----------
    description : dict
        As `describe` returns it.
    class_names : list of str
    tally : tally.Tally
    benchmark : benchmarks.benchmark.Benchmark, optional
    crf : dict, optional
        As `Refinement.describe` returns it, where predictions were refined.
    sequences : consistency.sequences.Sequences, optional
    """
    matrix = tally.matrix
    count = text.counted(len(tally.names), 'picture',
                         description['split_size'])
    lines = [f"[i] {description['checkpoint']} of {description['name']}, "
             f"{description['split']} split: {count}, "
             f'{text.counted(matrix.sum(), "pixel")}, '
             f'{tally.ignored:,} ignored']
    if matrix.any():
        lines += tally.summaries()
        lines.append(metrics.table(matrix, class_names))
    else:
        lines.append('[i] no pixel has a label: nothing is scored')
    scores = dict(description, **tally.describe(class_names))
    benchmark_lines = []
    if benchmark:
        benchmark_lines, counted = benchmark.report(
            tally.names, tally.benchmark_counts)
        lines += benchmark_lines
        scores.update(counted)
    if crf:
        raw = tally.raw_matrix
        lines += gain_lines(raw, matrix, class_names, crf['preset'])
        scores['crf'] = dict(crf, raw={
            'scores': metrics.scores(raw),
            'iou': dict(zip(class_names, metrics.iou(raw).tolist())),
            'matrix': raw.tolist()})
    if sequences:
        lines += sequences.lines()
        scores.update(sequences.describe())
    return Summary(lines, files.without_nan(scores), benchmark_lines)


def gain_lines(raw, matrix, class_names, preset):
    """Return lines on what the CRF gains or loses; none without labels."""
    if not raw.any():
        return []
    return [f'[i] CRF, {preset}: {comparison.gain(raw, matrix)}',
            comparison.gain_table(raw, matrix, class_names, ('raw', 'CRF'))]


def check_paths(paths, selected, parts=()):
    """Raise unless each of `paths` that is not None can be written to.

    Parameters
    ----------
    selected : selection.Selection
    parts : sequence of str
        Files that are read as well.
    """
    inputs = [path for pair in selected.pairs or () for path in pair if path]
    inputs += filter(None, [selected.list_file, *parts])
    overwriting.check_outputs(
        paths, inputs + lookup.inputs(selected.model), [selected.data_dir],
        lookup.owned(selected.model))


def write(summary, tally, json=None, csv=None, matrix=None,
          reliability=None):
    """Write the scores to the files that are asked for.

    Parameters
    ----------
    summary : Summary
    tally : tally.Tally
    json, csv, matrix, reliability : str, optional
        Paths.
    """
    class_names = summary.scores['class_names']
    if json:
        files.write_json(json, summary.scores)
    if csv:
        tally.write_csv(csv, class_names)
    if matrix:
        files.write_image(matrix, confusion.draw(tally.matrix, class_names))
    if reliability:
        files.write_image(reliability, calibration.plot(tally.bins))
