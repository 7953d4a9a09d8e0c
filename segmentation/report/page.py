"""A page to look at: how a network scores, and where it is wrong.

    Tally -> which pictures -> network -> layers in DIR/pictures
          -> plots, report.html, jinja2 -> DIR/index.html

Beside the page lies scores.json, as --json has it.
"""
import os

import numpy as np

from segmentation import files, metrics, text
from segmentation.drawing import style
from segmentation.report import highlights, panels, plots
from segmentation.report.highlights import Shot
from segmentation.trained import lookup

TEMPLATE = os.path.join(os.path.dirname(__file__), 'report.html')
EVALUATION = ('name', 'checkpoint', 'data_source', 'data_dir', 'split', 'list',
              'image_size', 'scales', 'flip')       # of scores.json


class Report:
    """Chooses what a report shows, draws the pictures and writes the page.

    Parameters
    ----------
    work : str
        Folder that becomes the report.
    model : run_dir.Run or exported.Exported
    scorer : PairScorer
    tally : Tally
        The scores of the pictures that the scorer has scored.
    crf : str, optional
        Describes the CRF that refined the predictions.
    """

    def __init__(self, work, model, scorer, tally, crf=None):
        self.work, self.model, self.scorer = work, model, scorer
        self.crf = crf
        self.names = tally.names
        self.matrices = np.stack(tally.matrices)            # [N, C, C]
        self.matrix = self.matrices.sum(axis=0)
        self.style = style.choose(model.class_names, model.label_colors,
                                  model.background)
        self.pairs = highlights.pairs(self.matrix)
        self.chosen = highlights.choose(self.matrices, self.pairs)
        self.index = {name: k for k, name in reversed(list(enumerate(
            self.names)))}
        self.shots = {}         # {name of a picture: [Shot]}
        for shot, indices in self.chosen.items():
            for k in indices:
                self.shots.setdefault(self.names[k], []).append(shot)
        self.figures = {}       # {(Shot, index): figure}
        os.mkdir(os.path.join(work, 'pictures'))

    def jobs(self):
        """Return the scorer's jobs of the pictures to show."""
        return self.scorer.choose(self.shots)

    def draw(self, result):
        """Write what is shown of a Result; return its figures for `add`."""
        index = self.index[self.scorer.name(result.job)]
        prediction = self.scorer.refine(result)
        return self.write_figures(index, panels.Layers(
            self.work, f'pictures/{index:05d}', *result.sample,
            prediction.ids, prediction.confidence, self.style))

    def write_figures(self, index, layers):
        """Write the layers of a picture, whole or cropped, for its Shots.

        Returns
        -------
        {(Shot, index): figure}
            A figure is a dict of the paths, the size and the caption.
        """
        figures = {}
        whole, paths = layers.shrink(), None
        for shot in self.shots[self.names[index]]:
            classes = shot.true, shot.predicted
            if shot.section == 'pair':
                part = layers.crop(*classes)
                figure = part.write()
            else:
                part, paths = whole, paths or whole.write()
                figure = dict(paths)
            figure.update(
                highlights.caption(shot, self.matrices[index]),
                name=self.names[index],
                mistakes=part.write_mistakes(*classes))
            figures[shot, index] = figure
        return figures

    def add(self, figures):
        """Take in what `draw` returns."""
        self.figures.update(figures)

    def of(self, *shot):
        """Return the figures of a Shot, given by its fields, worst first."""
        shot = Shot(*shot)
        return [self.figures[shot, k] for k in self.chosen[shot]
                if (shot, k) in self.figures]

    def classes(self):
        """Return name, colour, share and row of the matrix of each class."""
        totals = self.matrix.sum(axis=1)
        shares = metrics.ratio(totals, np.full(len(totals), totals.sum()))
        rows = metrics.ratio(self.matrix, np.repeat(
            totals[:, None], len(totals), axis=1))
        return [{'name': name, 'color': css_color(self.style.colors[k])
                 if k in self.style.alphas else 'transparent',
                 'share': float(shares[k]), 'row': rows[k].tolist()}
                for k, name in enumerate(self.model.class_names)]

    def count_pictures(self):
        """Return how many pictures have each class, and how many each pair.

        Returns
        -------
        {class id, or (true class id, predicted one): int}
        """
        counts = {k: int(np.count_nonzero(self.matrices[:, k].any(axis=1)))
                  for k in range(self.matrices.shape[1])}
        counts.update({(pair.true, pair.predicted): int(np.count_nonzero(
            self.matrices[:, pair.true, pair.predicted]))
            for pair in self.pairs})
        return counts

    def sections(self):
        """Return the figures of each section of the page."""
        ious = metrics.iou(self.matrix)
        worst = [(k, self.of('class', k))
                 for k in sorted(range(len(ious)), key=lambda k: (ious[k], k))]
        return {'typical': self.of('typical'),
                'worst': [(k, figures) for k, figures in worst if figures],
                'pairs': [(pair, self.of('pair', pair.true, pair.predicted))
                          for pair in self.pairs]}

    def render(self, scores, lines):
        """Return the page as HTML; parameters as for `write`."""
        import jinja2
        with open(TEMPLATE, encoding='utf-8') as file:
            template = jinja2.Environment(
                autoescape=True, trim_blocks=True, lstrip_blocks=True,
                undefined=jinja2.StrictUndefined).from_string(file.read())
        return template.render(
            self.sections(), classes=self.classes(), scores=scores,
            lines=lines,
            title=self.model.path, counted=text.counted,
            counts=self.count_pictures(),
            evaluation=dict({key: scores[key] for key in EVALUATION},
                            crf=self.crf),
            options=lookup.options(self.model),
            curves=plots.curves(lookup.log(self.model)),
            reliability=plots.reliability(scores['calibration']['bins'])
            if scores['pixels'] else None)

    def write(self, scores, lines):
        """Write the page, and the scores beside it.

        Parameters
        ----------
        scores : dict
            What --json writes.
        lines : list of str
            What the benchmark reports.
        """
        files.write_json(os.path.join(self.work, 'scores.json'), scores)
        # A file name may hold bytes that are no text.
        with open(os.path.join(self.work, 'index.html'), 'w',
                  encoding='utf-8', errors='replace') as file:
            file.write(self.render(scores, lines))


def css_color(color):
    """Return (blue, green, red) as '#rrggbb'."""
    blue, green, red = color
    return f'#{red:02x}{green:02x}{blue:02x}'
