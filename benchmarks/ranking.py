"""Does infer.py --rank choose better pictures to label than chance? CamVid.

    python benchmarks/ranking.py --data-dir camvid --vgg-dir vgg \\
        --output-dir ranking --plot ranking.png

For each seed a network is trained on a few pictures drawn from the training
split. It ranks the others, whose labels it has not seen. The first of the
ranking are added, once by the entropy and once by the mutual information of
--mc 8, or as many at random, and networks are trained on these sets in the
same way. The table has their mIoU on the validation split, mean and standard
deviation over the seeds, and how often each choice beats chance.

The encoder is frozen and the pictures are small: a training takes a minute or
two on two cores. A second call goes on where the first was stopped.
"""
import argparse
import collections
import csv
import os
import shutil
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
import utils  # noqa: E402, first: from here on Ctrl-C ends in one line
import numpy as np  # noqa: E402

from segmentation import files, option_types  # noqa: E402
from segmentation.errors import InputError  # noqa: E402

START, CHANCE = 'start', 'random'
# What infer.py is given for each ranking.
RANKINGS = {'entropy': [], 'mutual information': ['--mc', '8']}
LOOKS = {CHANCE: ('0.5', 'o'), 'entropy': ('tab:blue', 's'),
         'mutual information': ('tab:orange', '^')}
STEPS = 600         # of four samples, whatever the number of pictures
MOST_EPOCHS = 40
RECIPE = ['--data-source', 'camvid', '--model', 'fcn-pools',
          '--freeze-encoder', '--learning-rate', '3e-3', '--schedule', 'poly',
          '--class-weights', 'sqrt-median', '--batch-size', '4',
          '--precision', 'auto', '--delete-cache']


def run_program(name, *arguments):
    """Run a program quietly; raise InputError with its last line if it fails.
    """
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, name), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    if done.returncode:
        last = (done.stderr.strip() or str(done.returncode)).splitlines()[-1]
        raise InputError(f'{name} {" ".join(map(str, arguments))}: {last}')


def link(folder, data_dir, names):
    """Make a CamVid with some training pictures only, by symbolic links."""
    for split in ('train', 'trainannot'):
        os.makedirs(os.path.join(folder, split))
        for name in names:
            if split == 'trainannot':
                name = f'{os.path.splitext(name)[0]}.png'
            os.symlink(os.path.join(data_dir, split, name),
                       os.path.join(folder, split, name))
    for split in ('val', 'valannot'):
        os.symlink(os.path.join(data_dir, split),
                   os.path.join(folder, split))


def train(options, folder, names, seed):
    """Train on some pictures; return the mIoU on the validation split."""
    shutil.rmtree(folder, ignore_errors=True)
    data, run = os.path.join(folder, 'data'), os.path.join(folder, 'run')
    link(data, options.data_dir, names)
    epochs = min(MOST_EPOCHS, max(1, 2 * STEPS // len(names)))
    run_program(
        'train.py', *RECIPE, '--data-dir', data, '--vgg-dir', options.vgg_dir,
        '--name', run, '--seed', seed, '--epochs', epochs, '--image-size',
        'x'.join(map(str, options.image_size)), '--cache-dir',
        os.path.join(folder, 'cache'))
    path = os.path.join(folder, 'scores.json')
    run_program('evaluate.py', '--name', run, '--checkpoint', 'last',
                '--json', path)
    return files.read_json(path, {'scores': {'miou': float}})['scores']['miou']


def rank(options, folder, names, arguments):
    """Return names in the order of infer.py --rank by the run of a folder."""
    path = os.path.join(folder, 'rank.csv')
    run_program(
        'infer.py', '--name', os.path.join(folder, 'run'), '--checkpoint',
        'last', '--no-overlay', '--output-dir', os.path.join(folder, 'ranked'),
        '--rank', path, *arguments, '--samples-dir', *(
            os.path.join(options.data_dir, 'train', name) for name in names))
    with open(path, newline='') as file:
        return [os.path.basename(row['picture'])
                for row in csv.DictReader(file)]


def simulate(options, seed, scores, save):
    """Add the scores of a seed to {(what, pictures): {seed: mIoU}}.

    Parameters
    ----------
    scores : dict
        What is in it already is not trained again.
    save : function
        Called after each training.
    """
    random = np.random.RandomState(seed)
    names = sorted(os.listdir(os.path.join(options.data_dir, 'train')))
    drawn = [names[k] for k in random.permutation(len(names))]
    first, rest = drawn[:options.start], sorted(drawn[options.start:])
    folder = os.path.join(options.output_dir, f'{seed}')
    start = os.path.join(folder, START)

    def score(what, place, chosen):
        if seed not in scores.get((what, len(chosen)), {}):
            scores[what, len(chosen)][seed] = train(options, place, chosen,
                                                    seed)
            save()

    score(START, start, first)
    orders = {CHANCE: drawn[options.start:]}
    for what, arguments in RANKINGS.items():
        if any(seed not in scores.get((what, options.start + count), {})
               for count in options.add):
            orders[what] = rank(options, start, rest, arguments)
    for count in sorted(options.add, reverse=True):
        for what, order in orders.items():
            place = os.path.join(folder, f'{what.replace(" ", "-")}-{count}')
            score(what, place, first + order[:count])
            shutil.rmtree(place, ignore_errors=True)


def table(scores):
    """Return a table in Markdown: mean and deviation, and wins over chance."""
    lines = ['| pictures | chosen by | mIoU | beats chance |', '|---|---|---|'
             '---|']
    for what, count in sorted(scores, key=lambda key: (key[1], key[0])):
        found = scores[what, count]
        chance = scores.get((CHANCE, count), {})
        both = [seed for seed in found if seed in chance]
        wins = sum(found[seed] > chance[seed] for seed in both)
        values = 100 * np.array(list(found.values()))
        lines.append(
            f'| {count} | {what} | {values.mean():.1f} ± {values.std():.1f} | '
            + (f'{wins} of {len(both)} |' if what in RANKINGS else '|'))
    return '\n'.join(lines)


def plot(path, scores):
    """Draw the mIoU of each choice over the number of pictures."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    page = Figure(figsize=(5, 3.2), constrained_layout=True)
    FigureCanvasAgg(page)
    ax = page.add_subplot(1, 1, 1)
    starts = [(count, found) for (what, count), found in scores.items()
              if what == START]
    for shift, (what, (color, marker)) in enumerate(LOOKS.items(), -1):
        points = sorted(starts + [
            (count, found) for (other, count), found in scores.items()
            if other == what], key=lambda point: point[0])
        values = [100 * np.array(list(found.values()))
                  for _, found in points]
        ax.errorbar([count + .4 * shift for count, _ in points],
                    [one.mean() for one in values],
                    [one.std() for one in values], color=color,
                    marker=marker, markersize=4, capsize=3, label=what)
    ax.set_xlabel('labelled pictures')
    ax.set_ylabel('mIoU of validation, %')
    ax.grid(True, linewidth=.4)
    ax.legend(frameon=False)
    with files.atomic(path) as work:
        page.savefig(work, dpi=110)


def parse_options(argv=None):
    """Return the options of the command line."""
    count = option_types.positive(int)
    parser = argparse.ArgumentParser(
        description='Compare ranked pictures with random ones, on CamVid.')
    parser.add_argument('--data-dir', default='camvid',
                        help='folder of CamVid (default: %(default)s)')
    parser.add_argument('--vgg-dir', default='vgg',
                        help='folder of the VGG16 SavedModel (default: '
                             '%(default)s)')
    parser.add_argument('--image-size', type=option_types.image_size,
                        default=(256, 192), help='default: 256x192')
    parser.add_argument('--start', type=count, default=20,
                        help='labelled pictures in the beginning (default: '
                             '%(default)s)')
    parser.add_argument('--add', type=count, nargs='+', default=[30, 60],
                        help='pictures to add to them (default: 30 60)')
    parser.add_argument('--seeds', type=count, default=5,
                        help='repetitions (default: %(default)s)')
    parser.add_argument('--output-dir', default='runs/ranking',
                        help='folder of the runs (default: %(default)s)')
    parser.add_argument('--plot', metavar='FILE.png', help='write a plot')
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    options = argparse.Namespace(**dict(
        vars(options), data_dir=os.path.abspath(options.data_dir)))
    # Stopped by SIGTERM as by Ctrl-C: no program of ours is left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.makedirs(options.output_dir, exist_ok=True)
    path = os.path.join(options.output_dir, 'scores.json')
    settings = {'data_dir': options.data_dir,
                'vgg_dir': os.path.abspath(options.vgg_dir),
                'image_size': list(options.image_size),
                'start': options.start}
    scores = collections.defaultdict(dict)
    if os.path.exists(path):
        saved = files.read_json(path, {'settings': {}, 'scores': [list]})
        if saved['settings'] != settings:
            raise InputError(f'{path} has scores with {saved["settings"]}, '
                             f'not with {settings}: --output-dir names '
                             'another folder')
        for what, number, seed, miou in saved['scores']:
            scores[what, number][seed] = miou

    def save():
        files.write_json(path, {'settings': settings, 'scores': [
            [*key, seed, miou] for key, found in scores.items()
            for seed, miou in found.items()]})

    for seed in range(options.seeds):
        simulate(options, seed, scores, save)
        print(f'[i] after {seed + 1} of {options.seeds} seeds', flush=True)
        print(table(scores), flush=True)
        if options.plot:
            plot(options.plot, scores)


if __name__ == '__main__':
    utils.run(main)
