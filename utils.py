"""What the programs share: how they begin and end, options of data sources."""
import io
import os
import signal
import sys
import traceback

from segmentation import errors, option_types

HOME = os.path.dirname(os.path.abspath(__file__))
FOLDERS = [HOME] + [os.path.join(HOME, name) for name in ('benchmarks',
                                                          'docs')]
INTERRUPTED, PIPE_CLOSED = 130, 141     # as shells count signals: 128 + 2, 13


def end_at_once(*_):
    """End a program whose modules are still being imported, after Ctrl-C.

    In the midst of imports an exception may be lost, or become another one.
    """
    os.write(2, b'[!] interrupted\n')
    os._exit(INTERRUPTED)


def is_program():
    """Return whether Python was started with one of the programs."""
    path = getattr(sys.modules['__main__'], '__file__', None)
    return bool(path) and os.path.dirname(os.path.abspath(path)) in FOLDERS


# From here on, as programs import this module first of all that take time.
if is_program() and signal.getsignal(
        signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, end_at_once)


def run(main):
    """Run a program, and end with its status.

    Where nobody reads what it prints any more, as behind `| head`, it ends
    without a word.
    """
    if signal.getsignal(signal.SIGINT) is end_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names of files may hold bytes that are no text.
            stream.reconfigure(errors='backslashreplace')
    try:
        status = outcome(main)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffers goes nowhere, instead of to the pipe.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for handle in (1, 2):
            os.dup2(nowhere, handle)
        status = PIPE_CLOSED
    sys.exit(status)


def outcome(main):
    """Return the status of a program, after a line on stderr if it failed.

    Bad input (`errors.EXPECTED`) is one line and status 1. Any other
    exception is a bug and keeps its traceback; the line below it says whose
    bug it is.
    """
    try:
        return main()
    except SystemExit as stopped:       # by argparse
        return stopped.code
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if errors.is_interrupt(error):
            print('[!] interrupted', file=sys.stderr)
            return INTERRUPTED
        if isinstance(error, errors.EXPECTED):
            print(f'[!] {errors.describe(error)}', file=sys.stderr)
        else:
            traceback.print_exc()
            print(f'[!] {blame(error)}', file=sys.stderr)
        return 1


def blame(error):
    """Return one line on an unexpected exception: where it is to be mended.

    It names the innermost place that is in nobody's library: a data source
    of the user's, wherever it lies, or a file of ours.
    """
    path, line = errors.origin(error)
    return (f'{path}, line {line}: {errors.name(error)}; unless that file is '
            'yours, please report it with the lines above')


def remove_leftovers(folders):
    """Remove what interrupted programs left in folders, and say so."""
    from segmentation import files, text        # late: it loads OpenCV
    count = sum(map(files.remove_leftovers, set(map(os.path.abspath,
                                                    folders))))
    if count:
        print(f'[i] removed {text.counted(count, "unfinished file")} of '
              'interrupted programs')


def add_source_options(parser, required=True):
    """Add the options of every program that loads a data source.

    Returns
    -------
    argparse group
        For more options on the data.
    """
    group = parser.add_argument_group('data')
    group.add_argument('--data-source', required=required, metavar='NAME',
                       help='data set, by the name of its source_NAME.py: '
                            'kitti, cityscapes, camvid, voc, bdd, mapillary, '
                            'a2d2, idd, gta5, demo, folder (a folder with '
                            'images/, labels/ and classes.csv), single (the '
                            'first picture of such a folder), labelme, coco, '
                            'cvat, cvat_masks, or one of your own in the '
                            'working directory')
    group.add_argument('--data-dir', type=option_types.path, default='data',
                       help='folder of the data set (default: %(default)s)')
    group.add_argument('--image-size', type=option_types.image_size_or_factor,
                       metavar='WxH',
                       help='width and height that pictures are resized to '
                            'for the network, each divisible by 32, or a '
                            'factor for the default, such as 1.5 (default: '
                            'chosen by the data source; for a folder the '
                            'size of its first picture, up to about 480x352)')
    group.add_argument('--classes', metavar='TABLE',
                       help='class table, for a data source that has '
                            'several; cityscapes has 19 (default) and 29, '
                            'coco instances (default) and panoptic; the 19 '
                            'of Cityscapes, by the name cityscapes, are in '
                            'bdd, mapillary, a2d2, idd and gta5')
    group.add_argument('--valid-fraction', type=option_types.fraction,
                       default=.1,
                       help='share of the samples to hold out for validation '
                            'if the data set is not split already (default: '
                            '%(default)s)')
    group.add_argument('--group-by', type=option_types.pattern,
                       metavar='REGEX',
                       help='of folders of pictures that have no split: keep '
                            'those whose paths give the same match on one '
                            'side of it; ^(.*)_ groups them by what comes '
                            'before the last underscore')
    group.add_argument('--hold-out', type=option_types.pattern,
                       metavar='REGEX',
                       help='validate on the training pictures whose paths '
                            'in the data set match, such as a drive, and '
                            'train on the others; the validation pictures of '
                            'the data set are not used')
    group.add_argument('--workers', type=option_types.positive(int),
                       default=os.cpu_count() or 1,
                       help='threads that read pictures '
                            '(default: %(default)s, one per core)')
    group.add_argument('--seed', type=option_types.seed, default=0,
                       help='random seed of the split, of shuffling and of '
                            'dropout (default: %(default)s)')
    return group


def print_source(options, source):
    """Print the header's lines on the data of a source that is loaded."""
    from segmentation.data import contract, loading  # late: see end_at_once
    from segmentation.terminal import header
    print(header.data(options.data_source,
                      loading.source_file(options.data_source),
                      contract.folder(source, options.data_dir)))
    counts = {'train': source.num_training, 'valid': source.num_validation}
    test = contract.pairs(source, 'test')
    if test:
        counts['test'] = len(test)
    print(header.samples(counts, source.num_classes, source.image_size),
          flush=True)
