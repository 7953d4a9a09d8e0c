"""Downloads over a bad line from a server here, and hand-made archives."""
import contextlib
import errno
import json
import os
import re
import socket
import struct
import zipfile

import pytest
from serving import (BODY, BROKEN_ZIP, FAST, MODEL, MODEL_ZIP, tree,
                     zip_of)

from segmentation import files
from segmentation.backbone import download, zip_archive
from segmentation.errors import InputError


def test_a_whole_download_leaves_the_file_alone(server, tmp_path):
    download.fetch(server.url, str(tmp_path / 'new' / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'new/a.zip': BODY}


def test_progress_is_that_of_the_whole_file(server, tmp_path, monkeypatch):
    shown = []

    class Shown:
        def update(self, count):
            shown[-1][-1] += count

    @contextlib.contextmanager
    def show(total, what, unit, initial):
        shown.append([total, what, unit, initial])
        yield Shown()

    monkeypatch.setattr(download.progress, 'show', show)
    server.cuts = [100003]
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    size = len(BODY)
    assert shown == [[size, 'a.zip', 'B', 100003], [size, 'a.zip', 'B', size]]


def test_a_cut_connection_goes_on_where_it_ended(server, tmp_path):
    server.cuts = [100003, 0, 50021]
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}
    assert server.asked == [None, 'bytes=100003-', 'bytes=100003-',
                            'bytes=150024-']


def test_any_number_of_cuts_is_borne_while_bytes_arrive(server, tmp_path):
    server.cuts = [20000] * 14
    download.fetch(server.url, str(tmp_path / 'a.zip'), tries=1, **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}


def test_a_line_that_stays_dead_is_one_error_and_the_part_stays(
        server, tmp_path):
    server.cuts = [1009] + [0] * 9
    with pytest.raises(OSError) as caught:
        download.fetch(server.url, str(tmp_path / 'a.zip'), tries=3, **FAST)
    assert str(caught.value) == (
        f'{server.url}: got 1009 of 288032 bytes; nothing new in 3 tries')
    assert len(server.asked) == 4
    assert sorted(tree(tmp_path)) == ['a.zip.part', 'a.zip.part.json']


def test_the_next_run_goes_on_with_the_part(server, tmp_path):
    server.cuts = [1009, 0]
    with pytest.raises(OSError):
        download.fetch(server.url, str(tmp_path / 'a.zip'), tries=1, **FAST)
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}
    assert server.asked[-1] == 'bytes=1009-'


def test_a_server_without_ranges_is_asked_for_all(server, tmp_path):
    server.ranges, server.cuts = False, [100003]
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}


def test_a_server_without_ranges_that_always_cuts_is_given_up(
        server, tmp_path):
    server.ranges, server.cuts = False, [1009] * 99
    with pytest.raises(OSError, match='got 1009 of 288032 bytes'):
        download.fetch(server.url, str(tmp_path / 'a.zip'), tries=3, **FAST)
    assert len(server.asked) == 4


@pytest.mark.parametrize('etags', [('"first"', '"second"'), (None, None)])
def test_a_file_that_changed_between_tries_is_not_mixed(
        server, tmp_path, etags):
    def change():
        server.body, server.etag = BODY[::-1][:200017], etags[1]
    server.etag, server.cuts, server.after = etags[0], [100003], [change]
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY[::-1][:200017]}


def test_a_file_of_unknown_length_ends_with_the_connection(server, tmp_path):
    server.lengths = False
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}


@pytest.mark.parametrize('size', [len(BODY), len(BODY) + 1])
def test_status_416_ends_a_whole_part_and_restarts_a_long_one(
        server, tmp_path, size):
    part = tmp_path / 'a.zip.part'
    part.write_bytes((BODY + b'?')[:size])
    (tmp_path / 'a.zip.part.json').write_text(json.dumps(
        {'url': server.url, 'version': '"first"', 'total': len(BODY)}))
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}
    assert server.asked[0] == 'bytes=%d-' % size
    assert len(server.asked) == (1 if size == len(BODY) else 2)


def test_a_part_from_another_address_is_not_gone_on_with(server, tmp_path):
    (tmp_path / 'a.zip.part').write_bytes(b'other')
    (tmp_path / 'a.zip.part.json').write_text(json.dumps(
        {'url': 'http://other', 'version': None, 'total': 9}))
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}
    assert server.asked == [None]


@pytest.mark.parametrize('note', ['', '7', '{"url": "half a no'])
def test_a_note_that_cannot_be_read_is_no_note(server, tmp_path, note):
    (tmp_path / 'a.zip.part.json').write_text(note)
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}


def test_a_part_that_is_not_ours_survives(server, tmp_path):
    (tmp_path / 'a.zip.part').write_bytes(b'a browser has begun this')
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {
        'a.zip': BODY, 'a.zip.part.broken': b'a browser has begun this'}


def test_a_file_that_exists_is_not_overwritten(server, tmp_path):
    (tmp_path / 'a.zip').write_bytes(b'mine')
    with pytest.raises(FileExistsError, match='exists already'):
        download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': b'mine'} and not server.asked


def test_a_missing_file_is_not_asked_for_again(server, tmp_path):
    server.statuses = [404]
    with pytest.raises(OSError) as caught:
        download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert str(caught.value) == (
        f'{server.url}: HTTP Error 404: Not Found, wanted the file')
    assert len(server.asked) == 1 and tree(tmp_path) == {}


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.statuses = [503, 500]
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}


def test_no_server_is_one_error(tmp_path):
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        url = 'http://127.0.0.1:%d/a.zip' % unused.getsockname()[1]
    with pytest.raises(OSError, match=f'{re.escape(url)}: .*refused'):
        download.fetch(url, str(tmp_path / 'a.zip'), tries=2, **FAST)


def test_unpacking_makes_the_directory(tmp_path):
    (tmp_path / 'a.zip').write_bytes(MODEL_ZIP)
    zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'to' / 'here'))
    assert tree(tmp_path / 'to' / 'here') == MODEL
    assert os.listdir(str(tmp_path / 'to')) == ['here']


def test_unpacking_keeps_what_the_directory_has(tmp_path):
    (tmp_path / 'a.zip').write_bytes(MODEL_ZIP)
    (tmp_path / 'here').mkdir()
    (tmp_path / 'here' / 'mine.txt').write_bytes(b'mine')
    zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
    assert tree(tmp_path / 'here') == dict(MODEL, **{'mine.txt': b'mine'})


def test_names_may_begin_with_a_dot(tmp_path):
    (tmp_path / 'a.zip').write_bytes(zip_of({'./vgg/a': b'a', './b': b'b'}))
    (tmp_path / 'here').mkdir()
    zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
    assert tree(tmp_path / 'here') == {'vgg/a': b'a', 'b': b'b'}


def test_unpacking_replaces_nothing(tmp_path):
    (tmp_path / 'a.zip').write_bytes(zip_of({'a': b'new', 'b/c': b'new'}))
    (tmp_path / 'here' / 'b').mkdir(parents=True)
    (tmp_path / 'here' / 'b' / 'mine').write_bytes(b'mine')
    with pytest.raises(FileExistsError) as caught:
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
    assert f"{tmp_path / 'here' / 'b'!s}: exists" in str(caught.value)
    assert tree(tmp_path / 'here') == {'b/mine': b'mine'}
    assert os.listdir(str(tmp_path / 'here')) == ['b']


def test_entries_moved_before_one_that_cannot_be_are_taken_back(
        tmp_path, monkeypatch):
    rename = os.rename

    def failing(source, target):
        if target.endswith(f'here{os.sep}b'):
            raise OSError('no room')
        rename(source, target)
    (tmp_path / 'a.zip').write_bytes(zip_of({'a': b'new', 'b': b'new'}))
    (tmp_path / 'here').mkdir()
    monkeypatch.setattr(os, 'rename', failing)
    with pytest.raises(OSError, match='no room'):
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
    assert os.listdir(str(tmp_path / 'here')) == []


@pytest.mark.parametrize('name', ['../a', '/a', 'b/../../a', 'c:/a',
                                  '..\\a', '\\a'])
def test_an_entry_that_would_leave_the_directory_is_refused(tmp_path, name):
    (tmp_path / 'a.zip').write_bytes(zip_of({'good': b'', name: b'bad'}))
    with pytest.raises(ValueError, match='would leave the folder'):
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
    assert os.listdir(str(tmp_path)) == ['a.zip']


@pytest.mark.parametrize('content', [
    BROKEN_ZIP, MODEL_ZIP[:40000], MODEL_ZIP[1000:], b'', b'<html>moved'
], ids=['damaged', 'without end', 'without start', 'empty', 'no zip'])
def test_a_broken_zip_is_one_line_and_nothing_stays(tmp_path, content):
    (tmp_path / 'a.zip').write_bytes(content)
    with pytest.raises(ValueError) as caught:
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
    assert str(caught.value).startswith(
        f"{tmp_path / 'a.zip'!s}: not a whole zip file: ")
    assert '\n' not in str(caught.value)
    assert tree(tmp_path) == {'a.zip': content}
    assert os.listdir(str(tmp_path)) == ['a.zip']


def test_an_encrypted_zip_is_refused(tmp_path):
    content = bytearray(zip_of({'a': b'secret'}))
    for signature, offset in ((b'PK\3\4', 6), (b'PK\1\2', 8)):
        struct.pack_into('<H', content, content.index(signature) + offset, 1)
    (tmp_path / 'a.zip').write_bytes(content)
    with pytest.raises(ValueError, match='encrypted'):
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))


def test_a_line_on_which_nothing_comes_is_given_up_early(tmp_path):
    with socket.socket() as silent:     # accepts and never answers
        silent.bind(('127.0.0.1', 0))
        silent.listen(9)
        url = f'http://127.0.0.1:{silent.getsockname()[1]}/a.zip'
        with pytest.raises(download.DownloadError, match='in 1 tries'):
            download.fetch(url, str(tmp_path / 'a.zip'),
                           tries=99, timeout=.05, patience=0)


@pytest.mark.parametrize('url', ['nowhere', 'http://127.0.0.1:port/a.zip',
                                 'http://[/a.zip', 'odd://a/b.zip',
                                 'http://127.0.0.1:9/\n.zip'])
def test_what_is_no_address_is_one_line(tmp_path, url):
    with pytest.raises((InputError, OSError)) as caught:
        download.fetch(url, str(tmp_path / 'a.zip'), **FAST)
    assert str(caught.value).startswith(f'{url}: ')


def test_a_file_that_is_too_large_is_not_downloaded(server, tmp_path):
    with pytest.raises(OSError, match='has 288,032 bytes, wanted are 9 at'):
        download.fetch(server.url, str(tmp_path / 'a.zip'), largest=9, **FAST)
    assert tree(tmp_path) == {}


def test_a_file_that_does_not_end_is_cut_off(server, tmp_path):
    server.lengths = False
    with pytest.raises(OSError, match='goes on after 100,000 bytes'):
        download.fetch(server.url, str(tmp_path / 'a.zip'), largest=100000,
                       **FAST)
    assert not (tmp_path / 'a.zip').exists()
    assert (tmp_path / 'a.zip.part').stat().st_size <= 100000


def test_a_length_that_is_no_number_is_no_length(server, tmp_path):
    server.lengths = 'many'
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}


def test_one_process_alone_downloads_a_file(server, tmp_path):
    path = str(tmp_path / 'a.zip')
    with download.locks.hold(f'{path}.lock', 'busy'):
        with pytest.raises(OSError, match='another process downloads it'):
            download.fetch(server.url, path, **FAST)
    assert not server.asked


def test_a_full_disk_is_named(server, tmp_path, monkeypatch):
    def fail(self, count):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(download.progress.Lines, 'update', fail)
    with pytest.raises(OSError) as caught:
        download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert caught.value.filename == str(tmp_path / 'a.zip.part')


@pytest.mark.parametrize('method', [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_broken_compression_of_any_kind_is_one_line(tmp_path, method):
    path = tmp_path / 'a.zip'
    with zipfile.ZipFile(str(path), 'w', method) as out:
        out.writestr('a', b'a' * 999)
    content = bytearray(path.read_bytes())
    content[40:52] = b'\xff' * 12
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match='a.zip: not a whole zip file: .'):
        zip_archive.unpack(str(path), str(tmp_path / 'here'))
    assert os.listdir(str(tmp_path)) == ['a.zip']


@pytest.mark.parametrize('entries, message', [
    ({'./.': b'1'}, "entry './.' has no name"),
    ({'a': b'1', './a': b'2'}, 'a is in it twice'),
    ({'a/b': b'1', 'a!': b'', 'a': b'2'}, 'a is in it twice'),
    ({'a': b'1', 'a/': b''}, 'a is in it twice'),
    ({f'{k}': b'' for k in range(1001)},
     'has 1,001 entries, wanted are 1,000 at most')])
def test_names_that_cannot_be_unpacked_are_refused(
        tmp_path, entries, message):
    (tmp_path / 'a.zip').write_bytes(zip_of(entries))
    with pytest.raises(InputError) as caught:
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
    assert str(caught.value) == f"{tmp_path / 'a.zip'}: {message}"
    assert os.listdir(str(tmp_path)) == ['a.zip']


def test_an_empty_name_is_refused(tmp_path):
    content = bytearray(zip_of({'x': b'secret'}))
    for signature, offset in ((b'PK\3\4', 26), (b'PK\1\2', 28)):
        # The name's one byte becomes an extra field of one byte.
        struct.pack_into('<HH', content, content.index(signature) + offset,
                         0, 1)
    (tmp_path / 'a.zip').write_bytes(content)
    with pytest.raises(InputError, match="entry '' has no name"):
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
    assert os.listdir(str(tmp_path)) == ['a.zip']


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path, monkeypatch):
    (tmp_path / 'a.zip').write_bytes(zip_of({'a': b'\0' * 99999,
                                            'b': b'\0' * 2}))
    monkeypatch.setattr(zipfile.ZipFile, 'testzip', pytest.fail)
    with pytest.raises(InputError) as caught:
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'),
                           largest=100000)
    assert str(caught.value) == (
        f"{tmp_path / 'a.zip'}: has 100,001 bytes unpacked, wanted are "
        '100,000 at most')


def test_work_folders_are_those_that_the_next_run_removes(
        tmp_path, monkeypatch):
    def killed(*_):
        work, = os.listdir(str(tmp_path / 'here'))
        assert files.LEFTOVER.match(work)
        raise KeyboardInterrupt

    (tmp_path / 'a.zip').write_bytes(MODEL_ZIP)
    (tmp_path / 'here').mkdir()
    monkeypatch.setattr(zip_archive, 'extract', killed)
    with pytest.raises(KeyboardInterrupt):
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))


def test_a_fifo_is_no_archive(tmp_path):
    os.mkfifo(str(tmp_path / 'a.zip'))
    with pytest.raises(InputError, match='no regular file'):
        zip_archive.unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'here'))
