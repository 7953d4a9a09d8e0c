"""Outputs of the programs: what they never overwrite, nor leave unfinished."""
import json
import os
import resource
import subprocess
import sys

import folders
import helpers
import numpy as np
import pytest
import runs

import check_source
import evaluate
import infer
import upsample
from segmentation import files
from segmentation.evaluation import submission
from segmentation.report import folder as report_folder

ROWS = ('valid/1.png', 'valid/2.png', 'train/0.png')


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Two runs and their data set, for all tests that write nothing."""
    folder = tmp_path_factory.mktemp('outputs')
    data = folders.write(folder / 'data', ROWS)
    for seed, name in enumerate('ab'):
        runs.make(folder / name, 'folder', data, seed)
    (folder / 'a' / 'log.jsonl').write_text('{"epoch": 1}\n')
    (folder / 'list.txt').write_text('images/valid/1.png\n')
    return folder


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder):
    """Return {path: bytes} of all files below a folder."""
    return {os.path.join(parent, name): open(
        os.path.join(parent, name), 'rb').read()
        for parent, _, names in os.walk(str(folder)) for name in names}


RUN, BOTH = ['--name', '{made}/a'], ['--compare', '{made}/a', '{made}/b']


@pytest.mark.parametrize('arguments', [
    RUN + ['--json', '{made}/a/best-1.index'],
    RUN + ['--json', '{made}/a/best-1.data-00000-of-00001'],
    RUN + ['--json', '{made}/a/state.json'],
    RUN + ['--csv', '{made}/a/log.jsonl'],
    RUN + ['--matrix', '{made}/data/labels/train/0.png'],
    RUN + ['--reliability', '{made}/data/images/valid/1.png'],
    RUN + ['--json', '{made}/data/classes.csv'],
    RUN + ['--list', '{made}/list.txt', '--json', '{made}/list.txt'],
    RUN + ['--list', '{made}/list.txt', '--csv', 'link'],
    RUN + ['--json', '{root}/source_folder.py'],
    RUN + ['--csv', 'a.json', '--json', './a.json'],
    BOTH + ['--json', '{made}/a/options.json'],
    BOTH + ['--json', '{made}/b/best-1.index'],
    BOTH + ['--json', '{made}/data/classes.csv']])
def test_scores_overwrite_nothing_that_was_read(made, place, arguments):
    os.symlink(str(made / 'list.txt'), 'link')
    before = contents(made)
    with pytest.raises(ValueError, match='not overwritten|two outputs'):
        evaluate.main([argument.format(made=made, root=helpers.ROOT)
                       for argument in arguments])
    assert contents(made) == before
    assert os.listdir('.') == ['link']


@pytest.mark.parametrize('name', [
    'data/classes.csv', 'data/labels/train/0.png', 'out/check_source.txt',
    'out/sheet_train.png'])
def test_a_check_overwrites_nothing_that_was_read(place, name):
    folders.write('data', ROWS)
    before = contents('data')
    with pytest.raises(ValueError, match='not overwritten|two outputs'):
        check_source.main(['--data-source', 'folder', '--data-dir', 'data',
                           '--output-dir', 'out', '--json', name])
    assert contents('data') == before
    assert os.listdir('out') == []


def test_an_enlarged_picture_overwrites_no_code(place):
    folders.write_picture('./a.png', np.zeros((2, 3, 3), np.uint8))
    with pytest.raises(ValueError, match='utils.py is an input'):
        upsample.main(['a.png', os.path.join(helpers.ROOT, 'utils.py')])


def test_checkpoints_of_the_blog_s_code_are_inputs(made, place):
    os.mkdir('old')
    for name in os.listdir(str(made / 'a')):
        if name.startswith(('best', 'network')):
            with open(str(made / 'a' / name), 'rb') as file, open(
                    os.path.join('old', name.replace('best-1', 'e9.ckpt')),
                    'wb') as copy:
                copy.write(file.read())
    before = contents('old')
    for name in before:
        with pytest.raises(ValueError, match='is an input'):
            evaluate.main(['--name', 'old', '--data-source', 'folder',
                           '--data-dir', str(made / 'data'), '--json', name])
    assert contents('old') == before and len(before) == 3


@pytest.mark.parametrize('others', [['maps/a.json'], ['maps.zip'], ['maps']])
def test_exports_hold_no_other_output(place, others):
    with pytest.raises(ValueError, match='which is an output of its own'):
        submission.check(['maps', None], True, [None] + others)


@pytest.mark.parametrize('to', ['report', 'empty', 'nowhere'])
@pytest.mark.parametrize('name', ['link', 'link/'])
def test_links_to_folders_are_refused_before_the_work(place, to, name):
    os.mkdir('empty')
    with report_folder.replace('report') as work:
        open(os.path.join(work, 'index.html'), 'w').close()
    os.symlink(to, 'link')
    for check in (report_folder.check,
                  lambda path: submission.check([path, None])):
        with pytest.raises(FileExistsError, match='link.* is a symbolic li'):
            check(name)
    assert sorted(os.listdir('.')) == ['empty', 'link', 'report']


def run_with_small_files(most, name, *arguments):
    """Run a program that can write no file of more than some bytes."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    return subprocess.run(
        [sys.executable, os.path.join(helpers.ROOT, name)] + list(arguments),
        preexec_fn=limit, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, timeout=200)


@pytest.mark.slow
def test_a_full_disk_leaves_no_picture_cut_off(made, place):
    done = run_with_small_files(
        3000, 'infer.py', '--name', str(made / 'a'), '--samples-dir',
        str(made / 'data' / 'images'), '--output-dir', 'out', '--workers',
        '1')
    assert done.returncode == 1
    assert done.stderr in [f'[!] out/{name}: File too large\n'
                           for name in ROWS]
    assert [os.path.basename(path) for path in contents('out')] == [
        'infer.json']


@pytest.mark.slow
@pytest.mark.parametrize('option, name', [
    ('--json', 'a.json'), ('--csv', 'a.csv'), ('--matrix', 'a.png')])
def test_a_full_disk_keeps_the_old_file_and_names_it(made, place, option,
                                                     name):
    with open(name, 'w') as file:
        file.write('old')
    done = run_with_small_files(100, 'evaluate.py', '--name', str(made / 'a'),
                                option, name)
    assert done.returncode == 1
    assert done.stderr == f'[!] {name}: File too large\n'
    assert contents('.') == {f'./{name}': b'old'}


WAIT = '''
import sys
import time

sys.path.insert(0, {root!r})
import infer


def wait(*_):
    print('held', flush=True)
    time.sleep(100)


infer.segment = wait
infer.main(sys.argv[1:])
'''


def test_one_process_alone_writes_to_a_folder(made, place):
    arguments = ['--name', str(made / 'a'), '--samples-dir',
                 str(made / 'data' / 'images'), '--output-dir', 'out']
    with subprocess.Popen(
            [sys.executable, '-c', WAIT.format(root=helpers.ROOT)]
            + arguments, stdout=subprocess.PIPE,
            universal_newlines=True) as first:
        assert first.stdout.readline() == 'held\n'
        second = helpers.run_program('infer.py', *arguments, cwd=str(place))
        first.kill()
    assert (second.returncode, second.stdout) == (1, '')
    assert second.stderr == '[!] out: another infer.py writes to it\n'
    assert os.listdir('out') == ['.lock']
    assert infer.main(arguments) == 0
    with open('out/infer.json') as file:
        assert json.load(file)['outputs'] == sorted(ROWS)


def leave(folder):
    """Write what a process that was killed leaves in a folder."""
    ended = subprocess.Popen([sys.executable, '-c', ''])
    ended.wait()
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, f'.part-{files.HOST}-{ended.pid}-a.png')
    open(name, 'w').close()
    return name


def test_what_killed_programs_left_is_removed(made, place, capsys):
    for folder in ('out', 'out/valid', 'out/colors/train', 'scores'):
        leave(folder)
    kept = leave('elsewhere')
    infer.main(['--name', str(made / 'a'), '--samples-dir',
                str(made / 'data' / 'images'), '--output-dir', 'out',
                '--colors'])
    assert '[i] removed 3 unfinished files' in capsys.readouterr().out
    evaluate.main(['--name', str(made / 'a'), '--json', 'scores/a.json'])
    assert '[i] removed 1 unfinished file of' in capsys.readouterr().out
    assert [path for path in contents('.') if '.part' in path] == [
        os.path.join('.', kept)]


@pytest.mark.parametrize('text', [
    '[]', '{}', '{"outputs": 3}', '{"outputs": [3]}', '[' * 100000, '\xff'])
def test_a_broken_record_is_one_line(made, place, text):
    os.mkdir('out')
    with open('out/infer.json', 'wb') as file:
        file.write(text.encode('latin-1'))
    with pytest.raises(ValueError, match='^out/infer.json.* (wanted|lacks|'
                                         'no JSON)'):
        infer.main(['--name', str(made / 'a'), '--samples-dir',
                    str(made / 'data' / 'images'), '--output-dir', 'out'])
    assert os.listdir('out') == ['infer.json']


def test_no_run_is_said_by_all_programs(made, place):
    for main, arguments in (
            (evaluate.main, ['--data-source', 'folder']),
            (evaluate.main, []),
            (infer.main, ['--samples-dir', str(made), '--output-dir', 'a'])):
        with pytest.raises(FileNotFoundError, match='^no run in /nowhere: no '
                                                    'such folder$'):
            main(['--name', '/nowhere'] + arguments)
