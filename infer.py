"""Segment pictures with a trained network.

    python infer.py --name runs/kitti --samples-dir pictures --output-dir out

The overlay of pictures/sub/a.jpg is out/sub/a.png, of the same size. What
other options ask for is in folders of its own:

    --class-ids           out/class-ids/sub/a.png, the class numbers
    --colors              out/colors/sub/a.png, the colours of the classes
    --confidence road     out/confidence-road/sub/a.png, 255 is certainly road

Where a.jpg and a.png lie side by side they become a.jpg.png and a.png.png.
out/infer.json tells which run made the outputs. A later call replaces them,
but no file that is not listed there. A run of the blog's code takes
--data-source as well.
"""
import argparse
import collections
import os
import re
import sys
import time

import cv2
import numpy as np
import tqdm

from segmentation import contract, drawing, pixels, rundir
import utils

# A file is a picture by its suffix, or else if OpenCV knows its first bytes.
SUFFIXES = ('.avif', '.bmp', '.dib', '.exr', '.gif', '.hdr', '.jp2', '.jpe',
            '.jpeg', '.jpg', '.pbm', '.pfm', '.pgm', '.pic', '.png', '.pnm',
            '.ppm', '.pxm', '.ras', '.sr', '.tif', '.tiff', '.webp')
RECORD = 'infer.json'

# `outputs` is {kind: path}; a kind is 'overlay', 'class-ids', 'colors', or the
# number of a class for its confidence.
Job = collections.namedtuple('Job', 'picture outputs')


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Segment pictures with a trained network.')
    parser.add_argument('--name', default='runs/test',
                        help='directory of the run (default: %(default)s)')
    parser.add_argument('--checkpoint', default='best', metavar='WHICH',
                        help='best or last; of the blog\'s code also a name, '
                             'such as e50 (default: %(default)s)')
    parser.add_argument('--samples-dir', required=True, nargs='+',
                        metavar='PATH',
                        help='folders of pictures, with their sub-folders, '
                             'or single pictures')
    parser.add_argument('--output-dir', required=True, metavar='DIR',
                        help='folder for the outputs')
    parser.add_argument('--no-overlay', action='store_true',
                        help='write no blended pictures')
    parser.add_argument('--alpha', type=utils.share, default=.5,
                        help='share of the colour in overlays '
                             '(default: %(default)s)')
    parser.add_argument('--legend', action='store_true',
                        help='a strip with the classes below overlays')
    parser.add_argument('--class-ids', action='store_true',
                        help='write class numbers')
    parser.add_argument('--colors', action='store_true',
                        help='write class colours')
    parser.add_argument('--confidence', action='append', default=[],
                        metavar='CLASS',
                        help='write the probability of a class, 0..255; may '
                             'be repeated')
    parser.add_argument('--skip-existing', action='store_true',
                        help='leave outputs that are there as they are')
    size = parser.add_mutually_exclusive_group()
    size.add_argument('--image-size', type=utils.parse_size, metavar='WxH',
                      help='network input in pixels, each divisible by 32 '
                           '(default: the run\'s)')
    size.add_argument('--native', action='store_true',
                      help='run the network at each picture\'s own size')
    parser.add_argument('--data-source', metavar='NAME',
                        help='tells the classes of a run of the blog\'s code')
    parser.add_argument('--data-dir', metavar='DIR',
                        help='folder of a source with its classes in it')
    parser.add_argument('--classes', metavar='TABLE',
                        help='class table of a source that has several')
    parser.add_argument('--batch-size', type=utils.positive(int), default=4,
                        help='pictures a step (default: %(default)s)')
    parser.add_argument('--workers', type=utils.positive(int),
                        default=os.cpu_count() or 1,
                        help='threads that read and write pictures '
                             '(default: %(default)s, one a core)')
    options = parser.parse_args(argv)
    if options.no_overlay and not (options.class_ids or options.colors
                                   or options.confidence):
        parser.error('--no-overlay leaves nothing to write')
    for name in ('classes', 'data_dir'):
        if getattr(options, name) and not options.data_source:
            parser.error('--{} goes with --data-source'.format(
                name.replace('_', '-')))
    return options


def list_pictures(path, output_dir):
    """(picture, its name relative to `path`) of a folder, or of one file.

    Hidden files and the outputs are left out.
    """
    if os.path.isfile(path):
        return [(path, os.path.basename(path))]
    if not os.path.isdir(path):
        raise FileNotFoundError('{}: no such file or folder'.format(path))
    if os.path.realpath(path) == os.path.realpath(output_dir):
        raise ValueError('{} is the folder of the samples: --output-dir has '
                         'to be another'.format(output_dir))

    def stop(error):
        raise error

    found, seen = [], {os.path.realpath(output_dir)}
    for parent, folders, names in os.walk(path, onerror=stop,
                                          followlinks=True):
        if os.path.realpath(parent) in seen:
            folders[:] = []
            continue
        seen.add(os.path.realpath(parent))
        folders[:] = sorted(name for name in folders if name[0] != '.')
        found += [os.path.join(parent, name) for name in sorted(names)
                  if name[0] != '.'
                  and is_picture(os.path.join(parent, name))]
    if not found:
        raise ValueError('{}: no picture in it'.format(path))
    return [(name, os.path.relpath(name, path)) for name in found]


def is_picture(path):
    return (os.path.splitext(path)[1].lower() in SUFFIXES
            or os.path.isfile(path) and cv2.haveImageReader(path))


def choose_kinds(options, run):
    """{kind: its folder in the output folder} of what is asked for."""
    kinds = {} if options.no_overlay else {'overlay': ''}
    if options.class_ids:
        kinds['class-ids'] = 'class-ids'
    if options.colors:
        kinds['colors'] = 'colors'
    for name in options.confidence:
        if name not in run.class_names:
            raise ValueError('--confidence is {!r}: the classes of {} are {}'
                             .format(name, options.name,
                                     ', '.join(run.class_names)))
        kinds[run.class_names.index(name)] = 'confidence-' + re.sub(
            r'[^\w.-]+', '-', name)
    return kinds


def list_jobs(options, kinds):
    """The Jobs of all pictures, each output once."""
    pictures = [pair for path in options.samples_dir
                for pair in list_pictures(path, options.output_dir)]
    stems = collections.Counter(os.path.splitext(name)[0]
                                for _, name in pictures)
    jobs, seen = [], {}
    for picture, name in pictures:
        stem = os.path.splitext(name)[0]
        name = (name if stems[stem] > 1 else stem) + '.png'
        outputs = {kind: os.path.join(options.output_dir, folder, name)
                   for kind, folder in kinds.items()}
        jobs.append(Job(picture, outputs))
        for path in outputs.values():
            if path in seen:
                raise ValueError('{}: {} and {} would both be written to it'
                                 .format(path, seen[path], picture))
            seen[path] = picture
    return jobs


def check_outputs(jobs, output_dir, made):
    """Raise ValueError rather than replace what infer.py did not make."""
    inputs = {identity(job.picture) for job in jobs}
    for job in jobs:
        for path in job.outputs.values():
            if not os.path.exists(path):
                continue
            if identity(path) in inputs:
                raise ValueError('{} is an input: it is not overwritten'
                                 .format(path))
            if os.path.relpath(path, output_dir) not in made:
                raise ValueError(
                    '{} is there and is not of infer.py: --skip-existing '
                    'leaves it, or choose another --output-dir'.format(path))


def identity(path):
    """What two names of one file have in common."""
    status = os.stat(path)
    return status.st_dev, status.st_ino


def without_existing(jobs):
    """The jobs that are not done yet, and what of them is missing."""
    jobs = [Job(job.picture, {kind: path for kind, path in job.outputs.items()
                              if not os.path.exists(path)}) for job in jobs]
    return [job for job in jobs if job.outputs]


def write_record(options, run, jobs, made):
    """Tell in the output folder what its outputs are and who made them."""
    os.makedirs(options.output_dir, exist_ok=True)
    made = made.union(os.path.relpath(path, options.output_dir)
                      for job in jobs for path in job.outputs.values())
    utils.write_json(os.path.join(options.output_dir, RECORD), {
        'run': options.name,
        'checkpoint': run.checkpoint,
        'class_names': run.class_names,
        'label_colors': [run.label_colors[number]
                         for number in range(len(run.class_names))],
        'outputs': sorted(made)})


def read_record(output_dir):
    """The outputs, relative to `output_dir`, that infer.py made before."""
    path = os.path.join(output_dir, RECORD)
    return set(utils.read_json(path)['outputs']
               if os.path.exists(path) else ())


class Segmenter:
    """What the threads of a Predictor do with a Job."""

    def __init__(self, options, run):
        self.options = options
        self.run = run
        self.size = options.image_size or run.image_size

    def read(self, job):
        """The picture and its network input; the error and None without."""
        try:
            image = pixels.read(job.picture)
        except (OSError, ValueError) as error:
            return error, None
        return image, (pixels.pad(image) if self.options.native
                       else pixels.resize_image(image, self.size))

    def write(self, job, image, probabilities):
        """Write the outputs; the error of a picture that was not read."""
        if probabilities is None:
            return image
        height, width = image.shape[:2]
        if self.options.native:
            probabilities = probabilities[:height, :width]
        ids = pixels.most_likely(probabilities, (width, height))
        for kind, path in job.outputs.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            utils.write_image(path, self.draw(kind, image, ids,
                                              probabilities))
        return None

    def draw(self, kind, image, ids, probabilities):
        """The (H, W) or (H, W, 3) uint8 output of a kind."""
        run = self.run
        if kind == 'class-ids':
            return ids
        if kind == 'colors':
            return drawing.colors_of(ids, run.label_colors)
        if kind == 'overlay':
            mixed = drawing.blend(image, ids, run.label_colors,
                                  self.options.alpha)
            return drawing.with_legend(
                mixed, run.class_names,
                run.label_colors) if self.options.legend else mixed
        confidence = pixels.plane(probabilities, kind, ids.shape[::-1])
        return np.rint(255 * confidence).astype(np.uint8)


def report(seconds, elapsed):
    """Say how fast it went: all in all, and each stage for itself."""
    count = len(seconds['network'])
    print('[i] {} pictures in {}: {:.2f} pictures/s'.format(
        count, utils.duration(elapsed), count / elapsed))
    for stage, values in seconds.items():
        if values:
            print('[i] {}: median {:.1f} ms, 95th percentile {:.1f} ms'.format(
                stage, *1000 * np.percentile(values, [50, 95])))


def main(argv=None):
    options = parse_options(argv)
    source = (contract.make_source(options.data_source, options.classes,
                                   options.data_dir)
              if options.data_source else None)
    run = rundir.find(options.name, options.checkpoint, source)
    jobs = list_jobs(options, choose_kinds(options, run))
    made = read_record(options.output_dir)
    if options.skip_existing:
        count, jobs = len(jobs), without_existing(jobs)
        print('[i] {} of {} pictures are done already'.format(
            count - len(jobs), count))
    check_outputs(jobs, options.output_dir, made)
    if not jobs:
        return 0
    # TensorFlow takes seconds to load: only after all that may be wrong.
    from segmentation import predictor
    segmenter, errors = Segmenter(options, run), []
    with predictor.restore(run, options.batch_size,
                           options.workers) as network:
        write_record(options, run, jobs, made)
        start = time.perf_counter()
        for error in tqdm.tqdm(
                network.predict(jobs, segmenter.read, segmenter.write),
                total=len(jobs), disable=None, leave=False, unit='picture'):
            if error is not None:
                errors.append(error)
        report(network.seconds, time.perf_counter() - start)
    if errors:
        print('[!] {} of {} pictures were not read:'.format(
            len(errors), len(jobs)), file=sys.stderr)
    for error in errors:
        print('[!] {}'.format(utils.describe_error(error)), file=sys.stderr)
    return 1 if errors else 0


if __name__ == '__main__':
    utils.run(main)
