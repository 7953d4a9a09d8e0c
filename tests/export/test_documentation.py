"""The code in docs/export.md opens exported models, and gives their ids."""
import os
import re
import subprocess
import sys

import cv2
import exporting
import helpers
import numpy as np
import pytest

from segmentation.trained import exported, golden

SAVE = "\nimport numpy\nnumpy.save('ids.npy', ids)\n"


def read_blocks():
    """Return {name of the model: code that opens it}."""
    with open(os.path.join(helpers.ROOT, 'docs', 'export.md')) as file:
        blocks = re.findall(r'```python\n(.*?)```', file.read(), re.DOTALL)
    return {re.search(r"'(road[.a-z]*)'", block).group(1): block
            for block in blocks}


BLOCKS = read_blocks()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Holds a run, and what was exported of it so far."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp('documentation'))
        helpers.data_dir()
        patch.syspath_prepend(helpers.folder())
        exporting.make_run()
        yield


@pytest.mark.slow
@pytest.mark.parametrize('name', list(exporting.NAMES))
def test_ten_lines_open_an_exported_model(name, folder):
    path = exporting.run_export(name, '--image-size', '480x352')
    image, ids = golden.decode(exported.read(path))
    cv2.imwrite('photo.png', image)
    lines = [line for line in BLOCKS[path].splitlines() if line]
    assert len(lines) <= 12, lines
    done = subprocess.run([sys.executable, '-c', BLOCKS[path] + SAVE],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=200)
    assert done.returncode == 0, done.stderr
    found = np.load('ids.npy')
    os.remove('ids.npy')
    assert found.shape == (352, 480)
    np.testing.assert_array_equal(found, ids)


def test_each_format_is_documented():
    assert sorted(BLOCKS) == sorted(exporting.NAMES.values())
