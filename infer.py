"""Segment pictures with a trained network.

    python infer.py --name runs/kitti --samples-dir pictures --output-dir out

The overlay of pictures/sub/a.jpg is out/sub/a.png, of the same size. What
other options ask for is in folders of its own:

    --class-ids           out/class-ids/sub/a.png, the class numbers
    --colors              out/colors/sub/a.png, the colours of the classes
    --confidence road     out/confidence-road/sub/a.png, 255 is certainly road
    --polygons labelme    out/polygons/sub/a.json, outlines to be edited
    --uncertainty         out/entropy/sub/a.png, 255 is quite unsure; --mc 8
                          adds out/mutual-information/sub/a.png

--rank FILE.csv lists the pictures in the order in which to label them.

--cvat OUT.zip packs the class ids as CVAT's "Segmentation mask 1.1", to be
uploaded as the annotations of a task with these pictures.

--jpeg writes overlays as out/sub/a.jpg: a tenth of the time to write them and
a sixth of the size. The other outputs stay PNG files, whose values are exact.
Where a.jpg and a.png lie side by side they become a.jpg.png and a.png.png.
--crf refines all of these by a fully connected CRF, which brings them to the
edges of the picture.
out/infer.json says which model made the outputs, and lists them, and the
"errors" of pictures that cannot be read; it is not "complete" before the end.
A later call replaces them, but no file that is not listed there. A run of the
blog's code takes --data-source as well.

--name takes what export.py wrote, too; ONNX and OpenVINO need no TensorFlow:

    python infer.py --name kitti.onnx --samples-dir pictures --output-dir out

--tiles 1024x1024 is for large pictures: the network runs on overlapping tiles,
whose probabilities are blended, in little memory.

A video, a camera's number or a stream's address becomes a video of overlays,
and the other outputs a PNG file for each frame (docs/video.md):

    python infer.py --name runs/kitti --samples-dir drive.mp4 --output-dir out

--processes 4 divides the pictures among processes of this machine. On several,
each call takes a share: N of them take each picture once.

    python infer.py ... --shard 1/16        # and so on, up to 16/16
"""
import contextlib
import os
import sys
import time

import utils
from segmentation import locks, option_types, text, threads
from segmentation.crf import choice
from segmentation.crf import pool as crf_pool
from segmentation.data import loading
from segmentation.drawing import style_options
from segmentation.inference import (cvat_archive, jobs, model_options,
                                    output_options, outputs, shapes)
from segmentation.inference.predictor import Predictor
from segmentation.inference.tiles.predictor import TilePredictor
from segmentation.inference.uncertainty import options as uncertainty_options
from segmentation.inference.uncertainty import ranking
from segmentation.inference.video import names
from segmentation.inference.video import options as video_options
from segmentation.inference.video import pipeline
from segmentation.processes import members, messages, shards, stopping
from segmentation.terminal import command_line, header, progress
from segmentation.trained import lookup


def parse_options(argv=None):
    parser = command_line.Parser(
        description='Segment pictures with a trained network.')
    group = parser.add_argument_group('data')
    group.add_argument('--samples-dir', required=True, nargs='+',
                       metavar='PATH',
                       help='folders of pictures, searched with their '
                            'sub-folders, or single pictures; or videos: '
                            'files, numbers of cameras, addresses of streams')
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
    output_options.add_options(parser)
    model_options.add_options(parser)
    video_options.add_options(parser)
    choice.add_options(parser)
    shards.add_options(parser)
    options = parser.parse_args(argv)
    choice.check_options(parser, options)
    shards.check_options(parser, options)
    video_options.check_options(parser, options)
    uncertainty_options.check_options(parser, options)
    output_options.check_options(parser, options)
    for name in ('classes', 'data_dir'):
        if getattr(options, name) and not options.data_source:
            parser.error(f'{option_types.flag(name)} goes with '
                         '--data-source')
    return options


def head_lines(options, model, count, what='pictures'):
    """Return the first lines of the header: on `count` pictures or videos."""
    source = [header.data(options.data_source,
                          loading.source_file(options.data_source),
                          options.data_dir)] if options.data_source else []
    image_size = model_options.settings(options).augmentation(model).image_size
    return source + [header.pictures(count, len(model.class_names),
                                     image_size, what)]


def segment(options, model, style, plan, recorded, chosen):
    """Take the pictures of a plan through the network; return the Summary."""
    if chosen:
        print('\n'.join(chosen.lines()))
    with crf_pool.start(chosen, min(options.workers,
                                    len(plan.pending))) as pool:
        return write(options, model, style, plan, recorded, pool)


def write(options, model, style, plan, recorded, pool):
    """Write the outputs of a plan; return the Summary."""
    ranked = ranking.Ranking(options.rank) if options.rank else None
    writer = outputs.OutputWriter(style, pool, options.jpeg, ranked)
    settings = model_options.settings(options)
    # Threads that wait for the CRF come on top of those that work.
    count = options.workers * (2 if pool else 1)
    # The CRF takes all probabilities of a picture.
    one_by_one = settings.tiles and not pool
    # Engines may take seconds to load: only after all that may be wrong.
    with settings.open(model, len(plan.wanted) > 1) as (engine, lines):
        head = ([] if messages.is_open()    # the first process has said it
                else head_lines(options, model, len(plan.pending)))
        print(*head, *model_options.header_lines(engine), *lines, sep='\n',
              flush=True)
        jobs.write_record(options.output_dir, model, style.colors, plan.wanted,
                          recorded, pool, engine.describe(), options.jpeg)
        predictor = TilePredictor(engine) if one_by_one else Predictor(
            engine, settings.augmentation(model), settings.pictures,
            options.workers)
        start = time.perf_counter()
        written = list(progress.track(
            threads.in_threads(count, writer.write,
                               shapes.announced(
                                   predictor.predict(plan.pending, jobs.read),
                                   shapes.wanted(model, settings)),
                               0 if one_by_one
                               else max(count, settings.pictures)),
            len(plan.pending), 'inference'))
        elapsed = time.perf_counter() - start
    if ranked:
        print(ranked.write())
    return outputs.summarize(
        plan.pending, written,
        dict(predictor.seconds, crf=pool.seconds if pool else []), elapsed)


def segment_videos(options, model, style, listed, chosen):
    """Write the outputs of videos; return the status."""
    frames = video_options.settings(options)
    settings = model_options.settings(options)
    utils.remove_leftovers(jobs.output_folders(listed, options.output_dir))
    recorded = jobs.check_outputs(listed, options.output_dir)
    pipeline.check(listed, frames)
    status = 0
    with crf_pool.start(chosen, options.workers) as pool, settings.open(
            model) as (engine, lines), stopping.Stop(
                'the frames under way come first') as stop:
        print(*head_lines(options, model, len(listed), 'videos'),
              *model_options.header_lines(engine), *lines,
              *(chosen.lines() if chosen else ()), sep='\n', flush=True)
        jobs.write_record(options.output_dir, model, style.colors, listed,
                          recorded, pool, engine.describe(),
                          video=frames._asdict())
        for job in listed:
            predictor = Predictor(engine, settings.augmentation(model),
                                  settings.pictures, options.workers,
                                  pipeline.MOST_TIMES)
            report = pipeline.segment(
                job, frames, predictor, outputs.OutputWriter(style, pool),
                shapes.wanted(model, settings), stop)
            print(*report.lines(), sep='\n', flush=True)
            if report.damaged:
                print(report.error(), file=sys.stderr)
                status = 1
            if stop.signal is not None:
                print('[!] interrupted', file=sys.stderr)
                return 128 + stop.signal
    jobs.complete_record(options.output_dir, listed, ())
    return status


def launch(options, model, plan, count, command):
    """Let processes write the outputs; return the Summary of all.

    Parameters
    ----------
    plan : jobs.Plan
    count : int
        Processes.
    command : list of str
        The arguments of this program.

    Raises
    ------
    SystemExit
        One has failed; what is to be said is said.
    """
    print(*head_lines(options, model, len(plan.pending)), sep='\n', flush=True)
    status, results = members.launch(
        [sys.executable, os.path.abspath(__file__), *command], count,
        len(plan.pending), 'inference', device=options.device)
    if status:
        utils.remove_leftovers(jobs.output_folders(plan.wanted,
                                                   options.output_dir))
        raise SystemExit(status)
    return outputs.combine(plan.pending, [outputs.Summary(**result)
                                          for result in results])


def fill(options, model, style, listed, chosen, command):
    """Write outputs to a folder of ours; return the Summary.

    Parameters
    ----------
    options : argparse.Namespace
    model : run_dir.Run or exported.Exported
    style : drawing.style.Style
    listed : list of jobs.Job
        Those of all shards.
    chosen : choice.Choice, optional
    command : list of str
        The arguments of this program.
    """
    plan = jobs.plan(listed, options.shard, options.batch_size,
                     options.skip_existing)
    if not messages.is_open():
        left_out = names.advice(options.samples_dir, options.output_dir)
        if left_out:
            print(f'[i] {left_out}')
        if options.shard:
            print(f'[i] shard {options.shard}: {plan.share} of '
                  f'{text.counted(len(listed), "picture")}')
        if options.skip_existing:
            print(f'[i] done already: {plan.share - len(plan.pending)} of '
                  f'{text.counted(plan.share, "picture")}')
        utils.remove_leftovers(jobs.output_folders(listed,
                                                   options.output_dir))
    recorded = jobs.check_outputs(plan.wanted, options.output_dir)
    count = shards.useful(options.processes, len(listed), options.batch_size)
    if not plan.pending:
        summary = outputs.Summary()
    elif count > 1:
        summary = launch(options, model, plan, count, command)
    else:
        summary = segment(options, model, style, plan, recorded, chosen)
    if not messages.is_open() and (recorded or plan.pending):
        jobs.complete_record(options.output_dir, plan.wanted,
                             summary.errors)
    return summary


def conclude(summary, is_refined):
    """Print what became of the pictures; return the status."""
    lines = summary.lines(is_refined)
    if lines:
        print('\n'.join(lines))
    if summary.errors:
        print(f'[!] {len(summary.errors)} of '
              f'{text.counted(summary.pictures, "picture")} could not be '
              'read:', file=sys.stderr)
    for _, error in summary.errors:
        print(f'[!] {error}', file=sys.stderr)
    return 1 if summary.errors else 0


def main(argv=None):
    options = parse_options(argv)
    member = members.join()
    if member:
        options = shards.divide(options, member.shard)
    source = (loading.make_source(options.data_source, options.classes,
                                  options.data_dir)
              if options.data_source else None)
    model = lookup.find(options.name, options.checkpoint, source)
    settings = model_options.settings(options)
    settings.check(model)
    settings.augmentation(model)
    style = style_options.style(options, model)
    listed = output_options.list_jobs(options, model)
    chosen = choice.choose(options, model)
    archive = None if member else options.cvat
    cvat_archive.check(archive, options.output_dir, style)
    ranking.check(options.rank, options.output_dir,
                  [job.picture for job in listed], model)
    # Of the processes that it has started the first one holds the folder.
    lock = (contextlib.nullcontext() if member else locks.locked(
        options.output_dir, f'{options.output_dir}: another infer.py writes '
        'to it', options.shard))
    if video_options.are_given(options):
        with lock:
            return segment_videos(options, model, style, listed, chosen)
    with lock:
        summary = fill(options, model, style, listed, chosen,
                       sys.argv[1:] if argv is None else argv)
        if archive:
            print(cvat_archive.write(archive, listed, options.output_dir,
                                     style))
    if member:
        messages.send(result=summary._asdict())
        return 0
    return conclude(summary, chosen is not None)


if __name__ == '__main__':
    utils.run(main)
