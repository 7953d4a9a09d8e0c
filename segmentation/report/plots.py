"""Plots of a report, as SVG that takes its colours from the page.

matplotlib is loaded by the functions that draw: only reports need it.
"""
import io
import re

SIZE = 4.6, 3       # inches, so that its text can be read on a phone
# What matplotlib gets, and the page replaces by a variable of that name.
COLORS = {'ink': '#0a0b01', 'line': '#0a0b02', 'blue': '#0a0b03',
          'orange': '#0a0b04', 'grey': '#0a0b05'}
# Plots of log.jsonl: a title and, for each line, its key, label and colour.
CURVES = (
    ('Loss, nats a pixel', (('train_loss', 'training', 'grey'),
                            ('valid_loss', 'validation', 'blue'))),
    ('mIoU of validation', (('miou', 'mIoU', 'blue'),)))


def figure(rows=(1,), size=SIZE):
    """Return a figure and its axes, one below the other.

    Parameters
    ----------
    rows : sequence of float
        Relative heights of the axes.
    size : (width, height) in inches
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    with rc_context(style()):
        page = Figure(figsize=size, constrained_layout=True)
        FigureCanvasAgg(page)
        grid = page.add_gridspec(len(rows), 1, height_ratios=rows)
        axes = [page.add_subplot(grid[k]) for k in range(len(rows))]
    for ax in axes:
        ax.grid(True, color=COLORS['line'], linewidth=.6)
        ax.set_axisbelow(True)
        ax.tick_params(length=0)
        for side in ('top', 'right'):
            ax.spines[side].set_visible(False)
    return page, axes


def style():
    """Return matplotlib's settings of a plot."""
    ink, line = COLORS['ink'], COLORS['line']
    return {'text.color': ink, 'axes.labelcolor': ink, 'xtick.color': ink,
            'ytick.color': ink, 'axes.edgecolor': line, 'font.size': 9,
            'axes.facecolor': 'none', 'figure.facecolor': 'none'}


def svg(page, name):
    """Return the SVG element of a figure, to stand in an HTML page.

    Parameters
    ----------
    name : str
        Two plots of a page have two names: their ids do not collide.
    """
    from matplotlib import rc_context
    file = io.StringIO()
    with rc_context(dict(style(), **{'svg.fonttype': 'none',
                                     'svg.hashsalt': name})):
        page.savefig(file, format='svg', transparent=True)
    text = file.getvalue()
    text = text[text.index('<svg'):]
    # What HTML does not need, or what would hold for the whole page.
    for pattern in (r'<metadata>.*?</metadata>', r'<style.*?</style>',
                    r' xmlns(:\w+)?="[^"]*"', r'(?<=<g) id="[^"]*"',
                    r'(?<=<svg)( (width|height)="[^"]*"|(?!>)[^>]*?'
                    r'(?= viewBox))'):
        text = re.sub(pattern, '', text, flags=re.DOTALL)
    text = re.sub(r'font: ([\d.]+)px [^;"]*', r'font-size: \1px', text)
    text = re.sub(r'(<svg[^>]*?) (width|height)="[^"]*"', r'\1', text)
    for color, hexadecimal in COLORS.items():
        text = text.replace(hexadecimal, f'var(--{color})')
    return text.replace('<svg', f'<svg role="img" aria-label="{name}"', 1)


def curves(log):
    """Plot the entries of log.jsonl; return {title: SVG} of what is in them.
    """
    plots = {}
    for title, lines in CURVES:
        lines = [(key, label, color, [entry for entry in log
                                      if is_number(entry.get(key))])
                 for key, label, color in lines]
        if any(entries for *_, entries in lines):
            plots[title] = svg(draw_curves(lines), title)
    return plots


def draw_curves(lines):
    """Return the figure of a plot over epochs; a single line has its best.

    Parameters
    ----------
    lines : list of (key, label, colour, entries that have the key)
    """
    from matplotlib.ticker import MaxNLocator
    page, (ax,) = figure()
    for key, label, color, entries in lines:
        ax.plot([entry['epoch'] for entry in entries],
                [entry[key] for entry in entries], label=label,
                color=COLORS[color], linewidth=1.8, marker='o',
                markersize=3 if len(entries) < 40 else 0)
    if len(lines) == 1:
        key, _, _, entries = lines[0]
        mark_best(ax, key, entries)
    else:
        ax.legend(frameon=False, labelcolor=COLORS['ink'])
    ax.set_xlabel('epoch')
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return page


def mark_best(ax, key, entries):
    """Draw a ring round the highest value, and write what it is."""
    best = max(entries, key=lambda entry: entry[key])
    ax.plot(best['epoch'], best[key], 'o', markersize=8, color='none',
            markeredgecolor=COLORS['orange'], markeredgewidth=1.8)
    ax.text(.98, .06, f'best {100 * best[key]:.1f} % in epoch '
                      f'{best["epoch"]}', transform=ax.transAxes, ha='right',
            color=COLORS['ink'])
    show_percent(ax)


def show_percent(ax):
    """Label the y axis in %."""
    ax.yaxis.set_major_formatter(lambda value, _: f'{100 * value:.0f} %')


def is_number(value):
    """Return whether a value of the log can be plotted; NaN cannot."""
    return isinstance(value, (int, float)) and value == value


def reliability(bins):
    """Plot the accuracy of each bin of confidence; return the SVG.

    Parameters
    ----------
    bins : list of dicts
        As calibration.describe returns them.
    """
    page, (ax, low) = figure((4, 1), (4.6, 4.2))
    width = .9 * (bins[0]['to'] - bins[0]['from'])
    total = sum(one['pixels'] for one in bins)
    bins = [one for one in bins if one['pixels']]
    middles = [(one['from'] + one['to']) / 2 for one in bins]
    accuracy = [one['accuracy'] for one in bins]
    ax.bar(middles, accuracy, width, color=COLORS['blue'], label='accuracy')
    ax.bar(middles, [one['confidence'] - one['accuracy'] for one in bins],
           width, accuracy, color=COLORS['orange'], label='gap to confidence')
    ax.plot([0, 1], [0, 1], color=COLORS['ink'], linewidth=1, linestyle='--')
    ax.set(xlim=(0, 1), ylim=(0, 1), ylabel='accuracy')
    ax.tick_params(labelbottom=False)
    ax.legend(loc='upper left', frameon=False, labelcolor=COLORS['ink'])
    low.bar(middles, [one['pixels'] / total for one in bins], width,
            color=COLORS['grey'])
    low.set(xlim=(0, 1), ylim=(0, 1), yticks=(.5, 1), xlabel='confidence',
            ylabel='pixels')
    show_percent(ax)
    show_percent(low)
    return svg(page, 'Reliability')
