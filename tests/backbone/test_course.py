"""The course archive: what it must hold, and how large it may be."""
import os

import pytest
from serving import BROKEN_ZIP, FAST, MODEL_ZIP, tree, zip_of
from serving import MODEL as SERVED

from segmentation.backbone import course
from segmentation.errors import InputError

MODEL = {'saved_model.pb': b'graph', 'variables/variables.index': b'index',
         'variables/variables.data-00000-of-00001': b'data'}


def fetch(tmp_path, entries):
    """Fetch from an archive of {name: content}; return the folder's names."""
    (tmp_path / 'a.zip').write_bytes(zip_of(entries))
    course.fetch(str(tmp_path / 'vgg'), archive=str(tmp_path / 'a.zip'))
    return sorted(os.listdir(str(tmp_path / 'vgg')))


@pytest.mark.parametrize('top', ['', 'vgg/', './', './vgg/'])
def test_a_model_alone_or_in_a_folder_is_unpacked(tmp_path, top):
    entries = {top + name: content for name, content in MODEL.items()}
    names = fetch(tmp_path, dict(entries, **{f'{top}variables/': b''}))
    assert names == (['vgg'] if 'vgg' in top
                     else ['saved_model.pb', 'variables'])


def test_what_a_mac_and_later_tensorflows_add_is_no_harm(tmp_path):
    entries = {f'vgg/{name}': content for name, content in MODEL.items()}
    assert fetch(tmp_path, dict(entries, **{
        '__MACOSX/vgg/._saved_model.pb': b'', 'vgg/.DS_Store': b'',
        'vgg/fingerprint.pb': b''})) == ['__MACOSX', 'vgg']


@pytest.mark.parametrize('name, wanted', [
    ('saved_model.pb', 'saved_model.pb'),
    ('variables/variables.index', 'variables.index'),
    ('variables/variables.data-00000-of-00001', 'variables.data')])
def test_what_an_archive_lacks_is_named(tmp_path, name, wanted):
    entries = dict(MODEL)
    del entries[name]
    with pytest.raises(InputError) as caught:
        fetch(tmp_path, entries)
    assert str(caught.value) == f"{tmp_path / 'a.zip'}: holds no {wanted}"
    assert os.listdir(str(tmp_path)) == ['a.zip']


@pytest.mark.parametrize('name', ['run.sh', 'vgg/variables/notes.txt',
                                  'vgg/assets.extra/lib.so',
                                  'vgg/saved_model.pb.exe'])
def test_what_else_an_archive_holds_is_refused(tmp_path, name):
    with pytest.raises(InputError, match='the SavedModel of VGG16 alone'):
        fetch(tmp_path, dict(MODEL, **{name: b''}))
    assert os.listdir(str(tmp_path)) == ['a.zip']


def test_an_archive_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(course, 'LARGEST', 13)
    with pytest.raises(InputError, match='has 14 bytes unpacked, wanted are '
                                         '13 at most'):
        fetch(tmp_path, MODEL)


def test_the_whole_vgg16_twice_is_not_too_large():
    assert 2 * 4 * 134260544 < course.LARGEST


def test_a_download_that_was_unpacked_is_removed(server, tmp_path):
    server.body, server.cuts = MODEL_ZIP, [40009]
    course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path) == {f'vgg/{name}': content
                              for name, content in SERVED.items()}


def test_a_directory_may_end_in_a_slash(server, tmp_path):
    server.body = MODEL_ZIP
    course.fetch_and_unpack(server.url, str(tmp_path / 'vgg') + os.sep,
                            **FAST)
    assert os.listdir(str(tmp_path)) == ['vgg']


def test_a_cached_zip_is_used_and_stays(server, tmp_path):
    (tmp_path / 'vgg.zip').write_bytes(MODEL_ZIP)
    course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path / 'vgg') == SERVED and not server.asked
    assert (tmp_path / 'vgg.zip').read_bytes() == MODEL_ZIP


def test_broken_cached_zips_are_set_aside_and_fetched_anew(server, tmp_path):
    server.body = MODEL_ZIP
    (tmp_path / 'vgg.zip').write_bytes(BROKEN_ZIP)
    (tmp_path / 'vgg.zip.broken').write_bytes(b'of an earlier day')
    course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path / 'vgg') == SERVED
    assert sorted(os.listdir(str(tmp_path))) == [
        'vgg', 'vgg.zip.broken', 'vgg.zip.broken.broken']
    assert (tmp_path / 'vgg.zip.broken.broken').read_bytes() == BROKEN_ZIP


def test_a_server_with_a_broken_zip_does_not_wedge_the_next_run(
        server, tmp_path):
    server.body = BROKEN_ZIP
    with pytest.raises(ValueError, match=f'fetched from {server.url}'):
        course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path) == {}
    server.body = MODEL_ZIP
    course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert tree(tmp_path / 'vgg') == SERVED


def test_a_download_that_found_no_place_is_kept(server, tmp_path):
    server.body = MODEL_ZIP
    (tmp_path / 'here' / 'vgg').mkdir(parents=True)
    with pytest.raises(FileExistsError):
        course.fetch_and_unpack(server.url, str(tmp_path / 'here'), **FAST)
    assert tree(tmp_path) == {'here.zip': MODEL_ZIP}


def test_an_archive_here_needs_no_server_and_is_only_read(server, tmp_path):
    (tmp_path / 'a.zip').write_bytes(MODEL_ZIP)
    (tmp_path / 'vgg.zip').write_bytes(b'not asked for')
    course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'),
                            archive=str(tmp_path / 'a.zip'), **FAST)
    assert tree(tmp_path / 'vgg') == SERVED and not server.asked
    assert (tmp_path / 'a.zip').read_bytes() == MODEL_ZIP
    assert (tmp_path / 'vgg.zip').read_bytes() == b'not asked for'


def test_a_broken_or_missing_archive_is_left_as_it_is(server, tmp_path):
    (tmp_path / 'a.zip').write_bytes(BROKEN_ZIP)
    for name, error in (('a.zip', ValueError), ('b.zip', OSError)):
        with pytest.raises(error, match=name):
            course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'),
                                    archive=str(tmp_path / name), **FAST)
    assert tree(tmp_path) == {'a.zip': BROKEN_ZIP} and not server.asked


def test_a_file_in_the_directory_s_place_is_said_before_fetching(
        server, tmp_path):
    (tmp_path / 'vgg').write_bytes(b'mine')
    with pytest.raises(NotADirectoryError, match='is not a folder'):
        course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'), **FAST)
    assert not server.asked


def test_nothing_is_downloaded_where_that_is_refused(server, tmp_path):
    def refuse():
        raise OSError('offline')

    (tmp_path / 'vgg.zip').write_bytes(BROKEN_ZIP)
    with pytest.raises(OSError, match='offline'):
        course.fetch_and_unpack(server.url, str(tmp_path / 'vgg'),
                                before=refuse, **FAST)
    assert tree(tmp_path) == {'vgg.zip': BROKEN_ZIP} and not server.asked
