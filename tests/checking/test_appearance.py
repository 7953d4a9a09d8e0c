"""What eyes would see in a data set: made wrong in each way, it is caught."""
import os
import re

import cv2
import helpers
import numpy as np
import pytest

import check_source
import source_demo
from segmentation import files, pixels
from segmentation.checking.appearance import (alignment, content, duplicates,
                                              transitions)
from segmentation.checking.appearance.finding import (FAULT, SOUND, UNCLEAR,
                                                      WARNING)
from segmentation.checking.appearance.views import View

REACH = alignment.REACH
COUNT = 5


def view(ids, image=None, path='a.png'):
    """Return a View of class ids; its picture is black without another."""
    ids = np.asarray(ids, np.uint8)
    if image is None:
        image = np.zeros(ids.shape + (3,), np.uint8)
    return View(path, image, ids)


def test_edges_are_compared_with_the_mean_of_the_picture():
    edges, marks = np.zeros((2, 40, 60), np.float32)
    edges[:, 30] = 2        # one column of 60: the mean is 2 / 60
    marks[:, 27] = 1
    own = alignment.ratios(edges, marks)
    assert own.shape == (2 * REACH + 1, 2 * REACH + 1)
    assert own[REACH, REACH] == pytest.approx(0, abs=1e-3)
    assert own[REACH, REACH + 3] == pytest.approx(60, rel=1e-4)
    assert own[REACH - 5, REACH + 3] == pytest.approx(60, rel=1e-4)


def test_narrow_void_is_a_border_and_wide_void_is_none():
    ids = np.zeros((4, 40), np.uint8)
    ids[:, 12:] = 1
    ids[:, 10:14] = pixels.IGNORE       # 4 pixels: between 11 and 12
    ids[:, 30:] = pixels.IGNORE
    columns = np.flatnonzero(alignment.borders(ids)[0])
    assert columns.tolist() == [11, 12]


def ratios(here, moved=(0, 0), best=0., mirrored=1., other=1.2):
    """Return Ratios: `here` as the label lies, `best` where it is moved."""
    own = np.full((2 * REACH + 1,) * 2, 1.)
    own[REACH + moved[1], REACH + moved[0]] = best
    own[REACH, REACH] = here
    return alignment.Ratios(own, np.full_like(own, mirrored), other)


@pytest.mark.parametrize('found, verdict, words', [
    (ratios(2.3), SOUND, ''),
    (ratios(1.6, (8, -3), 2.5), FAULT, r'\+8 pixels to the right and -3 down'),
    (ratios(2.3, (1, 0), 2.5), SOUND, ''),      # a pixel is no fault
    (ratios(1.4, mirrored=2.3), FAULT, 'mirrored'),
    (ratios(1.25), FAULT, 'paired wrongly'),
    (ratios(1.4), UNCLEAR, ''),                 # more than others have
])
def test_the_highest_ratio_decides(found, verdict, words):
    decided, text = alignment.judge([found] * 3, num_classes=5)
    assert decided == verdict
    assert re.search(words, text) if words else text == ''


def test_too_few_samples_or_classes_do_not_show_wrong_pairs():
    assert alignment.judge([ratios(1.2)] * 2, 5)[0] == UNCLEAR
    assert alignment.judge([ratios(1.2)] * 3, 2)[0] == UNCLEAR


def test_noise_and_plain_pictures_have_no_edges_to_go_by():
    random = np.random.RandomState(0)
    ids = np.indices((40, 80))[1] // 20
    for image in (np.full((40, 80, 3), 90, np.uint8),
                  random.randint(0, 256, (40, 80, 3)).astype(np.uint8)):
        found = alignment.test([view(ids, image)] * 5, num_classes=4)
        assert (found.number, found.verdict) == ('-', UNCLEAR)


def test_transitions_are_counted_along_rows_and_columns():
    # Pixels between different neighbours: three in the row; none in columns.
    total, third, between = transitions.count(
        np.array([[0, 0, 3, 5, 5, 5]], np.uint8))
    # 0 0 3 and 3 5 5 are plain; 0 3 5 leads through 3, which is between.
    assert (total, third[3], third.sum(), between) == (3, 1, 1, 1)
    total, third, between = transitions.count(
        np.array([[5], [0], [3], [3]], np.uint8))
    assert (total, third[0], between) == (2, 1, 0)


def test_a_picture_saved_anew_is_near_and_others_are_not():
    demo = source_demo.get_source()
    images = [demo.draw(k)[0] for k in range(6)]
    again = []
    for image in images[:2]:
        small = cv2.resize(image, None, fx=.7, fy=.7)
        _, data = cv2.imencode('.jpg', small, [cv2.IMWRITE_JPEG_QUALITY, 75])
        again.append(cv2.imdecode(data, cv2.IMREAD_COLOR))
    first, second = ([duplicates.fingerprint(image) for image in side]
                     for side in (images, again + images[:0]))
    assert duplicates.find(first, second) == [(0, 0), (1, 1)]
    assert duplicates.find(first[:3], first[3:]) == []
    assert duplicates.fingerprint(np.zeros((60, 80, 3), np.uint8)) is None


def test_a_sky_is_judged_by_its_colour_and_its_place():
    ids = np.repeat([[0], [1]], 20, axis=0) * np.ones((1, 30), int)
    image = np.zeros((40, 30, 3), np.uint8)
    image[:20] = 250, 220, 200                      # a bluish sky, BGR
    names = ['Sky', 'Road']
    sound = content.tests([view(ids, image)], names)
    assert [one.verdict for one in sound] == [SOUND, SOUND, SOUND]
    swapped = content.tests([view(ids, image[..., ::-1])], names)
    assert [one.verdict for one in swapped] == [WARNING, SOUND, SOUND]
    below = content.tests([view(ids[::-1], image)], names)
    assert [one.verdict for one in below] == [SOUND, WARNING, WARNING]


# What is done to samples k (picture, ids) of a data set, each in its way.
def shift(image, ids, _):
    return image, np.roll(ids, 8, axis=1)


def mirror(image, ids, _):
    return image[:, ::-1], ids


def pair_wrongly(image, ids, others):
    return others[1][0], ids


def swap_channels(image, ids, _):
    return image[..., ::-1], ids


def interpolate_ids(image, ids, _):
    height, width = ids.shape
    small = cv2.resize(ids, (width // 2, height // 2))
    return cv2.resize(image, (width // 2, height // 2)), small


def move_table(image, ids, _):
    return image, (ids + 1) % len(source_demo.get_source().classes)


def leave(image, ids, _):
    return image, ids


def write_data(folder, change):
    """Write demo scenes as a data set of ids, changed; return the folder."""
    demo = source_demo.get_source()
    scenes = [demo.draw(k) for k in range(2 * COUNT)]
    for split, first in (('train', 0), ('valid', COUNT)):
        for k in range(first, first + COUNT):
            image, ids = change(*scenes[k], scenes[k:] + scenes[:k])
            for kind, array in (('images', image), ('labels', ids)):
                path = folder / kind / split / f'{k}.png'
                path.parent.mkdir(parents=True, exist_ok=True)
                files.write_image(str(path), np.ascontiguousarray(array))
    with open(folder / 'classes.csv', 'w') as table:
        table.write('name,id,r,g,b\n')
        for k, (name, color) in enumerate(demo.classes):
            table.write(f'{name},{k},{",".join(map(str, color))}\n')
    return folder


@pytest.mark.parametrize('change, status, words', [
    (leave, 0, None),
    (shift, 1, r'moved by -[78] pixels to the right and \+0 down'),
    (mirror, 1, 'labels fit the mirrored pictures'),
    (pair_wrongly, 1, 'pictures and labels may be paired wrongly'),
    (interpolate_ids, 1, 'ids seem to have been interpolated'),
    (swap_channels, 0, r"'sky' is bright and redder than blue"),
    (move_table, 0, r"'sky' is darker than the rest"),
])
def test_wrong_data_is_caught_and_drawn(change, status, words, tmp_path,
                                        capsys):
    data = write_data(tmp_path / 'data', change)
    out = tmp_path / 'check'
    assert check_source.main([
        '--data-source', 'folder', '--data-dir', str(data), '--output-dir',
        str(out), '--json', str(tmp_path / 'check.json')]) == status
    printed = ''.join(capsys.readouterr())
    worst = [name for name in os.listdir(out) if name.startswith('worst')]
    if words is None:
        assert 'warning' not in printed and not worst
        assert '[i] sound' in printed and 'sheet_valid.png' in printed
    else:
        assert re.search(words, printed), printed
        assert worst
    found = files.read_json(str(tmp_path / 'check.json'))['appearance']
    assert {one['verdict'] for one in found} <= {SOUND, WARNING, FAULT,
                                                 UNCLEAR}


def test_a_picture_on_both_sides_of_the_split_is_a_warning(tmp_path, capsys):
    data = write_data(tmp_path / 'data', leave)
    image = cv2.imread(str(data / 'images' / 'train' / '3.png'))
    files.write_image(str(data / 'images' / 'valid' / '9.png'),
                      cv2.convertScaleAbs(image, alpha=1.1, beta=8))
    check_source.main(['--data-source', 'folder', '--data-dir', str(data),
                       '--output-dir', str(tmp_path / 'check')])
    assert re.search(r'warning: 1 picture to validate on nearly .*3\.png',
                     ''.join(capsys.readouterr()))


CATCH_ALL = '''"""Two classes; the first is all that is not road."""
import glob
import os

import cv2
import numpy as np


class Source:
    image_size = (64, 32)
    num_classes = 2
    label_colors = {0: (0, 0, 0), 1: (255, 0, 255)}
    train_generator = valid_generator = None

    def load_data(self, data_dir, valid_fraction):
        names = sorted(glob.glob(os.path.join(data_dir, '*_image.png')))
        self.num_training, self.num_validation = len(names) - 1, 1
        self.train_generator = self.generator(names[1:])
        self.valid_generator = self.generator(names[:1])

    def generator(self, paths):
        def generate(batch_size, names=False):
            for path in paths:
                label = path.replace('_image', '_label')
                road = (cv2.imread(label) == (255, 0, 255)).all(axis=2)
                rows = np.stack([~road, road], axis=2).astype(np.float32)
                image = cv2.imread(path).astype(np.float32)
                yield [image], [rows], [path], [label]
        return generate


def get_source():
    return Source()
'''


def test_a_class_for_all_the_rest_is_sound(tmp_path, monkeypatch):
    (tmp_path / 'source_rest.py').write_text(CATCH_ALL)
    random = np.random.RandomState(0)
    for k in range(4):
        label = np.full((32, 64, 3), (0, 0, 255), np.uint8)     # red
        label[16:, 10 + k:40] = 255, 0, 255
        label[:2] = 0
        image = random.randint(0, 256, label.shape).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f'{k}_image.png'), image)
        cv2.imwrite(str(tmp_path / f'{k}_label.png'), label)
    done = helpers.run_program(
        'check_source.py', '--data-source', 'rest', '--data-dir', '.',
        '--output-dir', 'check', cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert ('warning: colour (255, 0, 0) of the label files: in label_colors '
            'of no class') in done.stdout
