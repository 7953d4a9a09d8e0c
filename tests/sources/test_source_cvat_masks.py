"""CVAT's Segmentation mask 1.1: labelmap.txt, lists, colours."""

import cv2
import numpy as np
import pytest
from helpers import load_source, run_program

import source

MAP = ('# label:color_rgb:parts:actions\nbackground:0,0,0::\n'
       'road:128,64,128::\nignored:9,9,9::\ncar:0,0,142::\n')
COLORS = np.array([(0, 0, 0), (128, 64, 128), (9, 9, 9), (0, 0, 142)],
                  np.uint8)[:, ::-1]
CODES = np.repeat(np.arange(4), 16)[None].repeat(36, axis=0)    # columns


def write(root, names, suffix='.jpg', folder='JPEGImages', grey=False):
    for k, name in enumerate(names):
        for path, array in (
                (root / folder / f'{name}{suffix}', np.full(
                    (36, 64, 3), 90 + k, np.uint8)),
                (root / 'SegmentationClass' / f'{name}.png',
                 CODES.astype(np.uint8) if grey else COLORS[CODES])):
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), array)


def write_list(root, name, frames):
    path = root / 'ImageSets' / 'Segmentation' / f'{name}.txt'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(frames) + '\n')


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'labelmap.txt').write_text(MAP)
    return tmp_path


def load(root):
    return load_source('cvat_masks', root, valid_fraction=.25)


@pytest.mark.parametrize('grey', [False, True])
def test_colours_and_grey_values_are_the_lines_of_the_map(root, grey):
    write(root, ['a', 'b/c'], grey=grey)
    write_list(root, 'default', ['a', 'b/c'])
    data = load(root)
    assert data.class_names == ['background', 'road', 'car']
    assert data.background == ['background']
    for pair in data.splits['train'] + data.splits['valid']:
        _, ids = data.read_pair(*pair)
        assert ids[9, ::16].tolist() == [0, 1, source.IGNORE, 2]


def test_lists_are_the_split_or_it_is_drawn(root):
    write(root, 'abcd', '.png', 'images')
    write_list(root, 'default', 'abcd')
    data = load(root)
    assert (data.num_training, data.num_validation) == (3, 1)
    write_list(root, 'train', 'ab')
    write_list(root, 'val', 'c')
    data = load(root)
    assert data.splits['valid'] == [(
        str(root / 'images' / 'c.png'),
        str(root / 'SegmentationClass' / 'c.png'))]


def test_faults_are_named(root):
    write(root, 'ab')
    write_list(root, 'default', 'abc')
    with pytest.raises(FileNotFoundError, match='no label c.png'):
        load(root)
    (root / 'JPEGImages' / 'a.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='a.png: no picture .*a.png'):
        load(root)
    for text, message in (
            ('road:1,2\n', "line 1: 'road:1,2': name:red,green,blue:: is"),
            ('a:1,2,3::\n\na:4,5,6::', 'line 3: a has the name or the colou'),
            ('a:1,2,3::\nb:1,2,3::', 'line 2: b has the name or the colour')):
        (root / 'labelmap.txt').write_text(text)
        with pytest.raises(ValueError, match=message):
            load(root)
    (root / 'labelmap.txt').unlink()
    with pytest.raises(FileNotFoundError):
        load(root)


def test_a_colour_in_no_line_is_a_fault(root):
    write(root, 'ab')
    write_list(root, 'default', 'ab')
    (root / 'labelmap.txt').write_text(MAP.replace('142', '143'))
    done = run_program('check_source.py', '--data-source', 'cvat_masks',
                       '--data-dir', str(root), '--output-dir',
                       str(root / 'out'))
    assert done.returncode == 1
    assert 'colour (0, 0, 142) at row 0, column 48 is in no class' in (
        done.stderr)
