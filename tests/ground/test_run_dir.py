"""The directory of a run: what is refused, kept and removed in it."""
import collections
import os

import pytest

from segmentation import files, run_dir

Usage = collections.namedtuple('Usage', 'total used free')


def write_checkpoint(directory, name, size=10):
    for end in ('.index', '.data-00000-of-00001'):
        (directory / (name + end)).write_bytes(b'x' * size)


def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def free(monkeypatch):
    """Sets how many bytes every disk has left; notes which were asked."""
    asked = []

    def set_free(count):
        def disk_usage(path):
            asked.append(path)
            return Usage(1000, 0, count)
        monkeypatch.setattr(run_dir.shutil, 'disk_usage', disk_usage)
        return asked
    return set_free


def test_a_run_needs_ten_times_its_weights(tmp_path, free):
    # A resumable one of three sizes, best and last, and as much anew.
    free(10e9)
    run_dir.check_space(str(tmp_path), int(1e9))
    free(10e9 - 1)
    with pytest.raises(OSError, match='10.0 GB are free, .* take 10.0 GB'):
        run_dir.check_space(str(tmp_path), int(1e9))


def test_space_is_asked_for_where_the_directory_will_be(tmp_path, free):
    asked = free(0)
    with pytest.raises(OSError):
        run_dir.check_space(str(tmp_path / 'no' / 'such'), 1)
    assert asked == [str(tmp_path)]
    assert names(tmp_path) == []


def test_checkpoints_that_will_be_replaced_count_as_space(tmp_path, free):
    write_checkpoint(tmp_path, 'resume-3', 150)     # 300 bytes in two files
    (tmp_path / 'film.mp4').write_bytes(b'x' * 900)
    free(700)
    run_dir.check_space(str(tmp_path), 100)
    with pytest.raises(OSError):
        run_dir.check_space(str(tmp_path), 101)


def test_old_checkpoints_go_and_all_else_stays(tmp_path):
    for name in ('best-3', 'last-6', 'resume-6', 'last-9', 'resume-9'):
        write_checkpoint(tmp_path, name)
    others = ['best-of-all.png', 'last-6.txt', 'my-resume-6.index', 'best-3',
              'resume-6', 'last-x.index']
    for name in others:
        (tmp_path / name).write_text('mine')
    (tmp_path / 'last-6-pictures').mkdir()
    run_dir.write_state(str(tmp_path), {'best': 'best-3', 'last': 'last-9',
                                        'resume': 'resume-9', 'epoch': 3})
    left = [name + end for name in ('best-3', 'last-9', 'resume-9')
            for end in ('.index', '.data-00000-of-00001')]
    assert names(tmp_path) == sorted(
        left + others + ['last-6-pictures', 'state.json'])


def test_the_state_is_written_before_anything_goes(tmp_path, monkeypatch):
    write_checkpoint(tmp_path, 'resume-6')
    write_checkpoint(tmp_path, 'resume-9')
    run_dir.write_state(str(tmp_path), {'resume': 'resume-6'})
    write_checkpoint(tmp_path, 'resume-9')

    def fail(*_):
        raise OSError('the disk is full')

    monkeypatch.setattr(files, 'write_json', fail)
    with pytest.raises(OSError):
        run_dir.write_state(str(tmp_path), {'resume': 'resume-9'})
    assert run_dir.checkpoint(str(tmp_path), 'resume') == str(
        tmp_path / 'resume-6')


def test_a_checkpoint_is_found_by_its_kind(tmp_path):
    write_checkpoint(tmp_path, 'best-3')
    run_dir.write_state(str(tmp_path), {'best': 'best-3', 'last': 'last-4'})
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


def test_a_description_comes_back_as_written(tmp_path):
    directory = str(tmp_path / 'runs' / 'a')
    description = {'options': {}, 'class_names': ['road', 'Straße']}
    run_dir.create(directory, description)
    assert run_dir.read_options(directory) == description
    assert os.listdir(directory) == ['options.json']


def test_only_an_empty_or_absent_directory_takes_a_new_run(tmp_path):
    run_dir.refuse_existing(str(tmp_path / 'absent'))
    (tmp_path / 'empty').mkdir()
    run_dir.refuse_existing(str(tmp_path / 'empty'))
    (tmp_path / 'file').write_text('')
    for path in (tmp_path, tmp_path / 'file'):
        with pytest.raises(FileExistsError, match='holds no run to resume'):
            run_dir.refuse_existing(str(path))
    (tmp_path / 'state.json').write_text('{}')
    with pytest.raises(FileExistsError, match='--resume goes on'):
        run_dir.refuse_existing(str(tmp_path))


def test_the_log_is_cut_back_to_what_is_saved(tmp_path):
    for epoch in (1, 2, 3):
        run_dir.append_log(str(tmp_path), {'epoch': epoch, 'miou': epoch / 4})
    run_dir.trim_log(str(tmp_path), 2)
    assert (tmp_path / 'log.jsonl').read_text() == (
        '{"epoch": 1, "miou": 0.25}\n{"epoch": 2, "miou": 0.5}\n')
    assert names(tmp_path) == ['log.jsonl']


def test_a_line_of_the_log_that_was_cut_off_goes(tmp_path):
    run_dir.append_log(str(tmp_path), {'epoch': 1})
    with open(str(tmp_path / 'log.jsonl'), 'a') as file:
        file.write('{"epoch": 2, "tr')
    run_dir.trim_log(str(tmp_path), 2)
    assert (tmp_path / 'log.jsonl').read_text() == '{"epoch": 1}\n'


@pytest.mark.parametrize('text', ['[]', '{}', '{"options"'])
def test_broken_options_are_named(tmp_path, text):
    (tmp_path / 'options.json').write_text(text)
    with pytest.raises(ValueError, match='options.json'):
        run_dir.read_options(str(tmp_path))


def test_a_run_without_a_log_has_nothing_to_cut(tmp_path):
    run_dir.trim_log(str(tmp_path), 2)
    assert names(tmp_path) == []
