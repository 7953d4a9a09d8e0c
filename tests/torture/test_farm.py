"""The farm itself: it sees what it is to see."""
import os
import time

import batches
import cases
import farm
import mutations
import parsers
import pytest
import verdicts

from segmentation import files
from segmentation.errors import InputError


def write_whole(_):
    """Replace a file as the programs do."""
    files.write_json('kept.json', {'new': 1})


def write_at_once(_):
    """Replace a file in place, which a fault shows."""
    with open('kept.json', 'w') as file:
        file.write('{"new": 1}\n')


def leave_a_folder(_):
    """Leave a folder behind that no later run removes."""
    os.mkdir(f'work-{os.getpid()}')
    with open('kept.json', 'w') as file:
        file.write('{"new": 1}\n')


def hang(_):
    time.sleep(60)


def case_of(main):
    return cases.Case('fake', main, [], r'kept\.json|work-', cases.repeat([]))


@pytest.fixture
def base(tmp_path):
    """A folder with an older file, and a memory of next runs."""
    folder = tmp_path / 'base'
    folder.mkdir()
    (folder / 'kept.json').write_text('{"old": 1}\n')
    (tmp_path / 'memory').mkdir()
    return str(folder)


def try_all(main, base, fault):
    """Return the Verdicts of a fault at every change of the disk."""
    case, root = case_of(main), os.path.dirname(base)
    work, memory = os.path.join(root, 'work'), os.path.join(root, 'memory')
    before = verdicts.run_undisturbed(case, base, work)
    assert before.changes > 0
    return [verdicts.try_fault(case, base, work, index, fault, before, memory)
            for index in range(before.changes)]


@pytest.mark.parametrize('fault', ['ENOSPC', 'EIO', 'EACCES'])
def test_a_file_that_is_renamed_into_place_is_whole(base, fault):
    tried = try_all(write_whole, base, fault)
    assert all(one.hit and one.status == 1 for one in tried)
    assert [one.complaints for one in tried if one.complaints] == []


@pytest.mark.parametrize('fault', ['ENOSPC', 'KILL'])
def test_a_file_that_is_written_in_place_is_half(base, fault):
    complaints = [text for one in try_all(write_at_once, base, fault)
                  for text in one.complaints]
    assert 'neither old nor new: kept.json' in complaints


def test_what_is_left_behind_is_seen(base):
    verdict = try_all(leave_a_folder, base, 'EIO')[1]
    assert verdict.hit == 'open kept.json'
    assert any('left behind' in text for text in verdict.complaints)


def test_a_program_that_hangs_is_ended(base):
    ended = farm.run(hang, [], base, seconds=.2)
    assert verdicts.check_end(ended, 'EIO') == ['hangs']


def read_number(path):
    """Read a number, with all that a reader can do wrong."""
    with open(path) as file:
        text = file.read()
    if text == 'crash':
        os.abort()
    if text == 'bug':
        raise KeyError(text)
    if text == 'nameless':
        raise InputError('no number')
    if text != '1':
        raise InputError(f'{path}: no number')


@pytest.mark.parametrize('text, kind, says', [
    ('1', 'read', ''), ('x', 'refused', 'number.txt: no number'),
    ('bug', 'fault', "KeyError: 'bug' (tests/torture/test_farm.py:"),
    ('nameless', 'fault', 'does not name the file: no number'),
    ('crash', 'fault', 'ends the process: SIGABRT')])
def test_what_a_reader_does_is_seen(base, tmp_path, text, kind, says):
    with open(os.path.join(base, 'number.txt'), 'w') as file:
        file.write('1')
    reader = parsers.Parser('fake', 'number.txt', (
        lambda data, random: text.encode(),), read_number)
    first, second = batches.run(reader, base, str(tmp_path / 'work'), 0,
                                [3, 5])
    assert (first.kind, first.index, second.index) == (kind, 3, 5)
    assert first.text.startswith(says) and second.text == first.text


@pytest.mark.parametrize('parser', parsers.PARSERS,
                         ids=lambda parser: parser.name)
def test_a_seed_repeats_a_mutation(parser):
    valid = {mutations.of_json: b'{"a": [1, {"b": 2}]}',
             mutations.of_text: b'a,b\nc,d\n'}.get(
                 parser.mutations[0], bytes(range(99)))
    reader = parser._replace(mutations=parser.mutations[:1] if
                             valid[:1] != b'\0' else (mutations.of_bytes,))
    made = [batches.mutate(reader, valid, 0, index) for index in range(20)]
    assert made == [batches.mutate(reader, valid, 0, index)
                    for index in range(20)]
    assert len(set(made)) > 5
