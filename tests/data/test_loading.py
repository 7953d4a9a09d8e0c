"""Sources by name: which is found, and one line on what is not."""
import os
import subprocess
import sys
import textwrap

import pytest
from helpers import ROOT

import source_kitti
from segmentation.data import loading

SOURCE = '''
class Toy:
    image_size = (64, 32)
    num_classes = 2
    label_colors = {0: (0, 0, 0), 1: (255, 0, 255)}
    num_training = num_validation = 1

    def load_data(self, data_dir, valid_fraction):
        pass

    def train_generator(self, batch_size, names=False):
        pass

    valid_generator = train_generator


def get_source():
    return Toy()
'''


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A working directory whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_source_is_found_in_the_working_directory(workplace):
    (workplace / 'source_wd.py').write_text(SOURCE)
    assert loading.find_source('wd').num_classes == 2


def test_a_source_of_the_working_directory_wins_over_ours(workplace,
                                                          monkeypatch):
    ours = source_kitti.KittiSource.__module__
    monkeypatch.setitem(sys.modules, 'source_kitti', source_kitti)
    assert ours == 'source_kitti'
    assert loading.find_source('kitti').class_names == ['not road', 'road']
    assert loading.source_file('kitti') == os.path.join(ROOT,
                                                        'source_kitti.py')
    path = workplace / 'source_kitti.py'
    path.write_text('import helper_of_it\n' + SOURCE)
    (workplace / 'helper_of_it.py').write_text('')
    found = loading.find_source('kitti')
    assert type(found).__name__ == 'Toy'
    assert loading.source_file('kitti') == str(path)
    # It is the same module for whoever asks again.
    assert type(loading.find_source('kitti')) is type(found)
    path.write_text('import no_such_thing\n')
    del sys.modules['source_kitti']
    with pytest.raises(ImportError, match="'kitti' cannot be imported: "):
        loading.find_source('kitti')


def test_source_is_found_by_its_dotted_name(workplace):
    (workplace / 'mine').mkdir()
    (workplace / 'mine' / 'roads.py').write_text(SOURCE)
    assert loading.find_source('mine.roads').image_size == (64, 32)


def test_missing_module_is_reported(workplace):
    with pytest.raises(ImportError) as error:
        loading.find_source('nope')
    assert str(error.value).startswith(
        "no data source 'nope': source_nope.py is not on the path: the data")
    with pytest.raises(ImportError, match='nowhere/roads.py is not on the'):
        loading.find_source('nowhere.roads')


@pytest.mark.parametrize('name, message', [
    ('..', 'NAME of source_NAME.py'),
    ('KITTI', 'source_KITTI.py is not on the path: did you mean .kitti.[?]'),
    ('source_kitti', "did you mean 'kitti'[?] The .* are .*camvid, cityscap"),
    ('source_kitti.py', "NAME of .* wanted: did you mean 'kitti'[?]"),
    ('./source_mine.py', "did you mean 'mine'[?] The .* are .*kitti, .*mine"),
    ('kity', "did you mean 'kitti'[?]"),
    ('xyz', 'is not on the path: the data sources are .*voc')])
def test_a_wrong_name_of_a_source_leads_to_the_right_one(workplace, name,
                                                         message):
    (workplace / 'source_mine.py').write_text(SOURCE)
    with pytest.raises(ImportError, match=message):
        loading.find_source(name)


def test_syntax_error_in_a_source_is_one_line(workplace):
    (workplace / 'source_crooked.py').write_text('def get_source(:\n')
    with pytest.raises(ImportError, match='crooked.py, line 1'):
        loading.find_source('crooked')


def test_broken_import_inside_a_source_is_not_a_missing_source(workplace):
    (workplace / 'source_broken.py').write_text('import no_such_thing\n')
    with pytest.raises(ImportError, match="'broken' cannot be imported: "
                                          "No module named 'no_such_thing'"):
        loading.find_source('broken')


def test_incomplete_source_lists_what_it_lacks(workplace):
    (workplace / 'source_part.py').write_text(textwrap.dedent('''
        class Part:
            image_size = (64, 32)
            num_classes = 2

            def load_data(self, data_dir, valid_fraction):
                pass

            def train_generator(self, batch_size, names=False):
                pass

        def get_source():
            return Part()
        '''))
    with pytest.raises(ValueError) as error:
        loading.find_source('part')
    assert str(error.value) == ("data source 'part' lacks label_colors, "
                                'valid_generator')


def test_source_without_get_source_is_reported(workplace):
    (workplace / 'source_hollow.py').write_text('')
    with pytest.raises(ValueError, match='source_hollow.py has no get_sour'):
        loading.find_source('hollow')


def test_a_bug_in_a_source_ends_training_with_its_line(tmp_path):
    bug = 'yield numpy.zeros(3) + numpy.zeros(2)'
    code = 'import numpy\n' + SOURCE.replace('pass\n\n    valid',
                                             bug + '\n\n    valid')
    (tmp_path / 'mine').mkdir()
    path = tmp_path / 'mine' / 'roads.py'
    path.write_text(code)
    line = 1 + code.splitlines().index('        ' + bug)
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, 'train.py'), '--data-source',
         'mine.roads', '--name', 'run'], cwd=str(tmp_path),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    assert done.returncode == 1
    assert 'Traceback (most recent call last):' in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f'[!] {path}, line {line}: ValueError: operands '
                           'could not be broadcast')
    assert not (tmp_path / 'run').exists()


def load_raising(folder, statement):
    """Load the data of a source whose load_data has a statement."""
    (folder / 'source_raising.py').write_text(SOURCE.replace(
        'def load_data(self, data_dir, valid_fraction):\n        pass',
        'def load_data(self, data_dir, valid_fraction):\n        '
        + statement))
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, 'check_source.py'),
         '--data-source', 'raising', '--data-dir', 'nowhere', '--output-dir',
         'out'], cwd=str(folder), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, universal_newlines=True)


@pytest.mark.parametrize('statement, said', [
    ("raise RuntimeError('No frames in ' + data_dir)",
     'RuntimeError: No frames in nowhere'),
    ("import re; re.match('a', data_dir).group()",
     "AttributeError: 'NoneType' object has no attribute 'group'"),
    ("raise ValueError('two\\nlines')", 'lines'),
    ("raise Exception('no data')", 'Exception: no data')])
def test_what_a_source_raises_for_a_folder_is_one_line(tmp_path, statement,
                                                       said):
    done = load_raising(tmp_path, statement)
    path = os.path.realpath(str(tmp_path / 'source_raising.py'))
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"[!] data source 'raising' cannot load nowhere: {said} ({path}, "
        'line ')
    assert done.stderr.count('\n') == 1
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('statement', [
    "len(3)", "[][0]", "{}['a']", "undefined", "assert False", "1 / 0",
    "raise NotImplementedError"])
def test_a_bug_in_load_data_keeps_its_traceback(tmp_path, statement):
    done = load_raising(tmp_path, statement)
    assert done.returncode == 1
    assert done.stderr.startswith('Traceback (most recent call last):')
    assert 'source_raising.py, line ' in done.stderr.splitlines()[-1]


def test_what_a_server_says_is_one_line(tmp_path):
    done = load_raising(tmp_path, 'from urllib.error import HTTPError; raise '
                        "HTTPError('http://a/b', 404, 'Not Found', {}, None)")
    assert (done.returncode, done.stderr) == (
        1, '[!] HTTP Error 404: Not Found\n')


def test_a_folder_that_is_missing_is_named_with_its_option(tmp_path):
    done = load_raising(tmp_path, "open('gone/train')")
    assert done.returncode == 1
    assert done.stderr == ('[!] gone/train: No such file or directory '
                           "(--data-dir is 'nowhere')\n")
