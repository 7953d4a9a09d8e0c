"""The run of `helpers`, exported to each format once for all tests."""
import functools
import importlib.util
import os

import helpers
import pytest

import export

NAMES = {'savedmodel': 'road', 'pb': 'road.pb', 'onnx': 'road.onnx',
         'openvino': 'road.xml'}
PACKAGES = {'savedmodel': (), 'pb': (), 'onnx': ('tf2onnx', 'onnxruntime'),
            'openvino': ('openvino',)}
# (format, engine) of all that can be run.
ROWS = [('savedmodel', 'tensorflow'), ('pb', 'tensorflow'),
        ('pb', 'openvino'), ('onnx', 'onnxruntime'), ('onnx', 'openvino'),
        ('openvino', 'openvino')]


def skip_without(*packages):
    """Skip a test where an optional package is not installed."""
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f'{package} is not installed: see '
                        'requirements-engines.txt')


@functools.lru_cache(maxsize=None)
def write(name, order):
    path = os.path.join(helpers.folder(), order, NAMES[name])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    assert not export.main(['--name', helpers.trained_run(), '--output', path,
                            '--channel-order', order])
    return path


def make(name, engine=None, order='BGR'):
    """Return the path of an exported model, or skip the test."""
    skip_without(*PACKAGES[name], *({'openvino', 'onnxruntime'} & {engine}))
    return write(name, order)
