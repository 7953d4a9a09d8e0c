"""That all processes train the same: versions, options, data."""
import hashlib
import json

from segmentation import option_types
from segmentation.errors import InputError

# Options that may differ: where things lie on a machine, and its threads.
LOCAL = {'name', 'data_dir', 'vgg_dir', 'feature_dir', 'tensorboard_dir',
         'workers', 'processes', 'join_timeout', 'init_from', 'offline',
         'device', 'teacher', 'unlabelled'}


def check_options(cluster, versions, options, has_gpu):
    """Raise InputError, in every process, where one has others.

    Parameters
    ----------
    cluster : cluster.Cluster
    versions, options : {name: value}
    has_gpu : bool
        Whether the network is on a GPU: sums of one kind of device alone.
    """
    own = {option_types.flag(name): value for name, value in options.items()
           if name not in LOCAL}
    compare(cluster, versions, 'one version')
    compare(cluster, own, 'the same options')
    compare(cluster, {'the network on a': 'GPU' if has_gpu else 'CPU'},
            'one kind of device')


def check_data(cluster, description):
    """Raise InputError, in every process, where one has other data.

    Parameters
    ----------
    description : dict
        Of the run, as options.json has it.
    """
    compare(cluster, {name: description[name] for name in (
        'class_names', 'label_colors', 'image_size', 'class_weights',
        'vgg16_channel_order')}, 'the same data')
    for split, names in description['split'].items():
        digest = hashlib.sha256(json.dumps(names).encode()).hexdigest()
        if len(set(cluster.gather(digest))) == 1:
            continue
        first, *others = map(set, cluster.gather(names))
        for rank, other in enumerate(others, 1):
            changed = sorted(first ^ other)
            if changed:
                raise InputError(
                    f'the {split} split of process {rank} is not that of '
                    f'process 0: {len(changed)} differ, such as {changed[0]}')


def compare(cluster, values, wanted):
    """Raise InputError for the first value that differs from process 0's."""
    # As JSON has them, which gathered ones are.
    first, *others = cluster.gather(values)
    for rank, other in enumerate(others, 1):
        for name, value in first.items():
            if other.get(name) != value:
                raise InputError(
                    f'process {rank} has {name} {other.get(name)}, process 0 '
                    f'has {value}: {wanted} is wanted of all processes')
