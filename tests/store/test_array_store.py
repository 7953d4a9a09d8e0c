"""Arrays in a folder: filled, found again, and filled again where they differ.
"""
import json
import os
import zlib

import numpy as np
import pytest

from segmentation.store import array_store

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
    assert store.progress.names('valid') == ['5.png', '6.png']


def test_a_sample_goes_by_the_checksum_of_its_rows(filled):
    progress = json.loads((filled / 'progress.json').read_text())
    row = np.array([3, 3, 3], np.int32).tobytes()
    assert progress['train'][3] == {'name': '3.png', 'crc32': zlib.crc32(row)}


def test_rows_of_mirror_images_belong_to_their_sample(tmp_path):
    store = array_store.ArrayStore(
        str(tmp_path), {'train-rows': ((4, 3), np.uint8)}, {'train': 2})
    store.open()

    def write(split, rows, values):
        store.arrays['train-rows'][:] = [[1], [2], [3], [4]]

    store.fill('train', [(['a', 'b'], None)], write)
    # Of two samples and their mirror images, rows 1 and 3 are the second's.
    assert store.progress.samples['train'][1] == (
        'b', zlib.crc32(bytes([2, 2, 2, 4, 4, 4])))


def test_zeros_do_not_pass_for_what_was_written(filled):
    np.save(str(filled / 'train-rows.npy'), np.zeros((5, 3), np.int32))
    store = make(filled)
    assert store.open().is_complete
    store.check('train', [0])       # which is zeros
    with pytest.raises(ValueError, match=f'^{filled}: the arrays of 3.png '
                                         'are not as they were written: '
                                         '--resume computes them anew$'):
        store.check('train', [3, 4])
    # Sample 0 is zeros indeed: all from sample 1 are withdrawn.
    store = make(filled)
    assert store.open().missing == {'train': 4, 'valid': 0}
    assert fill(store, 'train', [0, 1, 2, 3, 4]) == [(0, 2), (2, 4), (4, 5)]


def test_each_sample_is_checked_once(filled, monkeypatch):
    store = make(filled)
    store.open()
    store.check('train', [0, 1])
    monkeypatch.setattr(store, 'checksum', None)
    store.check('train', [1, 0, 1])


def test_lost_arrays_leave_no_progress_while_they_are_made(
        filled, monkeypatch):
    os.remove(str(filled / 'valid-rows.npy'))
    store = make(filled)
    assert store.open().missing == COUNTS

    def fail(path):
        raise OSError('the disk is full')

    monkeypatch.setattr(array_store, 'allocate', fail)
    with pytest.raises(OSError, match='the disk is full'):
        fill(store, 'train', [0, 1, 2, 3, 4])
    assert not (filled / 'progress.json').exists()
    assert make(filled).open().missing == COUNTS


def test_another_process_keeps_the_arrays_that_it_has(filled):
    reader, writer = make(filled), make(filled)
    reader.open()
    os.remove(str(filled / 'valid-rows.npy'))
    writer.open()
    fill(writer, 'train', [5, 6, 7, 8, 9])
    assert list(reader.arrays['train-rows'][:, 0]) == [0, 1, 2, 3, 4]


def test_samples_to_be_written_again_are_withdrawn_first(filled):
    store = make(filled)
    store.open()

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.fill('train', [(['0.png', '7.png'], None)], stop)
    assert make(filled).open().missing == {'train': 5, 'valid': 0}


@pytest.mark.parametrize('text, message', [
    ('{"train": [1], "valid": []}', 'a sample: a JSON object is wanted'),
    ('{"train": {}, "valid": []}', 'train is {}: list is wanted'),
    ('{"train": [{"name": "0.png", "crc32": "x"}], "valid": []}',
     "a sample.crc32 is 'x': int is wanted"), ('[]', 'object is wanted')])
def test_progress_that_is_none_is_named(filled, text, message):
    (filled / 'progress.json').write_text(text)
    with pytest.raises(ValueError, match='progress.json: .*') as raised:
        make(filled).open()
    assert message in str(raised.value)


def test_arrays_without_checksums_are_written_again(filled):
    (filled / 'progress.json').write_text(
        '{"train": ["0.png"], "valid": ["5.png", "6.png"]}')
    assert make(filled).open().missing == COUNTS


def test_a_full_disk_is_an_error_of_the_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'posix_fallocate', full)
    store = make(tmp_path)
    store.open()
    with pytest.raises(OSError) as raised:
        fill(store, 'train', [0])
    assert raised.value.filename == str(tmp_path / 'train-rows.npy')


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
