"""The options of videos; `settings` is their front door."""
from typing import NamedTuple, Optional

from segmentation import option_types
from segmentation.errors import InputError
from segmentation.inference.video import names, writing

OWN = 'every', 'start', 'end', 'temporal_smoothing', 'codec'
# What does not go with videos, and why.
WITHOUT = {
    'jpeg': 'it is of overlays of pictures',
    'polygons': 'its files name pictures, and a frame is none: segment the '
                'frames as pictures',
    'cvat': 'it packs pictures: segment the frames as pictures',
    'rank': 'it ranks pictures: rank the frames as pictures',
    'skip_existing': 'a video that was interrupted is there, and not whole',
    'shard': 'frames are taken in order: a call takes whole videos'}


class Settings(NamedTuple):
    """Which frames of a video are taken, and how they are written."""

    every: int = 1                      # each which frame
    start: float = 0.                   # seconds
    end: Optional[float] = None         # seconds
    smoothing: Optional[float] = None   # weight of the past, 0..1
    codec: str = writing.CODECS[0]


def add_smoothing(group):
    """Add the option of temporal smoothing to a group of options."""
    group.add_argument('--temporal-smoothing', type=option_types.fraction,
                       metavar='A',
                       help='average the probabilities over time: A times '
                            'those so far and 1 - A times those of the '
                            'frame, such as 0.5; it starts anew when the '
                            'scene changes')


def add_options(parser):
    """Add the options that `settings` takes."""
    group = parser.add_argument_group(
        'videos', 'docs/video.md says what becomes of them')
    group.add_argument('--every', type=option_types.positive(int),
                       metavar='N',
                       help='take each N-th frame; the video that is written '
                            'has as many times fewer frames per second')
    group.add_argument('--start', type=option_types.not_negative,
                       metavar='SECONDS', help='begin there')
    group.add_argument('--end', type=option_types.positive(float),
                       metavar='SECONDS', help='end before that')
    add_smoothing(group)
    group.add_argument('--codec', choices=writing.CODECS,
                       help='codec of what is written (default: '
                            f'{writing.CODECS[0]}, which every OpenCV has; '
                            'browsers play the others)')


def check_options(parser, options):
    """End in a usage error for options that make no sense together."""
    if not are_given(options):
        for name in OWN:
            if getattr(options, name) is not None:
                parser.error(f'{option_types.flag(name)} is of videos: '
                             '--samples-dir names none')
        return
    for name, reason in WITHOUT.items():
        if getattr(options, name):
            parser.error(f'{option_types.flag(name)} does not go with a '
                         f'video: {reason}')
    if options.processes > 1:
        parser.error('--processes does not go with a video: '
                     f'{WITHOUT["shard"]}')
    if options.end is not None and options.end <= (options.start or 0):
        parser.error(f'--end {options.end:g} is not after --start '
                     f'{options.start:g}')


def are_given(options):
    """Return whether the samples are videos.

    Raises
    ------
    InputError
        Some of them are, and some are not.
    """
    is_video = {names.is_video(path): path for path in options.samples_dir}
    if len(is_video) == 2:
        video = names.without_password(is_video[True])
        raise InputError(f'{video} is a video, {is_video[False]} is not: '
                         'pictures and videos take a call each')
    return True in is_video


def settings(options):
    """Return the Settings that the options ask for."""
    return Settings(options.every or 1, options.start or 0., options.end,
                    options.temporal_smoothing,
                    options.codec or writing.CODECS[0])
