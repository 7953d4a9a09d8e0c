"""What is exported, and how: the front door of the export wing.

`make` takes the options of the command line and checks all that needs neither
TensorFlow nor the library of a format.
"""
import os
from typing import List, NamedTuple, Optional, Tuple

from segmentation import option_types
from segmentation.data import loading
from segmentation.errors import InputError
from segmentation.export import calibration, formats, placing
from segmentation.trained import exported, run_dir

MAX_LOSS = .5       # points of mIoU


class Request(NamedTuple):
    """What is exported, and how."""

    run: run_dir.Run
    output: str
    format: str                             # a key of formats.FORMATS
    image_size: Tuple[int, int]             # (width, height)
    fixed_size: Optional[Tuple[int, int, int]]      # (B, H, W), if it is
    channel_order: str
    input_type: str
    pictures: List[str]                     # to calibrate int8; [] of float32
    max_loss: float                         # points of mIoU
    workers: int

    @property
    def row(self):
        """Return the row of the format."""
        return formats.FORMATS[self.format]

    @property
    def packages(self):
        """Return the names of the packages that write the file."""
        int8 = self.row.int8_packages if self.pictures else ()
        return ('tensorflow', *self.row.packages, *int8)

    def input_shape(self):
        """Return (B, H, W) of the golden pictures."""
        width, height = self.image_size
        return self.fixed_size or (1, height, width)


def add_options(parser):
    """Add the options that `make` takes."""
    parser.add_argument('--name', default='runs/test',
                        help='directory of the run (default: %(default)s)')
    parser.add_argument('--checkpoint', default='best', metavar='WHICH',
                        help='best or last; of the blog\'s code also a name, '
                             'such as e50 (default: %(default)s)')
    parser.add_argument('--output', required=True, metavar='PATH',
                        type=option_types.path,
                        help='file or folder to write; an exported model '
                             'that is there is replaced')
    parser.add_argument('--format', choices=list(formats.FORMATS),
                        help='default: by the suffix of PATH. ' + '; '.join(
                            f'{name}, {row.suffix or "no suffix"}: {row.what}'
                            for name, row in formats.FORMATS.items()))
    group = parser.add_argument_group('the pictures that the file takes')
    group.add_argument('--channel-order', default='BGR',
                       choices=exported.CHANNEL_ORDERS,
                       help='order of their colours (default: %(default)s, '
                            'as OpenCV has it)')
    group.add_argument('--input-type', default='float32',
                       choices=exported.INPUT_TYPES,
                       help='type of their values, 0 to 255 in both '
                            '(default: %(default)s)')
    group.add_argument('--image-size', type=option_types.image_size,
                       metavar='WxH',
                       help='network input in pixels, each divisible by 32 '
                            '(default: the run\'s). It is what programs take '
                            'by default; of tflite it is fixed')
    group.add_argument('--batch-size', type=option_types.positive(int),
                       metavar='N',
                       help='pictures at a time, which tflite fixes (default: '
                            '1)')
    group = parser.add_argument_group('int8')
    group.add_argument('--int8', nargs='+', metavar='PICTURES', default=[],
                       type=option_types.path,
                       help='compute in 8 bits (onnx and openvino), '
                            f'calibrated on up to {calibration.MOST} of these '
                            'pictures or folders of pictures, such as those '
                            'that the network was trained on')
    group.add_argument('--max-loss', type=option_types.not_negative,
                       metavar='POINTS',
                       help='with --data-dir, write nothing where int8 loses '
                            'more mIoU on the validation split (default: '
                            f'{MAX_LOSS})')
    group.add_argument('--workers', type=option_types.positive(int),
                       default=os.cpu_count() or 1,
                       help='threads that read pictures '
                            '(default: %(default)s, one per core)')
    group = parser.add_argument_group('data')
    group.add_argument('--data-dir', metavar='DIR',
                       help='folder of the data set: mIoU before and after '
                            '--int8 is printed; or of a source with its '
                            'classes in it')
    group.add_argument('--data-source', metavar='NAME',
                       help='has the classes of a run of the blog\'s code')
    group.add_argument('--classes', metavar='TABLE',
                       help='class table of a source that has several')


def check_options(parser, options):
    """End in a usage error for options that make no sense together."""
    if options.classes and not options.data_source:
        parser.error('--classes goes with --data-source')
    if options.data_dir and not (options.int8 or options.data_source):
        parser.error('--data-dir goes with --int8 or --data-source')
    if options.max_loss is not None and not (options.int8
                                             and options.data_dir):
        parser.error('--max-loss goes with --int8 and --data-dir')


def make(options):
    """Return the Request of the options; check all that is cheap to check.

    Parameters
    ----------
    options : argparse.Namespace
    """
    name = formats.choose(options.output, options.format)
    row = formats.FORMATS[name]
    if options.batch_size and not row.is_fixed:
        raise InputError(f'--batch-size does not apply to {name}: it takes '
                         'any number of pictures')
    formats.check_packages(name, bool(options.int8))
    source = (loading.make_source(options.data_source, options.classes,
                                  options.data_dir)
              if options.data_source else None)
    run = run_dir.find(options.name, options.checkpoint, source)
    folders = [path for path in (*options.int8, options.data_dir)
               if path and os.path.isdir(path)]
    placing.check(options.output, row,
                  [path for path in options.int8 if os.path.isfile(path)],
                  folders, [(run.path, run_dir.OWN)])
    pictures = (calibration.list_pictures(options.int8, options.output, run,
                                          options.data_dir)
                if options.int8 else [])
    width, height = size = options.image_size or run.image_size
    return Request(
        run, options.output, name, size,
        (options.batch_size or 1, height, width) if row.is_fixed else None,
        options.channel_order, options.input_type, pictures,
        MAX_LOSS if options.max_loss is None else options.max_loss,
        options.workers)
