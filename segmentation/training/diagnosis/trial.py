"""Whether a run would learn: its network built and tested, nothing written."""
import functools
import sys

from segmentation import tf1
from segmentation.nn import network
from segmentation.tf1 import tf
from segmentation.training import batches, start
from segmentation.training.diagnosis import measure, sanity, verdicts
from segmentation.training.optimization import method, step


def check(options, source, weights, precision, model, model_options):
    """Test whether a new run would learn; return 1 if a test fails, else 0.

    Parameters are those of `launch.train` but the first. Nothing is written.
    """
    pictures = functools.partial(batches.Pictures, source=source,
                                 batch_size=measure.COUNT, seed=options.seed)
    config = tf1.session_config(precision, xla=options.xla,
                                device=options.device)
    with tf.Graph().as_default(), tf1.session(config) as sess:
        tf.set_random_seed(options.seed)
        begun = start.begin(
            sess, source, options.data_dir, pictures, functools.partial(
                start.build_network, sess, source.num_classes, model,
                model_options, options.vgg_dir, options.seed,
                options.freeze_encoder),
            weights, options.init_from, freeze=options.freeze_encoder)
        print(*start.header_lines(options, precision), sep='\n', flush=True)
        training = step.add_training(
            begun.net, options.learning_rate, weights, options.l2,
            options.freeze_encoder, loss_scaling=precision == 'float16',
            method=method.choose(options).of_single_steps())
        network.initialize_rest(sess)
        found = sanity.examine(
            sess, begun, training, weights, options.learning_rate,
            bool(options.init_from), options.freeze_encoder)
    print(verdicts.table(found), flush=True)
    for line in verdicts.lines(found):
        print(f'[!] {line}', file=sys.stderr)
    return 1 if verdicts.lines(found) else 0
