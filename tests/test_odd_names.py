"""Names of files that are no UTF-8: they are as good as all others."""
import json
import os
import subprocess
import sys

import folders
import helpers
import pytest
import runs

import evaluate
from segmentation.drawing import canvas

pytestmark = pytest.mark.skipif(sys.platform != 'linux',
                                reason='names are text there')
ODD = os.fsdecode(b'\xff.png')
LATIN = os.fsdecode(b'stra\xdfe.png')
SHOWN = '\\udcff.png'       # as a terminal shows it


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """A run on a folder of pictures, all of them with odd names."""
    folder = tmp_path_factory.mktemp('odd')
    data = folders.write(folder / 'data', [
        os.path.join('train', ODD), os.path.join('train', LATIN),
        os.path.join('valid', ODD), os.path.join('valid', LATIN)])
    return runs.make(folder / 'run', 'folder', data)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('PYTHONIOENCODING', 'utf-8:strict')
    return tmp_path


def data_of(run):
    return os.path.join(os.path.dirname(run), 'data')


@pytest.mark.slow
def test_pictures_are_segmented(run, place):
    image, _ = helpers.draw_scene(0)
    folders.write_picture(os.path.join('in', ODD), image)
    # Without a suffix, it is a picture by its first bytes.
    folders.write_picture(os.path.join('in', os.fsdecode(b'\xfe')), image)
    with open(os.path.join('in', 'broken' + ODD), 'wb') as file:
        file.write(b'no picture')
    done = helpers.run_program(
        'infer.py', '--name', run, '--samples-dir', 'in', '--output-dir',
        'out', '--class-ids', cwd=str(place))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        '[!] 1 of 3 pictures could not be read:',
        f'[!] in/broken{SHOWN}: no picture that OpenCV reads']
    assert sorted(os.listdir(b'out')) == [
        b'class-ids', b'infer.json', b'\xfe.png', b'\xff.png']
    assert sorted(os.listdir(b'out/class-ids')) == [b'\xfe.png', b'\xff.png']
    with open('out/infer.json') as file:
        assert ODD in json.load(file)['outputs']


def test_a_data_set_is_checked(run, place):
    done = helpers.run_program(
        'check_source.py', '--data-source', 'folder', '--data-dir',
        data_of(run), '--output-dir', 'out', '--json', 'found.json',
        cwd=str(place))
    assert (done.returncode, done.stderr) == (0, '')
    with open('found.json') as file:
        assert json.load(file)['faults'] == []


def test_faults_of_a_data_set_name_the_file(place):
    data = folders.write('data', [f'{split}/{ODD}'
                                  for split in ('train', 'valid')])
    with open(os.path.join(data, 'labels', 'train', ODD), 'wb') as file:
        file.write(b'no picture')
    done = helpers.run_program(
        'check_source.py', '--data-source', 'folder', '--data-dir', 'data',
        '--output-dir', 'out', cwd=str(place))
    assert done.returncode == 1
    assert done.stderr == (f'[!] data/labels/train/{SHOWN}: no PNG: a label '
                           'has to be one\n')


def test_scores_and_lists_have_the_bytes_of_the_names(run, place):
    with open('list.txt', 'wb') as file:
        file.write(b'images/valid/\xff.png\n')
    assert not evaluate.main([
        '--name', run, '--list', 'list.txt', '--csv', 'scores.csv',
        '--workers', '1'])
    with open('scores.csv', 'rb') as file:
        assert [line.split(b',')[0] for line in file] == [
            b'picture', b'images/valid/\xff.png']


@pytest.mark.slow
def test_a_report_shows_them(run, place):
    done = helpers.run_program('evaluate.py', '--name', run, '--report',
                               'report', cwd=str(place))
    assert (done.returncode, done.stderr) == (0, '')
    with open('report/index.html', encoding='utf-8') as file:
        assert 'images/valid/?.png' in file.read()


@pytest.mark.parametrize('encoding', ['utf-8:strict', 'ascii:strict'])
def test_any_name_can_be_printed(place, encoding):
    done = subprocess.run(
        [sys.executable, '-c', 'import sys; import utils\n'
         'utils.run(lambda: print("caf\\xe9", sys.argv[1]))', ODD],
        env=dict(os.environ, PYTHONPATH=helpers.ROOT,
                 PYTHONIOENCODING=encoding),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b'')
    assert done.stdout.endswith(b' \\udcff.png\n')


def test_any_name_can_be_drawn():
    assert canvas.text_size(ODD) == canvas.text_size('?.png')
    assert canvas.text_size('\ud800') == canvas.text_size('?')
