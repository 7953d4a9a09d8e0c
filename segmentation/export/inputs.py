"""The pictures that an exported network takes: their type and their order."""
import numpy as np

from segmentation.nn import freeze
from segmentation.tf1 import tf

OUTPUTS = ('softmax', 'classes')
# Operations whose result is known once the shape of their input is.
OF_SHAPE = {'Shape': np.array, 'OnesLike': np.ones}


def adapt(graph_def, input_type, channel_order, size=None):
    """Return a frozen graph that takes other pictures.

    Parameters
    ----------
    graph_def : tf.GraphDef
        As freeze.freeze returns it.
    input_type : str
        float32 or uint8; the values are 0..255 in both.
    channel_order : str
        BGR or RGB.
    size : (B, H, W), optional
        That the pictures have; without it all three are free.
    """
    with tf.Graph().as_default() as graph:
        images = tf.placeholder(input_type, [*(size or [None] * 3), 3],
                                name='image_input')
        x = tf.cast(images, tf.float32)
        if channel_order == 'RGB':
            x = tf.reverse(x, axis=[3])
        # A name that ours do not begin with: those of outputs stay free.
        outputs = tf.import_graph_def(
            graph_def, input_map={'image_input:0': x}, name='frozen',
            return_elements=[f'{name}:0' for name in OUTPUTS])
        for name, tensor in zip(OUTPUTS, outputs):
            tf.identity(tensor, name=name)
        nodes = {node.name: node for node in graph.as_graph_def().node}
        if size:
            nodes = freeze.fold_constants(dict(nodes, **known(graph)),
                                          OUTPUTS)
        return tf.GraphDef(node=freeze.in_order(nodes, OUTPUTS))


def known(graph):
    """Return {name: constant} of what follows from the size of pictures."""
    return {operation.name: freeze.constant(operation.name, value(
                operation.inputs[0].shape.as_list(),
                operation.outputs[0].dtype.as_numpy_dtype))
            for operation in graph.get_operations()
            for value in [OF_SHAPE.get(operation.type)]
            if value and operation.inputs[0].shape.is_fully_defined()}


def as_taken(images, input_type, channel_order):
    """Return BGR pictures (B, H, W, 3) as `adapt`'s graph takes them."""
    if channel_order == 'RGB':
        images = images[..., ::-1]
    return np.ascontiguousarray(images, input_type)
