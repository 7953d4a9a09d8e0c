"""How a run starts: its network, new or restored, and its samples.

    begin, resume -> Start
"""
import functools
import platform
from typing import Any, Dict, NamedTuple

import numpy as np

from segmentation import option_types, tf1
from segmentation.backbone import saved_model
from segmentation.data import background, contract, splits
from segmentation.errors import InputError
from segmentation.nn import frozen, network
from segmentation.terminal import header
from segmentation.tf1 import tf
from segmentation.trained import run_dir
from segmentation.training import batches
from segmentation.training.cluster.cluster import Cluster


class Start(NamedTuple):
    """A run before training is added to its graph, new or resumed."""

    net: network.Network
    pictures: batches.Pictures
    description: Dict[str, Any]     # for options.json, without the options


def build_network(sess, num_classes, model, model_options, vgg_dir, seed,
                  freeze=False):
    """Return the Network of a new run; its backbone has its weights."""
    last = freeze if freeze in option_types.POOLS else None
    loaders = [
        functools.partial(saved_model.load, sess, vgg_dir, last=last),
        functools.partial(saved_model.load_array, sess, vgg_dir),
    ] if model.backbone else []
    return model.build(network.inputs(seed, *loaders), num_classes,
                       model_options)


def begin(sess, source, data_dir, list_pictures, build, weights,
          init_from=None, cluster=Cluster(), freeze=False):
    """Return the Start of a new run, its network built and initialized.

    Parameters
    ----------
    list_pictures : function of Network.feed
        Returns the batches.Pictures of the source.
    build : function
        As `build_network`, without arguments.
    weights : list of C floats or None
        Class weights.
    init_from : str, optional
        Directory of the run whose best weights the network starts with.
    cluster : Cluster, optional
    freeze : bool or str, optional
        The pool of VGG16 that is the last feature of a frozen encoder.
    """
    net = build()
    pictures = list_pictures(net.feed)
    network.initialize_rest(sess)
    frozen.measure_deviations(sess, pictures.first, cluster.sum)
    if freeze in option_types.POOLS:
        frozen.end_at(freeze)
    if init_from:
        print(f'[i] {load_weights(sess, init_from)}')
    return Start(net, pictures,
                 describe(source, data_dir, weights, net.channel_order))


def resume(sess, source, data_dir, list_pictures, directory,
           stores_features):
    """Return the Start of the run in a directory.

    Its weights are restored with the rest of the run, once training is in the
    graph: at once only where it `stores_features`, which are computed before.
    """
    description = run_dir.read_options(directory)
    if 'split' not in description:
        raise InputError(f"{run_dir.path(directory, 'options.json')} lacks "
                         'split')
    splits.check_unchanged(source, data_dir, description['split'])
    net = network.restore(
        sess, run_dir.path(directory, 'network.meta'),
        run_dir.checkpoint(directory, 'resume') if stores_features else None)
    return Start(net, list_pictures(net.feed), description)


def load_weights(sess, directory):
    """Load what fits of a run's best weights; return a line on that."""
    loaded, others = network.load_matching(
        sess, run_dir.checkpoint(directory, 'best'))
    if not loaded:
        raise InputError(f'--init-from {directory}: none of its variables '
                         'fits the model')
    new = f"; new: {', '.join(others)}" if others else ''
    return (f'{len(loaded)} of {len(loaded) + len(others)} variables from '
            f'{directory}{new}')


def describe(source, data_dir, weights, channel_order):
    """Return what using a run takes without its source, for options.json."""
    names, colors, unpainted = background.classes(source)
    return {
        'class_names': names,
        'label_colors': list(colors.values()),
        'background': unpainted,
        'ignore': bool(contract.ask(source, 'ignore')),
        'image_size': [int(side) for side in source.image_size],
        'vgg16_channel_order': channel_order,
        'class_weights': weights,
        'split': splits.of_source(source, data_dir),
        'versions': versions(),
    }


def header_lines(options, precision):
    """Return the header's lines on the network in the graph, and its engine.

    Parameters
    ----------
    options : argparse.Namespace
        Of train.py.
    precision : str
    """
    count = network.count_parameters(tf.global_variables())
    return [header.model(options.model, count),
            *header.engine('tensorflow', tf.version.VERSION, precision, 0,
                           tf1.describe_device(options.device))]


def versions():
    """Return {package: version} of what computes."""
    return {'python': platform.python_version(),
            'tensorflow': tf.__version__, 'numpy': np.__version__}
