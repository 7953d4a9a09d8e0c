"""What holds for any input of a parser, as hypothesis makes it up."""
import argparse
import collections
import os
import tempfile

import helpers
import hypothesis
import numpy as np
import pngs
import pytest
from hypothesis import configuration
from hypothesis import strategies as some

from segmentation import errors, files, option_types, schema
from segmentation.crf import choice
from segmentation.data import class_table, kitti_road, label_files, splits
from segmentation.errors import InputError
from segmentation.trained import run_dir

configuration.set_hypothesis_home_dir(os.path.join(helpers.folder(),
                                                   'hypothesis'))
# The same examples whenever and wherever it runs, however long it takes.
always = hypothesis.settings(derandomize=True, deadline=None, database=None,
                             max_examples=80)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats()
    | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3)
    | some.dictionaries(some.text(max_size=4), inner, max_size=3),
    max_leaves=8)
NAMES = some.text(some.characters(
    min_codepoint=33, max_codepoint=0x2000, blacklist_categories=(
        'Cs', 'Cc', 'Zs', 'Zl', 'Zp')), min_size=1, max_size=8)
BYTE = some.integers(0, 255)
COLORS = some.tuples(BYTE, BYTE, BYTE)


def read(function, data, name):
    """Return function(path) of a file with these bytes; None if refused.

    It is refused in one line that names the file, and in no other way.
    """
    with tempfile.TemporaryDirectory(dir=helpers.folder()) as folder:
        path = os.path.join(folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        try:
            return function(path)
        except errors.EXPECTED as error:
            line = errors.describe(error)
            assert name in line and len(line.splitlines()) == 1, line
            return None


@always
@hypothesis.given(JSON, some.sampled_from((
    run_dir.OPTIONS, run_dir.STATE, choice.SCHEMA, {'outputs': [str]},
    {'*': (float, None)}, [[int]], bool)))
def test_a_schema_accepts_a_value_or_says_where_it_does_not(value, wanted):
    try:
        schema.check(value, wanted, 'a.json')
    except InputError as error:
        assert str(error).startswith('a.json')


@always
@hypothesis.given(JSON)
def test_json_that_is_written_is_read_again(value):
    with tempfile.TemporaryDirectory(dir=helpers.folder()) as folder:
        path = os.path.join(folder, 'a.json')
        files.write_json(path, files.without_nan(value))
        assert files.read_json(path) == files.without_nan(value)


@always
@hypothesis.given(some.binary(max_size=60))
def test_bytes_are_json_or_are_refused(data):
    read(files.read_json, data, 'a.json')


@always
@hypothesis.given(some.data())
def test_a_class_table_that_is_written_is_read_again(data):
    count = data.draw(some.integers(2, 6))
    names = data.draw(some.lists(NAMES, min_size=count, max_size=count,
                                 unique=True))
    colors = data.draw(some.lists(COLORS, min_size=count, max_size=count,
                                  unique=True))
    ids = data.draw(some.lists(some.integers(0, 65535), min_size=count,
                               max_size=count, unique=True))
    hypothesis.assume('ignore' not in map(str.lower, names))
    rows = [class_table.Row(*row, False) for row in zip(names, ids, colors)]
    with tempfile.TemporaryDirectory(dir=helpers.folder()) as folder:
        path = os.path.join(folder, 'classes.csv')
        class_table.write(path, rows, [''] * count)
        assert class_table.read(path) == rows


@always
@hypothesis.given(some.lists(some.lists(some.text(
    'ab01\t,;"\r\n\0\xe9\u2028', max_size=5) | some.sampled_from((
        'name', 'id', 'r', 'g', 'b', 'ignore', '255', '-1')),
    min_size=1, max_size=6), max_size=6))
def test_a_text_is_a_class_table_or_is_refused(lines):
    text = '\n'.join(','.join(cells) for cells in lines)
    rows = read(class_table.read, text.encode(), 'classes.csv')
    if rows is not None:
        assert len(class_table.complete(rows)) >= 2


@always
@hypothesis.given(some.lists(some.tuples(
    some.sampled_from(('P2', 'R0_rect', 'Tr_cam_to_road', 'x', '')),
    some.lists(some.floats() | some.integers(), max_size=13)), max_size=5))
def test_numbers_are_a_calibration_or_are_refused(lines):
    text = '\n'.join(f'{name}: {" ".join(map(repr, numbers))}'
                     for name, numbers in lines)
    matrices = read(kitti_road.read_calibration, text.encode(), 'calib.txt')
    if matrices is not None:
        assert set(kitti_road.REQUIRED) <= set(matrices)


@always
@hypothesis.given(some.binary(max_size=60))
def test_bytes_are_a_calibration_or_are_refused(data):
    assert read(kitti_road.read_calibration, data, 'calib.txt') is None


@always
@hypothesis.given(some.lists(NAMES.filter(lambda name: name.strip() and not (
    set(name) & set('\\/')) and not name.startswith('\ufeff')),
    min_size=1, unique=True))
def test_a_list_of_pictures_that_is_written_is_read_again(names):
    assert read(lambda path: splits.read_list(path, 'data', set(names)),
                '\n'.join(names).encode(), 'train.txt') == names


@always
@hypothesis.given(
    some.lists(some.text('abc/', min_size=1, max_size=4), min_size=2,
               unique=True), some.floats(.01, .99), some.integers(0, 9),
    some.sampled_from((None, '^.', '^[^/]*')))
def test_a_split_has_each_picture_once_and_each_group_on_one_side(
        names, fraction, seed, pattern):
    keys = {splits.group_key(pattern, name) if pattern else name
            for name in names}
    hypothesis.assume(len(keys) > 1)
    parts = splits.draw(names, fraction, seed, pattern)
    assert sorted(parts['train'] + parts['valid']) == sorted(names)
    assert parts['train'] and parts['valid']
    sides = collections.defaultdict(set)
    for side, listed in parts.items():
        for name in listed:
            sides[splits.group_key(pattern, name) if pattern else name].add(
                side)
    assert max(map(len, sides.values())) == 1


@always
@hypothesis.given(some.sampled_from((1, 2, 4, 8)), some.integers(1, 9),
                  some.integers(1, 9), some.integers(0, 99), some.booleans())
def test_a_label_png_gives_the_values_that_were_put_in(
        depth, height, width, seed, has_palette):
    random = np.random.RandomState(seed)
    samples = random.randint(0, 1 << depth, (height, width))
    palette = random.randint(0, 256, (1 << depth, 3)) if has_palette else None
    with tempfile.TemporaryDirectory(dir=helpers.folder()) as folder:
        path = os.path.join(folder, 'a.png')
        pngs.write_png(path, samples, palette, depth)
        png = label_files.open_png(path)
        np.testing.assert_array_equal(label_files.read_ids(png), samples)
        if has_palette:
            np.testing.assert_array_equal(label_files.read_palette(png),
                                          palette)


@always
@pytest.mark.parametrize('kind', [
    option_types.image_size, option_types.image_size_or_factor,
    option_types.fraction, option_types.share, option_types.not_negative,
    option_types.seed, option_types.path, option_types.scales,
    option_types.pattern, option_types.positive(int),
    option_types.positive(float)], ids=lambda kind: kind.__name__)
@hypothesis.given(text=some.text() | some.text('0123456789.-+eExXnaif,_()*{}'))
@hypothesis.example(text='9' * 5000)
@hypothesis.example(text='x{99999999999999999999}')
@hypothesis.example(text='(' * 5000)
@hypothesis.example(text='1e999x32')
@hypothesis.example(text='\ud800')
def test_an_option_has_a_value_or_ends_in_a_usage_error(kind, text):
    try:
        kind(text)
    except (argparse.ArgumentTypeError, TypeError, ValueError):
        pass        # what argparse takes for an answer
