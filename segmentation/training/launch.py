"""Beginning a run, or going on with one, up to its training loop."""
import contextlib
import functools
import platform

import numpy as np

from segmentation import run_dir, tf1
from segmentation.backbone import saved_model
from segmentation.data import contract
from segmentation.errors import InputError
from segmentation.nn import frozen, network
from segmentation.tf1 import tf
from segmentation.training import (batches, checkpoints, feature_cache, step,
                                   trainer)


def describe(options, source, order, weights):
    """What options.json tells: enough to use the run without its source."""
    return {
        'options': vars(options),
        'class_names': contract.class_names(source),
        'label_colors': list(contract.label_colors(source).values()),
        'ignore': bool(contract.ask(source, 'ignore')),
        'image_size': [int(side) for side in source.image_size],
        'vgg16_channel_order': order,
        'class_weights': weights,
        'split': contract.list_split(source, options.data_dir),
        'versions': {'python': platform.python_version(),
                     'tensorflow': tf.__version__,
                     'numpy': np.__version__},
    }


def list_pictures(net, source, options):
    """The samples of a source as the options want them."""
    return batches.Pictures(source, net.image_input, options.batch_size,
                            options.seed)


def build(sess, options, source, model, model_options):
    """Return the Network of a new run."""
    backbone = functools.partial(
        saved_model.load, sess, saved_model.fetch(options.vgg_dir)
    ) if model.backbone else None
    net = model.build(network.inputs(options.seed, backbone),
                      source.num_classes, model_options)
    network.initialize_rest(sess)
    frozen.measure_deviations(
        sess, list_pictures(net, source, options).train(1))
    if options.init_from:
        loaded, others = network.load_matching(
            sess, run_dir.checkpoint(options.init_from, 'best'))
        if not loaded:
            raise InputError('--init-from {}: none of its variables fits '
                             'the model {}'.format(options.init_from,
                                                   options.model))
        print('[i] {} of {} variables from {}{}'.format(
            len(loaded), len(loaded) + len(others), options.init_from,
            f"; new: {', '.join(others)}" if others else ''))
    return net


def train(options, source, weights, model, model_options):
    """Train as the options say, anew or resumed; return the exit status."""
    directory = options.name
    with contextlib.ExitStack() as stack:
        stack.enter_context(tf.Graph().as_default())
        sess = stack.enter_context(tf1.session())
        tf.set_random_seed(options.seed)
        if options.resume:
            description = run_dir.read_options(directory)
            contract.check_split(source, options.data_dir,
                                 description['split'])
            weights = description['class_weights']
            # Features are computed before the rest of the run is restored.
            net = network.restore(
                sess, run_dir.path(directory, 'network.meta'),
                run_dir.checkpoint(directory, 'resume')
                if options.freeze_encoder else None)
        else:
            net = build(sess, options, source, model, model_options)
            description = describe(options, source, net.channel_order,
                                   weights)
        used = tf.global_variables()
        run_dir.check_space(directory, network.size_in_bytes(used))
        samples = stack.enter_context(sample(sess, net, source, options))
        run_dir.create(directory, dict(description, options=vars(options)))
        if not options.resume:
            network.export(run_dir.path(directory, 'network.meta'))
        training = step.add_training(net, options.learning_rate, weights,
                                     options.l2, options.freeze_encoder)
        kept = checkpoints.Checkpoints(sess, directory, used)
        if options.resume:
            kept.restore()
            run_dir.trim_log(directory, kept.state['epoch'])
        else:
            network.initialize_rest(sess)
            kept.save(['resume'])       # whatever happens in the first epoch
        status = trainer.Trainer(sess, net, training, source, samples,
                                 options).run(kept)
        if options.delete_features and status == 0:
            samples.delete()
    return status


@contextlib.contextmanager
def sample(sess, net, source, options):
    """What the training loop goes round: pictures, or cached features."""
    pictures = list_pictures(net, source, options)
    if not options.freeze_encoder:
        yield pictures
        return
    tensors = tf.get_collection(frozen.FEATURES)
    with feature_cache.opened(
            options, pictures, tensors,
            lambda images: sess.run(tensors, {net.image_input: images}),
            frozen.encoder_weights(sess)) as samples:
        yield samples
