"""Class tables: what is read, and one line on what is not."""
import pytest

from segmentation.data import class_table
from segmentation.data.class_table import Row


def read(tmp_path, text):
    path = tmp_path / 'classes.csv'
    path.write_bytes(text.encode('utf-8'))
    return class_table.read(str(path))


def test_colours_with_void_by_name_and_by_mark(tmp_path):
    assert read(tmp_path, 'name,r,g,b,ignore\n'
                          'road,128,64,128,\n'
                          'sky,70,130,180,0\n'
                          'ignore,0,0,0,\n'
                          'ignore,255,255,255,\n'
                          'own car,9,8,7,x\n') == [
        Row('road', None, (128, 64, 128), False),
        Row('sky', None, (70, 130, 180), False),
        Row('ignore', None, (0, 0, 0), True),
        Row('ignore', None, (255, 255, 255), True),
        Row('own car', None, (9, 8, 7), True)]


def test_ids_take_colours_that_are_not_taken(tmp_path):
    rows = read(tmp_path, 'id,name,r,g,b,note\n'
                          '7,road,,,,"grey, mostly"\n'
                          '0,sky,128,0,0,\n'
                          '300,ignore,,,,\n')
    assert [row.id for row in rows] == [7, 0, 300]
    # the palette's first colour is (128, 0, 0), its second (0, 128, 0)
    assert class_table.complete(rows) == [('road', (0, 128, 0)),
                                          ('sky', (128, 0, 0))]


@pytest.mark.parametrize('text', [
    '\ufeffname;id\r\nStraße;1\r\n\r\nsky;2\r\n',
    'Name\tID\nStraße\t1\nsky\t2\n'])
def test_what_spreadsheets_write_is_read(tmp_path, text):
    assert [row[:2] for row in read(tmp_path, text)] == [
        ('Straße', 1), ('sky', 2)]


@pytest.mark.parametrize('text, message', [
    ('', "no column name, r, g, b in the first line ''"),
    ('road,128,64,128\nsky,1,2,3\n', 'no column name, r, g, b in the first '
                                     "line 'road,128,64,128'"),
    ('name,r,g\na,1,2\nb,3,4\n', "no column b in the first line 'name,r,g'"),
    ('name\na\nb\n', 'no column r, g, b'),
    ('name,id,colour\na,1,red\n', "column 'colour' is unknown"),
    ('name,id,id\na,1,2\n', "column 'id' is there twice"),
    ('name,id\na,0\na,1\n',
     "line 3: the name 'a' is that of an earlier line"),
    ('name,id\na,0\nb,1\nc,0\n', "line 4: the id 0 of 'c' is that of 'a' "
                                 'already'),
    ('name,r,g,b\na,1,2,3\nb,0,0,0\nc,1,2,3\n',
     "line 4: the colour (1, 2, 3) of 'c' is that of 'a' already"),
    ('name,r,g,b\na,0,0,0\nb,0,256,0\n', "line 3: g is '256': 0 to 255"),
    ('name,r,g,b\na,0,-1,0\n', "line 2: g is '-1': 0 to 255"),
    ('name,r,g,b\na,0,0,\n', "line 2: b is '': 0 to 255"),
    ('name,id\na,one\n', "line 2: id is 'one': 0 to 65535"),
    ('name,id\na,1,2\n', 'line 2: 3 values for 2 columns'),
    ('name,id\n,1\n', 'line 2: no name'),
    ('name,id,ignore\na,1,maybe\n', "line 2: ignore is 'maybe': 1 or nothing "
                                    'is wanted'),
    ('name,id\na,1\nignore,2\n', '1 class: 2 to 254 are wanted')])
def test_errors_name_the_line_and_what_was_wanted(tmp_path, text, message):
    with pytest.raises(ValueError) as error:
        read(tmp_path, text)
    assert message in str(error.value)
    assert str(error.value).startswith(str(tmp_path / 'classes.csv'))
    assert '\n' not in str(error.value)


def test_the_most_classes_are_254(tmp_path):
    text = 'name,id\n' + ''.join('c{0},{0}\n'.format(k) for k in range(254))
    rows = read(tmp_path, text)
    colors = [color for _, color in class_table.complete(rows)]
    assert len(set(colors)) == 254
    with pytest.raises(ValueError, match='255 classes: 2 to 254 are wanted'):
        read(tmp_path, text + 'one more,254\n')


def test_a_colour_may_be_that_of_several_ids_that_are_not_scored(tmp_path):
    text = 'name,id,r,g,b,ignore\nroad,0,1,2,3,\nsky,1,4,5,6,\n'
    voids = 'wall,2,7,8,9,x\nrail,3,7,8,9,x\n'
    assert len(read(tmp_path, text + voids)) == 4
    for line in ('ego,4,1,2,3,x\n', 'car,4,7,8,9,\n'):
        with pytest.raises(ValueError, match='line 6: the colour'):
            read(tmp_path, text + voids + line)


def test_65536_rows_take_no_more_time_than_they_must(tmp_path):
    # Comparing each row with all before would outlast this test's time.
    rows = read(tmp_path, 'name,id\n' + ''.join(
        f'{"ignore" if k > 2 else k},{k}\n' for k in range(65536)))
    assert len(rows) == 65536


def test_other_encodings_are_reported(tmp_path):
    (tmp_path / 'classes.csv').write_bytes(b'name,id\nStra\xdfe,1\n')
    with pytest.raises(ValueError, match='classes.csv: no CSV in UTF-8'):
        class_table.read(str(tmp_path / 'classes.csv'))


def test_a_written_table_is_read_again(tmp_path):
    rows = [Row('a, b', 3, (1, 2, 3), False), Row('c', 0, (0, 0, 0), False),
            Row('ignore', 255, None, True)]
    path = str(tmp_path / 'classes.csv')
    class_table.write(path, rows, ['one, two', '', 'x'])
    assert class_table.read(path) == rows
    with open(path) as file:
        assert file.read() == ('name,id,r,g,b,ignore,note\n'
                               '"a, b",3,1,2,3,,"one, two"\n'
                               'c,0,0,0,0,,\n'
                               'ignore,255,,,,1,x\n')


def test_rows_may_belong_to_the_class_of_another(tmp_path):
    path = tmp_path / 'classes.csv'
    path.write_text('name,id,class\ncar,1,\nvan,2,car\nroad,3,\n')
    rows = class_table.read(str(path))
    assert [row.class_name() for row in rows] == ['car', 'car', 'road']
    assert [name for name, _ in class_table.complete(rows)] == ['car', 'road']


@pytest.mark.parametrize('text', [
    'name,id,class\ncar,1,\nvan,2,vehicle\nroad,3,\n',
    'name,id,class\ncar,1,\nvan,2,van\nroad,3,\n',
    'name,id,class\nbus,0,\ncar,1,bus\nvan,2,car\nroad,3,\n',
    'name,id,class,ignore\ncar,1,,\nvan,2,car,1\nroad,3,,\n'])
def test_what_belongs_to_no_class_is_named(tmp_path, text):
    path = tmp_path / 'classes.csv'
    path.write_text(text)
    with pytest.raises(ValueError, match="'van' is of the class '"):
        class_table.read(str(path))
