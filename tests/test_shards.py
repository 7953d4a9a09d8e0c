"""infer.py and evaluate.py by shards and by processes: as by one process."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import cluster_runs
import cv2
import helpers
import pytest
import road_frames
import runs

import evaluate
import infer
from segmentation import locks
from segmentation.processes.shards import Shard

# Nine pictures in batches of two: shards of 4, 3 and 2.
TRAIN = ('--split', 'train', '--batch-size', '2', '--workers', '2')
COUNT = 3


@pytest.fixture(scope='module')
def road(tmp_path_factory):
    """A run on four frames of KITTI road."""
    folder = tmp_path_factory.mktemp('road')
    for k, name in enumerate(road_frames.FRAMES):
        road_frames.write_frame(folder / 'data' / 'training', name, k)
    calibration = folder / 'data' / 'training' / 'calib'
    calibration.mkdir()
    for name in road_frames.FRAMES:
        (calibration / f'{name}.txt').write_text(
            'P2: 180 0 155 0 0 180 43 0 0 0 1 0\n'
            'R0_rect: 1 0 0 0 1 0 0 0 1\n'
            'Tr_cam_to_road: 1 0 0 0 0 1 0 -1.65 0 0 1 0\n')
    return runs.make(folder / 'run', 'kitti', folder / 'data', seed=3,
                     image_size=(160, 64), valid_fraction=.25)


def contents(folder):
    """Return {path: bytes} of all files in a folder."""
    return {os.path.relpath(os.path.join(parent, name), str(folder)): open(
        os.path.join(parent, name), 'rb').read()
        for parent, _, names in os.walk(str(folder)) for name in names}


def score_shards(run, *arguments, count=COUNT, prefix='part'):
    """Score each shard in this process; return the paths of the parts."""
    paths = [f'{prefix}-{number}.json' for number in range(1, count + 1)]
    for number, path in enumerate(paths, 1):
        assert not evaluate.main(['--name', run, '--shard',
                                  f'{number}/{count}', '--json', path,
                                  *arguments])
    return paths


def outputs(folder, *names):
    """Return the options of outputs that go to a folder."""
    os.makedirs(folder, exist_ok=True)
    return [word for name in names for word in (
        f"--{name.partition('.')[0]}", os.path.join(folder, name))]


ALL = 'json', 'csv', 'matrix.png', 'reliability.png', 'report'


@pytest.mark.parametrize('arguments, count', [
    ((), COUNT), helpers.slow(('--flip', '--scales', '1,2'), 2),
    # Two shards are empty, and no batch is full.
    helpers.slow(('--native',), 7), helpers.slow(('--crf',), 2)])
def test_merged_scores_are_those_of_one_process(pair, place, capsys,
                                                arguments, count):
    if '--crf' in arguments:
        pytest.importorskip('pydensecrf.densecrf')
    command = ('--name', pair[0], *TRAIN, *arguments)
    evaluate.main([*command, *outputs('one', *ALL)])
    table = capsys.readouterr().out.partition('train split: 9 pictures')[2]
    paths = score_shards(pair[0], *TRAIN, *arguments, count=count)
    assert 'mIoU' not in capsys.readouterr().out
    evaluate.main(['--merge', *reversed(paths), *outputs('merged', *ALL)])
    merged = capsys.readouterr().out.partition('train split: 9 pictures')[2]
    assert merged.replace('merged/', 'one/') == table and 'mIoU' in table
    assert contents('merged') == contents('one')
    scores = json.loads(contents('merged')['json'])
    assert scores['pictures'] == helpers.COUNTS['train']
    assert ('crf' in scores) == ('--crf' in arguments)


def test_a_source_of_the_contract_alone_is_divided_too(pair, place):
    run = runs.make(place / 'bare', 'bare', helpers.data_dir(), 1)
    evaluate.main(['--name', run, *TRAIN, *outputs('one', 'json')])
    evaluate.main(['--merge', *score_shards(run, *TRAIN),
                   *outputs('merged', 'json')])
    assert contents('merged') == contents('one')


def test_files_to_submit_come_together(road, place):
    command = ('--name', road, '--split', 'train', '--batch-size', '1')
    asked = outputs('one', 'json', 'export', 'birds-eye')
    evaluate.main([*command, *asked, '--zip'])
    score_shards(road, *command[2:], '--export', 'maps', '--birds-eye',
                 'above', count=2)
    assert sorted(name for name in os.listdir('.') if '-of-' in name) == [
        'above.1-of-2', 'above.2-of-2', 'maps.1-of-2', 'maps.2-of-2']
    evaluate.main(['--merge', 'part-1.json', 'part-2.json', '--json',
                   'scores.json', '--export', 'maps', '--birds-eye', 'above',
                   '--zip'])
    one = contents('one')
    assert len(one) == 9 and 'road' in json.loads(one['json'])
    assert contents('maps') == contents('one/export')
    assert contents('above') == contents('one/birds-eye')
    assert (place / 'scores.json').read_bytes() == one['json']
    assert os.path.exists('maps.zip') and os.path.exists('above.zip')
    shutil.rmtree('maps')
    os.remove(os.path.join('maps.2-of-2', os.listdir('maps.2-of-2')[0]))
    with pytest.raises(FileNotFoundError, match='^maps.2-of-2/.*: no such'):
        evaluate.main(['--merge', 'part-1.json', 'part-2.json', '--export',
                       'maps'])
    assert not os.path.exists('maps')


@pytest.fixture(scope='module')
def made(pair, tmp_path_factory):
    """Parts of several evaluations, and data of which a label is another."""
    folder = tmp_path_factory.mktemp('parts')
    data = str(folder / 'data')
    shutil.copytree(helpers.data_dir(), data)
    label = os.path.join(data, 'train', '8_ids.png')
    cv2.imwrite(label, cv2.imread(label, 0) * 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make_parts(pair, data)
    (folder / 'changed-2.json').write_text((folder / 'a-2.json').read_text(
        ).replace('"ignored": ', '"ignored": 1', 1))
    (folder / 'scores.json').write_text('{"miou": 0.5}')
    return folder


def make_parts(pair, data):
    """Score the first run, and a shard each of other evaluations."""
    score_shards(pair[0], *TRAIN, prefix='a')
    for prefix, run, arguments, count in (
            ('b', pair[1], TRAIN, COUNT), ('flip', pair[0], (*TRAIN, '--flip'),
                                           COUNT),
            ('batch', pair[0], (*TRAIN, '--batch-size', '3'), COUNT),
            ('valid', pair[0], TRAIN[2:], COUNT),
            ('data', pair[0], (*TRAIN, '--data-dir', data), COUNT),
            ('two', pair[0], TRAIN, 2)):
        number = 2
        evaluate.main(['--name', run, *arguments, '--shard',
                       f'{number}/{count}', '--json', f'{prefix}-2.json'])
    for number, size in ((1, '32x32'), (2, '64x32')):
        evaluate.main(['--name', pair[0], *TRAIN, '--tiles', size, '--overlap',
                       '0', '--shard', f'{number}/{COUNT}', '--json',
                       f'tiles-{number}.json'])


@pytest.mark.parametrize('names, message', [
    ('a-1 a-2', '^2 of 3 parts are given: shard 3/3 is missing$'),
    ('a-2', '^1 of 3 parts are given: shard 1/3, 3/3 is missing$'),
    ('a-1 a-2 a-1 a-3', '^a-1.json and a-1.json are both shard 1/3$'),
    ('a-1 b-2 a-3', '^b-2.json and a-1.json are of different networks: '
                    'their weights or graphs differ$'),
    ('a-1 flip-2 a-3', '^flip-2.json has flip True, a-1.json has False: '
                       'parts of one evaluation are wanted$'),
    ('a-1 batch-2 a-3', '^batch-2.json has batch_size 3, a-1.json has 2'),
    ('tiles-1 tiles-2 a-3', r'^tiles-2.json has tiles \[\[64, 32\], 0\], '
                            r'tiles-1.json has \[\[32, 32\], 0\]'),
    ('valid-2 a-1 a-3', '^a-1.json has split train, valid-2.json has valid'),
    ('a-1 data-2 a-3', '^data-2.json and a-1.json are of different data: '
                       'files, their sizes or their classes differ$'),
    ('a-1 two-2', '^two-2.json is shard 2/2, a-1.json is shard 1/3: one '
                  'number of shards is wanted$'),
    ('a-1 changed-2 a-3', '^changed-2.json: it was changed, or written by '),
    ('scores a-1', '^scores.json lacks checksum, part$'),
    ('a-1 none-2', 'No such file')])
def test_other_parts_are_refused_by_name(made, monkeypatch, names, message):
    monkeypatch.chdir(made)
    with pytest.raises((ValueError, OSError), match=message):
        evaluate.main(['--merge', *(f'{name}.json' for name in names.split()),
                       '--json', 'never.json'])
    assert not (made / 'never.json').exists()


def test_merging_takes_places_and_changes_no_score(made, pair, place):
    paths = [str(made / f'a-{number}.json') for number in (1, 2, 3)]
    moved = shutil.copytree(pair[0], 'moved')
    shutil.copytree(helpers.data_dir(), 'data')
    evaluate.main(['--merge', *paths, '--name', moved, '--data-dir', 'data',
                   '--json', 'scores.json', '--report', 'report'])
    with open('scores.json') as file:
        assert json.load(file)['data_dir'] == 'data'
    for arguments, message in (
            (['--flip'], '^--flip is False in the parts: --merge cannot'),
            (['--data-dir', str(made / 'data')],
             '^.*a-1.json and .* are of different data'),
            (['--name', pair[1], '--report', 'other'],
             '^.*a-1.json and .* are of different networks'),
            (['--json', paths[1]], 'a-2.json is an input: it is not')):
        with pytest.raises(ValueError, match=message):
            evaluate.main(['--merge', *paths, *arguments])
    assert not os.path.exists('other')


@pytest.mark.parametrize('arguments, message', [
    (['--shard', '1/2'], '--shard takes --json, for the part that --merge'),
    (['--shard', '0/2', '--json', 'a'], "'0/2': K/N is wanted, K from 1 to N"),
    (['--shard', '1/2', '--json', 'a', '--csv', 'b'],
     '--csv does not go with --shard: --merge takes it'),
    (['--shard', '1/2', '--json', 'a', '--crf', '--tune', '3'],
     '--tune does not go with --shard'),
    (['--processes', '2', '--crf', '--tune', '3'],
     '--tune does not go with --processes'),
    (['--processes', '2', '--compare', 'a', 'b'],
     '--compare does not go with --processes'),
    (['--processes', '2', '--shard', '1/2', '--json', 'a'],
     '--processes does not go with --shard'),
    (['--processes', '2', '--merge', 'a'],
     '--merge does not go with --processes')])
def test_options_that_make_no_sense_are_usage_errors(place, capsys,
                                                     arguments, message):
    with pytest.raises(SystemExit) as error:
        evaluate.main(arguments)
    assert error.value.code == 2
    assert message in capsys.readouterr().err


def draw_pictures(folder, count):
    """Write scenes of three sizes, and one file that is no picture."""
    os.makedirs(os.path.join(folder, 'sub'))
    for k in range(count):
        image, _ = helpers.draw_scene(k, (70 + k % 3, 45))
        name = f'sub/{k}.png' if k % 2 else f'{k}.png'
        assert cv2.imwrite(os.path.join(folder, name), image)
    with open(os.path.join(folder, '3x.png'), 'wb') as file:
        file.write(b'no picture')


SEGMENT = ('--samples-dir', 'in', '--batch-size', '2', '--class-ids',
           '--confidence', 'road', '--workers', '2', '--native')


def segment(run, folder, *arguments):
    return infer.main(['--name', run, *SEGMENT, '--output-dir', folder,
                       *arguments])


def test_shards_write_what_one_process_writes(pair, place, capsys):
    draw_pictures('in', 9)
    assert segment(pair[0], 'one') == 1
    capsys.readouterr()
    shown = []
    for number in (3, 1, 2):
        shown.append(segment(pair[0], 'out', '--shard', f'{number}/3'))
        with open('out/infer.json') as file:
            assert json.load(file)['complete'] is (number == 2)
    assert sorted(shown) == [0, 0, 1]       # one has the broken picture
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if 'shard' in line] == [
        '[i] shard 3/3: 2 of 10 pictures', '[i] shard 1/3: 4 of 10 pictures',
        '[i] shard 2/3: 4 of 10 pictures']
    assert said.err.count('in/3x.png') == 1
    one, out = contents('one'), contents('out')
    assert len(one) == 3 * 9 + 1
    record = json.loads(out['infer.json'])
    assert record['complete'] is True
    assert record['errors'] == ['in/3x.png: no picture that OpenCV reads']
    assert out == one
    os.remove(os.path.join('in', '3x.png'))
    # Some are gone: each shard makes its own again, and no other.
    for name in ('0.png', 'class-ids/sub/5.png'):
        os.remove(os.path.join('out', name))
    for number in (1, 2, 3):
        segment(pair[0], 'out', '--shard', f'{number}/3', '--skip-existing')
    out = contents('out')
    assert json.loads(out.pop('infer.json')) == dict(record, errors=[])
    del one['infer.json']
    assert out == one
    assert '[i] done already: 3 of 3 pictures' in capsys.readouterr().out


def test_a_shard_without_pictures_has_nothing_to_do(pair, place, capsys):
    draw_pictures('in', 2)
    assert segment(pair[0], 'out', '--shard', '7/9') == 0
    assert capsys.readouterr().out == '[i] shard 7/9: 0 of 3 pictures\n'
    assert contents('out') == {}


def test_shards_refuse_their_own_and_no_other(pair, place):
    draw_pictures('in', 3)
    with locks.locked('out', 'busy', Shard(1, 2)):
        for arguments in ((), ('--shard', '1/2'), ('--shard', '1/3')):
            with pytest.raises(OSError, match='^out: another infer.py writes '
                                              'to it$'):
                segment(pair[0], 'out', *arguments)
        # One of its pictures is broken.
        assert segment(pair[0], 'out', '--shard', '2/2') == 1
    foreign = place / 'other' / 'class-ids' / '0.png'
    foreign.parent.mkdir(parents=True)
    shutil.copy('in/0.png', str(foreign))
    for number in (1, 2):       # whose picture it is
        with pytest.raises(ValueError, match='other/class-ids/0.png exists '):
            segment(pair[0], 'other', '--shard', f'{number}/2')
    assert foreign.read_bytes() == (place / 'in' / '0.png').read_bytes()


def start(name, *arguments):
    return subprocess.Popen(
        [sys.executable, os.path.join(helpers.ROOT, name), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)


def children(process, count):
    """Return the ids of the processes that a process has started."""
    path = f'/proc/{process.pid}/task/{process.pid}/children'
    while process.poll() is None:
        with open(path) as file:
            found = list(map(int, file.read().split()))
        if len(found) == count:
            return found
        time.sleep(.01)
    raise AssertionError(process.communicate())


@pytest.mark.slow
def test_processes_segment_as_one(pair, place):
    """Two processes with a thread each, as one has."""
    draw_pictures('in', 9)
    assert segment(pair[0], 'one', '--threads', '1') == 1
    status, printed, errors = cluster_runs.finish(start(
        'infer.py', '--name', pair[0], *SEGMENT, '--output-dir', 'out',
        '--processes', '2', '--threads', '2'))
    assert status == 1
    assert errors[0] == "[!] 1 of 10 pictures could not be read:"
    assert len(errors) == 2 and errors[1].startswith('[!] in/3x.png: ')
    assert [line.split(':')[0] for line in printed.splitlines()
            if 'squeezed' not in line][:4] == [
        '[i] pictures', '[i] model', '[i] engine', '[i] device']
    assert '[i] pictures: 10;' in printed and '[i] 9 pictures in' in printed
    assert contents('out') == contents('one')


@pytest.mark.slow
def test_processes_score_as_one(road, place):
    command = ('--name', road, '--split', 'train', '--batch-size', '1')
    asked = ('json', 'csv', 'matrix.png', 'report', 'export')
    evaluate.main([*command, '--threads', '1', *outputs('one', *asked)])
    status, printed, errors = cluster_runs.finish(start(
        'evaluate.py', *command, '--threads', '3', '--processes', '3',
        *outputs('out', *asked)))
    assert (status, errors) == (0, [])
    assert printed.count('[i] engine') == printed.count('URBAN') / 2 == 1
    assert contents('out') == contents('one')


@pytest.mark.skipif(not os.path.isdir('/proc'), reason='needs /proc')
@pytest.mark.parametrize('name', ['infer.py', 'evaluate.py'])
def test_a_killed_process_is_named_and_the_others_end(pair, place, name):
    draw_pictures('in', 9)
    command = {'infer.py': [*SEGMENT, '--output-dir', 'out'],
               'evaluate.py': [*TRAIN, '--data-dir', helpers.data_dir(),
                               '--json', 'scores.json', '--report', 'out']}
    shutil.copy(os.path.join(helpers.folder(), 'source_tiny.py'), '.')
    process = start(name, '--name', pair[0], '--processes', '2',
                    *command[name])
    started = children(process, 2)
    os.kill(started[1], signal.SIGKILL)
    status, _, errors = cluster_runs.finish(process)
    assert (status, errors) == (1, [
        '[!] process 2 of 2 was ended by SIGKILL: the others are ended'])
    assert not any(os.path.isdir(f'/proc/{child}') for child in started)
    assert contents('out') == {} and not os.path.exists('scores.json')


@pytest.mark.slow
@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130),
                                            (signal.SIGTERM, 143)])
def test_a_signal_ends_all_and_leaves_whole_files(pair, place, number,
                                                  status):
    draw_pictures('in', 400)
    process = start('infer.py', '--name', pair[0], *SEGMENT, '--output-dir',
                    'out', '--processes', '2')
    for line in process.stdout:
        if line.startswith('[i] device'):
            break
    process.send_signal(number)
    assert cluster_runs.finish(process)[::2] == (
        status, ['[!] interrupted'] * (number == signal.SIGINT))
    left = contents('out')
    assert not any('.part' in name for name in left)
    assert len(left) < 3 * 400
    for name in left:
        assert name == 'infer.json' or cv2.imread(
            os.path.join('out', name)) is not None
