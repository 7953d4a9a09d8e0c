"""The directory of a run: what is read from it, and refused."""
import json

import pytest
import saved_runs

from segmentation.trained import run_dir

# What using a run takes.
SAVED = {'options': {'data_source': 'tiny', 'data_dir': 'data', 'seed': 3,
                     'valid_fraction': .1, 'group_by': None,
                     'hold_out': None},
         'class_names': ['a', 'b'], 'label_colors': [[0, 0, 0], [1, 2, 3]],
         'image_size': [64, 32], 'class_weights': [.5, 2],
         'split': {'train': ['1.png'], 'valid': ['0.png']}}


def test_a_checkpoint_is_found_by_its_kind(tmp_path):
    saved_runs.write_checkpoint(tmp_path, 'best-3')
    (tmp_path / 'state.json').write_text(
        '{"best": "best-3", "last": "last-4"}')
    assert run_dir.checkpoint(str(tmp_path), 'best') == str(
        tmp_path / 'best-3')
    with pytest.raises(FileNotFoundError, match="no 'resume' checkpoint$"):
        run_dir.checkpoint(str(tmp_path), 'resume')
    with pytest.raises(FileNotFoundError, match="'last' checkpoint last-4"):
        run_dir.checkpoint(str(tmp_path), 'last')


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match='has no options.json'):
        run_dir.read_options(str(tmp_path))
    with pytest.raises(FileNotFoundError, match='has no state.json'):
        run_dir.read_state(str(tmp_path))


@pytest.mark.parametrize('text', ['[]', '{}', '{"options"'])
def test_broken_options_are_named(tmp_path, text):
    (tmp_path / 'options.json').write_text(text)
    with pytest.raises(ValueError, match='options.json'):
        run_dir.read_options(str(tmp_path))


def test_what_a_run_saves_is_read(tmp_path):
    (tmp_path / 'options.json').write_text(json.dumps(SAVED))
    assert run_dir.read_options(str(tmp_path)) == SAVED


@pytest.mark.parametrize('key, value, message', [
    ('seed', -1, 'seed is -1: -1: a whole number'),
    ('seed', '3', "options.seed is '3': int is wanted"),
    ('valid_fraction', 2, 'valid_fraction is 2: 2: a share'),
    ('data_dir', '', "data_dir is '': a name is wanted"),
    ('data_dir', 3, 'options.data_dir is 3: str is wanted'),
    ('group_by', '(', r"group_by is '\('"),
    ('hold_out', '(', r"hold_out is '\('"),
    ('image_size', [64], r'image_size is \[64\]: two multiples of 32'),
    ('image_size', [64, 33], r'image_size is \[64, 33\]: two multiples'),
    ('image_size', 64, 'image_size is 64: a list is wanted'),
    ('label_colors', [[0, 0, 0], [1, 2]], r'a label colour is \[1, 2\]'),
    ('label_colors', [[0, 0, 0], [1, 2, 256]], 'a label colour is'),
    ('label_colors', [[0, 0, 0]], '1 label_colors are not one for each of 2'),
    ('class_weights', [1], '1 class_weights are not one for each of 2'),
    ('class_weights', [1, 'x'], r"class_weights\[1\] is 'x': float"),
    ('class_names', [1, 2], r'class_names\[0\] is 1: str'),
    ('split', {'train': []}, 'split lacks valid')])
def test_what_no_run_saves_is_named(tmp_path, key, value, message):
    inner = dict(SAVED['options'])
    saved = dict(SAVED, options=inner)
    (inner if key in inner else saved)[key] = value
    (tmp_path / 'options.json').write_text(json.dumps(saved))
    with pytest.raises(ValueError, match=f'options.json:? .*{message}'):
        run_dir.read_options(str(tmp_path))


@pytest.mark.parametrize('state, message', [
    ('[]', 'a JSON object is wanted'), ('{"epoch": "1"}', "epoch is '1'"),
    ('{"best": "../other/best-1"}', 'best-STEP is wanted'),
    ('{"resume": "best-1"}', "resume is 'best-1': resume-STEP is wanted")])
def test_a_state_that_is_none_is_named(tmp_path, state, message):
    (tmp_path / 'state.json').write_text(state)
    with pytest.raises(ValueError, match=f'state.json: .*{message}'):
        run_dir.read_state(str(tmp_path))


def test_the_log_is_read_up_to_a_line_that_is_cut_off(tmp_path):
    assert run_dir.read_log(str(tmp_path)) == []
    (tmp_path / 'log.jsonl').write_bytes(
        b'{"epoch": 1, "miou": null}\n{"epoch": 2}\n{"epoch": 3, "ro\xc3')
    assert run_dir.read_log(str(tmp_path)) == [
        {'epoch': 1, 'miou': None}, {'epoch': 2}]


@pytest.mark.parametrize('line, message', [
    (b'\xff', "no JSON: 'utf-8' codec"), (b'{"epoch": 1', 'no JSON: '),
    (b'3', 'a JSON object is wanted'), (b'{"epoch": "1"}', "epoch is '1'"),
    (b'[' * 100000, 'no JSON: '), (b'{}', 'lacks epoch')])
def test_a_line_that_is_no_entry_is_named(tmp_path, line, message):
    (tmp_path / 'log.jsonl').write_bytes(
        b'{"epoch": 1}\n' + line + b'\n{"epoch": 3}\n')
    with pytest.raises(ValueError, match=f'log.jsonl, line 2:? {message}'):
        run_dir.read_log(str(tmp_path))
