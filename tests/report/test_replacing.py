"""A report that replaces an older one, killed at each change of the disk."""
import os
import shutil
import signal

import pytest

from segmentation import files
from segmentation.report import folder

CALLS = ('rename', 'replace', 'rmdir', 'unlink', 'mkdir', 'chmod', 'fsync')


def write(path, text, last=None):
    """Write a report of two files; die before the change number `last`."""
    count = 0

    def counted(function):
        def call(*args, **kwargs):
            nonlocal count
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)
        return call

    if last is not None:
        for name in CALLS:
            setattr(os, name, counted(getattr(os, name)))
    with folder.replace(path) as work:
        os.mkdir(os.path.join(work, 'pictures'))
        for name in ('index.html', 'pictures/a.png'):
            with open(os.path.join(work, name), 'w') as file:
                file.write(text)


def write_and_die(path, text, last):
    """Write a report in a process; return whether it was killed."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            write(path, text, last)
            status = 0
        finally:
            os._exit(status)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL)
    return status != 0


def read(path):
    """Return what is in the files of a report, by their names."""
    texts = {}
    for name in folder.list_files(path):
        with open(os.path.join(path, name)) as file:
            texts[name] = file.read()
    texts.pop('report.json')
    return texts


@pytest.mark.slow
@pytest.mark.parametrize('there', [False, True])
def test_a_killed_report_leaves_the_old_one_or_is_the_new_one(tmp_path,
                                                              there):
    pytest.importorskip('jinja2')
    pytest.importorskip('matplotlib')
    path = str(tmp_path / 'a' / 'report')
    seen, last = set(), 1
    while True:
        shutil.rmtree(str(tmp_path / 'a'), ignore_errors=True)
        if there:
            write(path, 'old')
        killed = write_and_die(path, 'new', last)
        folder.check(path)          # as the next run does
        texts = read(path) if os.path.isdir(path) else {}
        assert texts in ([{}, whole('new')] if not there
                         else [whole('old'), whole('new')])
        seen.add(texts.get('index.html'))
        write(path, 'next')
        assert read(path) == whole('next')
        if os.path.isdir(str(tmp_path / 'a')):
            files.remove_leftovers(str(tmp_path / 'a'))
        assert os.listdir(str(tmp_path / 'a')) == ['report']
        if not killed:
            break
        last += 1
    assert last > 6 and seen == {'old' if there else None, 'new'}


def whole(text):
    return {'index.html': text, 'pictures/a.png': text}


def test_linked_folders_of_the_user_s_are_not_replaced(tmp_path):
    path = str(tmp_path / 'report')
    write(path, 'old')
    os.symlink(str(tmp_path), os.path.join(path, 'mine'))
    with pytest.raises(FileExistsError, match='is not empty'):
        folder.check(path)
