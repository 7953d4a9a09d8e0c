"""Downloads over a bad line from a server here, and hand-made archives."""
import hashlib
import http.server
import io
import json
import os
import re
import socket
import struct
import threading
import zipfile

import pytest

from segmentation.backbone import download, zip_archive

BODY = b''.join(hashlib.sha256(b'%d' % i).digest() for i in range(9001))
FAST = {'progress': False, 'pause': 0.001, 'timeout': 5}


class Handler(http.server.BaseHTTPRequestHandler):
    """Serve `server.body` with the faults that the test has set."""

    def do_GET(self):
        server = self.server
        asked = self.headers['Range']
        server.asked.append(asked)
        if server.statuses:
            return self.send_error(server.statuses.pop(0))
        start, size = 0, len(server.body)
        condition = self.headers['If-Range']
        if asked and server.ranges and condition in (None, server.etag):
            start = int(re.match(r'bytes=(\d+)-$', asked).group(1))
            if start >= size:
                self.send_response(416)
                self.send_header('Content-Range', 'bytes */%d' % size)
                return self.end_headers()
            self.send_response(206)
            self.send_header('Content-Range', 'bytes %d-%d/%d'
                             % (start, size - 1, size))
        else:
            self.send_response(200)
        if server.lengths:
            self.send_header('Content-Length', str(size - start))
        if server.etag:
            self.send_header('ETag', server.etag)
        self.end_headers()
        cut = server.cuts.pop(0) if server.cuts else size
        self.wfile.write(server.body[start:start + cut])
        if server.after:
            server.after.pop(0)()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    serving = http.server.HTTPServer(('127.0.0.1', 0), Handler)
    serving.body, serving.etag, serving.ranges = BODY, '"first"', True
    serving.lengths, serving.asked = True, []
    serving.cuts, serving.after, serving.statuses = [], [], []
    serving.url = 'http://127.0.0.1:%d/vgg.zip' % serving.server_port
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def zip_of(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def tree(directory):
    """Return {path below the directory: content} of all files."""
    return {path.relative_to(directory).as_posix(): path.read_bytes()
            for path in directory.rglob('*') if path.is_file()}


MODEL = {'vgg/saved_model.pb': BODY[:70001], 'vgg/variables/v': BODY[-5003:]}
MODEL_ZIP = zip_of(MODEL)
BROKEN_ZIP = MODEL_ZIP.replace(MODEL_ZIP[30000:30007], b'garbage')


def test_a_whole_download_leaves_the_file_alone(server, tmp_path):
    download.fetch(server.url, str(tmp_path / 'new' / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'new/a.zip': BODY}


def test_the_progress_bar_is_on_stderr(server, tmp_path, capsys):
    download.fetch(server.url, str(tmp_path / 'a.zip'))
    out, err = capsys.readouterr()
    assert out == '' and 'a.zip: 100%' in err and '281k' in err


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
        f"{server.url}: got 1009 of 288032 bytes; nothing new in 3 tries")
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
        f"{server.url}: HTTP Error 404: Not Found, wanted the file")
    assert len(server.asked) == 1 and tree(tmp_path) == {}


def test_a_busy_server_is_asked_again(server, tmp_path):
    server.statuses = [503, 500]
    download.fetch(server.url, str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path) == {'a.zip': BODY}


def test_no_server_is_one_error(tmp_path):
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        url = 'http://127.0.0.1:%d/a.zip' % unused.getsockname()[1]
    with pytest.raises(OSError, match=f"{re.escape(url)}: .*refused"):
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
        if target.endswith(f"here{os.sep}b"):
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


def test_a_download_that_was_unpacked_is_removed(server, tmp_path):
    server.body, server.cuts = MODEL_ZIP, [40009]
    download.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path) == {f"vgg/{name}": content
                              for name, content in MODEL.items()}


def test_a_directory_may_end_in_a_slash(server, tmp_path):
    server.body = MODEL_ZIP
    download.fetch_and_unpack(server.url, str(tmp_path / 'vgg') + os.sep,
                              **FAST)
    assert os.listdir(str(tmp_path)) == ['vgg']


def test_a_cached_zip_is_used_and_stays(server, tmp_path):
    (tmp_path / 'vgg.zip').write_bytes(MODEL_ZIP)
    download.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path / 'vgg') == MODEL and not server.asked
    assert (tmp_path / 'vgg.zip').read_bytes() == MODEL_ZIP


def test_broken_cached_zips_are_set_aside_and_fetched_anew(server, tmp_path):
    server.body = MODEL_ZIP
    (tmp_path / 'vgg.zip').write_bytes(BROKEN_ZIP)
    (tmp_path / 'vgg.zip.broken').write_bytes(b'of an earlier day')
    download.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path / 'vgg') == MODEL
    assert sorted(os.listdir(str(tmp_path))) == [
        'vgg', 'vgg.zip.broken', 'vgg.zip.broken.broken']
    assert (tmp_path / 'vgg.zip.broken.broken').read_bytes() == BROKEN_ZIP


def test_a_server_with_a_broken_zip_does_not_wedge_the_next_run(
        server, tmp_path):
    server.body = BROKEN_ZIP
    with pytest.raises(ValueError, match=f"fetched from {server.url}"):
        download.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path) == {}
    server.body = MODEL_ZIP
    download.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path / 'vgg') == MODEL


def test_a_download_that_found_no_place_is_kept(server, tmp_path):
    server.body = MODEL_ZIP
    (tmp_path / 'here' / 'vgg').mkdir(parents=True)
    with pytest.raises(FileExistsError):
        download.fetch_and_unpack(server.url, str(tmp_path / 'here'), **FAST)
    assert tree(tmp_path) == {'here.zip': MODEL_ZIP}


def test_an_archive_here_needs_no_server_and_is_only_read(server, tmp_path):
    (tmp_path / 'a.zip').write_bytes(MODEL_ZIP)
    (tmp_path / 'vgg.zip').write_bytes(b'not asked for')
    download.fetch_and_unpack(server.url, str(tmp_path / 'vgg'),
                              archive=str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path / 'vgg') == MODEL and not server.asked
    assert (tmp_path / 'a.zip').read_bytes() == MODEL_ZIP
    assert (tmp_path / 'vgg.zip').read_bytes() == b'not asked for'


def test_a_broken_or_missing_archive_is_left_as_it_is(server, tmp_path):
    (tmp_path / 'a.zip').write_bytes(BROKEN_ZIP)
    for name, error in (('a.zip', ValueError), ('b.zip', OSError)):
        with pytest.raises(error, match=name):
            download.fetch_and_unpack(server.url, str(tmp_path / 'vgg'),
                                      archive=str(tmp_path / name), **FAST)
    assert tree(tmp_path) == {'a.zip': BROKEN_ZIP} and not server.asked


def test_a_file_in_the_directory_s_place_is_said_before_fetching(
        server, tmp_path):
    (tmp_path / 'vgg').write_bytes(b'mine')
    with pytest.raises(NotADirectoryError, match='is not a folder'):
        download.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert not server.asked
