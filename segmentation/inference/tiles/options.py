"""The options --tiles and --overlap; `tiles` is their front door."""
import argparse
from typing import Optional

from segmentation import option_types
from segmentation.errors import InputError
from segmentation.inference.tiles import layout


def add_options(size, group):
    """Add them: the first to the options of the network's input size."""
    size.add_argument('--tiles', type=option_types.image_size, metavar='WxH',
                      help='run the network at the size of each picture, on '
                           'overlapping tiles of this width and height, each '
                           'divisible by 32: for large pictures')
    group.add_argument('--overlap', type=int, metavar='N',
                       help='pixels by which tiles overlap, at least, '
                            'divisible by 32 and less than half a tile '
                            f'(default: {layout.OVERLAP}, or what small '
                            'tiles allow)')


def tiles(options: argparse.Namespace) -> Optional[layout.Tiles]:
    """Return the Tiles that the options ask for; None without --tiles.

    Raises
    ------
    InputError
        The overlap does not fit the tiles, or there are none.
    """
    if options.tiles:
        return layout.make(options.tiles, options.overlap)
    if options.overlap is not None:
        raise InputError('--overlap goes with --tiles')
    return None
