"""The command line of train.py: its options, and which a resume may change."""
import models
import recipes
import utils
from segmentation import option_types
from segmentation.terminal import command_line
from segmentation.training.caching import options as caching
from segmentation.training.distillation import options as distillation
from segmentation.training.optimization import method, schedules

# The options that a resumed run may change.
CHANGEABLE = ('epochs', 'workers', 'data_dir', 'vgg_dir', 'tensorboard_dir',
              'checkpoint_interval', 'validation_interval', 'histograms',
              'table', 'patience', 'resume', 'name', 'cache_samples',
              'feature_dir', 'delete_features', 'offline', 'device',
              'processes', 'join_timeout', 'recipe', 'accumulate', 'teacher',
              'unlabelled')

STDDEV = .01    # of --initializer truncated_normal
PRECISIONS = ('float32', 'bfloat16', 'float16', 'auto')


def make_parser(kind=command_line.Parser, prog=None):
    """Return the parser of the command line."""
    count, positive = option_types.positive(int), option_types.positive(float)
    parser = kind(prog=prog, description='Train a segmentation network on a '
                                         'data source.')
    parser.add_argument('--recipe', '--config', type=option_types.path,
                        metavar='RECIPE',
                        help='start from a set of options: '
                             f'{", ".join(recipes.RECIPES)}, or a JSON file '
                             'of options, such as the options.json of a run; '
                             'options of the command line replace its own')
    group = utils.add_source_options(parser, required=False)
    group.add_argument('--augment', choices=('light', 'strong'), nargs='?',
                       const='light', default=False,
                       help='augment the training data: light (without a '
                            'word) by random flips, scales of 0.75 to 1.5 '
                            'with crops, brightness, contrast and saturation; '
                            'strong by scales of 0.5 to 2, rotation, blur and '
                            'JPEG compression as well')
    group.add_argument('--crop-size', type=option_types.crop_size,
                       metavar='WxH',
                       help='with --augment: width and height of the crops '
                            'that the network is trained on, each divisible '
                            'by 32, or a factor for --image-size, such as '
                            '0.5; scales stay relative to --image-size, at '
                            'which it is validated (default: --image-size)')
    group.add_argument('--soft-labels', action='store_true',
                       help='train on the share of each class within a pixel '
                            'of the resized label, instead of on the most '
                            'frequent class')
    group = parser.add_argument_group('model')
    group.add_argument('--model', choices=models.MODELS, default='fcn8s',
                       help='; '.join(f'{name}: {model.what}' for name, model
                                      in models.MODELS.items())
                       + ' (default: %(default)s)')
    group.add_argument('--vgg-dir', type=option_types.path, default='vgg',
                       help='folder of the pretrained VGG16, a SavedModel; '
                            'it is downloaded if missing (default: '
                            '%(default)s)')
    group.add_argument('--offline', action='store_true',
                       help='never download VGG16: stop if it is missing')
    group.add_argument('--head-width', type=count, metavar='N',
                       help='number of channels in the convolutions of '
                            'fcn-pools and fcn-aspp (default: '
                            f"{models.DEFAULTS['head_width']})")
    group.add_argument('--aspp-rates', type=count, nargs='+', metavar='R',
                       help='dilations of the parallel convolutions of '
                            'fcn-aspp, in pixels of stride 8 (default: 2 4 8 '
                            '12; for pictures from 512 pixels on, 6 12 18 '
                            '24)')
    group.add_argument('--initializer', default='zeros',
                       choices=('zeros', 'truncated_normal'),
                       help='how an FCN on VGG16 initializes its score and '
                            'upsampling layers: zeros makes the scores zero '
                            'and the upsampling bilinear; truncated_normal '
                            'draws both at random (default: %(default)s)')
    group.add_argument('--stddev', type=positive,
                       help='standard deviation of --initializer '
                            'truncated_normal, which is truncated at twice '
                            f'this value (default: {STDDEV})')
    group.add_argument('--fixed-upsampling', action='store_true',
                       help='do not train the upsampling layers of an FCN on '
                            'VGG16: they stay bilinear interpolation')
    group.add_argument('--skip-scales', type=positive, nargs=2,
                       default=(1, 1), metavar=('POOL4', 'POOL3'),
                       help='factors for the two skip connections of an FCN '
                            'on VGG16 (default: 1 1; the paper uses 0.01 '
                            '0.0001 to train all of them at once)')
    group = parser.add_argument_group('optimization')
    group.add_argument('--epochs', type=count, default=40,
                       help='total number of epochs, those before a --resume '
                            'included (default: %(default)s)')
    group.add_argument('--batch-size', type=count, default=8,
                       help='samples per step (default: %(default)s)')
    group.add_argument('--learning-rate', type=positive, default=1e-4,
                       help='learning rate of the Adam optimizer (default: '
                            '%(default)s)')
    group.add_argument('--schedule', choices=schedules.SCHEDULES,
                       default='poly',
                       help='how the learning rate falls over the epochs '
                            '(default: %(default)s; constant with '
                            '--patience)')
    group.add_argument('--warm-up', type=option_types.not_negative, default=0,
                       metavar='EPOCHS',
                       help='epochs over which the learning rate first rises '
                            'from zero (default: %(default)s)')
    group.add_argument('--patience', type=count, metavar='N',
                       help='early stopping: stop after N epochs in a row '
                            'without a better mIoU (default: never)')
    group.add_argument('--keep-prob', type=option_types.share, default=.5,
                       help='probability that dropout keeps an activation '
                            '(default: %(default)s)')
    group.add_argument('--l2', type=option_types.not_negative, default=0,
                       help='weight of the L2 regularization of all layers '
                            'outside VGG16 (default: %(default)s)')
    group.add_argument('--class-weights', type=option_types.path,
                       default='none', metavar='WHAT',
                       help='weights of the classes in the loss: none, '
                            'median (median frequency balancing), '
                            'sqrt-median (the square roots of these), or a '
                            'JSON file of {class: weight} (default: '
                            '%(default)s)')
    method.add_options(parser)
    distillation.add_options(parser)
    caching.add_options(parser)
    group = parser.add_argument_group('run and checkpoints')
    group.add_argument('--name', type=option_types.path, default='runs/test',
                       help='directory of the run (default: %(default)s)')
    group.add_argument('--resume', action='store_true',
                       help='continue the run in --name, with the options '
                            'that it was started with')
    group.add_argument('--sanity', action='store_true',
                       help='test for about a minute whether the run would '
                            'learn, and write no run')
    group.add_argument('--init-from', type=option_types.path, metavar='RUN',
                       help='start from the best weights of another run, as '
                            'far as names and shapes match')
    group.add_argument('--processes', type=count, default=1, metavar='N',
                       help='train by N processes of this machine, each with '
                            '--batch-size samples and a GPU of its own; '
                            'TF_CONFIG is for several machines: see '
                            'docs/scale.md (default: %(default)s)')
    group.add_argument('--join-timeout', type=positive, default=300,
                       metavar='SECONDS',
                       help='how long processes wait for each other to start '
                            '(default: %(default)s)')
    group.add_argument('--checkpoint-interval', type=count, default=1,
                       metavar='N',
                       help='epochs between the checkpoints that --resume '
                            'can continue from (default: %(default)s)')
    group.add_argument('--validation-interval', type=count, default=1,
                       metavar='N',
                       help='epochs between validations; the last epoch is '
                            'always validated (default: %(default)s)')
    group.add_argument('--tensorboard-dir', type=option_types.path,
                       metavar='DIR',
                       help='folder of the TensorBoard events (default: '
                            'NAME/tensorboard)')
    group.add_argument('--histograms', action='store_true',
                       help='write histograms for TensorBoard: of the '
                            'gradients at the first step of each epoch and '
                            'of the weights after its last')
    group.add_argument('--table', action='store_true',
                       help='print the scores of each class after every '
                            'epoch')
    group = parser.add_argument_group('computation')
    group.add_argument('--device', type=option_types.device,
                       help='where to train: cpu, gpu, or gpu:1 for the '
                            'second GPU (default: a GPU if there is one)')
    group.add_argument('--precision', choices=PRECISIONS, default='float32',
                       help='number format of the computation; weights are '
                            'float32 in each. bfloat16 requires TensorFlow 2 '
                            'and a processor that supports it, float16 a '
                            'GPU; auto uses bfloat16 where possible '
                            '(default: %(default)s)')
    group.add_argument('--xla', action='store_true',
                       help='compile the network with XLA, for GPUs')
    return parser
