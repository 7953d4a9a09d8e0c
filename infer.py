"""Segment pictures with a trained network.

    python infer.py --name runs/kitti --samples-dir pictures --output-dir out

The overlay of pictures/sub/a.jpg is out/sub/a.png, of the same size. What
other options ask for is in folders of its own:

    --class-ids           out/class-ids/sub/a.png, the class numbers
    --colors              out/colors/sub/a.png, the colours of the classes
    --confidence road     out/confidence-road/sub/a.png, 255 is certainly road

Where a.jpg and a.png lie side by side they become a.jpg.png and a.png.png.
--crf brings all of these to the edges of the picture by a fully connected CRF.
out/infer.json tells which run made the outputs. A later call replaces them,
but no file that is not listed there. A run of the blog's code takes
--data-source as well.
"""
import argparse
import os
import re
import sys
import time

import numpy as np
import tqdm

import utils
from segmentation import (drawing, errors, files, option_types, pixels,
                          run_dir, text)
from segmentation.crf import model
from segmentation.crf import pool as crf_pool
from segmentation.data import loading
from segmentation.errors import InputError
from segmentation.inference import jobs as samples
from segmentation.inference import tta


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
    parser.add_argument('--alpha', type=option_types.share, default=.5,
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
    size.add_argument('--image-size', type=option_types.image_size, metavar='WxH',
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
    parser.add_argument('--batch-size', type=option_types.positive(int), default=4,
                        help='pictures a step (default: %(default)s)')
    parser.add_argument('--workers', type=option_types.positive(int),
                        default=os.cpu_count() or 1,
                        help='threads that read and write pictures '
                             '(default: %(default)s, one a core)')
    model.add_options(parser)
    options = parser.parse_args(argv)
    model.check_options(parser, options)
    if options.no_overlay and not (options.class_ids or options.colors
                                   or options.confidence):
        parser.error('--no-overlay leaves nothing to write')
    for name in ('classes', 'data_dir'):
        if getattr(options, name) and not options.data_source:
            parser.error(f"--{name.replace('_', '-')} goes with --data-source")
    return options


def choose_kinds(options, run):
    """{kind: its folder in the output folder} of what is asked for."""
    kinds = {} if options.no_overlay else {'overlay': ''}
    if options.class_ids:
        kinds['class-ids'] = 'class-ids'
    if options.colors:
        kinds['colors'] = 'colors'
    for name in options.confidence:
        if name not in run.class_names:
            raise InputError('--confidence is {!r}: the classes of {} are {}'
                             .format(name, options.name,
                                     ', '.join(run.class_names)))
        kinds[run.class_names.index(name)] = 'confidence-' + re.sub(
            r'[^\w.-]+', '-', name)
    return kinds


class Segmenter:
    """What the threads of a Predictor do with a Job.

    Parameters
    ----------
    options : argparse.Namespace
    run : rundir.Run
    pool : crf_pool.Pool or None
        Refines the probabilities.

    Attributes
    ----------
    changed : list of (int, int)
        Of each picture that was refined: the pixels whose class changed, and
        all of them.
    """

    def __init__(self, options, run, pool=None):
        self.options = options
        self.run = run
        self.size = options.image_size or run.image_size
        self.pool = pool
        self.changed = []

    def read(self, job):
        """The picture and its network input; the error and None without."""
        try:
            image = pixels.read(job.picture)
        except (OSError, ValueError) as error:
            return error, None
        return image, (pixels.pad(image) if self.options.native
                       else pixels.resize_image(image, self.size))

    def predict(self, _, image, probabilities):
        """The views.Prediction of a picture; None if it was not read."""
        if probabilities is None:
            return None
        height, width = image.shape[:2]
        if self.options.native:
            probabilities = probabilities[:height, :width]
        prediction = tta.Prediction([probabilities], [False],
                                    (width, height))
        if self.pool is None:
            return prediction
        refined = self.pool.refine(image, prediction)
        changed = prediction.winner()[0] != refined.winner()[0]
        self.changed.append((np.count_nonzero(changed), changed.size))
        return refined

    def write(self, job, image, prediction):
        """Write the outputs; the error of a picture that was not read."""
        if prediction is None:
            return image
        ids, _ = prediction.winner()
        for kind, path in job.outputs.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            files.write_image(path, self.draw(kind, image, ids, prediction))
        return None

    def draw(self, kind, image, ids, prediction):
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
        return np.rint(255 * prediction.plane(kind)).astype(np.uint8)


def report(seconds, elapsed):
    """Say how fast it went: all in all, and each stage for itself."""
    count = len(seconds['network'])
    print('[i] {} pictures in {}: {:.2f} pictures/s'.format(
        count, text.duration(elapsed), count / elapsed))
    for stage in ('decode', 'network', 'crf', 'write'):
        if seconds.get(stage):
            print('[i] {}: median {:.1f} ms, 95th percentile {:.1f} ms'.format(
                stage, *1000 * np.percentile(seconds[stage], [50, 95])))


def segment(options, run, jobs, made, pool):
    """Take the jobs through the network; the errors of those not read."""
    # TensorFlow takes seconds to load: only after all that may be wrong.
    from segmentation.inference import predictor
    segmenter, failures = Segmenter(options, run, pool), []
    # Threads that wait for the CRF come on top of those that read.
    threads = options.workers * (2 if pool else 1)
    with predictor.restore(run, options.batch_size, threads) as network:
        samples.write_record(options, run, jobs, made,
                             pool and pool.choice.describe())
        start = time.perf_counter()
        for error in tqdm.tqdm(
                network.predict(jobs, segmenter.read, segmenter.write,
                                segmenter.predict),
                total=len(jobs), disable=None, leave=False, unit='picture'):
            if error is not None:
                failures.append(error)
        elapsed = time.perf_counter() - start
    if pool and segmenter.changed:
        print('[i] CRF: {:.2%} of the pixels changed class'.format(
            np.divide(*np.sum(segmenter.changed, axis=0))))
    report(dict(network.seconds, crf=pool.seconds if pool else ()), elapsed)
    return failures


def main(argv=None):
    options = parse_options(argv)
    source = (loading.make_source(options.data_source, options.classes,
                                  options.data_dir)
              if options.data_source else None)
    run = run_dir.find(options.name, options.checkpoint, source)
    jobs = samples.list_jobs(options, choose_kinds(options, run))
    choice = model.choose(options, run)
    made = samples.read_record(options.output_dir)
    if options.skip_existing:
        count, jobs = len(jobs), samples.without_existing(jobs)
        print(f'[i] {count - len(jobs)} of {count} pictures are done already')
    samples.check_outputs(jobs, options.output_dir, made)
    if not jobs:
        return 0
    if choice:
        print('\n'.join(choice.lines))
    with crf_pool.start(choice, min(options.workers, len(jobs))) as pool:
        failures = segment(options, run, jobs, made, pool)
    if failures:
        print('[!] {} of {} pictures were not read:'.format(
            len(failures), len(jobs)), file=sys.stderr)
    for error in failures:
        print(f'[!] {errors.describe(error)}', file=sys.stderr)
    return 1 if failures else 0


if __name__ == '__main__':
    utils.run(main)
