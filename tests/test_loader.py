"""benchmarks/loader.py: every contestant reads all samples of a round."""
import os
import re
import sys

import cv2
import helpers
import numpy as np
import pytest

sys.path.append(os.path.join(helpers.ROOT, 'benchmarks'))
import loader  # noqa: E402

SIZE = 64, 32
FRAMES = 'ulm_000000_000019', 'ulm_000001_000019'
# Road and car, as Cityscapes draws and numbers them.
COLORS = (128, 64, 128), (142, 0, 0)        # BGR
IDS = 7, 26


@pytest.fixture
def city(tmp_path):
    """Cityscapes of two frames: road below, a car above."""
    rows = np.repeat((1, 0), SIZE[1] // 2)[:, None] + np.zeros(SIZE[0], int)
    for split in ('train', 'val'):
        for frame in FRAMES:
            for kind, end, array in (
                    ('leftImg8bit', 'leftImg8bit', np.uint8(COLORS)[rows]),
                    ('gtFine', 'gtFine_labelIds', np.uint8(IDS)[rows]),
                    ('gtFine', 'gtFine_color', np.uint8(COLORS)[rows])):
                folder = tmp_path / kind / split / 'ulm'
                folder.mkdir(parents=True, exist_ok=True)
                assert cv2.imwrite(str(folder / f'{frame}_{end}.png'), array)
    return tmp_path


def pairs_of(city):
    return [tuple(str(city / kind / 'train' / 'ulm' / f'{frame}_{end}.png')
                  for kind, end in (('leftImg8bit', 'leftImg8bit'),
                                    ('gtFine', 'gtFine_color')))
            for frame in FRAMES]


def test_a_round_repeats_the_pairs_by_other_names(city, tmp_path):
    place = tmp_path / 'links'
    place.mkdir()
    pairs = loader.repeat(pairs_of(city), 5, str(place))
    assert len({path for pair in pairs for path in pair}) == 10
    assert [os.path.realpath(image) for image, _ in pairs] == [
        pairs_of(city)[k % 2][0] for k in range(5)]
    assert loader.decode(pairs, 2) == 5
    assert loader.compare_classes(pairs, SIZE, COLORS) == 5


def test_the_first_round_does_not_count():
    calls = []
    rates = loader.measure({name: lambda name=name: calls.append(name) or 3
                            for name in 'ab'}, 2)
    assert calls == ['a', 'b'] * 3
    assert {name: len(values) for name, values in rates.items()} == {
        'a': 2, 'b': 2}


def test_every_contestant_is_timed(city, capsys):
    loader.main(['--data-dir', str(city), '--classes', '19', '--samples', '4',
                 '--rounds', '1', '--batch-size', '3', '--workers', '2'])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('2 pictures, 19 classes, 2 workers, ')
    rates = dict(re.findall(r'^(\w+): ([\d.]+) samples/s$', '\n'.join(lines),
                            re.MULTILINE))
    assert set(rates) == {'ours', 'cached', 'augmented', 'bare', 'seed'}
    assert min(map(float, rates.values())) > 0
    assert [line.split(':')[0] for line in lines[-4:]] == [
        'ours / bare', 'ours / seed', 'cached / bare', 'augmented / bare']


def test_a_label_without_colors_is_named(city):
    path = city / 'gtFine' / 'train' / 'ulm' / f'{FRAMES[1]}_gtFine_color.png'
    path.unlink()
    with pytest.raises(FileNotFoundError,
                       match=f'{path} is missing: one class after another'):
        loader.main(['--data-dir', str(city)])
