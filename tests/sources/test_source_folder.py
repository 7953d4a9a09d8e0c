"""A folder with images/, labels/ and classes.csv as a data set."""
import argparse
import os

import cv2
import numpy as np
import pytest
from helpers import load_source, run_program
from pngs import write_png

import source
import source_folder
from segmentation import errors, option_types
from segmentation.backbone import architecture, saved_model
from segmentation.data import loading
from segmentation.data.annotations import tabled

COLORS = 'name,r,g,b\nroad,128,64,128\nsky,70,130,180\nignore,0,0,0\n'
IDS = 'name,id,ignore\nroad,7,\nsky,0,\nvoid,255,1\n'
PALETTE = [(k, 2 * k % 256, 255 - k) for k in range(256)]
SIZE = 70, 45       # pictures, (width, height)
CODES = np.zeros(SIZE[::-1], np.uint8)      # rows of ids 0, 7 and 255
CODES[20:], CODES[40:] = 7, 255


def write_colors(path, codes):
    table = np.zeros((256, 3), np.uint8)    # BGR
    table[0], table[7], table[255] = (180, 130, 70), (128, 64, 128), 0
    assert cv2.imwrite(str(path), table[codes])


def write_grey(path, codes):
    assert cv2.imwrite(str(path), codes)


def write_palette(path, codes):
    write_png(path, codes, PALETTE)


def add(root, names, write=write_grey):
    """Pictures `names` of images/, each with a label."""
    for name in names:
        for folder, end in (('images', name),
                            ('labels', f'{os.path.splitext(name)[0]}.png')):
            path = root / folder / end
            path.parent.mkdir(parents=True, exist_ok=True)
            if folder == 'images':
                cv2.imwrite(str(path), np.full(CODES.shape + (3,), 90,
                                               np.uint8))
            else:
                write(path, CODES)


@pytest.fixture
def root(tmp_path):
    """Ten pictures of three drives, with grey ids."""
    (tmp_path / 'classes.csv').write_text(IDS)
    add(tmp_path, [f'{drive}_{k}.jpg' for drive, count in
                   (('a', 5), ('b', 3), ('c', 2)) for k in range(count)])
    return tmp_path


def load(root, valid_fraction=.2, **options):
    """The source as the programs load it."""
    return load_source('folder', root, valid_fraction=valid_fraction,
                       **options)


def names_of(data, split):
    return [os.path.relpath(image, os.path.join(data.folder, 'images'))
            .replace(os.sep, '/') for image, _ in data.splits[split]]


def refusal(root, **options):
    """The one line that loading and reading everything fails with."""
    with pytest.raises((OSError, ValueError)) as error:
        data = load(root, **options)
        for generator in data.train_generator, data.valid_generator:
            list(generator(2))
    line = errors.describe(error.value)
    assert '\n' not in line
    return line


@pytest.mark.parametrize('table, write', [
    (IDS, write_grey), (IDS, write_palette), (COLORS, write_colors),
    ('name,r,g,b\nroad,7,14,248\nsky,0,0,255\nignore,255,254,0\n',
     write_palette),
    ('name,id,r,g,b\nroad,7,128,64,128\nsky,0,70,130,180\n'
     'ignore,255,0,0,0\n', write_grey),
    ('name,id,r,g,b\nroad,7,128,64,128\nsky,0,70,130,180\n'
     'ignore,255,0,0,0\n', write_colors)])
def test_grey_palette_and_colour_labels_are_the_same_classes(tmp_path, table,
                                                             write):
    (tmp_path / 'classes.csv').write_text(table)
    add(tmp_path, ['a.jpg', 'b.png'], write)
    data = load(tmp_path, .5)
    assert data.class_names == ['road', 'sky'] and data.ignore
    for images, labels in data.train_generator(1):
        assert images.shape == (1, 32, 64, 3)
        assert labels.shape == (1, 32, 64, 2)
    _, ids = data.read_pair(*data.splits['valid'][0])
    assert ids[:, 3].tolist() == 20 * [1] + 20 * [0] + 5 * [source.IGNORE]


@pytest.mark.parametrize('table, write', [
    ('name,id,class\nroad,7,\nsky,0,\nvoid,255,sky\n', write_grey),
    ('name,r,g,b,class\nroad,128,64,128,\nsky,70,130,180,\nvoid,0,0,0,sky\n',
     write_colors)])
def test_values_may_belong_to_the_class_of_others(tmp_path, table, write):
    (tmp_path / 'classes.csv').write_text(table)
    add(tmp_path, ['a.jpg', 'b.png'], write)
    data = load(tmp_path, .5)
    assert data.class_names == ['road', 'sky'] and not data.ignore
    _, ids = data.read_pair(*data.splits['valid'][0])
    assert ids[:, 3].tolist() == 20 * [1] + 20 * [0] + 5 * [1]


def test_classes_of_the_table_have_their_colours(tmp_path):
    (tmp_path / 'classes.csv').write_text(COLORS)
    data = loading.make_source('folder', data_dir=str(tmp_path))
    assert data.label_colors == {0: (128, 64, 128), 1: (180, 130, 70)}


def test_without_void_nothing_is_ignored(root):
    (root / 'classes.csv').write_text('name,id\nroad,7\nsky,0\nown car,255\n')
    data = load(root)
    assert (data.ignore, data.num_classes) == (False, 3)


@pytest.mark.parametrize('size, wanted', [
    ((480, 360), (480, 352)),       # 172800 pixels: x .989 = 474.6, 356
    ((2048, 1024), (576, 288)),     # x .2838 = 581.3, 290.7
    ((70, 45), (64, 32)), ((20, 10), (32, 32))])
def test_input_is_the_first_pictures_size_bounded(size, wanted):
    assert option_types.fit_image_size(size, tabled.LARGEST) == wanted


def test_input_size_can_be_set(root):
    assert load(root, image_size=(96, 32)).image_size == (96, 32)
    assert load(root).image_size == (64, 32)


def test_the_split_is_drawn_and_the_same_every_time(root):
    data = load(root, .3)
    assert (data.num_training, data.num_validation) == (7, 3)
    assert names_of(load(root, .3), 'valid') == names_of(data, 'valid')
    assert names_of(load(root, .3, seed=5), 'valid') != names_of(data,
                                                                 'valid')


@pytest.mark.parametrize('regex', ['^[^_]', '^(.*)_', '^(a|b|c)'])
@pytest.mark.parametrize('seed', range(4))
def test_groups_stay_on_one_side(root, regex, seed):
    data = load(root, .3, group_by=regex, seed=seed)
    sides = [{name[0] for name in names_of(data, split)}
             for split in ('train', 'valid')]
    assert not sides[0] & sides[1]
    assert sides[0] | sides[1] == {'a', 'b', 'c'}
    # three of ten pictures are wanted: b, or c and no more
    assert sides[1] in ({'b'}, {'c'})


def test_groups_are_found_in_sub_folders_too(tmp_path):
    (tmp_path / 'classes.csv').write_text(IDS)
    add(tmp_path, ['x/1.png', 'x/2.png', 'y/1.png', 'y/2.png', 'z/1.png'])
    data = load(tmp_path, .4, group_by='^[^/]+')
    assert sorted(names_of(data, 'train') + names_of(data, 'valid')) == [
        'x/1.png', 'x/2.png', 'y/1.png', 'y/2.png', 'z/1.png']
    assert len({name[0] for name in names_of(data, 'valid')}) == 1


def test_group_by_errors_name_the_file_and_the_group(root):
    assert refusal(root, group_by='^[ab]') == (
        "--group-by '^[ab]' does not match c_0.jpg")
    assert refusal(root, group_by='^(a)?') == (
        "--group-by '^(a)?' does not match b_0.jpg")
    assert "'jpg' is the group of all, of 10 pictures" in refusal(
        root, group_by='jpg')
    with pytest.raises(argparse.ArgumentTypeError, match='no regular expr'):
        option_types.pattern('(')
    with pytest.raises(ValueError, match="'demo' knows no groups"):
        load(root, data_source='demo', group_by='a')


@pytest.mark.parametrize('valid', ['valid', 'val'])
def test_sub_folders_give_the_split(tmp_path, valid):
    (tmp_path / 'classes.csv').write_text(IDS)
    add(tmp_path, ['train/a/1.jpg', 'train/2.jpg', f'{valid}/1.jpg',
                   'test/5.jpg'])
    data = load(tmp_path)
    assert names_of(data, 'train') == ['train/2.jpg', 'train/a/1.jpg']
    assert names_of(data, 'valid') == [f'{valid}/1.jpg']
    assert names_of(data, 'test') == ['test/5.jpg']
    line = refusal(tmp_path, group_by='.')
    assert line.startswith('--group-by does not apply: ')
    assert line.endswith(' give the split')


def test_validation_is_drawn_from_train_where_it_has_no_folder(tmp_path):
    (tmp_path / 'classes.csv').write_text(IDS)
    add(tmp_path, [f'train/{k}_1.jpg' for k in 'abcd'])
    add(tmp_path, ['test/1.jpg'])
    data = load(tmp_path, .25, group_by='([^/])_')
    assert (data.num_training, data.num_validation) == (3, 1)
    assert names_of(data, 'test') == ['test/1.jpg']


def test_a_test_set_without_labels_is_left_out(tmp_path):
    (tmp_path / 'classes.csv').write_text(IDS)
    add(tmp_path, ['train/1.jpg', 'valid/1.jpg', 'test/1.jpg', 'test/2.jpg'])
    (tmp_path / 'labels' / 'test' / '1.png').unlink()
    assert refusal(tmp_path).startswith('1.jpg: no label 1.png in ')
    (tmp_path / 'labels' / 'test' / '2.png').unlink()
    assert sorted(load(tmp_path).splits) == ['train', 'valid']


def test_a_picture_beside_the_sub_folders_is_named(tmp_path):
    (tmp_path / 'classes.csv').write_text(IDS)
    add(tmp_path, ['train/1.jpg', 'valid/1.jpg', 'more/1.jpg'])
    assert 'more/1.jpg is neither in train/ nor in valid/' in refusal(tmp_path)


@pytest.mark.parametrize('valid', ['valid', 'val'])
def test_lists_give_the_split(root, valid):
    (root / 'train.txt').write_text('c_1.jpg\r\nimages/a_0.jpg\r\n\r\n')
    (root / (f'{valid}.txt')).write_text('b_0.jpg\n')
    (root / 'labels' / 'a_4.png').unlink()      # not listed: not wanted
    (root / 'images' / 'c_0.jpg').unlink()
    data = load(root)
    assert names_of(data, 'train') == ['a_0.jpg', 'c_1.jpg']
    assert names_of(data, 'valid') == ['b_0.jpg']


@pytest.mark.parametrize('lists, message', [
    ({'train': 'a_0.jpg', 'valid': 'z.jpg'},
     'valid.txt, line 1: no picture z.jpg in '),
    ({'train': 'a_0.jpg\nb_0.jpg\na_0.jpg', 'valid': 'c_0.jpg'},
     'train.txt, line 3: a_0.jpg is on line 1 already'),
    ({'train': 'a_0.jpg\nb_0.jpg', 'valid': 'b_0.jpg'}, 'b_0.jpg is in '),
    ({'train': 'a_0.jpg'}, 'no valid pictures: valid.txt is wanted beside '
                           'train.txt'),
    ({'train': '\n', 'valid': 'b_0.jpg'}, 'train.txt: no pictures in it'),
    ({'train': 'a_0.jpg', 'valid': 'b_0.jpg', 'val': 'c_0.jpg'},
     'val.txt: only one of them is wanted')])
def test_list_errors_name_the_line(root, lists, message):
    for name, text in lists.items():
        (root / (f'{name}.txt')).write_text(text)
    assert message in refusal(root)


def remove(name):
    return lambda root: (root / name).unlink()


def write(name, data):
    return lambda root: (root / name).write_bytes(data)


def write_label(codes, name='labels/b_1.png'):
    return lambda root: write_grey(root / name, codes)


def cut(name):
    return lambda root: (root / name).write_bytes(
        (root / name).read_bytes()[:-20])


def changed(value):
    codes = CODES.copy()
    codes[12, 40:43] = value
    return codes


@pytest.mark.parametrize('spoil, message', [
    (remove('classes.csv'), ': no classes.csv: check_source.py '
                            '--write-classes drafts one'),
    (remove('labels/b_1.png'), 'b_1.jpg: no label b_1.png in '),
    (remove('images/b_1.jpg'), 'b_1.png has no picture in images/ (1 such'),
    (write('classes.csv', b'name,id\nroad,7\nsky,0\nsky,1\n'),
     "classes.csv, line 4: the name 'sky' is that of an earlier line"),
    (write_label(changed(9)), 'b_1.png: id 9 at row 12, column 40 is in no '
                              'class (3 pixels in all)'),
    (write_label(CODES[:, :50]), 'b_1.jpg is 70x45 but its label '),
    (cut('labels/b_1.png'), 'b_1.png: the PNG is cut off after '),
    (lambda root: write_colors(root / 'labels/b_1.png', CODES),
     'b_1.png: colours, but classes.csv in '),
    (write('labels/b_1.png', b'GIF89a'), 'b_1.png: no PNG: a label has to '),
    (write('labels/b_1.png', b''), 'b_1.png: no PNG: a label has to be one'),
    (lambda root: (root / 'labels/b_1.png').rename(root / 'labels/b_1.jpg'),
     'b_1.jpg: a JPEG: its compression changes the values of a label, so '
     'that b_1.png is wanted'),
    (lambda root: (root / 'images/b_1.jpg').rename(root / 'images/b_2.png'),
     'b_2.jpg and b_2.png would have one label'),
    (cut('images/b_1.jpg'), 'b_1.jpg: no picture that OpenCV reads')])
def test_what_is_wrong_with_a_folder_is_one_line(root, spoil, message, capfd):
    spoil(root)
    assert message in refusal(root)
    assert capfd.readouterr().err == ''


def test_a_cut_off_png_picture_is_one_line_too(tmp_path, capfd):
    (tmp_path / 'classes.csv').write_text(IDS)
    add(tmp_path, ['a.png', 'b.png', 'c.png'])
    cut('images/b.png')(tmp_path)
    assert 'b.png: no picture that OpenCV reads' in refusal(tmp_path)
    assert capfd.readouterr().err == ''


def test_missing_and_empty_folders_are_named(tmp_path):
    assert refusal(tmp_path / 'nowhere').endswith('nowhere: no such folder')
    (tmp_path / 'classes.csv').write_text(IDS)
    assert 'images: no such folder: it is to hold the pictures' in refusal(
        tmp_path)
    (tmp_path / 'images').mkdir()
    assert 'images: no PNG or JPEG picture in it' in refusal(tmp_path)
    add(tmp_path, ['train/a.jpg'])
    (tmp_path / 'images' / 'valid').mkdir()
    assert refusal(tmp_path).endswith('valid: no valid pictures')


def test_one_picture_is_no_split(tmp_path):
    (tmp_path / 'classes.csv').write_text(IDS)
    add(tmp_path, ['a.jpg'])
    assert 'no valid pictures' in refusal(tmp_path)


def test_the_contract_alone_is_enough(root):
    data = source_folder.get_source()
    assert data.image_size is None
    data.load_data(str(root), .2)
    assert data.image_size == (64, 32)
    assert (data.num_training, data.num_validation) == (8, 2)
    with pytest.raises(ValueError, match="'folder' has its classes in a "
                                         'folder: --data-dir is wanted'):
        loading.make_source('folder')


@pytest.mark.slow
def test_a_folder_trains_and_scores_without_any_python(root):
    run, vgg = str(root / 'run'), str(root / 'vgg')
    saved_model.save(architecture.random_weights(.02), vgg)
    done = run_program(
        'train.py', '--data-source', 'folder', '--data-dir', str(root),
        '--valid-fraction', '.3', '--group-by', '^[^_]+', '--seed', '2',
        '--vgg-dir', vgg, '--name', run, '--epochs', '1')
    assert done.returncode == 0, done.stderr
    # without the groups the split would not be that of the run
    done = run_program('evaluate.py', '--name', run)
    assert done.returncode == 0, done.stderr
    count = len(load(root, .3, group_by='^[^_]+', seed=2).splits['valid'])
    assert f'{count} pictures, ' in done.stdout
    table = root / 'classes.csv'
    table.write_text(IDS.replace('road', 'street'))
    done = run_program('evaluate.py', '--name', run)
    assert done.returncode == 1
    assert done.stderr == ('[!] the name of class 0 is street in the data '
                           "source, road in {}\n".format(run))
