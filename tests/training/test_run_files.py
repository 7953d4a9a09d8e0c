"""The directory of a run as it is written: refused, kept, put in order."""
import collections
import json
import os
import subprocess
import sys

import pytest
import saved_runs

from segmentation import files
from segmentation.trained import run_dir
from segmentation.training import run_files

Usage = collections.namedtuple('Usage', 'total used free')


def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def run(tmp_path):
    """A directory with options.json."""
    run_files.write_options(str(tmp_path), {'options': {}})
    return tmp_path


@pytest.fixture
def free(monkeypatch):
    """Sets how many bytes every disk has left."""
    def set_free(count):
        monkeypatch.setattr(run_files.shutil, 'disk_usage',
                            lambda _: Usage(1000, 0, count))
    return set_free


def test_a_run_needs_ten_times_its_weights(tmp_path, free):
    # A resumable one of three sizes, best and last, and as much anew.
    free(10e9)
    run_files.check_space(str(tmp_path), int(1e9))
    free(10e9 - 1)
    with pytest.raises(OSError, match='10.0 GB are free, .* take 10.0 GB'):
        run_files.check_space(str(tmp_path), int(1e9))


def test_checkpoints_that_will_be_replaced_count_as_space(tmp_path, free):
    # 300 bytes in two files.
    saved_runs.write_checkpoint(tmp_path, 'resume-3', 150)
    (tmp_path / 'film.mp4').write_bytes(b'x' * 900)
    free(700)
    run_files.check_space(str(tmp_path), 100)
    with pytest.raises(OSError):
        run_files.check_space(str(tmp_path), 101)


def test_old_checkpoints_go_and_all_else_stays(run):
    for name in ('best-3', 'last-6', 'resume-6', 'last-9', 'resume-9'):
        saved_runs.write_checkpoint(run, name)
    others = ['best-of-all.png', 'last-6.txt', 'my-resume-6.index', 'best-3',
              'resume-6', 'last-x.index']
    for name in others:
        (run / name).write_text('mine')
    (run / 'last-6-pictures').mkdir()
    run_files.write_state(str(run), {'best': 'best-3', 'last': 'last-9',
                                     'resume': 'resume-9', 'epoch': 3})
    left = [name + end for name in ('best-3', 'last-9', 'resume-9')
            for end in ('.index', '.data-00000-of-00001')]
    assert names(run) == sorted(
        left + others + ['last-6-pictures', 'options.json', 'state.json'])


def test_the_state_is_written_before_anything_goes(run, monkeypatch):
    saved_runs.write_checkpoint(run, 'resume-6')
    saved_runs.write_checkpoint(run, 'resume-9')
    run_files.write_state(str(run), {'resume': 'resume-6'})
    saved_runs.write_checkpoint(run, 'resume-9')

    def fail(*_):
        raise OSError('the disk is full')

    monkeypatch.setattr(files, 'write_json', fail)
    with pytest.raises(OSError):
        run_files.write_state(str(run), {'resume': 'resume-9'})
    assert run_dir.checkpoint(str(run), 'resume') == str(
        run / 'resume-6')


def test_a_description_comes_back_as_written(tmp_path):
    directory = str(tmp_path)
    description = {'options': {}, 'class_names': ['road', 'Straße']}
    run_files.write_options(directory, description)
    assert run_dir.read_options(directory) == description
    assert os.listdir(directory) == ['options.json']


def test_only_a_directory_without_a_run_takes_a_new_one(tmp_path):
    run_files.refuse_existing(str(tmp_path))
    (tmp_path / 'notes.txt').write_text('')
    with pytest.raises(FileExistsError, match='holds no run to resume'):
        run_files.refuse_existing(str(tmp_path))
    (tmp_path / 'state.json').write_text('{}')
    with pytest.raises(FileExistsError, match='--resume goes on'):
        run_files.refuse_existing(str(tmp_path))


def test_a_file_is_no_directory_of_a_run(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(FileExistsError, match='file is a file: the name of'):
        run_files.locked(str(tmp_path / 'file'))


def test_a_run_that_was_ended_before_its_first_state_is_begun_anew(run):
    (run / 'network.meta').write_text('')
    saved_runs.write_checkpoint(run, 'resume-0')
    with run_files.locked(str(run)):
        run_files.refuse_existing(str(run))
    (run / 'log.jsonl').write_text('')
    with pytest.raises(FileExistsError, match='holds no run to resume'):
        run_files.refuse_existing(str(run))


@pytest.mark.parametrize('name', ['best-3.index', 'resume-9.index', 'a.png'])
def test_weights_without_a_state_are_not_overwritten(run, name):
    (run / name).write_text('')
    with pytest.raises(FileExistsError, match='holds no run to resume'):
        run_files.refuse_existing(str(run))


def test_what_a_killed_process_left_is_removed_and_counted(run):
    done = subprocess.run([sys.executable, '-c', 'import os; '
                           'print(os.getpid())'], stdout=subprocess.PIPE)
    ended = files.PART.replace(str(os.getpid()), done.stdout.decode().strip())
    for name in ('best-3', 'resume-6', 'resume-9'):
        saved_runs.write_checkpoint(run, name)
    others = [f'{ended}state.json', 'resume-9.index.tempstate123',
              'last-9.data-00000-of-00001.tempstate17']
    for name in others + ['best-3.txt', f'{files.PART}mine']:
        (run / name).write_text('')
    (run / 'state.json').write_text(
        '{"epoch": 2, "best": "best-3", "resume": "resume-6"}')
    # resume-9 in two files, and the three others.
    assert run_files.remove_leftovers(str(run)) == 5
    assert names(run) == sorted(
        ['options.json', 'state.json', 'best-3.txt', f'{files.PART}mine']
        + [name + end for name in ('best-3', 'resume-6')
           for end in ('.index', '.data-00000-of-00001')])
    assert run_files.remove_leftovers(str(run)) == 0


@pytest.mark.parametrize('state, message', [
    ({'epoch': 1, 'best_miou': .5, 'best_epoch': 1}, 'lacks resume'),
    ({'best_miou': .5, 'best_epoch': 1, 'resume': 'resume-1'},
     'lacks epoch'),
    ({'epoch': -1, 'best_miou': .5, 'best_epoch': 1, 'resume': 'resume-1'},
     'epoch is -1'),
    ({'epoch': 2, 'best_miou': None, 'best_epoch': 1, 'resume': 'resume-1'},
     r'epoch is 2, best_miou and best_epoch are \(None, 1\)')])
def test_a_state_that_cannot_be_resumed_is_named(run, state, message):
    (run / 'state.json').write_text(json.dumps(state))
    with pytest.raises(ValueError, match=f'state.json:? {message}'):
        run_files.check_resumable(str(run))


def test_a_directory_that_has_vanished_is_not_written(run):
    os.rename(str(run / 'options.json'), str(run / 'moved'))
    for write in (lambda: run_files.append_log(str(run), {'epoch': 1}),
                  lambda: run_files.write_state(str(run), {'epoch': 1}),
                  lambda: run_files.write_options(str(run / 'no'), {})):
        with pytest.raises(FileNotFoundError, match='is gone: somebody has '
                                                    'removed'):
            write()
    assert names(run) == ['moved']


def test_a_full_disk_names_the_log(run, monkeypatch):
    def full(_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError) as raised:
        run_files.append_log(str(run), {'epoch': 1})
    assert raised.value.filename == str(run / 'log.jsonl')


def test_the_log_is_cut_back_to_what_is_saved(run):
    for epoch in (1, 2, 3):
        run_files.append_log(str(run), {'epoch': epoch, 'miou': epoch / 4})
    run_files.trim_log(str(run), 2)
    assert (run / 'log.jsonl').read_text() == (
        '{"epoch": 1, "miou": 0.25}\n{"epoch": 2, "miou": 0.5}\n')
    assert names(run) == ['log.jsonl', 'options.json']


def test_a_line_of_the_log_that_was_cut_off_goes(run):
    run_files.append_log(str(run), {'epoch': 1})
    with open(str(run / 'log.jsonl'), 'a') as file:
        file.write('{"epoch": 2, "tr')
    run_files.trim_log(str(run), 2)
    assert (run / 'log.jsonl').read_text() == '{"epoch": 1}\n'


def test_a_run_without_a_log_has_nothing_to_cut(tmp_path):
    run_files.trim_log(str(tmp_path), 2)
    assert names(tmp_path) == []
