"""infer.py and evaluate.py with --crf, as a user runs them."""
import json
import os

import cv2
import helpers
import numpy as np
import pytest
import programs
import road_frames
import runs

import evaluate
import infer
from segmentation.crf import choice, model

pytest.importorskip('pydensecrf.densecrf')

STREET = choice.PRESETS['street']


@pytest.fixture(scope='module')
def run(untrained):
    return untrained


@pytest.fixture
def tuned(run):
    """Its crf.json, which is removed again."""
    name = os.path.join(run, 'crf.json')
    yield name
    if os.path.exists(name):
        os.remove(name)


def score(run, *arguments):
    return programs.score(run, *map(str, arguments))


def segment(run, *arguments):
    """Run infer.py on the validation pictures; their class ids."""
    pictures, _ = programs.list_files('valid')
    assert infer.main(['--name', run, '--samples-dir'] + pictures + [
        '--output-dir', 'out', '--no-overlay', '--class-ids', '--workers',
        '1'] + list(map(str, arguments))) == 0
    return [cv2.imread(os.path.join('out', 'class-ids',
                                    os.path.basename(name)), 0)
            for name in pictures]


def refined(image, parameters):
    """What the CRF makes of the network's probabilities, which SciPy has."""
    is_smaller = image.shape[1] >= 64 and image.shape[0] >= 32
    small = cv2.resize(image, (64, 32), interpolation=cv2.INTER_AREA
                       if is_smaller else cv2.INTER_LINEAR)
    return model.refine(image, programs.enlarge(
        programs.run_network(small, 1), image.shape).astype(np.float32),
        parameters)


def test_pictures_are_refined_as_they_were_read(run, place, capsys):
    raw = segment(run)
    capsys.readouterr()
    found = segment(run, '--crf', '--colors', '--confidence', 'road')
    pictures, _ = programs.list_files('valid')
    for name, ids in zip(pictures, found):
        base = os.path.basename(name)
        wanted = refined(cv2.imread(name), STREET)
        assert (ids == wanted.argmax(axis=-1)).mean() > .995
        np.testing.assert_array_equal(
            cv2.imread(f'out/colors/{base}'), np.array(helpers.COLORS)[ids])
        confidence = cv2.imread(f'out/confidence-road/{base}', 0)
        assert abs(confidence - 255 * wanted[..., 2]).mean() < .6
    changed = np.mean(np.concatenate([
        (one != other).ravel() for one, other in zip(raw, found)]))
    assert changed > .02
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'[i] CRF, street: {model.in_words(STREET)}'
    assert lines[5] == f'[i] CRF: {changed:.2%} of the pixels changed class'
    assert [line.split(':')[0] for line in lines[7:]] == [
        '[i] decode', '[i] network', '[i] crf', '[i] write']
    with open('out/infer.json') as file:
        assert json.load(file)['crf'] == {
            'preset': 'street', 'parameters': dict(STREET._asdict())}


@pytest.mark.parametrize('native', [[], ['--native']])
def test_single_parameters_can_be_given(run, place, capsys, native):
    found = segment(run, '--crf', 'post', '--crf-iterations', 1,
                    '--crf-bilateral', 20, 8.5, 3, *native)
    assert (
        '[i] CRF, post: iterations 1, Gaussian sxy 10 compat 3, bilateral '
        'sxy 20 srgb 8.5 compat 3\n') in capsys.readouterr().out
    name = programs.list_files('valid')[0][0]
    if not native:
        wanted = refined(cv2.imread(name), model.Parameters(1, 10, 3, 20, 8.5,
                                                            3))
        assert (found[0] == wanted.argmax(axis=-1)).mean() > .995


@pytest.mark.parametrize('program, arguments, message', [
    (infer, ['--crf-iterations', '3'], '--crf-iterations goes with --crf'),
    (infer, ['--crf', '--crf-gaussian', '.5', '1'],
     '--crf-gaussian: a width is 0.5, 1 or more is wanted'),
    (infer, ['--crf', 'cat'], 'invalid choice: \'cat\''),
    (evaluate, ['--crf-bilateral', '9', '9', '1'],
     '--crf-bilateral goes with --crf'),
    (evaluate, ['--crf', '--crf-bilateral', '9', '.2', '1'],
     '--crf-bilateral: a width is 0.2, 1 or more is wanted'),
    (evaluate, ['--crf', '--crf-gaussian', '9', '-1'],
     '-1: a number of 0 or more is wanted'),
    (evaluate, ['--tune', '3'], '--tune goes with --crf'),
    (evaluate, ['--crf', '--tune', '3', '--split', 'test'],
     '--tune does not go with --split test'),
    (evaluate, ['--crf', '--tune', '3', '--export', 'maps'],
     '--tune leaves pictures out'),
    (evaluate, ['--compare', 'a', 'b', '--crf'],
     '--crf does not go with --compare')])
def test_options_that_make_no_sense_are_usage_errors(
        place, capsys, program, arguments, message):
    if program is infer:
        arguments = ['--samples-dir', 'in', '--output-dir', 'out'] + arguments
    with pytest.raises(SystemExit) as error:
        program.main(arguments)
    assert error.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('program, arguments', [
    ('infer.py', ['--samples-dir', helpers.data_dir(), '--output-dir',
                  'out']),
    ('evaluate.py', [])])
def test_missing_package_is_said_before_tensorflow_is_loaded(
        run, place, monkeypatch, program, arguments):
    (place / 'pydensecrf').mkdir()
    (place / 'pydensecrf' / '__init__.py').write_text(
        'raise ImportError("it is not there")')
    (place / 'tensorflow.py').write_text('raise SystemExit("too late")')
    monkeypatch.setenv('PYTHONPATH', str(place))
    done = helpers.run_program(program, '--name', run, '--crf', *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (
        1, '', '[!] --crf takes pydensecrf2, which smooths predictions (pip '
               'install pydensecrf2): it is not there\n')
    assert not os.path.exists(os.path.join(helpers.folder(), 'out'))


def test_scores_are_of_refined_predictions_beside_raw_ones(run, place,
                                                           capsys):
    options = ['--crf', '--crf-gaussian', 4, 2]
    raw = score(run, '--csv', 'raw.csv')
    capsys.readouterr()
    found = score(run, *options, '--csv', 'refined.csv', '--report', 'page')
    _, truth = programs.list_files('valid')
    programs.assert_scores_are_of(found, truth, segment(run, *options))
    assert found['crf']['raw'] == {key: raw[key] for key in
                                   ('scores', 'iou', 'matrix')}
    assert found['crf']['parameters'] == dict(STREET._replace(
        gaussian_sxy=4, gaussian_compat=2)._asdict())
    assert found['scores'] != raw['scores']
    lines = capsys.readouterr().out.splitlines()
    gain, = [k for k, line in enumerate(lines)
             if line.startswith('[i] CRF, street: mIoU')]
    assert lines[gain] == '[i] CRF, street: ' + ', '.join(
        '{} {:.2f} % -> {:.2f} % ({:+.2f} points)'.format(
            title, 100 * raw['scores'][key], 100 * found['scores'][key],
            100 * (found['scores'][key] - raw['scores'][key]))
        for key, title in (('miou', 'mIoU'),
                           ('pixel_accuracy', 'pixel accuracy')))
    for line, name in zip(lines[gain + 2:gain + 5], helpers.CLASSES):
        assert line.split()[-3:] == ['{:{}.2f}'.format(100 * value, sign)
                                     for value, sign in (
            (raw['iou'][name], ''), (found['iou'][name], ''),
            (found['iou'][name] - raw['iou'][name], '+'))]
    with open('raw.csv') as one, open('refined.csv') as other:
        assert one.readline() == other.readline()
        assert one.read() != other.read()
    with open('page/index.html') as file:
        assert 'Gaussian sxy 4 compat 2' in file.read()


def test_averages_of_views_are_refined(run, place):
    """Several maps, together larger than the picture."""
    options = ['--crf', '--flip', '--scales', '.5,2', '--split', 'test']
    found = score(run, *options)
    assert found['crf']['raw']['matrix'] == score(
        run, *options[1:])['matrix'] != found['matrix']


def test_samples_of_a_source_of_the_contract_alone_are_refined(run, place):
    found = score(run, '--crf', 'post', '--data-source', 'bare')
    assert found['crf']['raw']['matrix'] == score(
        run, '--data-source', 'bare')['matrix'] != found['matrix']


@pytest.mark.slow
def test_tuned_parameters_are_written_and_taken(run, tuned, place, capsys):
    done = helpers.run_program(
        'evaluate.py', '--name', run, '--split', 'train', '--crf', '--tune',
        '3', '--csv', str(place / 'a.csv'), '--workers', '2')
    assert done.returncode == 0, done.stderr
    with open(tuned) as file:
        saved = json.load(file)
    # 9 pictures in three thirds: the middle of each
    assert saved['pictures'] == [f'train/{k}.png' for k in (1, 4, 7)]
    assert (saved['checkpoint'], saved['split']) == ('best-1', 'train')
    (place / 'list.txt').write_text('\n'.join(saved['pictures']))
    found = score(run, '--crf', '--split', 'train', '--list', 'list.txt')
    assert found['crf']['preset'] == 'tuned'
    assert found['crf']['parameters'] == saved['parameters']
    assert found['scores']['miou'] == pytest.approx(saved['miou'])
    assert found['crf']['raw']['scores']['miou'] == pytest.approx(
        saved['raw_miou'])
    with open('a.csv') as file:
        assert [line.split(',')[0] for line in file][1:] == [
            f'train/{k}.png' for k in (0, 2, 3, 5, 6, 8)]
    lines = done.stdout.splitlines()
    assert lines[6:8] == ['[i] tuning on 3 of 9 pictures of the train split',
                          '[i] 24 settings, the best by mIoU:']
    best = model.in_words(model.Parameters(**saved['parameters']))
    assert lines[8].endswith(best)
    assert ('[i] the scores are of the 6 pictures that tuning did not see'
            in lines)
    capsys.readouterr()
    segment(run, '--crf')
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'[i] CRF, tuned: {best}'
    assert lines[1].startswith('[i] tuned on 3 pictures of the train split: '
                               'mIoU {:.2%} -> '.format(saved['raw_miou']))


def test_what_loses_least_is_said_to_lose(run, tuned, place, capsys):
    """Weights that make one class of each picture."""
    arguments = ['--name', run, '--crf', '--crf-bilateral', '999', '255',
                 '4000', '--crf-gaussian', '999', '4000']
    evaluate.main(arguments + ['--tune', '9', '--json', 'a.json'])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == ('[i] tuning has seen every picture: none is left to '
                         'score')
    assert lines[-3] == ('[i] no setting gains on these pictures: this one '
                         'loses least')
    assert not os.path.exists('a.json')
    segment(run, '--crf', 'tuned')
    assert capsys.readouterr().out.splitlines()[1].endswith('%, no gain')


def test_parameters_of_another_checkpoint_are_taken_and_said(
        run, tuned, place, capsys):
    saved = {'parameters': dict(STREET._replace(iterations=1)._asdict()),
             'checkpoint': 'best-7', 'split': 'valid', 'pictures': ['a'],
             'raw_miou': .5, 'miou': .625}
    with open(tuned, 'w') as file:
        json.dump(saved, file)
    segment(run, '--crf')
    assert capsys.readouterr().out.splitlines()[:3] == [
        f'[i] CRF, tuned: {model.in_words(STREET._replace(iterations=1))}',
        '[i] tuned on 1 picture of the valid split: mIoU 50.00% -> 62.50%',
        '[i] it was tuned with the checkpoint best-7, this is best-1']


def crf_json(miou=.5, **parameters):
    """Return a crf.json as text, sound but for what is given."""
    return json.dumps({
        'parameters': dict(STREET._asdict(), **parameters), 'checkpoint': '',
        'split': '', 'pictures': [], 'raw_miou': 0, 'miou': miou})


@pytest.mark.parametrize('content, message', [
    (None, 'has no tuned parameters: evaluate.py --crf --tune N writes'),
    ('{', 'crf.json: no JSON'),
    ('{}', 'crf.json lacks parameters, checkpoint'),
    (crf_json(iterations='x'), "crf.json: parameters.iterations is 'x': int"),
    (crf_json(iterations=10 ** 400), 'crf.json: iterations of 1 or more'),
    (crf_json(bilateral_sxy=.5), 'widths of 1 or more'),
    (crf_json(bilateral_compat=-1), 'weights of 0 or more'),
    (crf_json(gaussian_sxy=float('nan')), 'widths of 1 or more'),
    (crf_json(miou=2), 'mIoUs from 0 to 1 are wanted')])
def test_tuned_parameters_that_are_none_are_refused(run, tuned, place,
                                                    content, message):
    if content is not None:
        with open(tuned, 'w') as file:
            file.write(content)
    with pytest.raises((OSError, ValueError), match=message):
        evaluate.main(['--name', run, '--crf', 'tuned'])


@pytest.mark.slow
def test_maps_of_the_benchmark_are_refined(place):
    """KITTI road: what is handed in is what infer.py calls confidence."""
    for k, name in enumerate(road_frames.FRAMES):
        road_frames.write_frame(place / 'data' / 'training', name, k)
    run = runs.make(place / 'run', 'kitti', place / 'data', seed=3,
                    image_size=(160, 64), valid_fraction=.25)
    evaluate.main(['--name', run, '--split', 'train', '--crf', '--export',
                   'maps'])
    evaluate.main(['--name', run, '--split', 'train', '--export', 'raw'])
    assert infer.main([
        '--name', run, '--samples-dir', 'data/training/image_2',
        '--output-dir', 'out', '--no-overlay', '--confidence', 'road',
        '--crf']) == 0
    assert len(os.listdir('maps')) == 3
    for name in os.listdir('maps'):
        found = cv2.imread(os.path.join('maps', name), 0)
        np.testing.assert_array_equal(found, cv2.imread(os.path.join(
            'out', 'confidence-road', name.replace('_road', '')), 0))
        raw = cv2.imread(os.path.join('raw', name), 0)
        assert abs(found.astype(int) - raw).max() > 20
