"""PASCAL VOC: its folders, its lists, its palette."""
import os

import cv2
import numpy as np
import pytest
from pngs import write_png

import source
import source_voc
from segmentation.data import class_table

PALETTE = [class_table.palette_color(k) for k in range(256)]
NAMES = ('2007_000032', '2007_000039', '2007_000063', '2008_000008')
# a row of each number, 22 x 9
IDS = np.repeat(np.array(list(range(21)) + [255])[:, None], 9, axis=1)


@pytest.fixture
def year(tmp_path):
    """VOCdevkit/VOC2012 with four frames, and lists of two and one."""
    root = tmp_path / 'VOCdevkit' / 'VOC2012'
    for folder in ('JPEGImages', 'SegmentationClass',
                   'ImageSets/Segmentation'):
        (root / folder).mkdir(parents=True)
    for name in NAMES:
        cv2.imwrite(str(root / 'JPEGImages' / (name + '.jpg')),
                    np.full((22, 9, 3), 90, np.uint8))
        write_png(root / 'SegmentationClass' / (name + '.png'), IDS, PALETTE)
    write_list(root, 'train', NAMES[:2])
    write_list(root, 'val', NAMES[3:])
    return root


def write_list(root, name, names):
    (root / 'ImageSets' / 'Segmentation' / (name + '.txt')).write_text(
        '\n'.join(names) + '\n\n')


def load(data_dir, valid_fraction=.5):
    voc = source_voc.get_source()
    voc.load_data(str(data_dir), valid_fraction)
    return voc


def names_of(voc, split):
    return [image[-15:-4] for image, _ in voc.splits[split]]


def test_the_palette_is_the_standard_one():
    voc = source_voc.get_source()
    assert [color for _, color in voc.classes] == PALETTE[:21]
    assert voc.void_colors == (PALETTE[255],)
    assert (voc.num_classes, voc.ignore) == (21, True)
    assert voc.class_names[15] == 'person'
    assert voc.label_colors[4] == (128, 0, 0)       # boat, BGR


@pytest.mark.parametrize('up', [0, 1, 2])
def test_lists_give_the_split_wherever_the_folder_is_named(year, up):
    voc = load(([year] + list(year.parents))[up])
    assert names_of(voc, 'train') == list(NAMES[:2])
    assert names_of(voc, 'valid') == list(NAMES[3:])
    assert voc.splits['train'][0][0] == str(
        year / 'JPEGImages' / (NAMES[0] + '.jpg'))


def test_palette_and_grey_labels_are_the_same_numbers(year):
    write_png(year / 'SegmentationClass' / (NAMES[1] + '.png'), IDS)
    voc = load(year)
    for pair in voc.splits['train']:
        _, ids = voc.read_pair(*pair)
        assert ids[:, 4].tolist() == list(range(21)) + [source.IGNORE]


def test_trainval_is_split_where_train_or_val_is_missing(year):
    write_list(year, 'trainval', NAMES[:3])
    (year / 'ImageSets' / 'Segmentation' / 'val.txt').unlink()
    voc = load(year, valid_fraction=1 / 3)
    assert (voc.num_training, voc.num_validation) == (2, 1)
    assert sorted(names_of(voc, 'train') + names_of(voc, 'valid')) \
        == list(NAMES[:3])


def test_labels_are_split_without_lists(year):
    for name in ('train', 'val'):
        (year / 'ImageSets' / 'Segmentation' / (name + '.txt')).unlink()
    cv2.imwrite(str(year / 'JPEGImages' / '2009_000001.jpg'),
                np.zeros((3, 4, 3), np.uint8))      # has no label
    voc = load(year, valid_fraction=.25)
    assert (voc.num_training, voc.num_validation) == (3, 1)


def test_several_years_are_not_guessed_between(year):
    for folder in ('JPEGImages', 'SegmentationClass'):
        (year.parent / 'VOC2007' / folder).mkdir(parents=True)
    with pytest.raises(ValueError, match='VOC2007 and VOC2012 are there: '
                                         '--data-dir has to name one'):
        load(year.parent)


def test_missing_files_are_named(year, tmp_path):
    (year / 'JPEGImages' / (NAMES[3] + '.jpg')).unlink()
    with pytest.raises(FileNotFoundError,
                       match=r'2008_000008.png: no picture 2008_000008.jpg'):
        load(year)
    (year / 'SegmentationClass' / (NAMES[0] + '.png')).unlink()
    with pytest.raises(FileNotFoundError,
                       match=r'2007_000032.jpg: no label 2007_000032.png'):
        load(year)
    with pytest.raises(FileNotFoundError, match='no JPEGImages beside'):
        load(tmp_path / 'nowhere')


def test_a_list_may_name_files_that_are_no_utf8(year):
    for folder, suffix in (('JPEGImages', '.jpg'),
                           ('SegmentationClass', '.png')):
        name = os.fsencode(str(year / folder / (NAMES[0] + suffix)))
        os.rename(name, name.replace(NAMES[0].encode(), b'stra\xdfe'))
    path = year / 'ImageSets' / 'Segmentation' / 'train.txt'
    path.write_bytes(b'stra\xdfe\r\n\n')
    (picture, label), = load(year).splits['train']
    assert os.fsencode(picture).endswith(b'/JPEGImages/stra\xdfe.jpg')
    assert os.path.isfile(label)


def test_a_list_that_is_no_text_is_named_with_its_line(year):
    path = year / 'ImageSets' / 'Segmentation' / 'train.txt'
    path.write_bytes('\n2007_000032\n'.encode('utf-16'))
    with pytest.raises(ValueError, match='train.txt, line 2: no line of te'):
        load(year)
