"""CamVid in SegNet's layout."""
import cv2
import numpy as np
import pytest

import source_camvid


def make_camvid(root, suffix='.png'):
    ids = np.tile(np.arange(12, dtype=np.uint8), (24, 4))       # 24 x 48
    for split, count in (('train', 3), ('val', 2)):
        (root / split).mkdir()
        (root / (f'{split}annot')).mkdir()
        for number in range(count):
            name = f'seq_{number:03d}'
            cv2.imwrite(str(root / split / (name + suffix)),
                        np.full((24, 48, 3), 40 * number, np.uint8))
            cv2.imwrite(str(root / (f'{split}annot') / (f'{name}.png')), ids)


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_official_split_and_eleven_classes(tmp_path, suffix):
    make_camvid(tmp_path, suffix)
    camvid = source_camvid.get_source()
    camvid.load_data(str(tmp_path), .1)
    assert (camvid.num_training, camvid.num_validation) == (3, 2)
    assert camvid.num_classes == 11 and camvid.ignore
    assert camvid.image_size == (480, 352)
    assert camvid.label_colors[5] == (0, 128, 128)      # Tree, BGR
    image, ids = camvid.read_pair(*camvid.splits['valid'][1])
    assert ids[0, :12].tolist() == list(range(11)) + [255]
    assert abs(int(image[0, 0, 0]) - 40) <= 1


def test_colour_labels_are_read_too(tmp_path):
    path = str(tmp_path / 'label.png')
    rgb = np.array([[(128, 64, 128), (0, 0, 0), (0, 128, 192)]], np.uint8)
    cv2.imwrite(path, rgb[..., ::-1])
    assert source_camvid.get_source().read_ids(path).tolist() == [[3, 255, 10]]


def test_missing_folders_are_named(tmp_path):
    camvid = source_camvid.get_source()
    with pytest.raises(ValueError, match='no train pictures .*trainannot'):
        camvid.load_data(str(tmp_path), .1)
