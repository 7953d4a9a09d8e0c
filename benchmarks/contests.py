"""The contests of speed.py: contestants take turns, round by round."""
import contextlib
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from segmentation import processor
from segmentation.errors import InputError
from segmentation.inference import engines, jobs
from segmentation.trained import lookup

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Worker:
    """A process of speed_worker.py, which runs when it is asked."""

    def __init__(self, contestant, **arguments):
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, 'benchmarks',
                                          'speed_worker.py'),
             contestant, json.dumps(arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            universal_newlines=True)
        self.text = self.read()['describe']
        self.start = time.perf_counter() - start
        self.megabytes = 0.

    def read(self):
        """Return the next answer; InputError if there is none."""
        line = self.process.stdout.readline()
        if not line:
            raise InputError('a contestant failed; what it said is above')
        return json.loads(line)

    def take_turn(self, **arguments):
        """Return pictures/s of a turn."""
        self.process.stdin.write(f'{json.dumps(arguments)}\n')
        self.process.stdin.flush()
        answer = self.read()
        self.megabytes = answer['megabytes']
        return answer['count'] / answer['seconds']

    def close(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def in_turns(contestants, rounds):
    """Return {name: value of each round} of functions that take turns."""
    values = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            values[name].append(contestant())
    return values


def ratios(values, others):
    """Return the ratios of two contestants, round by round."""
    return [a / b for a, b in zip(values, others)]


def ratio(values, others):
    """Return the median of the ratios of two contestants."""
    return statistics.median(ratios(values, others))


def run_program(*arguments):
    """Run a program; InputError if it fails."""
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=ROOT,
                          stdout=subprocess.DEVNULL)
    if done.returncode:
        raise InputError(f'{os.path.basename(arguments[0])} ended with status '
                         f'{done.returncode}')


def make_run(folder, width, size):
    """Return the directory of a run of random weights, made if need be."""
    shape = f'{size[0]}x{size[1]}'
    data, vgg, run = (os.path.join(os.path.abspath(folder), name)
                      for name in ('data', f'vgg-{width:g}',
                                   f'run-{width:g}-{shape}'))
    if not os.path.exists(os.path.join(run, 'state.json')):
        shutil.rmtree(run, ignore_errors=True)
        run_program('source_demo.py', data, '--labels', '--count', 18,
                    '--image-size', '1248x384')
        if not os.path.exists(vgg):
            run_program('vgg16.py', '--vgg-dir', vgg, '--random', '--width',
                        width)
        run_program('train.py', '--name', run, '--data-source', 'folder',
                    '--data-dir', data, '--vgg-dir', vgg, '--epochs', 1,
                    '--image-size', shape, '--batch-size', 4)
    return run


def precisions(*wanted):
    """Return those that TensorFlow computes in on this machine."""
    from segmentation import tf1
    found = []
    for precision in wanted:
        with contextlib.suppress(InputError):
            found.append(tf1.choose_precision(precision))
    return found


def choices(name, models):
    """Return (path, engine, precision) of all that this machine computes."""
    chosen = []
    for path in (name, *models):
        model = lookup.find(path)
        engine = engines.choose(model)
        if engine == 'tensorflow':
            found = precisions('float32', 'bfloat16')
        else:
            found = [engines.choose_precision(model, engine)]
            if (found == ['float32'] and processor.has_bfloat16()
                    and 'bfloat16' in engines.ENGINES[engine].precisions):
                found.append('bfloat16')
        chosen += [(path, engine, precision) for precision in found]
    return chosen


def inference(name, models, options):
    """Return a row of the table of each engine in each precision."""
    rows = []
    with contextlib.ExitStack() as stack:
        for path, engine, precision in choices(name, models):
            workers = []
            for throughput in (False, True):
                worker = Worker(
                    'inference', name=path, engine=engine, threads=options.
                    threads, precision=precision, throughput=throughput,
                    image_size=options.image_size or lookup.find(
                        name).image_size)
                stack.callback(worker.close)
                workers.append(worker)
            rows.append({'engine': workers[0].text, 'workers': workers,
                         'start': workers[0].start})
        for key, k, size in (('latency', 0, 1),
                             ('throughput', 1, options.batch_size)):
            values = in_turns({number: lambda row=row: row['workers'][
                k].take_turn(batch_size=size, seconds=options.seconds)
                for number, row in enumerate(rows)}, options.rounds)
            for number, row in enumerate(rows):
                row[key] = values[number]
                row[f'{key}_ratio'] = ratio(values[number], values[0])
    for row in rows:
        row['megabytes'] = max(worker.megabytes
                               for worker in row.pop('workers'))
    return rows


def training(name, _, options):
    """Return a row of the table of each precision."""
    rows = []
    for precision in precisions('float32', 'bfloat16', 'float16'):
        worker = Worker('training', name=name, precision=precision,
                        batch_size=options.batch_size)
        values = in_turns({kind: lambda kind=kind: worker.take_turn(kind=kind)
                           for kind in ('step', 'loop')}, options.rounds)
        worker.close()
        rows.append(dict(values, engine=worker.text,
                         ratio=ratio(values['loop'], values['step']),
                         megabytes=worker.megabytes))
    return rows


def programs(name, models, options):
    """Return a row of the table of each infer.py."""
    pictures = os.path.abspath(options.samples_dir or os.path.join(
        options.output_dir, 'data', 'images'))
    commands = {}
    for path, _, precision in choices(name, models):
        command = ['infer.py', '--name', path, '--precision', precision]
        commands[' '.join(command).replace(path, os.path.basename(path))] = [
            sys.executable, os.path.join(ROOT, 'infer.py'), *command[1:]]
    if options.against:
        commands[options.against] = [
            options.against_python,
            os.path.join(os.path.abspath(options.against), 'infer.py'),
            *shlex.split(options.against_options)]
    with tempfile.TemporaryDirectory() as work:
        count = len(jobs.list_pictures(pictures, work))

        def run(command):
            with tempfile.TemporaryDirectory(dir=work) as folder:
                start = time.perf_counter()
                status = subprocess.run(
                    [*command, '--samples-dir', pictures, '--output-dir',
                     os.path.join(folder, 'out')], stdout=subprocess.DEVNULL,
                    cwd=os.path.dirname(command[1])).returncode
                if status:
                    raise InputError(f'{command[1]} ended with status '
                                     f'{status}')
                return count / (time.perf_counter() - start)
        values = in_turns({key: lambda command=command: run(command)
                           for key, command in commands.items()},
                          options.rounds)
    last = list(values)[-1]
    return [{'program': key, 'rates': rates, 'pictures': count,
             'ratio': ratio(rates, values[last])}
            for key, rates in values.items()]
