"""Variations of a sample: pictures and labels change together."""
import cv2
import numpy as np
import pytest

from segmentation.data import augmentation


def sample(width=96, height=64):
    """A picture that shows its own class ids: 0 black, 1 white."""
    ids = np.zeros((height, width), np.uint8)
    cv2.circle(ids, (30, 25), 17, 1, cv2.FILLED)
    image = np.repeat(ids[:, :, None] * 255, 3, axis=2)
    return image, ids


def test_labels_move_with_the_picture():
    image, ids = sample()
    for seed in range(40):
        random = np.random.RandomState(seed)
        scaled, moved = augmentation.rescale(
            image, ids, (64, 32), random.uniform(.75, 1.5),
            random.uniform(size=2))
        assert scaled.shape == (32, 64, 3) and moved.shape == (32, 64)
        # Away from the edges the brightness says the class.
        clear = (scaled[..., 0] < 8) | (scaled[..., 0] > 247)
        assert clear.mean() > .8
        assert np.array_equal(scaled[..., 0][clear] > 127, moved[clear] == 1)


def test_same_seed_gives_the_same_and_another_seed_another():
    image, ids = sample()
    first, second, other = (augmentation.augment(image, ids, (64, 32), seed)
                            for seed in (5, 5, 6))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    assert not np.array_equal(first[0], other[0])


def test_half_of_the_samples_are_flipped():
    ids = np.zeros((32, 64), np.uint8)
    ids[:, 32:] = 1                                 # road on the right
    image = np.full((32, 64, 3), 90, np.uint8)
    right = [augmentation.augment(image, ids, (64, 32), seed)[1][:, -1].mean()
             for seed in range(200)]
    assert 70 < sum(value > .5 for value in right) < 130


def test_larger_scale_cuts_a_part_out():
    ids = np.tile(np.arange(96, dtype=np.uint8), (64, 1))
    image = np.repeat(ids[:, :, None], 3, axis=2)
    _, cut = augmentation.rescale(image, ids, (96, 64), 1.5, (0, 0))
    assert cut[0, 0] == 0 and cut[0, -1] == 63      # 96 / 1.5 columns
    _, cut = augmentation.rescale(image, ids, (96, 64), 1.5, (1, 1))
    assert cut[0, 0] == 32 and cut[0, -1] == 95


def test_smaller_scale_mirrors_the_border():
    ids = np.tile(np.repeat([1, 2], 48).astype(np.uint8), (64, 1))
    image = np.repeat(ids[:, :, None], 3, axis=2)
    _, padded = augmentation.rescale(image, ids, (96, 64), .75, (.5, .5))
    assert padded.shape == (64, 96)
    assert (padded[:, :48] == 1).all() and (padded[:, 48:] == 2).all()


@pytest.mark.parametrize('channels', [1, 2, 5])
def test_soft_labels_of_any_number_of_classes_are_mirrored(channels):
    rows = np.arange(16 * channels, dtype=np.uint8).reshape(4, 4, channels)
    _, labels = augmentation.rescale(
        np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), (8, 8), .5,
        (.5, .5), lambda ids, size: rows)
    np.testing.assert_array_equal(labels, np.pad(
        rows, ((2, 2), (2, 2), (0, 0)), 'symmetric'))


@pytest.mark.parametrize('turn', [False, True])
def test_one_axis_is_cut_where_the_other_one_is_mirrored(turn):
    random = np.random.RandomState(1)
    # Blocks of 2x2 pixels: their means, and their classes, are exact.
    ids = random.randint(0, 5, (40, 60)).astype(np.uint8)
    image = random.randint(0, 256, (40, 60, 3)).astype(np.uint8)
    # 120x80 pixels become 60x40; for a crop of 20x50 a third of the width is
    # cut out, and the height fills four fifths.
    cut, scale, position = np.s_[:, 20:40], (3, .8), (.5, .25)
    padding, size = ((2, 8), (0, 0)), (20, 50)
    wanted = [np.pad(array[cut], padding + ((0, 0),) * (array.ndim - 2),
                     'symmetric') for array in (image, ids)]
    image, ids = (array.repeat(2, axis=0).repeat(2, axis=1)
                  for array in (image, ids))
    assert [part.tolist() for part in augmentation.window(
        (120, 80), size, scale, position)] == [[40, 0], [40, 80], [0, 2],
                                               [20, 40]]
    if turn:
        image, ids, *wanted = (array.swapaxes(0, 1)
                               for array in (image, ids, *wanted))
        scale, position, size = scale[::-1], position[::-1], size[::-1]
    found = augmentation.rescale(image, ids, size, scale, position)
    for one, other in zip(found, wanted):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize('name', ['light', 'strong'])
def test_a_crop_is_scaled_as_a_sample_of_image_size_is(name):
    recipe = augmentation.RECIPES[name]._replace(rotation=0)
    columns = np.tile(np.arange(250, dtype=np.uint8), (140, 1))
    rows = np.tile(np.arange(140, dtype=np.uint8)[:, None], (1, 250))
    image = np.zeros((140, 250, 3), np.uint8)
    for seed in range(40):
        scale, (_, y), *_ = augmentation.draw(seed, recipe)
        (cropped, across), (_, down) = (augmentation.augment(
            image, ids, (32, 160), seed, augmentation.nearest, recipe,
            image_size=(96, 64)) for ids in (columns, rows))
        assert cropped.shape == (160, 32, 3) and across.shape == (160, 32)
        # 96 * scale columns are the whole width, of which 32 are cut out.
        step = abs(float(across[0, -1]) - float(across[0, 0])) / 31
        assert step == pytest.approx(250 / (96 * scale), abs=.1)
        # All of the height is in 64 * scale rows of 160.
        height = int(np.rint(64 * scale))
        top = int((160 - height) * y)
        whole = cv2.resize(rows[:, :32], (32, height),
                           interpolation=cv2.INTER_NEAREST_EXACT)
        np.testing.assert_array_equal(down, np.pad(whole, (
            (top, 160 - height - top), (0, 0)), 'symmetric'))


def test_a_crop_of_image_size_is_the_sample_without_one():
    image, ids = sample()
    for seed in range(20):
        for recipe in augmentation.RECIPES.values():
            plain, cropped = (augmentation.augment(
                image, ids, (64, 32), seed, recipe=recipe, image_size=size)
                for size in (None, (64, 32)))
            assert all(map(np.array_equal, plain, cropped))


def test_light_of_a_grey_picture_follows_the_formula():
    image = np.full((8, 12, 3), 100, np.uint8)
    image[:, 6:] = 60                               # the mean is 80
    result = augmentation.relight(image, 10, 1.25, 1.4)
    # (100 - 80) * 1.25 + 80 + 10 = 115, (60 - 80) * 1.25 + 90 = 65
    assert (result[:, :6] == 115).all() and (result[:, 6:] == 65).all()


def test_no_saturation_is_grey():
    image = np.random.RandomState(0).randint(0, 256, (9, 7, 3)).astype(
        np.uint8)
    grey = augmentation.relight(image, 0, 1, 0)
    assert np.ptp(grey.astype(int), axis=2).max() == 0


def test_strong_augmentation_keeps_class_ids_and_their_places():
    image, ids = sample()
    ids = np.where(ids, 7, 3).astype(np.uint8)      # 5 is not among them
    seen = []
    for seed in range(60):
        strong, moved = augmentation.augment(
            image, ids, (64, 32), seed,
            recipe=augmentation.RECIPES['strong'])
        assert strong.shape == (32, 64, 3) and moved.shape == (32, 64)
        assert strong.dtype == moved.dtype == np.uint8
        assert set(np.unique(moved)) <= {3, 7}
        if set(np.unique(moved)) == {3, 7}:
            middle = (int(strong.min()) + int(strong.max())) / 2
            seen.append(((strong[..., 0] > middle) == (moved == 7)).mean())
    assert len(seen) > 30 and np.mean(seen) > .97 and min(seen) > .9


def test_light_augmentation_draws_no_more_than_it_did():
    image, ids = sample()
    random = np.random.RandomState(11)
    scaled, moved = augmentation.rescale(
        image, ids, (64, 32), random.uniform(.75, 1.5),
        random.uniform(size=2))
    if random.randint(2):
        scaled, moved = scaled[:, ::-1].copy(), moved[:, ::-1]
    lit = augmentation.relight(scaled, random.uniform(-32, 32),
                               random.uniform(.8, 1.25),
                               random.uniform(.6, 1.4))
    found, labels = augmentation.augment(image, ids, (64, 32), 11)
    assert np.array_equal(found, lit) and np.array_equal(labels, moved)


def test_a_right_angle_turns_as_numpy_does():
    random = np.random.RandomState(0)
    image = random.randint(0, 256, (32, 32, 3)).astype(np.uint8)
    ids = random.randint(0, 5, (32, 32)).astype(np.uint8)
    turned, moved = augmentation.rotate(image, ids, 90)
    assert np.array_equal(turned, np.rot90(image))
    assert np.array_equal(moved, np.rot90(ids))


def test_a_turned_picture_is_mirrored_beyond_its_borders():
    ids = np.full((40, 60), 2, np.uint8)
    image = np.full((40, 60, 3), 120, np.uint8)
    turned, moved = augmentation.rotate(image, ids, 5)
    assert (turned == 120).all() and (moved == 2).all()


def test_compression_changes_little():
    picture, _ = sample()
    worse, better = (abs(augmentation.compress(picture, quality).astype(int)
                         - picture).mean() for quality in (40, 95))
    assert 0 < better < worse < 8
