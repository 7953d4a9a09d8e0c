"""Loading sources, checking batches, writing files."""
import argparse
import os
import sys
import textwrap

import numpy as np
import pytest

from segmentation import files, option_types
from segmentation.data import contract, loading

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


def test_source_is_found_by_its_dotted_name(workplace):
    (workplace / 'mine').mkdir()
    (workplace / 'mine' / 'roads.py').write_text(SOURCE)
    assert loading.find_source('mine.roads').image_size == (64, 32)


def test_missing_module_is_said(workplace):
    with pytest.raises(ImportError) as error:
        loading.find_source('nope')
    assert str(error.value) == ("no data source 'nope': source_nope.py is "
                                "not on the path")
    with pytest.raises(ImportError, match='nowhere/roads.py is not on the'):
        loading.find_source('nowhere.roads')


@pytest.mark.parametrize('name, message', [
    ('./source_mine.py', 'NAME of source_NAME.py'),
    ('..', 'NAME of source_NAME.py'),
    ('source_mine.py', "'source_mine.py': mine is its name")])
def test_file_name_for_a_source_is_told_apart(workplace, name, message):
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
                                "valid_generator")


def test_source_without_get_source_is_said(workplace):
    (workplace / 'source_hollow.py').write_text('')
    with pytest.raises(ValueError, match='source_hollow.py has no get_sour'):
        loading.find_source('hollow')


def test_size_must_be_divisible_by_32():
    with pytest.raises(ValueError) as error:
        option_types.check_image_size((570, 160))
    assert str(error.value) == ('image_size is (570, 160): 570 is not '
                                'divisible by 32; 544 and 576 are')
    with pytest.raises(argparse.ArgumentTypeError, match='WIDTHxHEIGHT'):
        option_types.image_size('512')
    assert option_types.image_size('512X256') == (512, 256)


class Plain:
    """What `checked` looks at."""
    image_size = (4, 2)
    num_classes = 3


def batch(dtype=np.float32):
    labels = np.zeros((1, 2, 4, 3), dtype)
    labels[..., 1] = 1
    return np.zeros((1, 2, 4, 3)), labels, ['a.png'], ['a_label.png']


def test_float_labels_become_uint8():
    (_, labels, _, _), = contract.checked(Plain(), [batch()])
    assert labels.dtype == np.uint8 and labels.sum() == 8


def test_row_without_class_is_an_error_unless_ignore_is_declared():
    images, labels, *names = batch()
    labels[0, 1, 2] = 0
    with pytest.raises(ValueError, match='a_label.png: no class at row 1, '
                                         r'column 2 \(1 pixels'):
        list(contract.checked(Plain(), [(images, labels, *names)]))
    careful = Plain()
    careful.ignore = True
    batches = list(contract.checked(careful, [(images, labels, *names)]))
    assert len(batches) == 1


def test_batch_without_names_is_told_before_training():
    class Nameless(Plain):
        def train_generator(self, batch_size, names=False):
            return iter([batch()[:2]])

        valid_generator = train_generator

    with pytest.raises(ValueError, match='gives no names: train_generator'):
        contract.check_first_batch(Nameless())


def test_batch_of_another_shape_is_said():
    images, labels, *names = batch()
    with pytest.raises(ValueError, match=r'labels of shape \(1, 2, 4, 2\): '
                                         r'\(1, 2, 4, 3\) is wanted'):
        list(contract.checked(Plain(), [(images, labels[..., :2], *names)]))


def test_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('old')
    with pytest.raises(TypeError):
        files.write_json(str(path), {'no': object()})
    assert path.read_text() == 'old'
    assert os.listdir(str(tmp_path)) == ['a.json']


def test_nan_is_null_in_json(tmp_path):
    path = str(tmp_path / 'a.json')
    files.write_json(path, files.without_nan({'a': [float('nan'), .5]}))
    assert files.read_json(path) == {'a': [None, .5]}


def test_changed_split_is_refused(tmp_path):
    plain = Plain()
    plain.read_pair = None
    plain.splits = {'train': [('/d/b.png', '')], 'valid': [('/d/a.png', '')]}
    saved = {'train': ['b.png'], 'valid': ['a.png']}
    contract.check_split(plain, '/d', saved)
    plain.splits['valid'].append(('/d/c.png', ''))
    with pytest.raises(ValueError, match='valid split .* such as c.png'):
        contract.check_split(plain, '/d', saved)
