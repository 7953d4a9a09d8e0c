"""What is never overwritten, nor left half-written or half-replaced."""
import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from segmentation import errors, files, overwriting

OWN = re.compile(r'options\.json$|best-\d+\.')


@pytest.fixture
def place(tmp_path):
    for name in ('data/classes.csv', 'data/a.png', 'run/options.json',
                 'run/old.json', 'list.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('mine')
    (tmp_path / 'link.json').symlink_to(tmp_path / 'list.txt')
    return tmp_path


def check(place, *names):
    overwriting.check_outputs(
        [name and str(place / name) for name in names],
        inputs=[str(place / 'list.txt'), str(place / 'missing.txt')],
        folders=[str(place / 'data')], owned=[(str(place / 'run'), OWN)])


@pytest.mark.parametrize('name', [
    'new.json', 'run/new.json', 'run/old.json', 'data/new.json', None])
def test_what_may_be_written(place, name):
    check(place, name)


@pytest.mark.parametrize('names, message', [
    (['list.txt'], 'list.txt is an input: it is not overwritten'),
    (['link.json'], 'link.json is an input: it is not overwritten'),
    (['data/classes.csv'], 'classes.csv is a file of the data set '),
    (['data/../data/a.png'], 'a.png is a file of the data set '),
    (['run/options.json'], 'options.json is a file of the run '),
    (['run/best-3.index'], 'best-3.index is a file of the run '),
    (['nowhere/a.json'], 'nowhere: no such folder'),
    (['run'], 'run is a folder: a file is wanted'),
    (['a.json', 'run/../a.json'], 'a.json: two outputs would be written')])
def test_what_is_never_overwritten(place, names, message):
    with pytest.raises((OSError, errors.InputError), match=message):
        check(place, *names)


def test_a_name_that_is_no_utf8_is_written(tmp_path):
    path = os.path.join(str(tmp_path), os.fsdecode(b'\xff.png'))
    image = np.random.RandomState(0).randint(0, 256, (13, 7, 3), np.uint8)
    files.write_image(path, image)
    with open(path, 'rb') as file:
        data = np.frombuffer(file.read(), np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(data, 1), image)
    assert len(os.listdir(str(tmp_path))) == 1


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    path.write_bytes(b'old')

    def fail(_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(files.os, 'fsync', fail)
    with pytest.raises(OSError, match='No space left'):
        files.write_image(str(path), np.zeros((4, 5), np.uint8))
    assert path.read_bytes() == b'old'
    assert os.listdir(str(tmp_path)) == ['a.png']


@pytest.mark.parametrize('text', ['{', '[' * 100000, '\xff'])
def test_broken_json_is_named(tmp_path, text):
    path = tmp_path / 'a.json'
    path.write_bytes(text.encode('latin-1'))
    with pytest.raises(errors.InputError, match='a.json: no JSON'):
        files.read_json(str(path))


def test_a_folder_is_replaced_whole(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'old').write_text('old')
    with files.atomic_folder(str(tmp_path / 'a'), lambda: True) as work:
        with open(os.path.join(work, 'new'), 'w') as file:
            file.write('new')
        assert os.listdir(str(tmp_path / 'a')) == ['old']
    assert os.listdir(str(tmp_path)) == ['a']
    assert os.listdir(str(tmp_path / 'a')) == ['new']


@pytest.mark.parametrize('failing', range(3))
def test_a_replacement_that_fails_keeps_the_old_folder(
        tmp_path, monkeypatch, failing):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'old').write_text('old')
    calls, rename = [], os.rename

    def fail(*paths):
        calls.append(paths)
        if len(calls) == failing + 1:
            raise OSError(28, 'No space left on device')
        rename(*paths)

    monkeypatch.setattr(files.os, 'rename', fail)
    try:
        with files.atomic_folder(str(tmp_path / 'a'), lambda: True):
            pass
    except OSError:
        pass
    monkeypatch.undo()
    files.settle(str(tmp_path / 'a'))
    assert os.listdir(str(tmp_path)) == ['a']
    expected = ['old'] if failing < 2 else []
    assert os.listdir(str(tmp_path / 'a')) == expected


def test_a_folder_of_the_user_s_is_not_replaced(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'mine').write_text('mine')
    with pytest.raises(OSError):
        with files.atomic_folder(str(tmp_path / 'a')):
            pass
    assert os.listdir(str(tmp_path)) == ['a']
    assert os.listdir(str(tmp_path / 'a')) == ['mine']


@pytest.mark.parametrize('moved', [False, True])
def test_a_killed_replacement_is_undone_or_finished(tmp_path, moved):
    (tmp_path / '.part-old-a').mkdir()
    (tmp_path / '.part-old-a' / 'old').write_text('old')
    if moved:
        (tmp_path / 'a').mkdir()
    files.settle(str(tmp_path / 'a'))
    assert os.listdir(str(tmp_path)) == ['a']
    assert os.listdir(str(tmp_path / 'a')) == ([] if moved else ['old'])


def test_only_leftovers_of_ended_processes_go(tmp_path):
    ended = subprocess.Popen([sys.executable, '-c', ''])
    ended.wait()
    names = {'left': f'.part-{files.HOST}-{ended.pid}-x.png',
             'alive': f'.part-{files.HOST}-{os.getpid()}-x.png',
             'other machine': f'.part-00000000-{ended.pid}-x.png',
             'mine': '.part-x.png'}
    for name in names.values():
        (tmp_path / name).write_text('x')
    (tmp_path / f'.part-{files.HOST}-{ended.pid}-y').mkdir()
    assert files.remove_leftovers(str(tmp_path)) == 2
    assert set(os.listdir(str(tmp_path))) == set(names.values()) - {
        names['left']}
