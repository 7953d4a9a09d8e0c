"""Which options of evaluate.py go together."""
from segmentation import option_types
from segmentation.processes import shards

WITHOUT_COMPARISON = ('csv', 'matrix', 'reliability', 'report', 'export',
                      'birds_eye', 'crf')
# The temperature is that of the network alone.
WITHOUT_CALIBRATION = ('temperature', 'mc', 'flip', 'map', 'tune', 'compare',
                       'merge')
OF_ALL = 'csv', 'matrix', 'reliability', 'report', 'zip'    # of all shards


def check_options(parser, options):
    """End in a usage error for options that make no sense together.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    options : argparse.Namespace
    """
    exported = options.export or options.birds_eye
    if options.zip and not exported:
        parser.error('--zip goes with --export or --birds-eye')
    if options.tune and options.crf is None:
        parser.error('--tune goes with --crf')
    if options.tune and options.split == 'test':
        parser.error('--tune does not go with --split test: the pictures to '
                     'be judged by are not to be tuned on')
    if options.tune and exported:
        parser.error('--tune leaves pictures out: --export and --birds-eye '
                     'take a call of their own')
    if options.calibrate:
        refuse(parser, options, WITHOUT_CALIBRATION, '--calibrate')
        if options.split == 'test':
            parser.error('--calibrate does not go with --split test: the '
                         'pictures to be judged by are not to be fitted to')
        if options.scales != (1.,):
            parser.error('--scales does not go with --calibrate')
    if options.compare:
        refuse(parser, options, WITHOUT_COMPARISON, '--compare')
    shards.check_options(parser, options)
    check_division(parser, options)


def check_division(parser, options):
    """End in a usage error for what cannot be divided, or is done later."""
    divided = [name for name, is_given in (
        ('shard', options.shard), ('processes', options.processes > 1),
        ('merge', options.merge)) if is_given]
    if divided:
        refuse(parser, options, ('compare', 'tune', 'calibrate', *(
            name for name in divided[1:])), option_types.flag(divided[0]))
    if options.shard and not options.json:
        parser.error('--shard takes --json, for the part that --merge reads')
    if options.shard:
        refuse(parser, options, OF_ALL, '--shard: --merge takes it')


def refuse(parser, options, names, flag):
    """End in a usage error for an option that does not go with another."""
    for name in names:
        if getattr(options, name):
            parser.error(f'{option_types.flag(name)} does not go with {flag}')
