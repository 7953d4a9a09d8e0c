"""Flicker between frames, and which pictures are frames in a row."""
import json
import os
import shutil

import cv2
import helpers
import numpy as np
import runs

import evaluate
from segmentation import pixels
from segmentation.evaluation.consistency import flicker
from segmentation.evaluation.consistency.sequences import Sequences


def texture(shift):
    """Return a picture whose content lies `shift` columns further right."""
    random = np.random.RandomState(3)
    wide = cv2.GaussianBlur(random.randint(0, 256, (60, 140, 3)).astype(
        np.uint8), (0, 0), 2)
    return np.ascontiguousarray(wide[:, 30 - shift:120 - shift])


def view(shift, truth=True):
    ids = np.zeros((60, 140), np.uint8)
    ids[10:50, 60:90] = 1
    ids = ids[:, 30 - shift:120 - shift]
    return flicker.view(texture(shift), ids, ids if truth else None)


def test_flicker_by_hand():
    first = np.array([[0, 1, 1], [2, 2, pixels.IGNORE]], np.uint8)
    second = np.array([[0, 1, 0], [1, 2, 2]], np.uint8)
    assert flicker.count(first, second) == (3, 6)
    assert flicker.count(first, second, is_truth=True) == (2, 5)


def test_what_moves_flickers_unless_its_motion_is_compensated():
    counted = flicker.compare(view(0), view(4))
    # A box of 40 rows moves by 4 columns: 160 pixels on either side.
    assert counted.plain == counted.truth == (320, 60 * 90)
    assert counted.compensated.share < .1 * counted.plain.share
    assert counted.compensated.compared > 60 * 80
    assert flicker.compare(view(0), view(0)).compensated.differing == 0
    assert flicker.compare(view(0, False), view(4, False)).truth == (0, 0)


def test_frames_in_a_row_by_their_names():
    sequences = Sequences(5)
    assert sequences.follows('a/s_00010.png', 'a/s_00015.jpg')
    for before, name in (('a/s_00010.png', 'a/s_00016.png'),
                         ('a/s_00010.png', 'a/s_00010.png'),
                         ('a/s_00010.png', 'b/s_00011.png'),
                         ('a/s_00010.png', 'a/s_00009.png'),
                         ('1.png', '2.png'), (None, 'a/s_00010.png')):
        assert not sequences.follows(before, name), name


def scores(run, data, *arguments):
    assert not evaluate.main(['--name', run, '--data-dir', data, '--json',
                              'scores.json', *arguments])
    with open('scores.json') as file:
        return json.load(file)


def test_evaluate_counts_and_smooths(place, capsys):
    """Three frames in a row of one size, one that is far away."""
    data = str(place / 'data')
    shutil.copytree(helpers.data_dir(), data)
    shutil.rmtree(os.path.join(data, 'valid'))
    os.makedirs(os.path.join(data, 'valid'))
    for k, number in enumerate((2, 4, 6, 90)):
        image, ids = helpers.draw_scene(k)
        base = os.path.join(data, 'valid', f's_{number:04d}')
        cv2.imwrite(f'{base}.png', image)
        cv2.imwrite(f'{base}_ids.png', ids)
    run = runs.make(place / 'run', 'tiny', data)
    raw = scores(run, data, '--consistency')
    assert raw['consistency']['pairs'] == 2
    assert '[i] flicker, of 2 pairs of frames: ' in capsys.readouterr().out
    # The labels themselves, by NumPy alone.
    truth = [helpers.draw_scene(k)[1] for k in range(3)]
    known = [ids != helpers.VOID for ids in truth]
    pairs = [(truth[k] != truth[k + 1])[known[k] & known[k + 1]]
             for k in range(2)]
    np.testing.assert_allclose(raw['consistency']['flicker_of_labels'],
                               np.concatenate(pairs).mean())
    steady = scores(run, data, '--consistency', '--temporal-smoothing', '.9')
    assert steady['temporal_smoothing'] == .9
    assert steady['consistency']['flicker'] < raw['consistency']['flicker']
    scores(run, data, '--consistency', '1')
    assert ('no picture follows another one: frames are 2 numbers apart'
            in capsys.readouterr().out)
