"""Drafted class tables: what is a class, what is void, what is a blend."""
import os

import cv2
import numpy as np
import pytest
from helpers import run_program
from pngs import write_png

from segmentation import pixels
from segmentation.checking import class_draft, survey
from segmentation.data import class_table

ROAD, SKY, TREE, BLACK = (128, 64, 128), (70, 130, 180), (107, 142, 35), \
    (0, 0, 0)


def paint(seed=0, size=(64, 48), wave=0):
    """(H, W, 3) RGB of sky over road, a tree and, at the bottom, black."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[:] = SKY
    rows, columns = np.indices(image.shape[:2])
    image[rows >= height // 2 + wave * np.sin(columns / 11 + seed)] = ROAD
    image[4:36, 6 + seed:22 + seed] = TREE
    image[-4:] = BLACK
    return image


def write_rgb(path, image):
    assert cv2.imwrite(str(path), image[:, :, ::-1])


def draft_of(folder):
    return class_draft.draft(survey.Survey(str(folder), workers=2))


def sorts(lines):
    return {line.row.color: line.sort for line in lines}


def test_colours_are_classes_by_their_share_and_black_is_void(tmp_path):
    for k in range(3):
        write_rgb(tmp_path / f'{k}.png', paint(k))
    lines = draft_of(tmp_path)
    # of 48 rows and 64 columns: road 20 rows less 16 x 12, sky 24 rows less
    # 16 x 20 pixels, tree 16 x 32, black 4 rows
    assert [(line.row.name, line.row.color, line.row.ignore,
             line.value.pixels // 3) for line in lines] == [
        ('class_0', SKY, False, 24 * 64 - 16 * 20),
        ('class_1', ROAD, False, 20 * 64 - 16 * 12),
        ('class_2', TREE, False, 16 * 32),
        ('ignore', BLACK, True, 4 * 64)]
    assert lines[0].note == '39.58 % of the pixels, 3 of 3 files'
    assert lines[3].note.endswith('; probably void: black')


@pytest.mark.parametrize('size', [(40, 31), (150, 113)])
def test_interpolated_labels_give_the_same_classes_and_blends(tmp_path, size):
    for k in range(4):
        write_rgb(tmp_path / f'{k}.png', cv2.resize(
            paint(k), size, interpolation=cv2.INTER_LINEAR))
    lines = draft_of(tmp_path)
    assert len(lines) > 20
    whole = {SKY: 'class', ROAD: 'class', TREE: 'class', BLACK: 'void'}
    assert {color: sort for color, sort in sorts(lines).items()
            if sort != 'blend'} == whole
    assert all(line.row.ignore for line in lines[3:])
    between = next(line for line in lines if line.sort == 'blend'
                   and 'blend of class_0 and class_1' in line.note)
    # each part of a blend lies between those of its ends
    for low, part, high in zip(np.minimum(SKY, ROAD), between.row.color,
                               np.maximum(SKY, ROAD)):
        assert low <= part <= high


def test_a_class_on_the_line_between_two_others_is_a_class(tmp_path):
    # black and car (0, 0, 142) are ends of a line with truck (0, 0, 70)
    image = paint()
    image[24:30, 40:60], image[30:36, 40:60] = (0, 0, 142), (0, 0, 70)
    write_rgb(tmp_path / 'a.png', image)
    assert sorts(draft_of(tmp_path))[0, 0, 70] == 'class'


def test_a_pole_of_two_pixels_is_a_class(tmp_path):
    image = paint()
    image[:40, 50:52] = 192, 192, 128
    write_rgb(tmp_path / 'a.png', image)
    assert sorts(draft_of(tmp_path))[192, 192, 128] == 'class'


def test_labels_that_were_a_jpeg_once_give_the_same_classes(tmp_path):
    for k in range(3):
        data = cv2.imencode('.jpg', paint(k, (256, 160), 20)[:, :, ::-1])[1]
        cv2.imwrite(str(tmp_path / f'{k}.png'),
                    cv2.imdecode(data, cv2.IMREAD_COLOR))
    found = survey.Survey(str(tmp_path))
    assert len(found.values) > 256
    classes = [line.row.color for line in class_draft.draft(found)
               if line.sort == 'class']
    assert len(classes) == 3
    for color, wanted in zip(classes, (SKY, ROAD, TREE)):
        assert abs(np.subtract(color, wanted)).max() <= 3


@pytest.mark.parametrize('colors, void', [
    ((ROAD, BLACK), None),                      # a mask
    ((ROAD, SKY, BLACK), BLACK),
    ((ROAD, SKY, BLACK, (224, 224, 192)), (224, 224, 192))])
def test_black_is_void_only_where_nothing_speaks_against_it(tmp_path, colors,
                                                            void):
    image = np.zeros((40, 30, 3), np.uint8)
    for k, color in enumerate(colors):
        image[9 * k:9 * k + 9] = color
    image[9 * len(colors):] = ROAD
    write_rgb(tmp_path / 'a.png', image)
    assert [line.row.color for line in draft_of(tmp_path)
            if line.sort == 'void'] == ([void] if void else [])


def test_black_over_half_of_the_pixels_is_asked_about(tmp_path):
    image = paint()
    image[10:40] = BLACK
    write_rgb(tmp_path / 'a.png', image)
    line = draft_of(tmp_path)[0]
    assert (line.row.color, line.sort) == (BLACK, 'class')
    assert line.note.endswith('black: background, or void to be ignored?')


def write_ids(path, palette=None, ids=(0, 3, 11, 255)):
    write_png(path, np.repeat(ids, 5)[:, None].repeat(9, axis=1), palette)


def test_ids_stand_by_their_number_and_255_is_void(tmp_path):
    write_ids(tmp_path / 'a.png')
    assert [line.row for line in draft_of(tmp_path)] == [
        class_table.Row('class_0', 0, None, False),
        class_table.Row('class_3', 3, None, False),
        class_table.Row('class_11', 11, None, False),
        class_table.Row('ignore', 255, None, True)]


def test_255_of_a_mask_is_a_class(tmp_path):
    write_ids(tmp_path / 'a.png', ids=(0, 255))
    assert [line.sort for line in draft_of(tmp_path)] == ['class', 'class']


def test_ids_in_three_equal_channels_are_ids(tmp_path):
    ids = np.repeat(np.array([0, 4, 9], np.uint8), 6)[:, None].repeat(7, 1)
    cv2.imwrite(str(tmp_path / 'a.png'), np.dstack([ids] * 3))
    assert [line.row.id for line in draft_of(tmp_path)] == [0, 4, 9]


def test_palettes_give_ids_and_colours(tmp_path):
    palette = [class_table.palette_color(k) for k in range(256)]
    write_ids(tmp_path / 'a.png', palette)
    write_ids(tmp_path / 'b.png', palette[:12], ids=(0, 3, 11))
    lines = draft_of(tmp_path)
    assert [(line.row.id, line.row.color) for line in lines] == [
        (0, (0, 0, 0)), (3, (128, 128, 0)), (11, (192, 128, 0)),
        (255, (224, 224, 192))]
    assert lines[0].sort == 'class' and lines[3].sort == 'void'


def test_palettes_that_disagree_give_colours(tmp_path):
    write_ids(tmp_path / 'a.png', [ROAD, SKY], ids=(0, 1))
    write_ids(tmp_path / 'b.png', [SKY, TREE], ids=(0, 1))
    lines = draft_of(tmp_path)
    assert {line.row.color for line in lines} == {ROAD, SKY, TREE}
    assert {line.row.id for line in lines} == {None}


def test_thin_counts_are_worked_by_hand():
    # 6 x 5 of value 2 in 8 x 9: its inner 4 x 3; of the frame, which is 1
    # wide at left and right and 2 at top and bottom, the first and last rows
    codes = np.ones((9, 8), np.int32)
    codes[2:7, 1:7] = 2
    assert survey.count(codes) == {1: (72 - 30, 16), 2: (30, 12)}


def test_blends_beyond_the_hundredth_are_left_out(tmp_path):
    image = np.zeros((400, 64, 3), np.uint8)
    image[:, :32] = 255
    image[:, 62] = np.arange(400)[:, None] // 2 + 20
    write_rgb(tmp_path / 'a.png', np.dstack([image[..., 0], image[..., 1],
                                             image[..., 2] // 2]))
    path = str(tmp_path / 'classes.csv')
    lines = draft_of(tmp_path)
    assert [line.sort for line in lines].count('blend') == 200
    assert class_draft.write(path, lines) == 100
    assert len(class_table.read(path)) == len(lines) - 100


@pytest.fixture
def folder(tmp_path):
    for name in ('images', 'labels'):
        (tmp_path / name).mkdir()
    for k in range(4):
        write_rgb(tmp_path / 'labels' / f'{k}.png', paint(k))
        cv2.imwrite(str(tmp_path / 'images' / f'{k}.jpg'),
                    np.full((48, 64, 3), 60 * k, np.uint8))
    return tmp_path


def check(folder, *options):
    return run_program('check_source.py', '--data-source', 'folder',
                       '--data-dir', str(folder), *options)


def test_a_folder_is_drafted_and_then_sound(folder):
    path = str(folder / 'classes.csv')
    done = check(folder, '--write-classes', path)
    assert (done.returncode, done.stderr) == (0, '')
    assert '3 classes to be named; ignored: 1 probably void' in done.stdout
    assert [row.color for row in class_table.read(path)] == [
        SKY, ROAD, TREE, BLACK]
    assert sorted(os.listdir(str(folder))) == ['classes.csv', 'images',
                                               'labels']
    done = check(folder, '--output-dir', str(folder / 'out'))
    assert (done.returncode, done.stderr) == (0, '')
    assert '[i] sound' in done.stdout
    # a table that is there is somebody's work
    done = check(folder, '--write-classes', 'nowhere/a.csv')
    assert done.stderr == '[!] nowhere: no such folder\n'
    done = check(folder, '--write-classes', path)
    assert done.returncode == 1
    assert done.stderr == ('[!] {} exists already: it is not overwritten\n'
                           .format(path))


def test_nothing_is_drafted_of_jpegs_and_of_nothing(folder):
    path = str(folder / 'classes.csv')
    label = folder / 'labels' / '1.png'
    label.write_bytes(cv2.imencode('.jpg', paint())[1].tobytes())
    done = check(folder, '--write-classes', path)
    assert done.returncode == 1
    assert done.stderr.startswith(f'[!] {label}: a JPEG: its comp')
    assert done.stderr.count('\n') == 1
    for name in os.listdir(str(folder / 'labels')):
        (folder / 'labels' / name).unlink()
    done = check(folder, '--write-classes', path)
    assert done.stderr == f"[!] {folder / 'labels'}: no label in it\n"
    assert not os.path.exists(path)


def test_options_that_do_not_go_together_are_a_usage_error(folder):
    done = run_program('check_source.py', '--data-source', 'camvid',
                       '--write-classes', 'a.csv')
    assert done.returncode == 2
    assert '--write-classes goes with --data-source folder' in done.stderr
    assert check(folder).returncode == 2


def test_survey_packs_as_labels_are_packed(folder):
    found = survey.Survey(str(folder / 'labels'))
    assert set(found.values) == {pixels.pack_color(color) for color in (
        SKY, ROAD, TREE, BLACK)}
