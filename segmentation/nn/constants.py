"""Graphs whose weights are constants, as exported ones are.

TensorFlow copies large constants several times while it imports and rewrites
a graph: of 134 million weights that takes many seconds and four times their
memory. As variables they are there at once.
"""
import os

from google.protobuf import message

from segmentation.errors import InputError
from segmentation.tf1 import saved_model_pb2, tf

LARGE = 1 << 16     # bytes of a constant that becomes a variable


def read(path):
    """Return the GraphDef of a frozen graph, or of a SavedModel's folder.

    Raises
    ------
    InputError
        It is no protocol buffer.
    """
    if os.path.isdir(path):
        model = parse(saved_model_pb2.SavedModel(),
                      os.path.join(path, 'saved_model.pb'))
        if not model.meta_graphs:
            raise InputError(f'{path}: the SavedModel has no graph')
        return model.meta_graphs[0].graph_def
    return parse(tf.GraphDef(), path)


def parse(proto, path):
    """Return a protocol buffer, read from a file."""
    with open(path, 'rb') as file:
        data = file.read()
    try:
        proto.ParseFromString(data)
    except (message.Error, ValueError) as error:
        raise InputError(f'{path}: the graph cannot be read: {error}')
    return proto


def restore(sess, path, names):
    """Import a graph into the default graph, its weights as variables.

    Parameters
    ----------
    sess : tf.Session
    path : str
        Of a frozen graph or a SavedModel.
    names : sequence of str
        Operations whose first outputs are wanted.

    Returns
    -------
    list of tf.Tensor

    Raises
    ------
    InputError
        The file cannot be read, or has no such operation.
    """
    graph_def = read(path)
    there = {node.name for node in graph_def.node}
    missing = [name for name in names if name not in there]
    if missing:
        raise InputError(f'{path}: the graph has no tensor '
                         f'{", ".join(missing)}')
    try:
        return import_graph(sess, graph_def, names)
    except (tf.errors.OpError, ValueError, TypeError, LookupError) as error:
        raise InputError(f'{path}: the graph cannot be imported: '
                         f'{str(error).splitlines()[0]}')


def import_graph(sess, graph_def, names):
    """Import a GraphDef; return the first outputs of operations by name."""
    small, weights = tf.GraphDef(versions=graph_def.versions), {}
    for node in graph_def.node:
        tensor = node.attr['value'].tensor if node.op == 'Const' else None
        if tensor is None or len(tensor.tensor_content) < LARGE:
            small.node.add().CopyFrom(node)
            continue
        array = tf.make_ndarray(tensor)
        with tf.variable_scope('constants'):
            variable = tf.get_variable(
                f'c{len(weights)}', array.shape,
                tf.as_dtype(array.dtype), tf.zeros_initializer(),
                use_resource=False)
        variable.load(array, sess)
        weights[f'{node.name}:0'] = variable.value()
    return tf.import_graph_def(
        small, input_map=weights, name='',
        return_elements=[f'{name}:0' for name in names])
