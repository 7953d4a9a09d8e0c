"""A server for the downloads of these tests."""
import pytest
import serving


@pytest.fixture
def server():
    with serving.serve() as served:
        yield served
