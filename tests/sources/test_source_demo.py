"""source_demo.py as a program: what its options take."""
import pytest

import source_demo
from segmentation.data import contract
from segmentation.synthetic import scenes


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
