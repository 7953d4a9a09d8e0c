"""Write ONNX by tf2onnx, in int8 by ONNX Runtime, and run it."""
import contextlib
import logging
import os

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime
import tf2onnx
from onnxruntime import quantization
from onnxruntime.quantization import shape_inference

from segmentation.tf1 import tf

OPSET = 13      # the first with int8 by channel; below 12 sizes are not free
NAMES = ('image_input', 'softmax', 'classes')
AXES = ('batch', 'height', 'width')
LARGE = 1 << 20     # values of a weight that tf2onnx does not see


def write(graph_def, path, size):
    logging.getLogger('tf2onnx').setLevel(logging.ERROR)
    graph_def, weights = detach(graph_def)
    model, _ = tf2onnx.convert.from_graph_def(
        graph_def, input_names=['image_input:0', *weights],
        output_names=['softmax:0', 'classes:0'], opset=OPSET)
    attach(model.graph, weights)
    rename(model.graph)
    onnx.save(model, path)


def detach(graph_def):
    """Return a graph that takes its large weights as inputs, and the weights.

    tf2onnx copies all constants in each of its passes and frees none of them
    before the end: 25 GB for VGG16.

    Returns
    -------
    tf.GraphDef
    dict of str to array
        By the names of the inputs.
    """
    light = tf.GraphDef(versions=graph_def.versions,
                        library=graph_def.library)
    weights = {}
    for node in graph_def.node:
        if is_large(node):
            tensor = node.attr['value'].tensor
            weights[f'{node.name}:0'] = tf.make_ndarray(tensor)
            light.node.add(name=node.name, op='Placeholder', attr={
                'dtype': tf.AttrValue(type=tensor.dtype),
                'shape': tf.AttrValue(shape=tensor.tensor_shape)})
        else:
            light.node.add().CopyFrom(node)
    return light, weights


def is_large(node):
    """Return whether a tf.NodeDef is a constant of many values."""
    return node.op == 'Const' and np.prod(
        [axis.size for axis in node.attr['value'].tensor.tensor_shape.dim]
        ) >= LARGE


def attach(graph, weights):
    """Put weights into a graph that takes them as inputs, transposed once."""
    for node in list(graph.node):
        if node.op_type == 'Transpose' and node.input[0] in weights:
            order, = (attribute.ints for attribute in node.attribute
                      if attribute.name == 'perm')
            add_constant(graph, node.output[0],
                         weights[node.input[0]].transpose(order))
            graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    for value in list(graph.input):
        if value.name in weights:
            graph.input.remove(value)
            if value.name in used:
                add_constant(graph, value.name, weights[value.name])


def add_constant(graph, name, array):
    """Add an array to the constants of an ONNX graph."""
    graph.initializer.append(onnx.numpy_helper.from_array(
        np.ascontiguousarray(array), name))


def rename(graph):
    """Name inputs, outputs and their axes as they are named elsewhere."""
    for node in graph.node:
        for names in (node.input, node.output):
            for k, name in enumerate(names):
                if name in [f'{ours}:0' for ours in NAMES]:
                    names[k] = name[:-2]
    for value in (*graph.input, *graph.output):
        if value.name in [f'{ours}:0' for ours in NAMES]:
            value.MergeFrom(onnx.ValueInfoProto(name=value.name[:-2]))
        for axis, dimension in zip(AXES, value.type.tensor_type.shape.dim):
            dimension.MergeFrom(type(dimension)(dim_param=axis))


@contextlib.contextmanager
def open_file(path):
    onnxruntime.set_default_logger_severity(3)      # errors
    session = onnxruntime.InferenceSession(
        path, providers=['CPUExecutionProvider'])
    yield lambda images: session.run(['softmax', 'classes'],
                                     {'image_input': images})


class Reader(quantization.CalibrationDataReader):
    """Hands batches of pictures to ONNX Runtime."""

    def __init__(self, batches):
        self.batches = batches

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {'image_input': batch}


def quantize(path, target, pictures, take):
    prepared = f'{target}-prepared'
    try:
        shape_inference.quant_pre_process(path, prepared,
                                          skip_symbolic_shape=True)
        # Weights of 7 bits: with 8, sums overflow on processors without VNNI.
        quantization.quantize_static(
            prepared, target, Reader(map(take, pictures)), per_channel=True,
            reduce_range=True, quant_format=quantization.QuantFormat.QDQ)
    finally:
        if os.path.exists(prepared):
            os.remove(prepared)
