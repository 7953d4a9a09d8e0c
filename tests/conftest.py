"""Lets the tests import the modules; their cache is a temporary folder."""
import os
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import helpers  # noqa: E402
import serving  # noqa: E402


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working directory; the tiny sources are on the path."""
    helpers.data_dir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(helpers.folder())
    return tmp_path


@pytest.fixture(scope='module')
def pair(tmp_path_factory):
    """Two runs on the tiny data set, both without training."""
    import runs     # late: it takes TensorFlow
    helpers.data_dir()
    folder = tmp_path_factory.mktemp('runs')
    sys.path.insert(0, helpers.folder())
    yield [runs.make(folder / name, 'tiny', helpers.data_dir(), seed)
           for seed, name in enumerate('ab')]
    sys.path.remove(helpers.folder())


@pytest.fixture(scope='module')
def untrained(tmp_path_factory):
    """A run on the tiny data set, without training."""
    import runs     # late: it takes TensorFlow
    helpers.data_dir()
    sys.path.insert(0, helpers.folder())
    yield runs.make(tmp_path_factory.mktemp('untrained') / 'run', 'tiny',
                    helpers.data_dir(), seed=1)
    sys.path.remove(helpers.folder())


@pytest.fixture(scope='session', autouse=True)
def cache_folder():
    """What the programs keep in the user's cache goes to a temporary one."""
    before = os.environ.get('XDG_CACHE_HOME')
    with tempfile.TemporaryDirectory() as folder:
        os.environ['XDG_CACHE_HOME'] = folder
        yield folder
        if before is None:
            del os.environ['XDG_CACHE_HOME']
        else:
            os.environ['XDG_CACHE_HOME'] = before


@pytest.fixture
def server():
    """A server for downloads."""
    with serving.serve() as served:
        yield served
