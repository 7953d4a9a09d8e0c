"""Which classes overlays leave unpainted: said by a source, or by names."""
import re
import types

import numpy as np
import pytest

from segmentation.data import background, class_table
from segmentation.errors import InputError


def make(names, **attributes):
    return types.SimpleNamespace(num_classes=len(names), class_names=names,
                                 **attributes)


@pytest.mark.parametrize('names, wanted', [
    (['not road', 'road'], ['not road']),
    (['road', 'Background'], ['Background']),
    (['non-road', 'road'], ['non-road']),
    (['other', 'red'], ['other']),
    (['sky', 'road'], []),
    (['rest', 'other'], []),
    (['notary', 'road'], []),
    (['background', 'cat', 'dog'], [])])
def test_of_two_classes_the_names_tell(names, wanted):
    assert background.of_source(make(names)) == wanted
    assert background.recorded({'class_names': names}) == wanted


def test_what_a_source_or_a_record_says_counts():
    names = ['void', 'cat', 'background']
    assert background.of_source(make(names, background='void')) == ['void']
    assert background.of_source(make(names, background=names[::2])) == [
        'void', 'background']
    assert background.of_source(make(['not a', 'a'], background=())) == []
    assert background.recorded({'class_names': ['not a', 'a'],
                                'background': []}) == []


@pytest.mark.parametrize('declared, message', [
    (['sea'], "background of the data source is 'sea': its classes are a, b"),
    (['a', 'b'], 'every class of the data source is background: a, b')])
def test_a_background_that_cannot_be_is_refused(declared, message):
    with pytest.raises(InputError) as error:
        background.of_source(make(['a', 'b'], background=declared))
    assert str(error.value) == message


def test_a_class_table_marks_background(tmp_path):
    path = tmp_path / 'classes.csv'
    path.write_text('name,id,background\nfloor,0,1\ncup,1,\n')
    assert [row.background for row in class_table.read(str(path))] == [
        True, False]
    path.write_text('name,id,background\nfloor,0,perhaps\ncup,1,\n')
    with pytest.raises(InputError, match="line 2: background is 'perhaps'"):
        class_table.read(str(path))


def test_what_drawing_takes_of_a_source_is_plain():
    source = make(['not road', 'road'],
                  label_colors=np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    assert background.classes(source) == (
        ['not road', 'road'], {0: (1, 2, 3), 1: (4, 5, 6)}, ['not road'])


@pytest.mark.parametrize('changes, message', [
    ({'class_names': ['sky', 'road']},
     'class_names has 2 names for 3 classes'),
    ({'label_colors': {0: (1, 2, 3), 2: (4, 5, 6)}},
     'label_colors of class 1 is None: three values 0..255 are wanted'),
    ({'label_colors': {0: (1, 2, 3), 1: (4, 5, 256), 2: (4, 5, 6)}},
     'label_colors of class 1 is (4, 5, 256): three values')])
def test_a_class_without_a_name_or_a_colour_is_an_error(changes, message):
    source = types.SimpleNamespace(**dict({
        'num_classes': 3, 'class_names': ['sky', 'road', 'car'],
        'label_colors': {k: (k, 0, 0) for k in range(3)}}, **changes))
    with pytest.raises(ValueError, match=re.escape(message)):
        background.classes(source)
