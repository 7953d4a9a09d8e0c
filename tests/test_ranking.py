"""benchmarks/ranking.py: what it trains on, and the table of the scores."""
import argparse
import os
import sys

import cv2
import helpers
import numpy as np
import pytest

from segmentation.errors import InputError

sys.path.append(os.path.join(helpers.ROOT, 'benchmarks'))
import ranking  # noqa: E402

NAMES = [f'{k}.jpg' for k in range(9)]


@pytest.fixture
def camvid(tmp_path):
    """A CamVid of nine black training pictures and one of validation."""
    root = tmp_path / 'camvid'
    for split, names in (('train', NAMES), ('val', ['v.jpg'])):
        for folder in (root / split, root / f'{split}annot'):
            folder.mkdir(parents=True)
            for name in names:
                if folder.name.endswith('annot'):
                    name = name.replace('.jpg', '.png')
                cv2.imwrite(str(folder / name), np.zeros((4, 6), np.uint8))
    return str(root)


@pytest.fixture
def trainings(monkeypatch):
    """The names of the pictures of each training; none is really done."""
    done = []

    def train(options, folder, names, seed):
        done.append(names)
        return len(names) / 100 + seed / 500

    monkeypatch.setattr(ranking, 'train', train)
    monkeypatch.setattr(
        ranking, 'rank', lambda options, folder, names, arguments:
        sorted(names, reverse=not arguments))
    return done


def arguments(camvid, place, *more):
    return ['--data-dir', camvid, '--output-dir', str(place), '--seeds', '2',
            '--start', '3', '--add', '1', '2', *more]


def test_each_choice_adds_the_first_of_its_order(camvid, tmp_path, trainings):
    ranking.main(arguments(camvid, tmp_path / 'out', '--seeds', '1'))
    start, *larger = trainings
    rest = sorted(set(NAMES) - set(start))
    assert len(set(start)) == 3
    # The larger sets come first: at random, by entropy, by information.
    added = [names[3:] for names in larger]
    assert all(names[:3] == start for names in larger)
    assert [len(names) for names in added] == [2, 2, 2, 1, 1, 1]
    assert set(added[0]) <= set(rest) and added[3] == added[0][:1]
    assert added[1] == rest[::-1][:2] and added[4] == rest[::-1][:1]
    assert added[2] == rest[:2] and added[5] == rest[:1]


def test_a_second_call_goes_on_and_others_are_refused(camvid, tmp_path,
                                                      trainings, capsys):
    place = tmp_path / 'out'
    ranking.main(arguments(camvid, place, '--seeds', '1'))
    assert len(trainings) == 7
    ranking.main(arguments(camvid, place))
    assert len(trainings) == 14
    ranking.main(arguments(camvid, place))
    assert len(trainings) == 14
    # 5 pictures: .05 and .052.
    assert '| 5 | entropy | 5.1 ± 0.1 | 0 of 2 |' in capsys.readouterr().out
    with pytest.raises(InputError, match="not with .*'start': 4"):
        ranking.main(arguments(camvid, place, '--start', '4'))


def test_the_table_has_means_deviations_and_wins():
    lines = ranking.table({
        ('random', 6): {0: .5, 1: .5, 2: .1}, ('start', 3): {0: .3, 1: .5},
        ('entropy', 6): {0: .6, 1: .4}}).splitlines()
    assert lines[2:] == ['| 3 | start | 40.0 ± 10.0 | |',
                         '| 6 | entropy | 50.0 ± 10.0 | 1 of 2 |',
                         '| 6 | random | 36.7 ± 18.9 | |']


def test_a_smaller_camvid_has_the_chosen_pictures(camvid, tmp_path):
    folder = str(tmp_path / 'small')
    ranking.link(folder, camvid, ['7.jpg', '2.jpg'])
    found = {split: sorted(os.listdir(os.path.join(folder, split)))
             for split in os.listdir(folder)}
    assert found == {'train': ['2.jpg', '7.jpg'], 'val': ['v.jpg'],
                     'trainannot': ['2.png', '7.png'], 'valannot': ['v.png']}
    assert cv2.imread(os.path.join(folder, 'trainannot', '7.png')) is not None


def test_a_program_that_fails_is_named_with_its_last_line(tmp_path):
    options = argparse.Namespace(output_dir=str(tmp_path), data_dir='none')
    with pytest.raises(InputError, match=r'^infer.py --name .*: \[!\] '):
        ranking.rank(options, str(tmp_path / 'nothing'), ['0.jpg'], [])
