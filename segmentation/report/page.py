"""A page to look at: how a network scores, and where it is wrong.

    Tally -> which pictures -> network -> layers in DIR/pictures
          -> plots, report.html, jinja2 -> DIR/index.html

Beside the page lie scores.json, as --json has it, and report.json, which
lists the files: only a folder that holds these and no others is replaced.
"""
import collections
import contextlib
import importlib
import json
import os
import shutil

import numpy as np

from segmentation import files, metrics, run_dir
from segmentation.errors import InputError, MissingModuleError
from segmentation.evaluation import submission
from segmentation.report import highlights, panels, plots

MARKER = 'report.json'
MADE_BY = 'evaluate.py --report'
EVALUATION = ('name', 'checkpoint', 'data_source', 'data_dir', 'split', 'list',
              'image_size', 'scales', 'flip')       # of scores.json
CALLED = 3          # classes that the caption of a picture names

# A picture to show: of which section ('typical', 'class' or 'pair'), and of
# which class or pair.
Shot = collections.namedtuple('Shot', 'section true called')


def check(path, others=()):
    """Raise unless a report can be written to `path`, others elsewhere."""
    for name in ('jinja2', 'matplotlib'):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingModuleError('--report takes jinja2 and matplotlib (pip '
                                     'install jinja2 matplotlib): {}'.format(error))
    there = os.path.abspath(path)
    for other in filter(None, others):
        if (os.path.abspath(other) + os.sep).startswith(there + os.sep):
            raise InputError('{}: the folder {} is for the report alone'
                             .format(other, path))
    if not is_report(path):
        submission.check([path])


def is_report(path):
    """Whether a folder is a report of ours, and holds nothing else."""
    marker = os.path.join(path, MARKER)
    if not os.path.isfile(marker):
        return False
    manifest = files.read_json(marker)
    if not isinstance(manifest, dict) or manifest.get('made_by') != MADE_BY:
        return False
    return set(list_files(path)) <= set(manifest.get('files', ()))


def list_files(path):
    """All files in a folder, relative to it."""
    return sorted(os.path.relpath(os.path.join(folder, name), path)
                  for folder, _, names in os.walk(path) for name in names)


@contextlib.contextmanager
def folder(path):
    """Give a work folder that takes the place of `path` when all is well."""
    with files.atomic_folder(path) as work:
        yield work
        names = list_files(work) + [MARKER]
        files.write_json(os.path.join(work, MARKER),
                         {'made_by': MADE_BY, 'files': names})
        if is_report(path):
            shutil.rmtree(path)


def read_log(directory):
    """The entries of a run's log.jsonl; [] without one."""
    name = run_dir.path(directory, 'log.jsonl')
    entries = []
    if os.path.isfile(name):
        with open(name) as file:
            for line in file:
                # The last line may be cut off: the run may be under way.
                with contextlib.suppress(ValueError):
                    entries.append(json.loads(line))
    return [entry for entry in entries if 'epoch' in entry]


class Report:
    """What a report shows; draws the pictures and writes the page.

    Parameters
    ----------
    work : str
        Folder that becomes the report.
    run : rundir.Run
    scorer : scoring.PairScorer
    tally : scoring.Tally
    """

    def __init__(self, work, run, scorer, tally):
        self.work, self.run, self.scorer = work, run, scorer
        self.matrices = np.stack(tally.matrices)            # [N, C, C]
        self.matrix = self.matrices.sum(axis=0)
        self.names = tally.names
        self.pairs = highlights.pairs(self.matrix)
        self.shots = self.choose()
        self.numbers = {self.names[k]: k for k in reversed(range(len(
            self.names)))}
        self.figures = {}
        os.mkdir(os.path.join(work, 'pictures'))

    def choose(self):
        """{name of a picture: [Shot]}"""
        shots = collections.defaultdict(list)
        typical = highlights.typical(self.matrices)
        if typical is not None:
            shots[self.names[typical]].append(Shot('typical', None, None))
        for number in range(len(self.matrix)):
            for k in highlights.worst(self.matrices, number):
                shots[self.names[k]].append(Shot('class', number, None))
        for true, called, _ in self.pairs:
            for k in highlights.examples(self.matrices, true, called):
                shots[self.names[k]].append(Shot('pair', true, called))
        return dict(shots)

    def jobs(self):
        """Return the jobs of the pictures to show."""
        return self.scorer.choose(self.shots)

    def draw(self, result):
        """Write what is shown of a picture; return {(Shot, place): figure}.
        """
        name = self.scorer.name(result.job)
        place = self.numbers[name]
        prediction = self.scorer.refine(result)
        stem = f'pictures/{place:05d}'
        whole = panels.Layers(
            self.work, stem, *result.sample, prediction.ids,
            prediction.confidence, self.run.label_colors)
        full, paths, figures = whole.full(), None, {}
        for shot in self.shots[name]:
            if shot.section == 'pair':
                shown = whole.crop('{}_{}_{}'.format(stem, *shot[1:]),
                                   *shot[1:])
                figure = shown.write()
            else:
                shown, paths = full, paths or full.write()
                figure = dict(paths)
            figure['mistakes'] = shown.write_mistakes(*shot[1:])
            figures[shot, place] = dict(figure, **self.caption(shot, place))
        return figures

    def caption(self, shot, place):
        """What is said of a picture."""
        matrix = self.matrices[place]
        caption = {'name': self.names[place],
                   'miou': metrics.scores(matrix)['miou']}
        if shot.true is not None:
            row = matrix[shot.true]
            others = [int(k) for k in np.argsort(-row, kind='stable')
                      if row[k] and k != shot.true][:CALLED]
            caption.update(
                iou=float(metrics.iou(matrix)[shot.true]),
                found=float(metrics.accuracy(matrix)[shot.true]),
                called=[(k, row[k] / row.sum()) for k in others])
        if shot.called is not None:
            caption['pixels'] = int(matrix[shot.true, shot.called])
        return caption

    def add(self, figures):
        self.figures.update(figures)

    def of(self, section, true=None, called=None):
        """The figures of a section, worst first."""
        shot = Shot(section, true, called)
        found = [(place, figure) for (its, place), figure
                 in self.figures.items() if its == shot]
        order = (highlights.worst(self.matrices, true) if section == 'class'
                 else highlights.examples(self.matrices, true, called)
                 if section == 'pair' else [place for place, _ in found])
        return [dict(found)[place] for place in order if place in dict(found)]

    def describe(self):
        """What the page tells of classes and pictures."""
        totals = self.matrix.sum(axis=1)
        ious = metrics.iou(self.matrix)
        order = sorted(range(len(totals)), key=lambda k: (ious[k], k))
        return {
            'classes': [{
                'name': name,
                'color': '#{2:02x}{1:02x}{0:02x}'.format(
                    *self.run.label_colors[k]),
                'share': float(metrics.ratio(totals[k], totals.sum())),
                'row': metrics.ratio(self.matrix[k], np.full(
                    len(totals), totals[k])).tolist()}
                for k, name in enumerate(self.run.class_names)],
            'typical': self.of('typical'),
            'worst': [(k, self.of('class', k)) for k in order
                      if self.of('class', k)],
            'pairs': [(true, called, share, self.of('pair', true, called))
                      for true, called, share in self.pairs]}

    def write(self, scores, lines):
        """Write the page, and the scores beside it.

        Parameters
        ----------
        scores : dict
            What --json writes.
        lines : list of str
            What the benchmark says.
        """
        import jinja2
        with open(os.path.join(os.path.dirname(__file__), 'report.html'),
                  encoding='utf-8') as file:
            template = jinja2.Environment(
                autoescape=True, trim_blocks=True, lstrip_blocks=True,
                undefined=jinja2.StrictUndefined).from_string(file.read())
        files.write_json(os.path.join(self.work, 'scores.json'), scores)
        refinement = self.scorer.refinement
        page = template.render(
            self.describe(), scores=scores, lines=lines,
            title=os.path.basename(os.path.abspath(self.run.directory)),
            evaluation=dict({key: scores[key] for key in EVALUATION},
                            crf=refinement and refinement.in_words()),
            options=(self.run.saved or {}).get('options', {}),
            curves=plots.curves(read_log(self.run.directory)),
            reliability=plots.reliability(scores['calibration']['bins'])
            if scores['pixels'] else None)
        # A file name may hold bytes that are no text.
        with open(os.path.join(self.work, 'index.html'), 'w',
                  encoding='utf-8', errors='replace') as file:
            file.write(page)
