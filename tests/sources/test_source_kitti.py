"""The layout of KITTI road and its colours."""
import os

import cv2
import numpy as np
import pytest

import source
import source_kitti

RED, MAGENTA, BLACK = (0, 0, 255), (255, 0, 255), (0, 0, 0)     # BGR


def write(path, array):
    os.makedirs(os.path.dirname(str(path)), exist_ok=True)
    assert cv2.imwrite(str(path), array)


@pytest.fixture
def data_road(tmp_path):
    """A frame of each category, 6x4, of red, magenta and black."""
    root = tmp_path / 'data_road'
    label = np.zeros((4, 6, 3), np.uint8)
    label[:2], label[2], label[3] = RED, MAGENTA, BLACK
    for prefix in ('um', 'umm', 'uu'):
        write(root / 'training' / 'image_2' / (f'{prefix}_000007.png'),
              np.full((4, 6, 3), 9, np.uint8))
        write(root / 'training' / 'gt_image_2' / (f'{prefix}_road_000007.png'),
              label)
    write(root / 'training' / 'gt_image_2' / 'um_lane_000007.png', label)
    return root


def pairs_of(data_dir):
    pairs = source_kitti.get_source().list_pairs(str(data_dir))
    return [tuple(os.path.relpath(path, str(data_dir)) for path in pair)
            for pair in pairs]


def test_each_category_has_its_road_label_and_lanes_are_left_out(data_road):
    pictures = os.path.join('training', 'image_2', '')
    labels = os.path.join('training', 'gt_image_2', '')
    assert pairs_of(data_road) == [
        (f'{pictures}um_000007.png', f'{labels}um_road_000007.png'),
        (f'{pictures}umm_000007.png', f'{labels}umm_road_000007.png'),
        (f'{pictures}uu_000007.png', f'{labels}uu_road_000007.png')]


def test_the_parent_of_data_road_serves_as_well(data_road):
    assert len(pairs_of(data_road.parent)) == 3


def test_red_is_0_magenta_is_1_and_black_is_ignored(data_road):
    data = source_kitti.get_source()
    _, ids = data.read_pair(*data.list_pairs(str(data_road))[0])
    assert ids[:, 0].tolist() == [0, 0, 1, source.IGNORE]
    assert data.ignore
    assert data.class_names == ['not road', 'road']
    assert data.label_colors == {0: RED, 1: MAGENTA}
    assert data.image_size == (576, 160)


def test_frames_of_all_four_sizes_make_batches(tmp_path):
    sizes = ((1242, 375), (1241, 376), (1238, 374), (1226, 370))
    for k, (width, height) in enumerate(sizes):
        name = f"u{'um'[k % 2]}_{{}}00000{k}.png"
        write(tmp_path / 'training' / 'image_2' / name.format(''),
              np.full((height, width, 3), 90, np.uint8))
        write(tmp_path / 'training' / 'gt_image_2' / name.format('road_'),
              np.full((height, width, 3), MAGENTA, np.uint8))
    data = source_kitti.get_source()
    data.load_data(str(tmp_path), .25)
    assert (data.num_training, data.num_validation) == (3, 1)
    images, labels = next(data.train_generator(3))
    assert images.shape == (3, 160, 576, 3)
    assert labels.shape == (3, 160, 576, 2)
    assert (labels == (0, 1)).all()


def test_a_missing_label_is_named(data_road):
    (data_road / 'training' / 'gt_image_2' / 'umm_road_000007.png').unlink()
    with pytest.raises(FileNotFoundError, match='umm_000007.png: no label '
                                                'umm_road_000007.png'):
        source_kitti.get_source().load_data(str(data_road), .4)


def test_what_was_looked_for_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match='no training/image_2 in '):
        source_kitti.get_source().load_data(str(tmp_path), .5)
