"""Label files: values as they stand in them, and what is no label."""
import os

import cv2
import numpy as np
import pytest
from pngs import write_png

from segmentation.data import label_files

PALETTE = [(0, 0, 0), (128, 64, 128), (70, 130, 180), (0, 0, 142)]
SAMPLES = np.array([[0, 1, 2, 3, 1], [3, 3, 0, 0, 2]])


@pytest.mark.parametrize('depth', [2, 4, 8])
@pytest.mark.parametrize('palette', [None, PALETTE])
def test_samples_are_those_stored(tmp_path, depth, palette):
    path = str(tmp_path / 'a.png')
    write_png(path, SAMPLES, palette, depth)
    samples = label_files.read_samples(label_files.open_png(path))
    assert samples.dtype == np.uint8
    assert samples.tolist() == SAMPLES.tolist()


def test_one_bit_is_0_and_1_as_an_id_and_black_and_white_as_a_colour(
        tmp_path):
    path = str(tmp_path / 'a.png')
    write_png(path, SAMPLES % 2, depth=1)
    png = label_files.open_png(path)
    assert label_files.read_ids(png).tolist() == (SAMPLES % 2).tolist()
    assert label_files.read_colors(png).tolist() == [
        [0, 0xffffff, 0, 0xffffff, 0xffffff], [0xffffff, 0xffffff, 0, 0, 0]]


def test_palette_colours_are_red_green_blue(tmp_path):
    path = str(tmp_path / 'a.png')
    write_png(path, SAMPLES, PALETTE)
    png = label_files.open_png(path)
    assert label_files.read_palette(png).tolist() == list(map(list, PALETTE))
    assert label_files.read_colors(png)[0, 1] == 0x804080


def test_ids_of_16_bits_and_of_three_equal_channels(tmp_path):
    wide, three = str(tmp_path / 'a.png'), str(tmp_path / 'b.png')
    cv2.imwrite(wide, np.array([[0, 300, 65535]], np.uint16))
    cv2.imwrite(three, np.repeat(SAMPLES[:, :, None], 3, 2).astype(np.uint8))
    assert label_files.read_ids(label_files.open_png(wide)).tolist() == [
        [0, 300, 65535]]
    assert label_files.read_ids(label_files.open_png(three)).tolist() \
        == SAMPLES.tolist()
    with pytest.raises(ValueError, match='a.png: 16 bits a value: colours '
                                         'have 8'):
        label_files.read_colors(label_files.open_png(wide))


def test_a_jpeg_is_refused_whatever_its_name(tmp_path):
    path = tmp_path / 'a.png'
    path.write_bytes(cv2.imencode('.jpg', np.zeros((8, 9, 3), np.uint8))[1]
                     .tobytes())
    with pytest.raises(ValueError, match='a.png: a JPEG: its compression '
                                         'changes the values of a label'):
        label_files.open_png(str(path))


@pytest.mark.parametrize('kept', [9, 30, 60, -1])
def test_a_cut_off_png_is_one_line_without_libpngs_own(tmp_path, capfd, kept):
    path = tmp_path / 'a.png'
    write_png(path, SAMPLES, PALETTE)
    data = path.read_bytes()[:kept]
    path.write_bytes(data)
    with pytest.raises(ValueError) as error:
        label_files.open_png(str(path))
    assert str(error.value) == '{}: the PNG is cut off after {} bytes'.format(
        path, len(data))
    assert capfd.readouterr() == ('', '')


def test_a_broken_png_is_said(tmp_path):
    path = tmp_path / 'a.png'
    write_png(path, SAMPLES, PALETTE)
    data = bytearray(path.read_bytes())
    place = data.index(b'IDAT') + 4
    data[place:place + 6] = b'broken'
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match='a.png: a broken PNG'):
        label_files.read_samples(label_files.open_png(str(path)))


def test_files_of_sub_folders_are_listed_without_hidden_ones(tmp_path):
    for name in ('b.PNG', 'a/c.jpeg', 'a/notes.txt', '.x/d.png', 'a/._e.png'):
        (tmp_path / os.path.dirname(name)).mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b'')
    os.symlink(str(tmp_path), str(tmp_path / 'a' / 'loop'))
    assert label_files.list_files(str(tmp_path)) == ['a/c.jpeg', 'b.PNG']
