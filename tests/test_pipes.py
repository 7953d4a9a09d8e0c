"""Pipes, sockets and devices named as pictures: nothing waits for them."""
import os
import shutil
import socket

import folders
import helpers
import numpy as np
import pytest
import road_frames
import runs

import infer
import source_camvid
import source_cityscapes
import source_folder
import source_kitti
import source_voc
from segmentation import pixels
from segmentation.checking import inspection, survey
from segmentation.data import label_files
from segmentation.inference import jobs

# Whoever opens a pipe would wait for ever.
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_special(folder, stem, suffix='.png'):
    """Make a pipe and a socket, and a link to a device, named as pictures."""
    os.makedirs(folder, exist_ok=True)
    here = os.getcwd()
    os.chdir(folder)        # the names of sockets are short
    os.mkfifo(f'{stem}1{suffix}')
    socket.socket(socket.AF_UNIX).bind(f'{stem}2{suffix}')
    os.symlink('/dev/zero', f'{stem}3{suffix}')
    os.chdir(here)


def write_kitti(folder):
    for name in road_frames.FRAMES[:2]:
        road_frames.write_frame(folder / 'training', name, 0)
    make_special(str(folder / 'training' / 'image_2'), 'um_')
    return source_kitti


def write_camvid(folder):
    picture = np.zeros((8, 9, 3), np.uint8)
    for part in ('train', 'val'):
        for end, array in (('', picture), ('annot', picture[..., 0])):
            folders.write_picture(str(folder / (part + end) / '0.png'), array)
        make_special(str(folder / part), 'a')
    return source_camvid


def write_cityscapes(folder):
    picture = np.zeros((8, 9), np.uint8)
    for part in ('train', 'val'):
        pictures = folder / 'leftImg8bit' / part / 'ulm'
        folders.write_picture(str(pictures / 'ulm_0_0_leftImg8bit.png'),
                              picture)
        make_special(str(pictures), 'ulm_1_', '_leftImg8bit.png')
        folders.write_picture(str(folder / 'gtFine' / part / 'ulm' /
                                  'ulm_0_0_gtFine_labelIds.png'), picture)
    return source_cityscapes


def write_voc(folder):
    for name in ('a', 'b'):
        for parent, suffix in (('JPEGImages', '.jpg'),
                               ('SegmentationClass', '.png')):
            folders.write_picture(str(folder / parent / (name + suffix)),
                                  np.zeros((8, 9), np.uint8), suffix)
    make_special(str(folder / 'SegmentationClass'), 'c')
    return source_voc


def write_folder(folder):
    folders.write(folder, ['train/0.png', 'valid/0.png'])
    for kind in ('images', 'labels'):
        for part in ('train', 'valid'):
            make_special(str(folder / kind / part), 'a')
    return source_folder


@pytest.mark.parametrize('write', [
    write_kitti, write_camvid, write_cityscapes, write_voc, write_folder])
def test_sources_list_regular_files_alone(place, write):
    source = write(place / 'data').get_source()
    source.load_data('data', .5)
    pairs = source.splits['train'] + source.splits['valid']
    assert len(pairs) == 2
    assert all(os.path.isfile(path) for pair in pairs for path in pair)


def test_pictures_to_segment_are_regular_files(place):
    folders.write_picture('in/0.png', np.zeros((8, 9), np.uint8))
    make_special('in', 'a')
    make_special('in', 'b', '')
    assert [name for _, name in jobs.list_pictures('in', 'out')] == ['0.png']
    for name in ('in/a1.png', 'in/a2.png', 'in/a3.png'):
        with pytest.raises(FileNotFoundError, match='no such file or folder'):
            jobs.list_pictures(name, 'out')


def test_a_dangling_link_is_listed_so_that_it_is_named(place):
    os.mkdir('in')
    os.symlink('nowhere', 'in/a.png')
    assert [name for _, name in jobs.list_pictures('in', 'out')] == ['a.png']


def test_labels_are_surveyed_without_pipes(place):
    folders.write_picture('labels/0.png', np.zeros((8, 9), np.uint8))
    make_special('labels', 'a')
    assert survey.Survey('labels').files == 1
    assert label_files.list_files('labels') == ['0.png']


@pytest.mark.parametrize('number', '123')
def test_no_reader_waits(place, number):
    make_special('.', 'a')
    path = f'a{number}.png'
    for read in (pixels.read, label_files.open_png):
        with pytest.raises(ValueError, match=f'^{path}: a file is wanted'):
            read(path)
    assert not pixels.is_picture(path)
    pair = inspection.inspect(None, [], path, path)
    assert pair.faults


def test_a_source_that_lists_a_pipe_ends_in_one_line(place):
    shutil.copytree(helpers.data_dir(), 'data')
    os.remove('data/valid/1.png')
    os.mkfifo('data/valid/1.png')
    done = helpers.run_program(
        'check_source.py', '--data-source', 'tiny', '--data-dir',
        str(place / 'data'), '--output-dir', str(place / 'out'), timeout=60)
    assert done.returncode == 1
    assert done.stderr == (f'[!] {place}/data/valid/1.png: a file is wanted, '
                           'no folder, pipe or device\n')


def test_infer_takes_the_others(place):
    data = folders.write('data', ['train/0.png', 'valid/0.png'])
    run = runs.make('run', 'folder', data)
    make_special('data/images/valid', 'a')
    assert infer.main(['--name', run, '--samples-dir', 'data/images/valid',
                       '--output-dir', 'out']) == 0
    assert sorted(os.listdir('out')) == ['0.png', 'infer.json']
