"""What the programs share: how they end, and options of data sources."""
import os
import sys
import traceback

from segmentation import errors, option_types

HOME = os.path.dirname(os.path.abspath(__file__))


def run(main):
    """Run a program; end it with its status, or with a line on stderr.

    Bad input (`errors.EXPECTED`) is one line and status 1. Any other
    exception is a bug and keeps its traceback; the line below it says whose
    bug it is.
    """
    try:
        sys.exit(main())
    except errors.EXPECTED as error:
        print(f'[!] {errors.describe(error)}', file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print('[!] interrupted', file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        traceback.print_exc()
        print(f'[!] {blame(error)}', file=sys.stderr)
        sys.exit(1)


def blame(error):
    """Return one line on an unexpected exception: where it is to be mended.

    It names the innermost place that is in nobody's library: a data source
    of the user's, or a file of ours.
    """
    path, line = errors.origin(error)
    if not os.path.abspath(path).startswith(HOME + os.sep):
        return f'{path}, line {line}: {errors.name(error)}'
    return (f'{errors.name(error)}: this is a bug of these scripts; please '
            'report it with the lines above')


def add_source_options(parser, required=True):
    """Add the options of every program that loads a data source."""
    parser.add_argument('--data-source', required=required, metavar='NAME',
                        help='source_NAME.py: kitti, cityscapes, camvid, '
                             'voc, demo, folder (with images/, labels/ and '
                             'classes.csv), single (the first picture of '
                             'such a folder), or a module of your own')
    parser.add_argument('--data-dir', type=option_types.path, default='data',
                        help='folder of the data set (default: %(default)s)')
    parser.add_argument('--image-size', type=option_types.image_size,
                        metavar='WxH',
                        help='network input in pixels, each divisible by 32 '
                             '(default: the source\'s own; of a folder its '
                             'first picture\'s, up to about 480x352 pixels)')
    parser.add_argument('--classes', metavar='TABLE',
                        help='class table of a source that has several, such '
                             'as cityscapes: 19 (default) or 29')
    parser.add_argument('--valid-fraction', type=option_types.fraction,
                        default=.1,
                        help='share of the samples kept for validation where '
                             'the data set has no split of its own '
                             '(default: %(default)s)')
    parser.add_argument('--group-by', type=option_types.pattern,
                        metavar='REGEX',
                        help='of a folder: pictures stay on one side of the '
                             'split where this finds the same in their '
                             'paths, such as ^(.*)_ for all before the last _')
    parser.add_argument('--workers', type=option_types.positive(int),
                        default=os.cpu_count() or 1,
                        help='threads that read pictures '
                             '(default: %(default)s, one a core)')
    parser.add_argument('--seed', type=option_types.seed, default=0,
                        help='seed of the split, of shuffling and of dropout '
                             '(default: %(default)s)')
