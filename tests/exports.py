"""The run of `helpers`, exported to each format once for all tests."""
import functools
import os

import exporting
import helpers

import export

# (format, engine) of all that can be run.
ROWS = [('savedmodel', 'tensorflow'), ('pb', 'tensorflow'),
        ('pb', 'openvino'), ('onnx', 'onnxruntime'), ('onnx', 'openvino'),
        ('openvino', 'openvino')]


@functools.lru_cache(maxsize=None)
def write(name, order):
    path = os.path.join(helpers.folder(), order,
                        exporting.NAMES[name])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    assert not export.main(['--name', helpers.trained_run(), '--output', path,
                            '--channel-order', order])
    return path


def make(name, engine=None, order='BGR'):
    """Return the path of an exported model, or skip the test."""
    for kind in (name, *{'openvino'} & {engine}):
        exporting.skip_without(kind)
    return write(name, order)
