"""The options of what infer.py writes, and where each output goes.

`list_jobs` is their front door: what it returns are plain values.
"""
import os
import re

from segmentation import option_types, text
from segmentation.drawing import style_options
from segmentation.inference import jobs, outputs
from segmentation.inference.uncertainty import maps
from segmentation.inference.uncertainty import options as uncertainty_options
from segmentation.inference.video import names
from segmentation.inference.video import options as video_options

JPEG_QUALITY = 90


def add_options(parser):
    """Add the group of options that `list_jobs` takes, and of their style."""
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
                            '0 to 255, to confidence-CLASS/; road,car writes '
                            f'two, {text.ALL} those of all classes')
    group.add_argument('--polygons', choices=('labelme',),
                       help='also write the outlines of the classes that '
                            'overlays show, as JSON files of labelme, to '
                            'polygons/')
    group.add_argument('--cvat', metavar='OUT.zip',
                       help='also pack the class ids as CVAT\'s '
                            '"Segmentation mask 1.1"; implies --class-ids')
    uncertainty_options.add_outputs(group)
    group.add_argument('--skip-existing', action='store_true',
                       help='keep outputs that exist already instead of '
                            'writing them again')


def check_options(parser, options):
    """End in a usage error for options that make no sense together."""
    if options.no_overlay and not (options.class_ids or options.colors
                                   or options.confidence or options.polygons
                                   or options.cvat or options.uncertainty
                                   or options.rank):
        parser.error('--no-overlay leaves nothing to write')
    if options.no_overlay and options.jpeg:
        parser.error('--jpeg is of overlays: not with --no-overlay')
    if options.cvat and options.shard:
        parser.error('--cvat packs the pictures of all shards: it takes a '
                     'call without --shard, such as one by --skip-existing')


def choose_destinations(options, model):
    """Return {kind: jobs.Destination} of what is asked for."""
    destinations = {}
    if not options.no_overlay:
        destinations[outputs.OVERLAY] = jobs.Destination(
            '', '.jpg' if options.jpeg else '.png')
    if options.class_ids or options.cvat:
        destinations[outputs.CLASS_IDS] = jobs.Destination('class-ids')
    if options.polygons:
        destinations[outputs.POLYGONS] = jobs.Destination('polygons', '.json')
    if options.colors:
        destinations[outputs.COLORS] = jobs.Destination('colors')
    if options.uncertainty:
        destinations.update((kind, jobs.Destination(kind)) for kind in (
            maps.KINDS if options.mc else maps.KINDS[:1]))
    for word in options.confidence:
        for class_id in text.class_ids(word, model.class_names,
                                       '--confidence'):
            name = re.sub(r'[^\w.-]+', '-', model.class_names[class_id])
            destinations[class_id] = jobs.Destination(f'confidence-{name}')
    return destinations


def list_jobs(options, model):
    """Return the jobs.Job of each picture, or of each video."""
    destinations = choose_destinations(options, model)
    if not video_options.are_given(options):
        return jobs.list_jobs(options.samples_dir, options.output_dir,
                              destinations)
    return jobs.name_outputs(
        [(path, names.file_name(path)) for path in options.samples_dir],
        options.output_dir, {
            kind: destination._replace(
                suffix='.mp4' if kind == outputs.OVERLAY else os.sep)
            for kind, destination in destinations.items()})
