"""source_demo.py as a program: what its options take and write."""
import cv2
import helpers
import numpy as np
import pytest

import source_demo
from segmentation.data import contract, kitti_road
from segmentation.evaluation.benchmarks import birds_eye
from segmentation.synthetic import scenes, stage


@pytest.mark.parametrize('arguments', [
    ['scenes', '--seed', '-1'], ['scenes', '--seed', '4294967296'],
    ['scenes', '--seed', '12345678901234567890'], ['']])
def test_seeds_and_names_that_cannot_be_are_a_usage_error(
        tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        source_demo.main(arguments)
    assert stopped.value.code == 2
    assert 'is wanted' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_largest_seed_draws_scenes(tmp_path):
    source_demo.main([str(tmp_path), '--count', '1', '--image-size', '64x32',
                      '--seed', '4294967295'])
    assert [path.name for path in tmp_path.iterdir()] == ['scene_00.png']


@pytest.fixture
def counted(monkeypatch):
    """A demo source of three scenes to train and two to validate."""
    monkeypatch.setattr(source_demo, 'TRAINING', 3)
    monkeypatch.setattr(source_demo, 'VALIDATION', 2)
    demo, draw, numbers = source_demo.get_source(), scenes.draw, []

    def counting(random, width, height):
        numbers.append((width, height))
        return draw(random, width, height)

    monkeypatch.setattr(scenes, 'draw', counting)
    contract.configure(demo, image_size=(64, 32), workers=1)
    demo.load_data('data', .1)
    return demo, numbers


def test_scenes_are_drawn_once(counted):
    demo, drawn = counted
    epochs = [[images.tobytes() for images, _ in demo.valid_generator(1)]
              for _ in range(2)]
    assert epochs[0] == epochs[1] and len(set(epochs[0])) == 2
    assert drawn == [(64, 32)] * 2
    for _ in range(2):
        list(demo.train_generator(2))
    assert drawn == [(64, 32)] * 5
    contract.configure(demo, image_size=(96, 32))
    assert next(demo.valid_generator(1))[0].shape == (1, 32, 96, 3)
    assert drawn[5:] == [(96, 32)] * 2


def test_scenes_beyond_the_memory_are_drawn_anew(counted, monkeypatch):
    # A scene is 64x32 pixels of 4 bytes.
    monkeypatch.setattr(source_demo, 'MOST_BYTES', 64 * 32 * 4)
    demo, drawn = counted
    epochs = [[images.tobytes() for images, _ in demo.valid_generator(1)]
              for _ in range(2)]
    assert epochs[0] == epochs[1] and len(drawn) == 3


KITTI = ['--kitti', '--image-size', '416x128', '--seed', '5', '--count', '4']


@pytest.fixture(scope='module')
def road(tmp_path_factory):
    """Four scenes of the demo in the layout of KITTI road."""
    path = tmp_path_factory.mktemp('demo') / 'road'
    source_demo.main([str(path)] + KITTI)
    return path


def draw(number):
    """Draw a scene of `road`."""
    return scenes.draw(np.random.RandomState([5, number]), 416, 128)


def test_scenes_as_kitti_road_are_road_and_not_road(road):
    data = helpers.load_source('kitti', str(road))
    pairs = dict(data.splits['train'] + data.splits['valid'])
    names = {'um': (840, 843), 'umm': (841,), 'uu': (842,)}
    for prefix, numbers in names.items():
        for number in numbers:
            path = str(road / 'training' / 'image_2'
                       / f'{prefix}_{number:06d}.png')
            image, ids = draw(number)
            np.testing.assert_array_equal(cv2.imread(path), image)
            np.testing.assert_array_equal(data.read_ids(pairs.pop(path)),
                                          ids == stage.ROAD)
    assert not pairs


@pytest.mark.parametrize('number, prefix', [(840, 'um'), (841, 'umm'),
                                            (842, 'uu')])
def test_the_road_from_above_lies_where_it_was_drawn(road, number, prefix):
    calibration = kitti_road.read_calibration(str(
        road / 'training' / 'calib' / f'{prefix}_{number:06d}.txt'))
    _, ids = draw(number)
    found = birds_eye.view(ids, calibration, cv2.INTER_NEAREST)[400:]
    half_road, camera = scenes.place_camera(
        np.random.RandomState([5, number]), 416, 128)
    # Pixels of 0.05 m, from z = 26 m at the top to z = 6 m at the bottom.
    rows, columns = np.indices(found.shape)
    z, x = 26 - .05 * (rows + .5), -10 + .05 * (columns + .5)
    from_middle = np.abs(x + camera.aside - camera.bend * z * z)
    seen = found < len(stage.CLASSES)
    inside, outside = (seen & (from_middle < half_road - .3),
                       seen & (from_middle > half_road + .3))
    assert inside.sum() > 20000 < outside.sum()
    # What stands on the road hides it, and nothing is road beyond it.
    assert not np.isin(found[inside], (stage.SIDEWALK, stage.SKY)).any()
    assert (found[inside] == stage.ROAD).mean() > .4
    assert not (found[outside] == stage.ROAD).any()


def test_scenes_are_written_again_but_not_among_other_frames(tmp_path):
    command = [str(tmp_path), '--kitti', '--image-size', '64x32', '--count']
    source_demo.main(command + ['2'])
    source_demo.main(command + ['3', '--seed', '1'])
    first = tmp_path / 'training' / 'image_2' / 'um_000840.png'
    written = first.read_bytes()
    with pytest.raises(FileExistsError, match='uu_000842.png is none of the '
                                              '2 scenes'):
        source_demo.main(command + ['2'])
    assert first.read_bytes() == written


def test_two_layouts_at_once_are_a_usage_error(tmp_path, capsys):
    with pytest.raises(SystemExit):
        source_demo.main([str(tmp_path / 'new'), '--kitti', '--labels'])
    assert 'not allowed with' in capsys.readouterr().err
    assert not (tmp_path / 'new').exists()
