"""The options of train.py on a teacher."""
from segmentation import option_types
from segmentation.errors import InputError
from segmentation.training.caching import options as caching

TEMPERATURE, WEIGHT = 2., .5


def add_options(parser):
    """Add the options to a parser, in a group of their own."""
    group = parser.add_argument_group('knowledge distillation')
    group.add_argument('--teacher', type=option_types.path, metavar='MODEL',
                       help='run or exported model from whose probabilities '
                            'the network learns as well; they are computed '
                            'once')
    group.add_argument('--teacher-weight', type=option_types.share,
                       default=WEIGHT, metavar='SHARE',
                       help='share of the teacher in the loss; the rest is '
                            'that of the labels (default: %(default)s)')
    group.add_argument('--temperature', type=option_types.positive(float),
                       default=TEMPERATURE, metavar='T',
                       help='softens the probabilities of both networks: '
                            'softmax(log p / T) (default: %(default)s)')
    group.add_argument('--teacher-flip', action='store_true',
                       help="average the teacher's probabilities of each "
                            'picture and of its mirror image')
    group.add_argument('--unlabelled', nargs='+', metavar='DIR',
                       type=option_types.path,
                       help='folders of more pictures, on which the network '
                            'learns from the teacher alone')


def check(options):
    """Raise InputError where options do not go together."""
    if options.teacher is None:
        for name, default in (('teacher_weight', WEIGHT),
                              ('temperature', TEMPERATURE),
                              ('teacher_flip', False), ('unlabelled', None)):
            if getattr(options, name) != default:
                raise InputError(f'{option_types.flag(name)} goes with '
                                 '--teacher')
    elif caching.stores_features(options):
        raise InputError('--freeze-encoder trains on stored features: '
                         '--teacher does not apply without --augment')
    elif options.accumulate > 1:
        raise InputError('--accumulate weights batches by their labelled '
                         'pixels: --teacher does not apply')
