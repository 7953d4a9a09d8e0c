"""Time inference, training and whole programs on this machine: one table.

    python benchmarks/speed.py --output-dir speed
    python benchmarks/speed.py --name runs/kitti --models kitti.onnx int8.xml
    python benchmarks/speed.py --name runs/kitti --samples-dir frames \\
        --against ../other --against-options '--name trained --data-source x'

Without --name it makes a run for the purpose: an FCN-8s on VGG16 with random
weights, as speed does not depend on what they are. Contestants are processes
that take turns, round by round, so that ratios hold while the machine's speed
drifts; a ratio is the median of those of all rounds.

inference   latency of a batch of one, in ms, and throughput in pictures/s,
            against TensorFlow in float32; start is the time from the start
            of the process to its first output
training    pictures/s of the step alone, and of train.py's loop around it
program     infer.py as a whole, from its start to its last overlay; with
            --against, the infer.py of another checkout on the same pictures
loader      with --cityscapes, samples/s from the files and from the cache,
            against bare decoding: the contest of benchmarks/loader.py

The tables go to the terminal, to speed.md and, with all rounds, to speed.json.
"""
import argparse
import os
import platform
import statistics
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
import utils  # noqa: E402, first: from here on Ctrl-C ends in one line
import contests  # noqa: E402
import loader  # noqa: E402
from segmentation import files, option_types, processor  # noqa: E402

PARTS = ('inference', 'training', 'program')
LOADERS = {'ours': 'from the files', 'cached': 'from the cache',
           'augmented': 'from the cache, augmented',
           'bare': 'bare decoding', 'seed': 'one class after another'}
FLAGS = ('avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16')


def parse_options(argv=None):
    """Return the options of the command line."""
    count = option_types.positive(int)
    parser = argparse.ArgumentParser(
        description='Time inference, training and whole programs.')
    parser.add_argument('--output-dir', default='speed', metavar='DIR',
                        help='folder for speed.md, speed.json, and what is '
                             'made for the purpose (default: %(default)s)')
    parser.add_argument('--name', metavar='RUN',
                        help='directory of a run (default: one is made)')
    parser.add_argument('--models', nargs='+', default=[], metavar='MODEL',
                        help='exported models to compare with it')
    parser.add_argument('--width', type=option_types.positive(float),
                        default=1,
                        help='of the VGG16 that is made, as a share of its '
                             'channels (default: %(default)s)')
    parser.add_argument('--image-size', type=option_types.image_size,
                        metavar='WxH', help='network input of the run that '
                        'is made, and in inference (default: 576x160, or '
                        'that of --name)')
    parser.add_argument('--samples-dir', metavar='DIR',
                        help='pictures for whole programs (default: the 18 '
                             'of 1248x384 that are made)')
    parser.add_argument('--only', nargs='+', choices=PARTS, default=PARTS,
                        metavar='PART', help=f'default: {" ".join(PARTS)}')
    parser.add_argument('--rounds', type=count, default=5,
                        help='turns of each contestant (default: '
                             '%(default)s)')
    parser.add_argument('--seconds', type=option_types.positive(float),
                        default=3, help='of a turn of an engine, at least '
                        '(default: %(default)s)')
    parser.add_argument('--batch-size', type=count, default=4,
                        help='of throughput and training (default: '
                             '%(default)s)')
    parser.add_argument('--threads', type=count, default=os.cpu_count() or 1,
                        help='of an engine (default: %(default)s)')
    parser.add_argument('--cityscapes', metavar='DIR',
                        help='time the loading of this data set as well')
    parser.add_argument('--against', metavar='DIR',
                        help='another checkout with an infer.py, which takes '
                             '--samples-dir and --output-dir')
    parser.add_argument('--against-options', default='', metavar='TEXT',
                        help='its other options, as on a command line')
    parser.add_argument('--against-python', default=sys.executable,
                        metavar='FILE',
                        help='its interpreter (default: this one)')
    options = parser.parse_args(argv)
    if options.against and 'program' not in options.only:
        parser.error('--against goes with the part program')
    return options


def describe_machine():
    """Return what the figures depend on."""
    from segmentation import tf1
    return {'processor': processor.name(), 'cores': os.cpu_count(),
            'flags': [flag for flag in FLAGS if flag in processor.flags()],
            'gpus': tf1.gpus(), 'python': platform.python_version(),
            'tensorflow': tf1.tf.version.VERSION}


def heading(machine):
    """Return a line on the machine."""
    return (f'{machine["processor"]} ({", ".join(machine["flags"])}), '
            f'{machine["cores"]} cores; '
            f'{", ".join(machine["gpus"]) or "no GPU"}; Python '
            f'{machine["python"]}, TensorFlow {machine["tensorflow"]}')


def inference_table(rows):
    """Return the rows of `contests.inference` in Markdown."""
    return markdown(
        ('engine', 'latency, ms', 'times as fast', 'throughput, pictures/s',
         'times as fast', 'start, s', 'memory, MB'),
        [(row['engine'], f"{1000 / median(row['latency']):.1f}",
          f"{row['latency_ratio']:.2f}", f"{median(row['throughput']):.2f}",
          f"{row['throughput_ratio']:.2f}", f"{row['start']:.1f}",
          f"{row['megabytes']:.0f}") for row in rows])


def training_table(rows):
    """Return the rows of `contests.training` in Markdown."""
    return markdown(
        ('training', 'step, pictures/s', 'loop, pictures/s', 'loop / step',
         'memory, MB'),
        [(row['engine'], f"{median(row['step']):.2f}",
          f"{median(row['loop']):.2f}", f"{row['ratio']:.3f}",
          f"{row['megabytes']:.0f}") for row in rows])


def program_table(rows):
    """Return the rows of `contests.programs` in Markdown."""
    return markdown(
        (f"{rows[0]['pictures']} pictures", 'pictures/s', 'times the last'),
        [(row['program'], f"{median(row['rates']):.2f}",
          f"{row['ratio']:.2f}") for row in rows])


def loader_table(rates):
    """Return the rates of `loader.compare` in Markdown."""
    return markdown(
        ('loading', 'samples/s', 'times bare decoding'),
        [(LOADERS[name], f'{median(values):.1f}',
          f"{contests.ratio(values, rates['bare']):.2f}")
         for name, values in rates.items()])


def median(values):
    """Return the median."""
    return statistics.median(values)


def markdown(head, rows):
    """Return a table in Markdown."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f"| {' | '.join(line)} |" for line in lines)


def main(argv=None):
    options = parse_options(argv)
    folder = os.path.abspath(options.output_dir)
    os.makedirs(folder, exist_ok=True)
    machine = describe_machine()
    name = options.name or contests.make_run(
        folder, options.width, options.image_size or (576, 160))
    results, tables = {'machine': machine}, [heading(machine)]
    for part, measure, table in (
            ('inference', contests.inference, inference_table),
            ('training', contests.training, training_table),
            ('program', contests.programs, program_table)):
        if part in options.only:
            results[part] = measure(os.path.abspath(name), [
                os.path.abspath(path) for path in options.models], options)
            tables.append(table(results[part]))
    if options.cityscapes:
        lines, results['loader'] = loader.compare(
            options.cityscapes, '29', 96, options.rounds, 8, options.threads)
        tables += ['; '.join(lines), loader_table(results['loader'])]
    text = '\n\n'.join(tables)
    print(text)
    with files.atomic(os.path.join(folder, 'speed.md')) as work:
        with open(work, 'w') as file:
            file.write(f'{text}\n')
    files.write_json(os.path.join(folder, 'speed.json'), results)


if __name__ == '__main__':
    utils.run(main)
