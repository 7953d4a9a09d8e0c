"""Pictures that are squeezed by the network's input: said once."""
import numpy as np
import pytest

from segmentation.inference import model_options, shapes
from segmentation.inference.predictor import Result, Sample
from segmentation.trained import run_dir

RUN = run_dir.Run('run', '', '', (480, 352), ['a', 'b'], {}, None)


def settings(image_size=None, native=False):
    return model_options.Settings(None, None, 0, image_size, native, 1, True)


@pytest.mark.parametrize('size, said', [
    ((960, 720), False), ((600, 400), False), ((1242, 375), True),
    ((1920, 1080), True), ((480, 640), True)])
def test_shapes_that_differ_much_are_said(size, said):
    assert bool(shapes.wanted(RUN, settings())(size)) == said
    assert shapes.wanted(RUN, settings((32, 32)))(size) is None
    assert shapes.wanted(RUN, settings(native=True))(size) is None


def test_no_other_size_is_suggested_where_none_is_nearer():
    # 70x45 is 64x32 in multiples of 32, though 1.29 times as high.
    tiny = RUN._replace(image_size=(64, 32))
    assert shapes.wanted(tiny, settings())((70, 45)) is None
    assert 'image-size 32x64' in shapes.wanted(tiny, settings())((41, 67))


def test_it_is_said_once_with_a_size(capsys):
    class Job:
        picture = 'street.png'

    wide = Result(Job, Sample(np.zeros((375, 1242, 3), np.uint8)))
    failed = Result(Job, error=OSError())
    results = [failed, wide, wide]
    assert list(shapes.announced(results, shapes.wanted(
        RUN, settings()))) == results
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(
        '[i] street.png is 1242x375: it is squeezed into the 480x352 of the '
        'network. --image-size 1248x384 keeps its shape, and --native')
