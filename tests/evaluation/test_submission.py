"""Folders to hand in: whole or not there."""
import os
import zipfile

import cv2
import numpy as np
import pytest

from segmentation.evaluation import submission

IMAGE = np.arange(6, dtype=np.uint8).reshape(2, 3)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, name):
    with open(os.path.join(folder, name), 'w') as file:
        file.write(name)


def test_folder_and_zip_appear_when_all_is_well(place):
    os.makedirs('out')      # an empty folder is as good as none
    with submission.Writer('out/', zipped=True) as writer:
        writer.write('b.png', IMAGE)
        writer.write('a.png', IMAGE)
        assert os.listdir('out') == []
    assert sorted(os.listdir('.')) == ['out', 'out.zip']
    assert sorted(os.listdir('out')) == ['a.png', 'b.png']
    with zipfile.ZipFile('out.zip') as archive:
        assert archive.namelist() == ['a.png', 'b.png']
        assert archive.read('a.png') == (place / 'out' / 'a.png').read_bytes()
    np.testing.assert_array_equal(cv2.imread('out/a.png', 0), IMAGE)


def test_nothing_is_left_when_it_is_not(place):
    with pytest.raises(KeyboardInterrupt):
        with submission.Writer('out', zipped=True) as writer:
            writer.write('a.png', IMAGE)
            raise KeyboardInterrupt
    assert os.listdir('.') == []


def test_folders_with_files_and_files_are_refused(place):
    os.mkdir('full')
    write('full', 'a.png')
    write('.', 'file')
    write('.', 'new.zip')
    for path, zipped, message in (
            ('full', False, 'full is not empty: a new folder is wanted'),
            ('file', False, 'file is a file: a folder is wanted'),
            ('new/', True, f"{place / 'new.zip'!s} exists already")):
        with pytest.raises(FileExistsError) as error:
            submission.check((None, path), zipped)
        assert str(error.value) == message
    submission.check(('new', None))
    assert sorted(os.listdir('.')) == ['file', 'full', 'new.zip']


def test_two_pictures_of_one_name_are_refused():
    with pytest.raises(ValueError) as error:
        submission.name_outputs([('a/x.png', None), ('b/x.png', None)],
                                os.path.basename)
    assert str(error.value) == ('a/x.png and b/x.png would both be written '
                                'to x.png')
