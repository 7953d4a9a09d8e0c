"""Files are written whole or not at all."""
import os

import pytest

from segmentation import files


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('old')
    with pytest.raises(TypeError):
        files.write_json(str(path), {'no': object()})
    assert path.read_text() == 'old'
    assert os.listdir(str(tmp_path)) == ['a.json']


def test_nan_is_null_in_json(tmp_path):
    path = str(tmp_path / 'a.json')
    files.write_json(path, files.without_nan({'a': [float('nan'), .5]}))
    assert files.read_json(path) == {'a': [None, .5]}
