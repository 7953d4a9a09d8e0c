"""Write a model of TensorFlow Lite, of fixed size, and run it.

TensorFlow 1.15's library of that name lacks the `half_pixel_centers` of
interpolation: there `without_half_pixel_centers` composes it from what the
library has.
"""
import contextlib
import os
import sys
import tempfile
import warnings

from segmentation import errors, tf1
from segmentation.export.inputs import OUTPUTS
from segmentation.nn import freeze
from segmentation.tf1 import tf


def write(graph_def, path, size):
    image_input, = [node for node in graph_def.node
                    if node.op == 'Placeholder']
    tf1.check_tflite(tf.as_dtype(image_input.attr['dtype'].type).name)
    if tf1.is_first():
        graph_def = without_half_pixel_centers(graph_def)
    with tempfile.NamedTemporaryFile(suffix='.pb') as frozen:
        frozen.write(graph_def.SerializeToString())
        frozen.flush()
        converter = tf.lite.TFLiteConverter.from_frozen_graph(
            frozen.name, ['image_input'], list(OUTPUTS),
            {'image_input': [*size, 3]})
        with tools_on_path(), errors.quiet():
            model = converter.convert()
    with open(path, 'wb') as file:
        file.write(model)


def without_half_pixel_centers(graph_def):
    """Return a graph that interpolates by `enlarge`.

    Parameters
    ----------
    graph_def : tf.GraphDef
        Frozen, of fixed size. Enlargements by a factor that is no whole
        number stay as they are.
    """
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name='')
        places = {resize.name: enlarge(resize.inputs[0], factor).op.name
                  for resize in graph.get_operations()
                  if resize.type == 'ResizeBilinear'
                  and resize.get_attr('half_pixel_centers')
                  for factor in [whole_factor(resize)] if factor}
        nodes = {node.name: freeze.connect(node, places)
                 for node in graph.as_graph_def().node}
    return tf.GraphDef(node=freeze.in_order(nodes, OUTPUTS))


def whole_factor(resize):
    """Return the factor of both sides of an operation, or None."""
    before, after = (tensor.shape.as_list()[1:3]
                     for tensor in (resize.inputs[0], resize.outputs[0]))
    factor = after[0] // before[0]
    return factor if after == [side * factor for side in before] else None


def enlarge(x, factor):
    """Interpolate between the centres of pixels: [B, h, w, c] -> *factor.

    In a picture with a border of one pixel, the centre of pixel o of the
    result lies at (o + .5) / f + .5. Without `half_pixel_centers`, pixel p of
    an enlargement by 2f lies at p / 2f: this is pixel 2o + f + 1.
    """
    height, width = x.shape.as_list()[1:3]
    bordered = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], 'SYMMETRIC')
    finer = tf.image.resize_bilinear(
        bordered, [2 * factor * (height + 2), 2 * factor * (width + 2)])
    first = factor + 1
    return finer[:, first:first + 2 * factor * height:2,
                 first:first + 2 * factor * width:2]


@contextlib.contextmanager
def tools_on_path():
    """Let TensorFlow 1.15 find its converter, a program beside Python's own.
    """
    before = os.environ.get('PATH', '')
    os.environ['PATH'] = os.pathsep.join([os.path.dirname(sys.executable),
                                          before])
    try:
        yield
    finally:
        os.environ['PATH'] = before


@contextlib.contextmanager
def open_file(path):
    with warnings.catch_warnings(), errors.quiet():
        warnings.simplefilter('ignore')     # it has another package, too
        interpreter = tf.lite.Interpreter(model_path=path)
        interpreter.allocate_tensors()
    taken, = interpreter.get_input_details()
    outputs = [output['index']
               for output in interpreter.get_output_details()]

    def run(images):
        interpreter.set_tensor(taken['index'], images)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in outputs]

    yield run
