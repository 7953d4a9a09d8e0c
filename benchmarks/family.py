"""Train and score all models on one data set with one budget: one table.

    python benchmarks/family.py --data-source camvid --data-dir camvid \\
        --vgg-dir vgg --image-size 256x192 --epochs 20 --output-dir family

Each model is trained by train.py and scored by evaluate.py, with the options
given here and otherwise those of a --recipe; what applies to VGG16 alone is
left out for models without it. The budget is a number of epochs: with one seed
every model sees the same pictures in the same order, however fast the machine
is; the time of an epoch follows from the column `training`. A second call
resumes where the first was stopped, and only scores the models that are
finished.

parameters          trainable parameters, in millions
GFLOP               10^9 operations of one forward pass of one picture, at
                    image_size
rate                the learning rate: a network trained from scratch needs a
                    larger one than VGG16's pretrained weights tolerate
training            throughput in pictures/s, reading included; the median of
                    all epochs but the first
inference           throughput of the network alone in pictures/s, at
                    image_size and --batch-size, after a warm-up
pixels, mIoU        pixel accuracy and mIoU of evaluate.py: the validation
                    split at the size of its labels, void ignored
pixels with void    correct pixels as a share of ALL pixels: void, a class
                    that these networks do not have, counts as wrong. Compare
                    this column with results of networks that score void as a
                    class of their own. They can reach 100 %; here the share
                    of labelled pixels, printed below the table, is the limit.
"""
import argparse
import os
import signal
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
import utils  # noqa: E402, first: from here on Ctrl-C ends in one line
import numpy as np  # noqa: E402

import models  # noqa: E402
import recipes  # noqa: E402
from segmentation import (files, metrics, option_types,  # noqa: E402
                          overwriting)
from segmentation.data import loading  # noqa: E402
from segmentation.errors import InputError  # noqa: E402
from segmentation.inference import engines  # noqa: E402
from segmentation.trained import run_dir  # noqa: E402

RATE, RATE_FROM_SCRATCH = 1e-4, 1e-3
# For train.py, where neither a recipe nor the command line says otherwise.
DEFAULTS = {'epochs': 10, 'batch_size': 4,
            'schedule': 'constant'}     # so that --epochs may grow

# Options that are handed on to train.py.
HANDED_ON = ('data_source', 'data_dir', 'vgg_dir', 'image_size', 'epochs',
             'batch_size', 'learning_rate', 'classes', 'valid_fraction',
             'group_by', 'hold_out', 'workers', 'seed')
OF_VGG16 = 'freeze_encoder', 'backbone_rate'

# (heading, format, the value of a row of --json)
COLUMNS = (('model', '{}', lambda row: row['model']),
           ('parameters (M)', '{:.2f}', lambda row: row['parameters'] / 1e6),
           ('GFLOP', '{:.2f}', lambda row: row['flop'] / 1e9),
           ('rate', '{:g}', lambda row: row['learning_rate']),
           ('training', '{:.2f}', lambda row: row['training_per_second']),
           ('inference', '{:.2f}', lambda row: row['inference_per_second']),
           ('pixels', '{:.1%}', lambda row: row['pixel_accuracy']),
           ('pixels with void', '{:.1%}',
            lambda row: row['accuracy_with_void']),
           ('mIoU', '{:.1%}', lambda row: row['miou']))


def run_program(name, *arguments):
    """Run a program as a user does; raise InputError where it fails."""
    status = subprocess.run([sys.executable, os.path.join(ROOT, name)]
                            + [str(argument) for argument in arguments]
                            ).returncode
    if status:
        raise InputError(f'{arguments[1]}: {name} ended with status {status}')


def choose(options, model):
    """Return {option: value} of train.py for a model."""
    has_backbone = models.MODELS[model].backbone
    recipe = {name: value for name, value
              in recipes.RECIPES.get(options.recipe, {}).items()
              if has_backbone or name not in OF_VGG16}
    given = {name: getattr(options, name) for name in HANDED_ON}
    return {'learning_rate': RATE if has_backbone else RATE_FROM_SCRATCH,
            **DEFAULTS, **recipe,
            **{name: value for name, value in given.items()
               if value is not None}, 'model': model}


def train(chosen, directory):
    """Train a model, or resume its run if train.py finds the same options."""
    arguments = ['--name', directory]
    for name, value in chosen.items():
        if isinstance(value, tuple):
            value = f'{value[0]}x{value[1]}'
        arguments += [option_types.flag(name), value]
    if os.path.isfile(run_dir.path(directory, 'state.json')):
        arguments.append('--resume')
    run_program('train.py', *arguments)


def training_speed(directory):
    """Return pictures/s of a run: the median of its epochs but the first."""
    speeds = [entry['images_per_second'] for entry
              in run_dir.read_log(directory)]
    return statistics.median(speeds[1:] or speeds)


def scores(directory, path):
    """Score a run on the validation split; evaluate.py writes `path`.

    Returns
    -------
    dict
        The scores of a row of the table, and the share of labelled pixels.
    """
    run_program('evaluate.py', '--name', directory, '--json', path)
    evaluation = files.read_json(path, {'matrix': list,
                                        'ignored_pixels': int})
    matrix = np.array(evaluation['matrix'])
    result = metrics.scores(matrix)
    pixels = matrix.sum() + evaluation['ignored_pixels']
    return {'pixel_accuracy': result['pixel_accuracy'],
            'miou': result['miou'],
            'accuracy_with_void': float(np.trace(matrix) / pixels),
            'labelled': float(matrix.sum() / pixels)}


def inference_speed(engine, size, batch_size, seconds):
    """Measure an engine for some seconds; return median pictures/s."""
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (batch_size, size[1], size[0], 3),
                            np.uint8)
    engine.probabilities(images)       # the first call plans the graph
    taken = []
    while sum(taken) < seconds or len(taken) < 3:
        start = time.perf_counter()
        engine.probabilities(images)
        taken.append(time.perf_counter() - start)
    return batch_size / statistics.median(taken)


def measure_costs(directory, batch_size, seconds):
    """Return the parameters, operations and inference speed of a run."""
    # Late: they load TensorFlow.
    import flops
    from segmentation import tf1
    from segmentation.nn import network
    run = run_dir.find(directory)
    with tf1.tf.Graph().as_default(), tf1.session() as sess:
        net = network.restore(sess, run.graph, run.checkpoint)
        costs = {'parameters': network.count_parameters(
            tf1.tf.trainable_variables()),
                 'flop': flops.flop(sess, net.image_input, run.image_size)}
    with engines.open(run) as engine:
        return dict(costs, inference_per_second=inference_speed(
            engine, run.image_size, batch_size, seconds))


def table(rows):
    """Return the rows as a table in Markdown."""
    lines = [[heading for heading, _, _ in COLUMNS], ['---'] * len(COLUMNS)]
    lines += [[form.format(value(row)) for _, form, value in COLUMNS]
              for row in rows]
    return '\n'.join(f"| {' | '.join(line)} |" for line in lines)


def parse_options(argv=None):
    """Return the options of the command line."""
    count, positive = option_types.positive(int), option_types.positive(float)
    parser = argparse.ArgumentParser(
        description='Train and score all models with the same budget.')
    utils.add_source_options(parser)
    parser.add_argument('--vgg-dir', default='vgg',
                        help='folder of the VGG16 SavedModel (default: '
                             '%(default)s)')
    parser.add_argument('--models', nargs='+', choices=list(models.MODELS),
                        default=list(models.MODELS), metavar='MODEL',
                        help=f"default: all, {' '.join(models.MODELS)}")
    parser.add_argument('--recipe', choices=recipes.RECIPES,
                        help='start from the options of a recipe of train.py')
    parser.add_argument('--epochs', type=count,
                        help='epochs of each model (default: those of the '
                             f"recipe, {DEFAULTS['epochs']} without one)")
    parser.add_argument('--batch-size', type=count,
                        help='samples per step, in inference as well '
                             '(default: that of the recipe, or '
                             f"{DEFAULTS['batch_size']})")
    parser.add_argument('--learning-rate', type=positive,
                        help='of all models (default: that of the recipe; '
                             f'without one {RATE:g} on VGG16, '
                             f'{RATE_FROM_SCRATCH:g} for other models)')
    parser.add_argument('--seconds', type=positive, default=10,
                        help='time to measure the inference of a model for '
                             '(default: %(default)s)')
    parser.add_argument('--output-dir', default='runs/family',
                        help='folder of the runs, one per model (default: '
                             '%(default)s)')
    parser.add_argument('--json', metavar='FILE',
                        help='write the numbers of the table as JSON')
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    # Stopped by SIGTERM as by Ctrl-C: no program of ours is left running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    loading.load_source(options)
    for folder in (options.output_dir, os.path.dirname(options.json or '')):
        os.makedirs(folder or '.', exist_ok=True)
    runs = [os.path.join(options.output_dir, model)
            for model in options.models]
    overwriting.check_outputs(
        [options.json] + [f'{directory}.json' for directory in runs],
        folders=[options.data_dir, options.vgg_dir],
        owned=[(directory, run_dir.OWN) for directory in runs])
    rows = []
    chosen = [choose(options, model) for model in options.models]
    for one, directory in zip(chosen, runs):
        train(one, directory)
        rows.append(dict(
            model=one['model'], learning_rate=one['learning_rate'],
            options=one,
            training_per_second=training_speed(directory),
            **scores(directory, f'{directory}.json')))
    # TensorFlow never gives the memory of a GPU back: in this process it is
    # loaded last.
    for row, one, directory in zip(rows, chosen, runs):
        row.update(measure_costs(directory, one['batch_size'],
                                 options.seconds))
    print(table(rows))
    print(f"[i] {rows[0]['labelled']:.1%} of the pixels are labelled")
    if options.json:
        files.write_json(options.json, {
            'options': vars(options), 'models': files.without_nan(rows)})


if __name__ == '__main__':
    utils.run(main)
