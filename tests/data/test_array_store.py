"""Arrays in a folder: filled, found again, and filled again where they differ.
"""
import numpy as np
import pytest

from segmentation.data import array_store

COUNTS = {'train': 5, 'valid': 2}


def make(folder, width=3):
    return array_store.ArrayStore(
        str(folder), {'train-rows': ((5, width), np.int32),
                      'valid-rows': ((2, width), np.int32)}, COUNTS)


def fill(store, split, numbers):
    """Fill a split with rows of these numbers, two a batch; list writes."""
    writes = []

    def write(split, rows, values):
        writes.append((rows.start, rows.stop))
        store.arrays[f'{split}-rows'][rows] = values

    store.fill(split, (
        ([f'{n}.png' for n in numbers[k:k + 2]],
         np.array(numbers[k:k + 2])[:, None])
        for k in range(0, len(numbers), 2)), write)
    return writes


@pytest.fixture
def filled(tmp_path):
    store = make(tmp_path)
    plan = store.open()
    assert plan.missing == COUNTS and not plan.is_complete
    # 5 + 2 rows of 3 numbers of 4 bytes
    assert plan.size == 84
    assert fill(store, 'train', [0, 1, 2, 3, 4]) == [(0, 2), (2, 4), (4, 5)]
    assert fill(store, 'valid', [5, 6]) == [(0, 2)]
    return tmp_path


def test_another_process_finds_the_arrays(filled):
    store = make(filled)
    plan = store.open()
    assert plan.is_complete and plan.fits
    np.testing.assert_array_equal(store.arrays['train-rows'],
                                  np.arange(5)[:, None].repeat(3, axis=1))
    assert store.progress['valid'] == ['5.png', '6.png']


def test_arrays_of_another_shape_count_as_missing(filled):
    assert make(filled, width=4).open().missing == COUNTS


def test_samples_are_written_again_from_the_first_that_differs(filled):
    store = make(filled)
    store.open()
    assert fill(store, 'train', [0, 1, 2, 7, 4]) == [(2, 4), (4, 5)]
    assert list(store.arrays['train-rows'][:, 1]) == [0, 1, 2, 7, 4]


@pytest.mark.parametrize('numbers, seen', [([0, 1, 2], 3),
                                           ([0, 1, 2, 3, 4, 5], 6)])
def test_more_or_fewer_samples_than_reported_are_refused(
        tmp_path, numbers, seen):
    store = make(tmp_path)
    store.open()
    with pytest.raises(ValueError, match='the data source reports 5 train '
                                         f'samples and yields {seen}'):
        fill(store, 'train', numbers)


@pytest.mark.parametrize('free, fits', [(84, False), (84 + (1 << 28), True)])
def test_the_disk_has_room_for_all_and_a_reserve(free, fits):
    plan = array_store.Plan(size=84, free=free, used=0, missing=COUNTS)
    assert plan.fits == fits


def test_a_folder_goes_by_its_fingerprint():
    def choose(*fingerprint):
        return array_store.choose_folder('cache', 'features', *fingerprint)

    assert choose('12ab') == 'cache/features-12ab'
    assert choose() != choose()
