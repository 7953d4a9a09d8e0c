"""All models on one data set with one budget, as one table.

    python benchmarks/family.py --data-source camvid --data-dir camvid \\
        --vgg-dir vgg --image-size 256x192 --epochs 20 --output-dir family

Each model is trained by train.py and scored by evaluate.py, with their
defaults but for what is asked for here. The budget is the number of epochs:
with one seed every model sees the same pictures in the same order, however
fast the machine is; what an epoch takes follows from the column `training`.
A second call goes on where the first was stopped, and only scores what is
finished.

parameters          what training changes, in millions
GFLOP               10^9 operations of one picture, forward, at image_size
rate                the learning rate: a network that starts from nothing
                    wants a larger one than VGG16's trained weights bear
training            pictures/s, read and learned; the median of the epochs
                    but the first
inference           pictures/s through the network alone, at image_size and
                    --batch-size, after a warm-up
pixels, mIoU        of evaluate.py: the validation split at its labels' size,
                    void left out
pixels with void    hits among ALL pixels, so that void, which these networks
                    do not know, is missed: void's share is lost, whatever
                    the network does. Figures of networks that have void for
                    a class, scored as any other, are to be compared with
                    this column; they may reach 100 %, it only the share of
                    labelled pixels, printed below the table.
"""
import argparse
import os
import signal
import statistics
import subprocess
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
import models  # noqa: E402
import utils  # noqa: E402
from segmentation import files, metrics, option_types, run_dir  # noqa: E402
from segmentation.data import loading  # noqa: E402
from segmentation.errors import InputError  # noqa: E402
from segmentation.report import page  # noqa: E402

RATE, RATE_FROM_SCRATCH = 1e-4, 1e-3

# (heading, how it is written, the value of a row of --json)
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
    """Run a program as a user does; ValueError where it fails."""
    status = subprocess.run([sys.executable, os.path.join(ROOT, name)]
                            + [str(argument) for argument in arguments]
                            ).returncode
    if status:
        raise InputError(f'{arguments[1]}: {name} ended with status {status}')


def learning_rate(options, model):
    """The rate of --learning-rate, or the one that suits the model."""
    return options.learning_rate or (
        RATE if models.MODELS[model].backbone else RATE_FROM_SCRATCH)


def train(options, model, directory):
    """Train a model, or go on with it; train.py checks that it is the same.
    """
    arguments = ['--name', directory, '--model', model,
                 '--learning-rate', learning_rate(options, model)]
    for name in ('data_source', 'data_dir', 'vgg_dir', 'image_size',
                 'epochs', 'batch_size', 'classes', 'valid_fraction',
                 'group_by', 'workers', 'seed'):
        value = getattr(options, name)
        if name == 'image_size' and value:
            value = '{}x{}'.format(*value)
        if value is not None:
            arguments += [f"--{name.replace('_', '-')}", value]
    if os.path.isfile(run_dir.path(directory, 'state.json')):
        arguments.append('--resume')
    run_program('train.py', *arguments)


def training_speed(directory):
    """Pictures a second: the median of all epochs but a first of several."""
    speeds = [entry['images_per_second'] for entry
              in page.read_log(directory)]
    return statistics.median(speeds[1:] or speeds)


def scores(directory, path):
    """The scores of a run on the validation split; `path` holds them all."""
    run_program('evaluate.py', '--name', directory, '--json', path)
    told = files.read_json(path, ['matrix', 'ignored_pixels'])
    matrix = np.array(told['matrix'])
    found = metrics.scores(matrix)
    every = matrix.sum() + told['ignored_pixels']
    return {'pixel_accuracy': found['pixel_accuracy'], 'miou': found['miou'],
            'accuracy_with_void': float(np.trace(matrix) / every),
            'labelled': float(matrix.sum() / every)}


def inference_speed(network, size, batch_size, seconds):
    """Pictures a second through the network, the median of some seconds."""
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (batch_size, size[1], size[0], 3),
                            np.uint8)
    network.probabilities(images)       # the first call plans the graph
    taken = []
    while sum(taken) < seconds or len(taken) < 3:
        start = time.perf_counter()
        network.probabilities(images)
        taken.append(time.perf_counter() - start)
    return batch_size / statistics.median(taken)


def costs_of(options, directory):
    """What the graph of a run costs, counted and measured."""
    from segmentation.inference import predictor
    from segmentation.nn import flops
    run = run_dir.find(directory)
    with predictor.restore(run, options.batch_size, 1) as network:
        return {'parameters': flops.parameters(),
                'flop': flops.flop(network.sess, network.net.image_input,
                                   run.image_size),
                'inference_per_second': inference_speed(
                    network, run.image_size, options.batch_size,
                    options.seconds)}


def table(rows):
    """The rows as Markdown."""
    lines = [[heading for heading, _, _ in COLUMNS], ['---'] * len(COLUMNS)]
    lines += [[form.format(value(row)) for _, form, value in COLUMNS]
              for row in rows]
    return '\n'.join(f"| {' | '.join(line)} |" for line in lines)


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Train and score all models with the same budget.')
    utils.add_source_options(parser)
    parser.add_argument('--vgg-dir', default='vgg',
                        help='folder of the VGG16 SavedModel (default: '
                             '%(default)s)')
    parser.add_argument('--models', nargs='+', choices=list(models.MODELS),
                        default=list(models.MODELS), metavar='MODEL',
                        help=f"default: all, {' '.join(models.MODELS)}")
    parser.add_argument('--epochs', type=option_types.positive(int), default=10,
                        help='of each model (default: %(default)s)')
    parser.add_argument('--batch-size', type=option_types.positive(int), default=4,
                        help='samples a step, in inference as well '
                             '(default: %(default)s)')
    parser.add_argument('--learning-rate', type=option_types.positive(float),
                        help='of all models (default: {:g} on VGG16, {:g} '
                             'without)'.format(RATE, RATE_FROM_SCRATCH))
    parser.add_argument('--seconds', type=option_types.positive(float), default=10,
                        help='that the inference of a model is measured for '
                             '(default: %(default)s)')
    parser.add_argument('--output-dir', default='runs/family',
                        help='a run of each model goes there (default: '
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
    rows = []
    for model in options.models:
        directory = os.path.join(options.output_dir, model)
        train(options, model, directory)
        rows.append(dict({
            'model': model, 'learning_rate': learning_rate(options, model),
            'training_per_second': training_speed(directory)},
            **scores(directory, f"{directory}.json")))
    # TensorFlow keeps the memory of a GPU that it has once taken: in this
    # process it runs last.
    for row in rows:
        row.update(costs_of(options, os.path.join(options.output_dir,
                                                  row['model'])))
    print(table(rows))
    print(f"[i] {rows[0]['labelled']:.1%} of the pixels are labelled")
    if options.json:
        files.write_json(options.json, {
            'options': vars(options), 'models': rows})


if __name__ == '__main__':
    utils.run(main)
