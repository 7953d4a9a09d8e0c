"""The models that train.py knows: one row each.

A row says what the model is, and how to build it from (sess, num_classes,
options); it returns a Network and the channel order that VGG16 takes, None
where there is no VGG16. TensorFlow is loaded only when one is built.
"""
import collections

from segmentation.errors import InputError

Model = collections.namedtuple('Model', 'what build')
HEAD_WIDTH = 64


def on_vgg16(name):
    """The builder of an FCN on VGG16, which is fetched where it is missing."""
    def build(sess, num_classes, options):
        import fcnvgg
        import vgg16
        return fcnvgg.build(
            sess, vgg16.fetch(options.vgg_dir), num_classes, options.seed,
            name, options.stddev, options.skip_scales,
            options.fixed_upsampling)
    return build


def on_pools(sess, num_classes, options):
    """The builder of fcn-pools."""
    import fcnpools
    import vgg16
    return fcnpools.build(sess, vgg16.fetch(options.vgg_dir), num_classes,
                          options.head_width or HEAD_WIDTH, options.seed)


def from_scratch(name):
    """The builder of a network of unet.py, which has no VGG16."""
    def build(sess, num_classes, options):
        import unet
        return unet.BUILDERS[name](num_classes, options.seed), None
    return build


MODELS = collections.OrderedDict((
    ('fcn8s', Model('three taps of VGG16, each enlarged straight',
                    on_vgg16('fcn8s'))),
    ('fcn8s-chain', Model('three taps, enlarged and joined in turn',
                          on_vgg16('fcn8s-chain'))),
    ('fcn16s', Model('two taps, joined', on_vgg16('fcn16s'))),
    ('fcn32s', Model('the last tap alone', on_vgg16('fcn32s'))),
    ('fcn-pools', Model('four pools of VGG16, joined by 3x3 convolutions',
                        on_pools)),
    ('fcn-lite', Model('four strided convolutions, no VGG16',
                       from_scratch('fcn-lite'))),
    ('unet', Model('U-Net, no VGG16', from_scratch('unet'))),
))

FROM_SCRATCH = ('fcn-lite', 'unet')


def check(options):
    """Raise ValueError where options do not apply to the model."""
    name = options.model
    if name in FROM_SCRATCH + ('fcn-pools',) and (
            options.stddev or options.fixed_upsampling
            or tuple(options.skip_scales) != (1, 1)):
        raise InputError('--initializer, --fixed-upsampling and --skip-scales '
                         'are of the FCNs on taps of VGG16: they do not apply '
                         'to {}'.format(name))
    if name != 'fcn-pools' and options.head_width:
        raise InputError('--head-width is of fcn-pools: it does not apply to '
                         '{}'.format(name))
    if not options.freeze_encoder:
        for option in ('feature_dir', 'delete_features'):
            if getattr(options, option):
                raise InputError('--{} goes with --freeze-encoder'.format(
                    option.replace('_', '-')))
        return
    if name in FROM_SCRATCH:
        raise InputError('{} has no VGG16: --freeze-encoder does not apply'
                         .format(name))
    if options.augment:
        raise InputError('--freeze-encoder computes the features of pictures '
                         'once, as they are and mirrored: --augment does not '
                         'apply')
