"""The options of train.py on a frozen encoder, and on what is cached."""
from segmentation import option_types
from segmentation.errors import InputError


def add_options(parser):
    """Add the options to a parser, in a group of their own."""
    group = parser.add_argument_group('frozen encoder and cache')
    group.add_argument('--freeze-encoder', nargs='?', default=False,
                       const=option_types.WHOLE, metavar='POOL',
                       choices=(option_types.WHOLE, *option_types.POOLS),
                       help='do not train VGG16: compute its features once, '
                            'for all pictures and their mirror images, and '
                            'train the rest of the network on them; POOL '
                            'freezes it only up to pool2, pool3 or pool4. '
                            'With --augment they are computed in each step')
    group.add_argument('--views', type=option_types.positive(int), default=1,
                       metavar='N',
                       help='number of views of each training picture that '
                            '--freeze-encoder computes features of: the '
                            'picture with its mirror image, and N - 1 random '
                            'crops at scales of 0.5 to 2, in other light '
                            '(default: %(default)s)')
    group.add_argument('--cache-samples', action='store_true',
                       help='decode and resize all pictures and labels once, '
                            'and read every epoch from the files that result')
    group.add_argument('--feature-dir', '--cache-dir', dest='feature_dir',
                       type=option_types.path, metavar='DIR',
                       help='folder of what is cached, which other runs can '
                            'use (default: the cache folder of the user)')
    group.add_argument('--delete-features', '--delete-cache',
                       dest='delete_features', action='store_true',
                       help='delete what is cached once the run is finished')


def stores_features(options):
    """Return whether a run trains on features that are computed once.

    Those of augmented pictures are other ones in each epoch.
    """
    return bool(options.freeze_encoder and not options.augment)


def check(options):
    """Raise InputError where options do not go together."""
    if options.views > 1 and not stores_features(options):
        raise InputError('--views goes with --freeze-encoder, without '
                         '--augment')
    if options.cache_samples and (stores_features(options)
                                  or options.soft_labels):
        raise InputError('--cache-samples applies to pictures and their class '
                         'ids: not to the features of --freeze-encoder, nor '
                         'to --soft-labels')
    for name in ('feature_dir', 'delete_features'):
        if getattr(options, name) and not (stores_features(options)
                                           or options.cache_samples
                                           or options.teacher):
            raise InputError(f'{option_types.flag(name)} goes with '
                             '--freeze-encoder (without --augment), '
                             '--cache-samples or --teacher')
