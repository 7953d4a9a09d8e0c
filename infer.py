"""Segment pictures with a trained network.

    python infer.py --name runs/kitti --samples-dir pictures --output-dir out

The overlay of pictures/sub/a.jpg is out/sub/a.png, of the same size. What
other options ask for is in folders of its own:

    --class-ids           out/class-ids/sub/a.png, the class numbers
    --colors              out/colors/sub/a.png, the colours of the classes
    --confidence road     out/confidence-road/sub/a.png, 255 is certainly road
    --polygons labelme    out/polygons/sub/a.json, outlines to be edited

--cvat OUT.zip packs the class ids as CVAT's "Segmentation mask 1.1", to be
uploaded as the annotations of a task with these pictures.

--jpeg writes overlays as out/sub/a.jpg: a tenth of the time to write them and
a sixth of the size. The other outputs stay PNG files, whose values are exact.
Where a.jpg and a.png lie side by side they become a.jpg.png and a.png.png.
--crf refines all of these by a fully connected CRF, which brings them to the
edges of the picture.
out/infer.json says which model made the outputs. A later call replaces them,
but no file that is not listed there. A run of the blog's code takes
--data-source as well.

--name takes what export.py wrote, too, which runs without TensorFlow:

    python infer.py --name kitti.onnx --samples-dir pictures --output-dir out
"""
import os
import re
import sys
import time

import utils
from segmentation import errors, locks, option_types, threads
from segmentation.crf import choice
from segmentation.crf import pool as crf_pool
from segmentation.data import loading
from segmentation.drawing import style_options
from segmentation.errors import InputError
from segmentation.inference import (cvat_archive, jobs, model_options, outputs,
                                    shapes)
from segmentation.inference.predictor import Predictor
from segmentation.terminal import command_line, header, progress
from segmentation.trained import lookup

JPEG_QUALITY = 90


def parse_options(argv=None):
    parser = command_line.Parser(
        description='Segment pictures with a trained network.')
    group = parser.add_argument_group('data')
    group.add_argument('--samples-dir', required=True, nargs='+',
                       metavar='PATH',
                       help='folders of pictures, searched with their '
                            'sub-folders, or single pictures')
    group.add_argument('--data-source', metavar='NAME',
                       help='data source that defines the classes; needed '
                            'only for a run of the blog\'s code')
    group.add_argument('--data-dir', metavar='DIR',
                       help='folder of the data set, for a --data-source '
                            'that reads its classes from there')
    group.add_argument('--classes', metavar='TABLE',
                       help='class table of a --data-source that has several')
    group.add_argument('--workers', type=option_types.positive(int),
                       default=os.cpu_count() or 1,
                       help='threads that read and write pictures '
                            '(default: %(default)s, one per core)')
    group = parser.add_argument_group('outputs')
    group.add_argument('--output-dir', required=True, metavar='DIR',
                       help='folder to write to; it is created if missing')
    group.add_argument('--no-overlay', action='store_true',
                       help='do not write overlays')
    style_options.add_options(group)
    group.add_argument('--jpeg', nargs='?', type=option_types.quality,
                       const=JPEG_QUALITY, metavar='QUALITY',
                       help='write overlays as JPEG files; QUALITY is 1 to '
                            f'100 ({JPEG_QUALITY} if it is left out)')
    group.add_argument('--class-ids', action='store_true',
                       help='also write the class id of each pixel, to '
                            'class-ids/')
    group.add_argument('--colors', action='store_true',
                       help='also write the class colour of each pixel, to '
                            'colors/')
    group.add_argument('--confidence', action='append', default=[],
                       metavar='CLASS',
                       help='also write the probability of CLASS, scaled to '
                            '0 to 255, to confidence-CLASS/; may be repeated')
    group.add_argument('--polygons', choices=('labelme',),
                       help='also write the outlines of the classes that '
                            'overlays show, as JSON files of labelme, to '
                            'polygons/')
    group.add_argument('--cvat', metavar='OUT.zip',
                       help='also pack the class ids as CVAT\'s '
                            '"Segmentation mask 1.1"; implies --class-ids')
    group.add_argument('--skip-existing', action='store_true',
                       help='keep outputs that exist already instead of '
                            'writing them again')
    model_options.add_options(parser)
    choice.add_options(parser)
    options = parser.parse_args(argv)
    choice.check_options(parser, options)
    if options.no_overlay and not (options.class_ids or options.colors
                                   or options.confidence or options.polygons
                                   or options.cvat):
        parser.error('--no-overlay leaves nothing to write')
    if options.no_overlay and options.jpeg:
        parser.error('--jpeg is of overlays: not with --no-overlay')
    for name in ('classes', 'data_dir'):
        if getattr(options, name) and not options.data_source:
            parser.error(f'{option_types.flag(name)} goes with '
                         '--data-source')
    return options


def choose_places(options, model):
    """Return {kind: jobs.Place} of what is asked for."""
    places = {} if options.no_overlay else {outputs.OVERLAY: jobs.Place(
        '', '.jpg' if options.jpeg else '.png')}
    if options.class_ids or options.cvat:
        places[outputs.CLASS_IDS] = jobs.Place('class-ids')
    if options.polygons:
        places[outputs.POLYGONS] = jobs.Place('polygons', '.json')
    if options.colors:
        places[outputs.COLORS] = jobs.Place('colors')
    for name in options.confidence:
        if name not in model.class_names:
            raise InputError(f'--confidence is {name!r}: the classes of '
                             f'{model.path} are '
                             f'{", ".join(model.class_names)}')
        places[model.class_names.index(name)] = jobs.Place(
            'confidence-' + re.sub(r'[^\w.-]+', '-', name))
    return places


def segment(options, model, style, pending, recorded, pool):
    """Take the jobs through the network; return the errors of those not read.
    """
    writer = outputs.OutputWriter(style, pool, options.jpeg)
    settings = model_options.settings(options)
    augmentation = settings.augmentation(model)
    head = [header.data(options.data_source,
                        loading.source_file(options.data_source),
                        options.data_dir)] if options.data_source else []
    head.append(header.pictures(len(pending), len(model.class_names),
                                augmentation.image_size))
    # Threads that wait for the CRF come on top of those that work.
    count = options.workers * (2 if pool else 1)
    # Engines may take seconds to load: only after all that may be wrong.
    with settings.open(model, len(pending) > 1) as (engine, lines):
        print(*head, *model_options.header_lines(engine), *lines, sep='\n',
              flush=True)
        jobs.write_record(options.output_dir, model, style.colors, pending,
                          recorded, pool, engine.describe(), options.jpeg)
        predictor = Predictor(engine, augmentation, settings.batch_size,
                              options.workers)
        start = time.perf_counter()
        written = list(progress.track(
            threads.in_threads(count, writer.write,
                               shapes.announced(
                                   predictor.predict(pending, jobs.read),
                                   shapes.wanted(model, settings)),
                               max(count, settings.batch_size)),
            len(pending), 'inference'))
        elapsed = time.perf_counter() - start
    done = [one for one in written if one.error is None]
    if pool and done:
        changed = (sum(one.changed for one in done)
                   / sum(one.pixels for one in done))
        print(f'[i] CRF: {changed:.2%} of the pixels changed class')
    if done:
        print('\n'.join(outputs.describe_speed(dict(
            predictor.seconds, crf=pool.seconds if pool else (),
            write=[one.seconds for one in done]), elapsed)))
    return [one.error for one in written if one.error is not None]


def fill(options, model, style, pending, chosen):
    """Write the outputs of the jobs to a folder of ours; return the status.

    Parameters
    ----------
    options : argparse.Namespace
    model : run_dir.Run or exported.Exported
    style : drawing.style.Style
    pending : list of jobs.Job
    chosen : choice.Choice, optional
    """
    recorded = jobs.read_record(options.output_dir)
    folders = jobs.output_folders(pending, options.output_dir)
    if options.skip_existing:
        count, pending = len(pending), jobs.without_existing(pending)
        print(f'[i] {count - len(pending)} of {count} pictures are done '
              'already')
    jobs.check_outputs(pending, options.output_dir, recorded)
    utils.remove_leftovers(folders)
    if not pending:
        return 0
    if chosen:
        print('\n'.join(chosen.lines()))
    with crf_pool.start(chosen, min(options.workers, len(pending))) as pool:
        failures = segment(options, model, style, pending, recorded, pool)
    if failures:
        print(f'[!] {len(failures)} of {len(pending)} pictures were not '
              'read:', file=sys.stderr)
    for error in failures:
        print(f'[!] {errors.describe(error)}', file=sys.stderr)
    return 1 if failures else 0


def main(argv=None):
    options = parse_options(argv)
    source = (loading.make_source(options.data_source, options.classes,
                                  options.data_dir)
              if options.data_source else None)
    model = lookup.find(options.name, options.checkpoint, source)
    settings = model_options.settings(options)
    settings.check(model)
    settings.augmentation(model)
    style = style_options.style(options, model)
    pending = jobs.list_jobs(options.samples_dir, options.output_dir,
                             choose_places(options, model))
    chosen = choice.choose(options, model)
    cvat_archive.check(options.cvat, options.output_dir, style)
    with locks.locked(options.output_dir, f'{options.output_dir}: another '
                      'infer.py writes to it'):
        status = fill(options, model, style, pending, chosen)
        if options.cvat:
            print(cvat_archive.write(options.cvat, pending,
                                     options.output_dir, style))
        return status


if __name__ == '__main__':
    utils.run(main)
