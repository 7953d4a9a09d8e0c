"""The base class of data sources, on tiny pictures."""
import itertools
import os

import cv2
import numpy as np
import pytest

import source
from segmentation import pixels
from segmentation.data import contract

ROAD, GRASS, VOID = (255, 0, 255), (0, 200, 0), (0, 0, 0)       # RGB


class ToySource(source.DataSource):
    """Toy scenes: scene_N.png and mask_N.png are wanted."""

    image_size = (64, 32)
    classes = (('grass', GRASS), ('road', ROAD))
    void_colors = (VOID,)

    def list_pairs(self, data_dir):
        names = [name for name in os.listdir(data_dir)
                 if name.startswith('scene_')]
        return [(os.path.join(data_dir, name),
                 os.path.join(data_dir, name.replace('scene_', 'mask_')))
                for name in names]


def write(path, rgb):
    cv2.imwrite(str(path), np.asarray(rgb, np.uint8)[..., ::-1])


def make_scenes(folder, count, size=(64, 32)):
    """Pictures whose left half is road; the grey level is the number."""
    width, height = size
    for number in range(count):
        mask = np.empty((height, width, 3), np.uint8)
        mask[:, :width // 2], mask[:, width // 2:] = ROAD, GRASS
        write(folder / f'mask_{number:02d}.png', mask)
        write(folder / f'scene_{number:02d}.png',
              np.full((height, width, 3), number))


def load(folder, **attributes):
    toy = ToySource()
    for name, value in attributes.items():
        setattr(toy, name, value)
    toy.load_data(str(folder), .25)
    return toy


def numbers_of(batches):
    """The picture numbers of an epoch, by their grey level."""
    return [int(image[0, 0, 0]) for images, _ in batches for image in images]


def test_batches_keep_the_contract(tmp_path):
    make_scenes(tmp_path, 8)
    toy = load(tmp_path)
    assert (toy.num_training, toy.num_validation) == (6, 2)
    assert toy.label_colors == {0: (0, 200, 0), 1: (255, 0, 255)}
    assert toy.num_classes == 2 and toy.class_names == ['grass', 'road']
    sizes = []
    for images, labels, image_paths, label_paths in toy.train_generator(
            4, names=True):
        sizes.append(len(images))
        assert images.shape == (len(images), 32, 64, 3)
        assert labels.shape == (len(images), 32, 64, 2)
        assert labels.dtype == np.uint8
        assert (labels[:, :, :32] == (0, 1)).all()
        assert (labels[:, :, 32:] == (1, 0)).all()
        for image, image_path, label_path in zip(images, image_paths,
                                                 label_paths):
            assert int(image_path[-6:-4]) == image[0, 0, 0]
            assert label_path[-6:-4] == image_path[-6:-4]
    assert sizes == [4, 2]


def test_split_is_the_same_in_every_run_and_no_frame_is_on_both_sides(
        tmp_path):
    make_scenes(tmp_path, 12)
    first, second = load(tmp_path), load(tmp_path)
    other = load(tmp_path, seed=1)
    assert first.splits == second.splits != other.splits
    train, valid = (set(first.splits[name]) for name in ('train', 'valid'))
    assert not train & valid and len(train | valid) == 12


def test_one_picture_at_least_is_for_validation(tmp_path):
    make_scenes(tmp_path, 3)
    toy = ToySource()
    toy.load_data(str(tmp_path), .01)
    assert (toy.num_training, toy.num_validation) == (2, 1)


def test_epochs_differ_but_are_the_same_in_every_run(tmp_path):
    make_scenes(tmp_path, 12)
    toy, again = load(tmp_path), load(tmp_path)
    epochs = [numbers_of(toy.train_generator(5)) for _ in range(3)]
    assert len(set(map(tuple, epochs))) == 3
    assert all(sorted(epoch) == sorted(epochs[0]) for epoch in epochs)
    again.epoch = 2
    assert numbers_of(again.train_generator(5)) == epochs[2]


def test_validation_is_never_shuffled(tmp_path):
    make_scenes(tmp_path, 12)
    toy = load(tmp_path)
    assert numbers_of(toy.valid_generator(2)) == sorted(
        numbers_of(toy.valid_generator(1)))


@pytest.mark.parametrize('augment', [False, True])
def test_number_of_workers_changes_nothing(tmp_path, augment):
    make_scenes(tmp_path, 11, size=(96, 40))
    epochs = [list(load(tmp_path, workers=workers, augment=augment)
                   .train_generator(3)) for workers in (1, 5)]
    for (images, labels), (other_images, other_labels) in zip(*epochs):
        assert np.array_equal(images, other_images)
        assert np.array_equal(labels, other_labels)


@pytest.mark.parametrize('settings, depth', [
    ({}, (2,)), ({'soft': True}, (2,)), ({'labels_as_ids': True}, ())])
def test_crops_are_of_training_samples_alone(tmp_path, settings, depth):
    make_scenes(tmp_path, 7, size=(96, 40))
    wanted = list(load(tmp_path, **settings).valid_generator(2))
    toy = load(tmp_path, augment='strong', crop_size=(32, 96), **settings)
    for images, labels in toy.train_generator(5):
        assert images.shape == (5, 96, 32, 3)
        assert labels.shape == (5, 96, 32) + depth
    for batch, other in zip(toy.valid_generator(2), wanted):
        assert batch[0].shape[1:] == (32, 64, 3)
        assert all(map(np.array_equal, batch, other))
    contract.configure(toy, augment=False)
    assert next(toy.train_generator(5))[0].shape == (5, 32, 64, 3)


@pytest.mark.parametrize('augment', [False, True])
def test_class_ids_are_those_of_the_one_hot_rows(tmp_path, augment):
    make_scenes(tmp_path, 7, size=(96, 40))
    mask = np.full((40, 96, 3), ROAD)
    mask[:9], mask[9:20, 30:] = VOID, GRASS
    for number in range(7):
        write(tmp_path / f'mask_{number:02d}.png', mask)
    plain, asked = (load(tmp_path, augment=augment, labels_as_ids=as_ids)
                    for as_ids in (False, True))
    for function in 'train_generator', 'valid_generator':
        for (images, rows), (same_images, ids) in zip(
                getattr(plain, function)(3), getattr(asked, function)(3)):
            assert ids.shape == rows.shape[:3] and ids.dtype == np.uint8
            assert set(np.unique(ids)) == {0, 1, pixels.IGNORE}
            np.testing.assert_array_equal(
                rows, (ids[..., None] == (0, 1)).astype(np.uint8))
            np.testing.assert_array_equal(images, same_images)


def test_soft_training_labels_are_shares_where_ids_are_asked_for(tmp_path):
    make_scenes(tmp_path, 4)
    toy = load(tmp_path, soft=True, labels_as_ids=True)
    _, labels = next(toy.train_generator(3))
    assert labels.shape == (3, 32, 64, 2)
    assert (labels[:, :, :32] == (0, 255)).all()
    _, labels = next(toy.valid_generator(3))
    assert labels.shape == (1, 32, 64)


def test_void_pixels_are_rows_of_zeros(tmp_path):
    make_scenes(tmp_path, 4)
    for number in range(4):
        mask = np.full((32, 64, 3), ROAD)
        mask[:16] = VOID
        write(tmp_path / f'mask_{number:02d}.png', mask)
    toy = load(tmp_path)
    assert toy.ignore
    _, labels = next(toy.valid_generator(1))
    assert not labels[0, :16].any()
    assert (labels[0, 16:] == (0, 1)).all()


def test_unknown_colour_is_named_with_its_place(tmp_path):
    make_scenes(tmp_path, 4)
    mask = np.full((32, 64, 3), ROAD)
    mask[12, 40:43] = (255, 0, 128)
    write(tmp_path / 'mask_02.png', mask)
    toy = load(tmp_path)
    message = (r'mask_02.png: colour \(255, 0, 128\) at row 12, column 40 is '
               r'in no class \(3 pixels in all\)')
    with pytest.raises(ValueError, match=message):
        list(itertools.chain(toy.train_generator(2), toy.valid_generator(2)))


def test_missing_label_is_named_before_anything_is_read(tmp_path):
    make_scenes(tmp_path, 4)
    (tmp_path / 'mask_03.png').unlink()
    with pytest.raises(FileNotFoundError,
                       match='scene_03.png: no label mask_03.png in'):
        load(tmp_path)


def test_label_of_another_size_is_named(tmp_path):
    make_scenes(tmp_path, 4)
    write(tmp_path / 'mask_01.png', np.full((30, 64, 3), ROAD))
    toy = load(tmp_path)
    with pytest.raises(ValueError, match='scene_01.png is 64x32 but its label '
                                         '.*mask_01.png is 64x30'):
        list(itertools.chain(toy.train_generator(2), toy.valid_generator(2)))


def test_empty_folder_says_what_is_wanted(tmp_path):
    with pytest.raises(ValueError, match='no train pictures .*scene_N.png'):
        load(tmp_path)


def test_generator_that_is_left_early_stops_its_threads(tmp_path):
    make_scenes(tmp_path, 12)
    batches = load(tmp_path).train_generator(1)
    next(batches)
    batches.close()
    with pytest.raises(StopIteration):
        next(batches)


def test_ids_of_single_channel_files_are_looked_up(tmp_path):
    toy = ToySource()
    toy.ids = {7: 0, 9: 1, 3: pixels.IGNORE}
    path = str(tmp_path / 'ids.png')
    cv2.imwrite(path, np.array([[7, 9, 3], [9, 9, 7]], np.uint8))
    assert toy.read_ids(path).tolist() == [[0, 1, 255], [1, 1, 0]]
    cv2.imwrite(path, np.array([[7, 9, 4], [9, 9, 7]], np.uint8))
    with pytest.raises(ValueError, match='id 4 at row 0, column 2'):
        toy.read_ids(path)


def test_16_bit_colours_are_refused(tmp_path):
    path = str(tmp_path / 'deep.png')
    cv2.imwrite(path, np.zeros((2, 3, 3), np.uint16))
    with pytest.raises(ValueError, match='deep.png: uint16 colours'):
        ToySource().read_ids(path)


def test_16_bit_ids_are_looked_up(tmp_path):
    toy = ToySource()
    toy.ids = {700: 0, 9: 1}
    path = str(tmp_path / 'ids.png')
    cv2.imwrite(path, np.array([[700, 9]], np.uint16))
    assert toy.read_ids(path).tolist() == [[0, 1]]
