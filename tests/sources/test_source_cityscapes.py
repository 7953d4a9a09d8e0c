"""The layouts of Cityscapes and its tables of 19 and 29 classes."""
import os

import cv2
import numpy as np
import pytest

import source
import source_cityscapes
from segmentation.data import cityscapes

# Cordts et al. 2016: evaluated ids in the order of their class ids
EVALUATED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31,
             32, 33)
ALL_IDS = np.arange(34, dtype=np.uint8).reshape(2, 17)


def colors(ids):
    """The colour file (H, W, 4) BGRA of ids."""
    table = {label.id: label.color for label in cityscapes.LABELS}
    image = np.full(ids.shape + (4,), 255, np.uint8)
    for place in np.ndindex(*ids.shape):
        image[place][:3] = table[ids[place]][::-1]
    return image


def write(path, array):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    assert cv2.imwrite(path, array)


def make(root, pictures, labels, frames, kinds=('labelIds', 'color')):
    """Write frames 'split/city/name' with label files of the kinds."""
    for frame in frames:
        write(os.path.join(str(root), pictures, f'{frame}_leftImg8bit.png'),
              np.zeros(ALL_IDS.shape + (3,), np.uint8))
        for kind in kinds:
            write(os.path.join(str(root), labels, frame + '_gtFine_{}.png'
                               .format(kind)),
                  ALL_IDS if kind == 'labelIds' else colors(ALL_IDS))


def load(root, valid_fraction=.5):
    data = source_cityscapes.get_source()
    data.load_data(str(root), valid_fraction)
    return {split: [tuple(os.path.relpath(path, str(root)).replace(
        os.sep, '/') for path in pair) for pair in pairs]
        for split, pairs in data.splits.items()}


FRAMES = ('train/ulm/ulm_000000_000019', 'train/aachen/aachen_000000_000019',
          'val/munster/munster_000000_000019')


def test_official_layout_has_its_own_split(tmp_path):
    make(tmp_path, 'leftImg8bit', 'gtFine', FRAMES)
    splits = load(tmp_path)
    assert [pair[0] for pair in splits['train']] == [
        'leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png',
        'leftImg8bit/train/ulm/ulm_000000_000019_leftImg8bit.png']
    assert splits['valid'] == [(
        'leftImg8bit/val/munster/munster_000000_000019_leftImg8bit.png',
        'gtFine/val/munster/munster_000000_000019_gtFine_labelIds.png')]


@pytest.mark.parametrize('pictures, labels', [
    ('samples/leftImg8bit', 'labels/gtFine'), ('samples', 'labels')])
def test_samples_and_labels_are_split_by_fraction(tmp_path, pictures, labels):
    make(tmp_path, pictures, labels, FRAMES[:2], kinds=['color'])
    splits = load(tmp_path)
    assert len(splits['train']) == len(splits['valid']) == 1
    image_path, label_path = splits['train'][0]
    assert image_path.startswith(f'{pictures}/train/')
    assert label_path.startswith(f'{labels}/train/')
    assert label_path.endswith('_gtFine_color.png')


def test_a_missing_label_is_named(tmp_path):
    make(tmp_path, 'leftImg8bit', 'gtFine', FRAMES, kinds=[])
    os.makedirs(str(tmp_path / 'gtFine' / 'train'))
    with pytest.raises(FileNotFoundError,
                       match='aachen_000000_000019_leftImg8bit.png: no label '
                             '.*labelIds.png or .*color.png in .*aachen'):
        load(tmp_path)


def test_what_was_looked_for_is_said(tmp_path):
    with pytest.raises(FileNotFoundError,
                       match='leftImg8bit/train with gtFine/train'):
        load(tmp_path)


def read_both(tmp_path, table):
    data = source_cityscapes.get_source()
    data.choose_classes(table)
    write(str(tmp_path / 'ids.png'), ALL_IDS)
    write(str(tmp_path / 'color.png'), colors(ALL_IDS))
    return (data, data.read_ids(str(tmp_path / 'ids.png')).ravel(),
            data.read_ids(str(tmp_path / 'color.png')).ravel())


def test_19_classes_are_the_evaluated_ids_and_the_rest_is_ignored(tmp_path):
    data, ids, from_colors = read_both(tmp_path, '19')
    wanted = np.full(34, source.IGNORE)
    wanted[list(EVALUATED)] = np.arange(19)
    assert ids.tolist() == wanted.tolist()
    wanted[18] = 5          # colours do not tell polegroup (18) from pole
    assert from_colors.tolist() == wanted.tolist()
    assert data.num_classes == 19 and data.ignore
    assert data.label_colors[13] == (142, 0, 0)     # car, BGR
    assert data.class_names[0] == 'road' and data.class_names[18] == 'bicycle'


def test_29_classes_are_the_colours_and_nothing_is_ignored(tmp_path):
    data, ids, from_colors = read_both(tmp_path, '29')
    # ids 0 to 4 are black, 5 is the next colour, 18 has the colour of 17
    wanted = [0] * 5 + list(range(1, 14)) + [13] + list(range(14, 29))
    assert ids.tolist() == from_colors.tolist() == wanted
    assert data.num_classes == 29 and not data.ignore
    assert data.class_names[:2] == ['unlabeled', 'dynamic']
    assert len(set(data.label_colors.values())) == 29


def test_another_table_is_refused():
    with pytest.raises(ValueError, match="no class table '20' of cityscapes"):
        source_cityscapes.get_source().choose_classes('20')


def test_an_id_of_no_class_is_named_with_its_place(tmp_path):
    ids = ALL_IDS.copy()
    ids[1, 3] = 77
    write(str(tmp_path / 'ids.png'), ids)
    with pytest.raises(ValueError, match='id 77 at row 1, column 3'):
        source_cityscapes.get_source().read_ids(str(tmp_path / 'ids.png'))
