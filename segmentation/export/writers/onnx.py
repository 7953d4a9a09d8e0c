"""Write ONNX by tf2onnx, in int8 by ONNX Runtime, and run it."""
import contextlib
import logging
import os

import onnx
import onnxruntime
import tf2onnx
from onnxruntime import quantization
from onnxruntime.quantization import shape_inference

OPSET = 13      # the first with int8 by channel; below 12 sizes are not free
NAMES = ('image_input', 'softmax', 'classes')
AXES = ('batch', 'height', 'width')


def write(graph_def, path, size):
    logging.getLogger('tf2onnx').setLevel(logging.ERROR)
    model, _ = tf2onnx.convert.from_graph_def(
        graph_def, input_names=['image_input:0'],
        output_names=['softmax:0', 'classes:0'], opset=OPSET)
    rename(model.graph)
    onnx.save(model, path)


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
