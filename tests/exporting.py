"""Export a tiny run by export.py, for the tests of exporting."""
import importlib.util
import os

import helpers
import pytest
import runs

import export
from segmentation.export import formats

NAMES = {'savedmodel': 'road', 'pb': 'road.pb', 'onnx': 'road.onnx',
         'openvino': 'road.xml', 'tflite': 'road.tflite'}


def skip_without(name, int8=False):
    """Skip a test where a package of a format is not installed."""
    row = formats.FORMATS[name]
    for package in row.packages + (row.int8_packages if int8 else ()):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f'{package} is not installed: see '
                        f'{formats.REQUIREMENTS}')


def make_run(directory='run', seed=0):
    """Write a run on the tiny data set; return its name."""
    return runs.make(directory, 'tiny', helpers.data_dir(), seed)


def run_export(name, *arguments, run='run'):
    """Export a run to NAMES[name] by export.py; return the path."""
    skip_without(name, '--int8' in arguments)
    assert not export.main(['--name', str(run), '--output', NAMES[name],
                            *arguments])
    return NAMES[name]


def list_all(folder='.'):
    """Return the names of all files below a folder, sorted."""
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names)
