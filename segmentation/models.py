"""The models that train.py knows: one row each.

A row says what the model is, and how to build it from (sess, num_classes,
options); it returns a Network and the channel order that VGG16 takes, None
where there is no VGG16. TensorFlow is loaded only when one is built.
"""
import collections

Model = collections.namedtuple('Model', 'what build')


def on_vgg16(name):
    """The builder of an FCN on VGG16, which is fetched where it is missing."""
    def build(sess, num_classes, options):
        import fcnvgg
        import vgg16
        return fcnvgg.build(
            sess, vgg16.fetch(options.vgg_dir), num_classes, options.seed,
            name, options.stddev, options.skip_scales)
    return build


def from_scratch(name):
    """The builder of a network of unet.py, which has no VGG16."""
    def build(sess, num_classes, options):
        if options.stddev or tuple(options.skip_scales) != (1, 1):
            raise ValueError('--stddev and --skip-scales are of the FCNs on '
                             'VGG16: they do not apply to {}'.format(name))
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
    ('fcn-lite', Model('four strided convolutions, no VGG16',
                       from_scratch('fcn-lite'))),
    ('unet', Model('U-Net, no VGG16', from_scratch('unet'))),
))
