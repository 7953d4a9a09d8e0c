"""One picture as a data set, and a demo scene for it."""
import os

import cv2
import numpy as np
import pytest
from helpers import load_source, run_program

from segmentation.data import loading
from segmentation.synthetic import stage

SIZE = 96, 64


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """Two scenes of the demo as a folder of labelled pictures."""
    path = str(tmp_path_factory.mktemp('single') / 'data')
    done = run_program('source_demo.py', path, '--labels', '--count', '2',
                       '--image-size', '96x64', '--seed', '3')
    assert (done.returncode, done.stderr) == (0, '')
    return path


def test_scenes_with_labels_are_a_folder_of_the_demo_s_classes(root):
    data = load_source('folder', root)
    assert (data.num_training, data.num_validation) == (1, 1)
    assert data.classes == stage.CLASSES and not data.ignore
    demo = loading.make_source('demo')
    demo.seed, demo.image_size = 3, SIZE
    for split in ('train', 'valid'):
        pair, = data.splits[split]
        number = 840 + int(os.path.basename(pair[0])[6:8])
        for found, wanted in zip(data.read_pair(*pair), demo.draw(number)):
            np.testing.assert_array_equal(found, wanted)


def test_scenes_without_labels_lie_in_the_folder_itself(tmp_path):
    done = run_program('source_demo.py', str(tmp_path), '--count', '2',
                       '--image-size', '96x64')
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(str(tmp_path))) == ['scene_00.png',
                                                 'scene_01.png']


def test_the_first_picture_is_all_there_is(root):
    data = load_source('single', root)
    assert (data.num_training, data.num_validation) == (25, 1)
    assert data.image_size == SIZE
    first = os.path.join(root, 'images', 'scene_00.png')
    for generator, count in ((data.train_generator, 25),
                             (data.valid_generator, 1)):
        batches = list(generator(10, names=True))
        assert [path for batch in batches for path in batch[2]] == (
            [first] * count)
        for images, labels, _, _ in batches:
            assert (images == cv2.imread(first)).all()
            assert (labels == labels[:1]).all() and labels.any(axis=3).all()


def test_groups_of_one_picture_are_refused(root):
    with pytest.raises(ValueError, match='--group-by does not apply: one'):
        load_source('single', root, group_by='^(.)')


def test_the_picture_of_all_four_has_captions(root, tmp_path):
    for folder in ('coarse', 'refined'):
        (tmp_path / folder / 'colors').mkdir(parents=True)
        cv2.imwrite(str(tmp_path / folder / 'colors' / 'scene_00.png'),
                    np.full(SIZE[::-1] + (3,), 90, np.uint8))
    path = str(tmp_path / 'all.png')
    done = run_program('docs/single.py', root, str(tmp_path / 'coarse'),
                       str(tmp_path / 'refined'), path)
    assert (done.returncode, done.stderr) == (0, '')
    # Two by two with gaps of 4 pixels, captions of 22.
    picture = cv2.imread(path)
    assert picture.shape == (2 * (64 + 22) + 4, 2 * 96 + 4, 3)
    np.testing.assert_array_equal(picture[22:86, :96], cv2.imread(
        os.path.join(root, 'images', 'scene_00.png')))
    assert (picture[112:176] == 90)[:, :96].all()
