"""The graph in a SavedModel of VGG16, before it is imported.

What a file holds is checked, probed for the order of its colour channels, cut
down to what a model needs, and its dropout made repeatable.
"""
import contextlib
import os

import numpy as np

from segmentation import tf1
from segmentation.backbone import architecture
from segmentation.errors import InputError
from segmentation.tf1 import message, saved_model_pb2, tf, variable_pb2

TAG = 'vgg16'
LARGEST = (1 << 31) - 1     # bytes of a protocol buffer


@contextlib.contextmanager
def blamed_on(folder):
    """Blame what TensorFlow raises on a graph on its SavedModel.

    It imports whatever the file describes, and complains of nodes that are
    missing or do not fit together by nearly every class of exceptions.
    """
    path = os.path.join(folder, 'saved_model.pb')
    try:
        yield
    except (InputError, OSError):
        raise
    except (AssertionError, AttributeError, LookupError, MemoryError,
            NotImplementedError, TypeError, ValueError,
            message.Error, tf.errors.OpError) as error:
        reason = (str(error).splitlines() or [''])[0]
        raise InputError(f'{path}: no graph of VGG16: {type(error).__name__}: '
                         f'{reason}') from error


def read(folder):
    """Return the MetaGraphDef of the SavedModel in `folder`, checked.

    The weights that its initializers hold a second time are left out.
    """
    path = os.path.join(folder, 'saved_model.pb')
    if os.path.getsize(path) > LARGEST:
        raise InputError(f'{path} is no SavedModel: it is larger than 2 GB')
    model = saved_model_pb2.SavedModel()
    with open(path, 'rb') as file:
        try:
            model.ParseFromString(file.read())
        except (message.Error, ValueError) as error:
            raise InputError(f'{path} is no SavedModel: {error}')
    tagged = [meta for meta in model.meta_graphs
              if TAG in meta.meta_info_def.tags]
    if not tagged:
        raise InputError(f'{path} has no graph tagged {TAG!r}')
    meta = tagged[0]
    check_tensors(meta, architecture.TENSORS, folder)
    for node in meta.graph_def.node:
        # Constants of megabytes, which would be copied into every metagraph.
        if node.op == 'Const' and node.name.endswith('/Initializer/Const'):
            tensor = node.attr['value'].tensor
            tensor.ClearField('tensor_content')
            tensor.ClearField('float_val')
            tensor.float_val.append(0)
    return meta


def check_tensors(meta, names, folder):
    """Raise InputError if the graph from `folder` lacks one of the tensors."""
    nodes = {node.name for node in meta.graph_def.node}
    missing = [name for name in names if name not in nodes]
    if missing:
        path = os.path.join(folder, 'saved_model.pb')
        plural = 's' if len(missing) > 1 else ''
        raise InputError(f'{path} lacks the tensor{plural} '
                         f'{", ".join(missing)}')


def probe_channel_order(graph_def, folder):
    """Return the channel order of the pictures that a graph takes.

    One pixel goes through the preprocessing, up to the first convolution; the
    channel that comes out less by blue's mean is the blue one.

    Returns
    -------
    str
        'RGB' or 'BGR'
    """
    path = os.path.join(folder, 'saved_model.pb')
    first = next((node for node in graph_def.node if node.op == 'Conv2D'),
                 None)
    if first is None or not first.input:
        raise InputError(f'{path} has no convolution')
    prepared = first.input[0].split(':')[0]
    pixel = np.array([50, 100, 200], np.float32)
    with tf.Graph().as_default(), tf1.session() as sess:
        image, output = tf.import_graph_def(
            tf.graph_util.extract_sub_graph(graph_def,
                                            ['image_input', prepared]),
            return_elements=['image_input:0', f'{prepared}:0'], name='')
        values = sess.run(output, {image: pixel[None, None, None]}).ravel()
    subtracted = pixel[:, None] - values[None]              # [3 in, 3 out]
    blue = np.flatnonzero((abs(subtracted - architecture.MEAN_BGR[0]) < .01
                           ).any(axis=1))
    if blue.tolist() not in ([0], [2]):
        raise InputError(f'{path}: cannot tell the channel order: the pixel '
                         f'{pixel.tolist()} comes out of its preprocessing '
                         f'as {values.tolist()}')
    return 'BGR' if blue[0] == 0 else 'RGB'


def extract(meta, taps, folder):
    """Return a MetaGraphDef of what the taps need.

    It has no placeholders and no saver: its inputs are to be mapped, its
    variables to be restored by a saver of their own.
    """
    check_tensors(meta, taps, folder)
    needed = {node.name for node in tf.graph_util.extract_sub_graph(
        meta.graph_def, list(taps)).node}
    part = type(meta)()
    part.meta_info_def.CopyFrom(meta.meta_info_def)
    wanted = list(taps)
    for key in ('variables', 'trainable_variables'):
        values = part.collection_def[key].bytes_list.value
        for value in meta.collection_def[key].bytes_list.value:
            variable = variable_pb2.VariableDef.FromString(value)
            if variable.variable_name.split(':')[0] in needed:
                values.append(value)
                wanted += [variable.initializer_name, variable.snapshot_name]
    graph_def = tf.graph_util.extract_sub_graph(
        meta.graph_def, [name.split(':')[0] for name in wanted])
    part.graph_def.versions.CopyFrom(graph_def.versions)
    part.graph_def.node.extend(
        node for node in graph_def.node
        if node.name not in ('image_input', 'keep_prob'))
    return part


def make_dropout_repeatable(graph_def, seed):
    """Let dropout depend on (seed, global step) alone, not on history.

    A run that is resumed then drops what it would have dropped, had it not
    been interrupted.

    Returns
    -------
    dict
        {name: tensor} to map the new inputs of the graph to.
    """
    step = tf.train.get_or_create_global_step()
    inputs = {}
    for node in graph_def.node:
        if node.op == 'RandomUniform':
            name = f'dropout_seed_{len(inputs)}'
            inputs[f'{name}:0'] = tf.stack(
                [tf.constant(seed + len(inputs), tf.int64),
                 tf.cast(step, tf.int64)])
            node.input.insert(1, name)
            for attribute in ('seed', 'seed2'):
                if attribute in node.attr:
                    del node.attr[attribute]
            node.MergeFrom(tf.NodeDef(
                op='StatelessRandomUniform',
                attr={'Tseed': tf.AttrValue(
                    type=tf.int64.as_datatype_enum)}))
    return inputs


def guard(graph_def, name):
    """Put a ReLU behind a tensor that is not negative, so that it can be fed.

    No value changes; `frozen.feature` says what it is good for.
    """
    guarded = f'{name}/guarded'
    for node in graph_def.node:
        for index, source in enumerate(node.input):
            if source == name:
                node.input[index] = guarded
    graph_def.node.add(name=guarded, op='Relu', input=[name]).attr[
        'T'].type = tf.float32.as_datatype_enum
