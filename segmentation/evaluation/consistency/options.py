"""The options of frames in sequence; `sequences` is their front door."""
from segmentation import option_types
from segmentation.evaluation.consistency.sequences import Sequences
from segmentation.inference.video import options as video_options

STEP = 5
# What takes pictures by themselves, or others in between.
WITHOUT = 'compare', 'tune', 'shard', 'merge'


def add_options(parser):
    """Add the options that `sequences` takes."""
    group = parser.add_argument_group(
        'frames of sequences', 'pictures whose names differ in their last '
        'number alone, which is that of the frame')
    group.add_argument('--consistency', nargs='?', const=STEP,
                       type=option_types.positive(int), metavar='STEP',
                       help='also count the pixels whose predicted class '
                            'differs from the previous frame; two frames in '
                            'a row are at most STEP numbers apart '
                            f'({STEP} if it is left out)')
    video_options.add_smoothing(group)


def check_options(parser, options):
    """End in a usage error for what takes no pictures in sequence."""
    for own in ('consistency', 'temporal_smoothing'):
        if getattr(options, own) is None:
            continue
        for name in WITHOUT:
            if getattr(options, name):
                parser.error(f'{option_types.flag(own)} does not go with '
                             f'{option_types.flag(name)}')
        if options.processes > 1:
            parser.error(f'{option_types.flag(own)} does not go with '
                         '--processes: frames are taken in order')
    if options.temporal_smoothing and options.report:
        parser.error('--temporal-smoothing does not go with --report, whose '
                     'pictures are predicted by themselves')


def sequences(options):
    """Return the Sequences that the options ask for; None without them."""
    if options.consistency is None and options.temporal_smoothing is None:
        return None
    return Sequences(options.consistency or STEP, options.temporal_smoothing,
                     options.consistency is not None)
