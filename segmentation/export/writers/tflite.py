"""Write a model of TensorFlow Lite, of fixed size, and run it."""
import contextlib
import os
import sys
import tempfile
import warnings

from segmentation import errors, tf1
from segmentation.tf1 import tf


def write(graph_def, path, size):
    image_input, = [node for node in graph_def.node
                    if node.op == 'Placeholder']
    tf1.check_tflite(tf.as_dtype(image_input.attr['dtype'].type).name)
    with tempfile.NamedTemporaryFile(suffix='.pb') as frozen:
        frozen.write(graph_def.SerializeToString())
        frozen.flush()
        converter = tf.lite.TFLiteConverter.from_frozen_graph(
            frozen.name, ['image_input'], ['softmax', 'classes'],
            {'image_input': [*size, 3]})
        with tools_on_path(), errors.quiet():
            model = converter.convert()
    with open(path, 'wb') as file:
        file.write(model)


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
