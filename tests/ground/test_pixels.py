"""Class numbers out of label pictures, and their change of size."""
import os
import struct
import sys
import zlib

import cv2
import numpy as np
import pytest

from segmentation import pixels


def test_colours_are_packed_red_first():
    bgr = np.array([[[3, 2, 1], [255, 0, 128]]], np.uint8)
    assert pixels.pack(bgr).tolist() == [[0x010203, 0x8000FF]]
    assert pixels.unpack(0x8000FF) == (128, 0, 255)


def test_alpha_of_a_label_does_not_count():
    bgra = np.array([[[3, 2, 1, 255], [3, 2, 1, 0]]], np.uint8)
    assert pixels.pack(bgra).tolist() == [[0x010203, 0x010203]]
    assert bgra[0, 0, 3] == 255


def test_majority_takes_the_class_of_most_area():
    ids = np.array([[0, 0, 1, 1, 2, 2],
                    [0, 1, 1, 1, 2, 0]], np.uint8)
    assert pixels.resize_ids(ids, (3, 1)).tolist() == [[0, 1, 2]]


def test_majority_weighs_parts_of_pixels():
    # 5 columns to 2: each new pixel covers two and a half old ones, so that
    # the middle column counts half on either side.
    ids = np.array([[7, 7, 9, 9, 9]], np.uint8)
    assert pixels.resize_ids(ids, (2, 1)).tolist() == [[7, 9]]
    ids = np.array([[7, 4, 4, 4, 9]], np.uint8)
    assert pixels.resize_ids(ids, (2, 1)).tolist() == [[4, 4]]


def test_ignored_pixels_vote_too():
    ids = np.array([[255, 255, 3, 3], [255, 3, 3, 3]], np.uint8)
    assert pixels.resize_ids(ids, (2, 1)).tolist() == [[255, 3]]


def test_enlarged_ids_are_centre_aligned_nearest():
    ids = np.random.RandomState(0).randint(0, 5, (7, 11)).astype(np.uint8)
    expected = cv2.resize(ids, (33, 28), interpolation=cv2.INTER_NEAREST_EXACT)
    assert np.array_equal(pixels.resize_ids(ids, (33, 28)), expected)


def test_majority_agrees_with_counting():
    ids = np.random.RandomState(1).randint(0, 3, (24, 40)).astype(np.uint8)
    result = pixels.resize_ids(ids, (10, 8))
    blocks = ids.reshape(8, 3, 10, 4).transpose(0, 2, 1, 3).reshape(8, 10, 12)
    counts = np.stack([(blocks == c).sum(axis=2) for c in range(3)], axis=2)
    chosen = np.take_along_axis(counts, result[..., None].astype(int), 2)
    assert np.array_equal(chosen[..., 0], counts.max(axis=2))


@pytest.mark.parametrize('size', [(80, 8), (10, 48)])
def test_the_majority_holds_where_one_side_grows(size):
    ids = np.random.RandomState(1).randint(0, 3, (24, 40)).astype(np.uint8)
    smaller = min(size[0], 40), min(size[1], 24)
    expected = np.kron(pixels.resize_ids(ids, smaller), np.ones(
        (size[1] // smaller[1], size[0] // smaller[0]), np.uint8))
    np.testing.assert_array_equal(pixels.resize_ids(ids, size), expected)
    # A class on one row of eight is never that of most of a pixel.
    rows = np.zeros((480, 64), np.uint8)
    rows[1::8] = 1
    assert not pixels.resize_ids(rows, (100, 60)).any()
    shares = pixels.area_shares(rows, (100, 60), 2)
    np.testing.assert_allclose(shares[..., 1], 255 / 8, atol=.5)


def test_a_picture_is_averaged_where_one_side_grows():
    image = np.repeat(np.arange(240, dtype=np.float32)[:, None], 10, axis=1)
    image = np.stack([image] * 3, axis=2).round().astype(np.uint8)
    image[::2] = 0      # of each pair of rows the mean is half the odd one
    resized = pixels.resize_image(image, (25, 120))
    np.testing.assert_allclose(
        resized, np.broadcast_to(np.arange(1, 240, 2)[:, None, None] / 2,
                                 resized.shape), atol=.5)


def test_codes_beyond_the_table_are_of_no_file():
    table = pixels.make_table({-1: 3, 7: 1, 256: 2}, 256)
    assert table[7] == 1
    assert set(np.delete(table, 7)) == {pixels.UNKNOWN}


def test_no_new_class_is_invented():
    ids = np.random.RandomState(2).choice([0, 5, 255], (37, 53)).astype(
        np.uint8)
    for size in ((20, 11), (53, 37), (80, 90), (20, 90)):
        result = pixels.resize_ids(ids, size)
        assert result.shape == size[::-1]
        assert set(np.unique(result)) <= {0, 5, 255}


def test_row_of_ignore_is_all_zero():
    rows = pixels.one_hot_rows(3)
    assert rows[[1, pixels.IGNORE]].tolist() == [[0, 1, 0], [0, 0, 0]]
    assert rows.dtype == np.uint8


def test_picture_of_too_many_pixels_is_named(tmp_path):
    path = tmp_path / 'huge.png'
    cv2.imwrite(str(path), np.zeros((2, 3), np.uint8))
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack('>II', 60000, 60000)
    data[29:33] = struct.pack('>I', zlib.crc32(bytes(data[12:29])))
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match='huge.png: no picture'):
        pixels.read(str(path))


def test_unreadable_picture_is_named(tmp_path):
    path = tmp_path / 'broken.png'
    path.write_bytes(b'no picture')
    with pytest.raises(ValueError, match='broken.png: no picture'):
        pixels.read(str(path))
    with pytest.raises(FileNotFoundError):
        pixels.read(str(tmp_path / 'missing.png'))


@pytest.mark.skipif(sys.platform != 'linux', reason='names are text there')
def test_a_name_that_is_no_text_is_read(tmp_path):
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    path = os.path.join(str(tmp_path), os.fsdecode(b'\xff.png'))
    with open(path, 'wb') as file:
        file.write(cv2.imencode('.png', image)[1].tobytes())
    assert np.array_equal(pixels.read(path), image)
    with pytest.raises(FileNotFoundError) as error:
        pixels.read(path + '.png')
    assert error.value.filename == path + '.png'


def test_a_picture_is_known_by_its_first_bytes(tmp_path):
    image = np.zeros((2, 3, 3), np.uint8)
    for suffix in ('png', 'jpg', 'bmp', 'tif', 'webp', 'ppm'):
        path = str(tmp_path / f'picture.{suffix}')
        assert cv2.imwrite(path, image)
        assert pixels.is_picture(path)
    (tmp_path / 'text.png').write_bytes(b'no picture')
    assert not pixels.is_picture(str(tmp_path / 'text.png'))


def test_a_table_of_the_same_class_ids_is_made_once():
    table = pixels.make_table({3: 1, 5: pixels.IGNORE, 300: 2}, 8)
    assert table.tolist() == [254, 254, 254, 1, 254, 255, 254, 254]
    assert pixels.make_table({5: pixels.IGNORE, 300: 2, 3: 1}, 8) is table
    assert pixels.make_table({3: 1, 5: 0, 300: 2}, 8)[5] == 0
