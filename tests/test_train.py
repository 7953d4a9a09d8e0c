"""train.py on a few small pictures: runs, stops, resumes and refusals."""
import glob
import json
import os
import re
import shutil
import signal
import sys

import cv2
import fixtures
import helpers
import numpy as np
import pytest
import saved_runs

import train
import utils
from segmentation import files, tf1
from segmentation.backbone import course, download
from segmentation.data import contract
from segmentation.processes import stopping
from segmentation.tf1 import tf
from segmentation.trained import run_dir
from segmentation.training import batches, run_files
from segmentation.training.optimization import method

# To the contract alone, in float32: half of each picture is road. Files are
# drawn from the global generators, as a source of one's own may do. HALVES
# says what happens at which batch of more than one sample.
HALVES = '''
import os
import random

import numpy as np


class Halves:
    image_size = (64, 32)
    num_classes = 2
    label_colors = {0: (255, 0, 0), 1: (0, 0, 255)}

    def load_data(self, data_dir, valid_fraction):
        numbers = list(range(9))
        random.shuffle(numbers)
        self.train, self.valid = numbers[3:], numbers[:3]
        self.num_training, self.num_validation = 6, 3
        self.asked = 0

    def train_generator(self, batch_size, names=False):
        order = np.random.permutation(6)
        for images, labels, paths in self.draw(
                [self.train[k] for k in order], batch_size):
            if batch_size > 1:
                self.asked += 1
                event, _, when = os.environ.get('HALVES', '').partition('@')
                if str(self.asked) == when and event == 'nan':
                    images[0, 3, 5] = np.nan
                elif str(self.asked) == when:
                    os.kill(os.getpid(), int(event))
            yield (images, labels, paths, paths) if names else (images, labels)

    def valid_generator(self, batch_size, names=False):
        for images, labels, paths in self.draw(self.valid, batch_size):
            yield (images, labels, paths, paths) if names else (images, labels)

    def draw(self, numbers, batch_size):
        for k in range(0, len(numbers), batch_size):
            chunk = numbers[k:k + batch_size]
            images = np.zeros((len(chunk), 32, 64, 3), np.float32)
            labels = np.zeros((len(chunk), 32, 64, 2), np.float32)
            images[:, 8:] = 200.5
            images += np.reshape(chunk, (-1, 1, 1, 1))
            labels[:, 8:, :, 1] = 1
            labels[:, :8, :, 0] = 1
            yield images, labels, ['{}.png'.format(n) for n in chunk]


def get_source():
    return Halves()
'''
OTHERS = {
    'source_broken.py': 'import surely_not_installed\n',
    'source_empty.py': 'get_source = object\n',
    'source_nothing.py': '"""No source."""\n',
    'source_nameless.py': HALVES.replace('num_classes = 2', '''num_classes = 2
    class_names = ['road']'''),
    'source_dimming.py': HALVES.replace('image_size', 'augment = False\n'
                                        '    image_size'),
    'source_dry.py': HALVES.replace('return Halves()', '''
    source = Halves()
    source.train_generator = lambda batch_size, names=False: iter(())
    return source''')}


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    """A folder of sources and of a VGG16; the runs go there too."""
    folder = tmp_path_factory.mktemp('workspace')
    sources = dict(OTHERS, **{'source_halves.py': HALVES,
                              'source_tiny.py': helpers.TINY})
    for name, code in sources.items():
        (folder / name).write_text(code)
    fixtures.make_vgg(folder)
    return folder


@pytest.fixture(autouse=True)
def in_workspace(workspace, monkeypatch):
    """Work in that folder; leave the handlers of signals as they were."""
    monkeypatch.chdir(workspace)
    monkeypatch.syspath_prepend(str(workspace))
    monkeypatch.setattr(sys, 'dont_write_bytecode', True)
    with kept_handlers():
        yield


class kept_handlers:
    def __enter__(self):
        self.handlers = {number: signal.getsignal(number)
                         for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_):
        for number, handler in self.handlers.items():
            signal.signal(number, handler)


def halves(name, *more):
    return ['--data-source', 'halves', '--name', name, '--batch-size', '2',
            '--learning-rate', '.01', '--epochs', '2'] + list(more)


def tiny(name, *more):
    return ['--data-source', 'tiny', '--data-dir', helpers.data_dir(),
            '--name', name, '--batch-size', '4', '--learning-rate', '.01',
            '--workers', '2', '--epochs', '2'] + list(more)


def run(arguments):
    """Run train.py's main in this process; its exit status."""
    with pytest.raises(SystemExit) as stopped:
        utils.run(lambda: train.main(arguments))
    return stopped.value.code or 0


def error_of(capsys):
    """The one line that is on stderr."""
    error = capsys.readouterr().err
    assert error.startswith('[!] ') and error.count('\n') == 1
    return error


def checkpoints(name):
    return sorted(os.path.basename(path)[:-len('.index')]
                  for path in glob.glob(os.path.join(name, '*.index')))


def read_events(directory):
    """{tag: {step: value}} of all events, a summary's value as it is."""
    found = {}
    for path in sorted(glob.glob(os.path.join(directory, '*tfevents*'))):
        for event in tf.train.summary_iterator(path):
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = value
    return found


@pytest.fixture(scope='module')
def finished(workspace):
    """A run of three epochs with all that can be asked for."""
    home = os.getcwd()
    os.chdir(str(workspace))
    try:
        with kept_handlers():
            assert run(tiny('finished', '--epochs', '3', '--augment', '--seed',
                            '5', '--histograms', '--table', '--class-weights',
                            'median')) == 0
    finally:
        os.chdir(home)
    return str(workspace / 'finished')


def test_a_run_tells_all_of_itself(finished):
    saved = run_dir.read_options(finished)
    asked = vars(train.parse_options(['--data-source', 'tiny']))
    assert set(saved['options']) == set(asked)
    assert saved['options']['batch_size'] == 4
    assert saved['options']['augment'] == 'light'
    assert saved['class_names'] == ['sky', 'not road', 'road', 'never']
    assert saved['label_colors'] == [[180, 130, 70], [0, 0, 255],
                                     [255, 0, 255], [0, 255, 0]]
    assert saved['image_size'] == [64, 32]
    assert saved['ignore'] is True
    assert saved['vgg16_channel_order'] == 'RGB'
    assert len(saved['class_weights']) == 4 and saved['class_weights'][3] == 1
    assert saved['split'] == {
        'train': [f'train/{k}.png' for k in range(9)],
        'valid': [f'valid/{k}.png' for k in range(4)]}
    assert set(saved['versions']) == {'python', 'tensorflow', 'numpy'}
    assert saved['versions']['tensorflow'] == tf.__version__


def test_a_run_holds_this_and_no_more(finished):
    state = run_dir.read_state(finished)
    assert state['epoch'] == 3
    # Three steps an epoch; which was the best is for the network to say.
    assert state['last'] == 'last-9' and state['resume'] == 'resume-9'
    assert state['best'] == f"best-{3 * state['best_epoch']}"
    assert sorted(os.listdir(finished)) == sorted(
        ['options.json', 'state.json', 'network.meta', 'log.jsonl',
         'tensorboard']
        + [state[kind] + end for kind in ('best', 'last', 'resume')
           for end in ('.index', '.data-00000-of-00001')])


def test_only_the_resumable_checkpoint_has_adam_s_slots(finished):
    last, best, resume = [saved_runs.variables(finished, kind)
                          for kind in ('last', 'best', 'resume')]
    assert set(last) == set(best) and len(last) == 30 + 9 + 1
    assert last['global_step'] == 9
    assert not [name for name in last if 'Adam' in name or 'beta' in name]
    assert set(last) < set(resume)
    assert len([name for name in resume if name.endswith('/Adam')]) == 39
    for name, value in last.items():
        np.testing.assert_array_equal(resume[name], value)


def test_the_log_has_a_line_of_scores_an_epoch(finished):
    log = saved_runs.read_log(finished)
    assert [entry['epoch'] for entry in log] == [1, 2, 3]
    for entry in log:
        assert set(entry) >= {'train_loss', 'valid_loss', 'miou', 'fwiou',
                              'pixel_accuracy', 'mean_accuracy',
                              'images_per_second', 'seconds'}
        assert set(entry['iou']) == {'sky', 'not road', 'road', 'never'}
    # Class weights leave it at ln(C), as the mean is one of weights.
    assert abs(log[0]['first_batch_loss'] - np.log(4)) < .05 * np.log(4)
    assert log[0]['first_batch_loss'] > log[2]['train_loss']
    state = run_dir.read_state(finished)
    assert state['best_miou'] == max(entry['miou'] for entry in log)


def test_tensorboard_has_scalars_and_the_same_pictures(finished):
    events = read_events(os.path.join(finished, 'tensorboard'))
    log = saved_runs.read_log(finished)
    for tag in ('train_loss', 'valid_loss', 'miou', 'pixel_accuracy'):
        assert {step: value.simple_value
                for step, value in events[tag].items()} == {
            entry['epoch']: pytest.approx(entry[tag], rel=1e-5)
            for entry in log}
    assert set(events['iou/road']) == {1, 2, 3}
    inputs = []
    for step in (1, 3):
        image = events['validation/3'][step].image
        picture = cv2.imdecode(np.frombuffer(image.encoded_image_string,
                                             np.uint8), cv2.IMREAD_COLOR)
        # Input, truth and prediction, with gaps of 4 pixels.
        assert picture.shape == (32, 3 * 64 + 2 * 4, 3)
        assert (image.width, image.height) == (200, 32)
        inputs.append(picture[:, :2 * 64 + 4])
    np.testing.assert_array_equal(*inputs)
    expected = cv2.resize(cv2.imread(os.path.join(
        helpers.data_dir(), 'valid', '3.png')), (64, 32),
        interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(inputs[0][:, :64], expected)


def test_histograms_of_gradients_and_weights_are_there_if_asked_for(
        finished):
    events = read_events(os.path.join(finished, 'tensorboard'))
    for tag in ('gradients/conv1_1/filter', 'weights/conv1_1/filter',
                'gradients/layer7_out_up/filter'):
        assert set(events[tag]) == {1, 2, 3}
    # conv1_1 is 3 x 3 x 3 x 1
    assert events['weights/conv1_1/filter'][3].histo.num == 27


@pytest.mark.slow
def test_the_contract_alone_trains_from_where_the_source_lies(workspace):
    """And what is killed in epoch 4 goes on from epoch 2."""
    done = helpers.run_program(
        'train.py', *halves('killed', '--epochs', '5', '--schedule', 'poly',
                            '--warm-up', '1', '--checkpoint-interval', '2'),
        cwd=workspace, HALVES='9@11')
    assert done.returncode == -signal.SIGKILL
    printed = done.stdout.splitlines()[5:]      # behind the header
    assert [line.split(':')[0] for line in printed] == [
        f'[i] epoch {epoch}/5' for epoch in (1, 2, 3)]
    log = saved_runs.read_log('killed')
    assert len(log) == 3
    assert abs(log[0]['first_batch_loss'] - np.log(2)) < .05 * np.log(2)
    state = run_dir.read_state('killed')
    assert (state['epoch'], state['resume']) == (2, 'resume-6')
    assert saved_runs.variables('killed', 'resume')['global_step'] == 6
    assert saved_runs.variables('killed', 'best')['global_step'] == 3 * state[
        'best_epoch']
    assert run(['--resume', '--name', 'killed']) == 0
    again = saved_runs.read_log('killed')
    assert [entry['epoch'] for entry in again] == [1, 2, 3, 4, 5]
    # Epoch 3 was done twice, with the learning rate of its place.
    assert abs(again[2]['train_loss'] - log[2]['train_loss']) < 1e-4
    assert again[2]['learning_rate'] == log[2]['learning_rate']
    assert abs(again[4]['learning_rate'] - .01 * .2 ** .9) < 1e-9
    assert run_dir.read_state('killed')['resume'] == 'resume-15'


def test_patience_ends_a_run_that_gets_no_better(workspace, capsys):
    assert run(halves('patient', '--epochs', '9', '--patience', '2',
                      '--learning-rate', '1e-30', '--checkpoint-interval',
                      '9')) == 0
    assert saved_runs.epochs('patient') == [1, 2, 3]
    assert 'no better mIoU since epoch 1' in capsys.readouterr().out
    state = run_dir.read_state('patient')
    assert (state['epoch'], state['resume']) == (3, 'resume-9')


@pytest.mark.slow
def test_patience_waits_for_the_next_validation(workspace, capsys):
    assert run(halves('seldom', '--epochs', '9', '--patience', '1',
                      '--learning-rate', '1e-30', '--validation-interval',
                      '2')) == 0
    assert saved_runs.epochs('seldom') == [1, 2, 3, 4]
    assert 'no better mIoU since epoch 2' in capsys.readouterr().out


def test_an_interval_leaves_out_validations_but_the_last(workspace, capsys):
    assert run(halves('third', '--epochs', '3', '--validation-interval', '2',
                      '--table')) == 0
    log = saved_runs.read_log('third')
    assert [('miou' in entry, 'valid_loss' in entry, 'iou' in entry)
            for entry in log] == [(False,) * 3, (True,) * 3, (True,) * 3]
    printed = capsys.readouterr().out
    assert printed.count('precision') == 2
    first, second, third = [line for line in printed.splitlines()
                            if line.startswith('[i] epoch')]
    assert re.match(r'\[i\] epoch 1/3: loss [\d.]+; [\d.]+ pictures/s', first)
    for line in second, third:
        assert ', validation ' in line and ', mIoU ' in line
    assert run_dir.read_state('third')['best_epoch'] in (2, 3)
    events = read_events(os.path.join('third', 'tensorboard'))
    assert set(events['train_loss']) == {1, 2, 3}
    assert set(events['miou']) == set(events['validation/0']) == {2, 3}


@pytest.mark.slow
def test_a_run_stopped_before_its_first_validation_goes_on(workspace, capsys):
    done = helpers.run_program(
        'train.py', *halves('early', '--validation-interval', '2'),
        cwd=workspace, HALVES=f'{int(signal.SIGTERM)}@5')
    assert done.returncode == 143
    assert checkpoints('early') == ['last-5', 'resume-5']
    # What is over, with fewer epochs than it has, is not scored either.
    assert run(['--resume', '--name', 'early', '--epochs', '1']) == 0
    assert capsys.readouterr().out.endswith(
        '[i] no epoch was validated: early\n')
    assert run(['--resume', '--name', 'early', '--epochs', '2']) == 0
    assert ['miou' in entry for entry in saved_runs.read_log('early')] == [
        False, True]
    assert run_dir.read_state('early')['best_epoch'] == 2


@pytest.mark.slow
def test_shares_of_classes_are_learned_where_asked_for(capsys):
    assert run(tiny('soft', '--soft-labels', '--augment', '--image-size',
                    '64x32')) == 0
    assert run_dir.read_options('soft')['options']['soft_labels'] is True
    assert len(saved_runs.read_log('soft')) >= 1


@pytest.mark.slow
def test_crops_are_trained_on_and_whole_pictures_validated(
        monkeypatch, capsys):
    sizes = []

    def record(pictures, images, labels, paths):
        split = os.path.basename(os.path.dirname(paths[0]))
        sizes.append((split, images.shape, labels.shape))
        return batch(pictures, images, labels, paths)

    batch = batches.Pictures.batch
    monkeypatch.setattr(batches.Pictures, 'batch', record)
    arguments = ['--model', 'fcn-lite', '--augment', 'strong', '--crop-size',
                 '32x96']
    assert run(tiny('crops', *arguments, '--epochs', '1')) == 0
    # Nine training pictures in batches of four, and four of validation.
    assert sizes == [('train', (count, 96, 32, 3), (count, 96, 32))
                     for count in (4, 4, 1)] + [
                         ('valid', (4, 32, 64, 3), (4, 32, 64))]
    saved = run_dir.read_options('crops')
    assert saved['image_size'] == [64, 32]
    assert saved['options']['crop_size'] == [32, 96]
    drawn, = (value for value in read_events('crops/tensorboard')[
        'validation/0'].values())
    picture = cv2.imdecode(np.frombuffer(drawn.image.encoded_image_string,
                                         np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (32, 3 * 64 + 2 * 4, 3)     # with two gaps
    resume = ['--resume', '--name', 'crops', '--epochs', '2']
    capsys.readouterr()
    assert run(resume + ['--crop-size', '64x96']) == 1
    assert '--crop-size is (32, 96) in crops: a resumed run cannot' in \
        error_of(capsys)
    del sizes[:]
    assert run(resume) == 0
    assert {(split, shape[1:]) for split, shape, _ in sizes} == {
        ('train', (96, 32, 3)), ('valid', (32, 64, 3))}
    assert len(saved_runs.read_log('crops')) == 2
    del sizes[:]
    assert run(tiny('half', *arguments[:-1], '0.5', '--epochs', '1')) == 0
    assert sizes[0] == ('train', (4, 32, 32, 3), (4, 32, 32))


@pytest.mark.slow
@pytest.mark.parametrize('number, status', [(signal.SIGTERM, 143),
                                            (signal.SIGINT, 130)])
def test_a_signal_saves_and_leaves_its_status(workspace, number, status):
    name = f'signal-{status}'
    done = helpers.run_program(
        'train.py', *halves(name), cwd=workspace,
        HALVES=f'{int(number)}@5')
    assert done.returncode == status
    assert 'Traceback' not in done.stderr
    assert 'saving' in done.stderr
    # Five steps were made, of which one epoch of three is whole.
    state = run_dir.read_state(name)
    assert (state['epoch'], state['resume']) == (1, 'resume-5')
    assert checkpoints(name) == ['best-3', 'last-5', 'resume-5']
    assert saved_runs.variables(name, 'resume')['global_step'] == 5
    assert run(['--resume', '--name', name]) == 0
    assert saved_runs.epochs(name) == [1, 2]
    assert run_dir.read_state(name)['resume'] == 'resume-8'


@pytest.mark.slow
def test_two_epochs_and_two_more_are_four_at_once(workspace):
    more = ['--augment', '--image-size', '96x32', '--seed', '3',
            '--schedule', 'constant']
    assert run(tiny('four', *more + ['--epochs', '4'])) == 0
    assert run(tiny('twice', *more)) == 0
    done = helpers.run_program(
        'train.py', '--resume', '--name', 'twice', '--epochs', '4',
        '--image-size', '96x32', cwd=workspace)
    assert (done.returncode, done.stderr) == (0, '')
    four, twice = saved_runs.read_log('four'), saved_runs.read_log('twice')
    assert len(four) == len(twice) == 4
    for entry, other in zip(four, twice):
        assert entry['epoch'] == other['epoch']
        for key in ('train_loss', 'first_batch_loss', 'valid_loss', 'miou'):
            assert entry[key] == pytest.approx(other[key], abs=1e-4)
    # Were the loss the same all along, this would say nothing.
    assert four[3]['train_loss'] < four[2]['train_loss'] - 1e-3
    assert run_dir.read_state('four')['best_epoch'] == run_dir.read_state(
        'twice')['best_epoch']
    assert run_dir.read_options('twice')['options']['epochs'] == 4


@pytest.mark.slow
def test_a_source_that_shuffles_by_global_generators_resumes_too():
    more = ['--schedule', 'constant']
    assert run(halves('at-once', *more)) == 0
    assert run(halves('in-two', '--epochs', '1', *more)) == 0
    assert run(['--resume', '--name', 'in-two', '--epochs', '2']) == 0
    for entry, other in zip(*map(saved_runs.read_log, ('at-once', 'in-two'))):
        assert entry['train_loss'] == pytest.approx(other['train_loss'],
                                                    abs=1e-6)


def test_a_picture_that_is_not_finite_is_named(monkeypatch, capsys):
    monkeypatch.setenv('HALVES', 'nan@5')
    assert run(halves('nan')) == 1
    error = error_of(capsys)
    assert 'the picture has values that are not finite' in error
    assert os.path.join('..', error[4:].split(':')[0]) in run_dir.read_options(
        'nan')['split']['train']
    assert run_dir.read_state('nan')['resume'] == 'resume-3'


def set_learning_rate(name, value):
    saved = run_dir.read_options(name)
    saved['options']['learning_rate'] = value
    run_files.write_options(name, saved)


@pytest.mark.slow
def test_nan_names_the_files_and_leaves_the_last_good_checkpoint(capsys):
    assert run(halves('lost', '--epochs', '1')) == 0
    set_learning_rate('lost', 3e38)
    capsys.readouterr()
    assert run(['--resume', '--name', 'lost', '--epochs', '2']) == 1
    error = error_of(capsys)
    assert 'the loss is nan after the batch ' in error \
        or 'the loss is inf after the batch ' in error
    named = error.split('batch ')[1].split(':')[0].split(', ')
    assert len(named) == 2
    assert {os.path.join('..', name) for name in named} <= set(
        run_dir.read_options('lost')['split']['train'])
    state = run_dir.read_state('lost')
    assert (state['epoch'], state['resume']) == (1, 'resume-3')
    assert all(np.isfinite(value).all()
               for value in saved_runs.variables('lost', 'resume').values())
    set_learning_rate('lost', .01)
    assert run(['--resume', '--name', 'lost', '--epochs', '2']) == 0
    assert saved_runs.epochs('lost') == [1, 2]


@pytest.mark.slow
def test_weights_that_the_last_batch_of_an_epoch_broke_are_not_saved(capsys):
    # One batch an epoch: its loss is ln(2), and then all is lost.
    assert run(halves('huge', '--batch-size', '6', '--learning-rate',
                      '3e38')) == 1
    assert 'the loss is ' in error_of(capsys)
    assert checkpoints('huge') == ['resume-0']     # as it began
    assert run_dir.read_state('huge')['epoch'] == 0
    assert run(['--resume', '--name', 'huge']) == 1
    assert 'the loss is ' in error_of(capsys)


@pytest.mark.slow
@pytest.mark.parametrize('size', ['64x32', '0.25'])
def test_the_demo_s_scenes_train_at_another_size(monkeypatch, size):
    import source_demo
    name = f'demo-{size}'
    monkeypatch.setattr(source_demo, 'TRAINING', 6)
    monkeypatch.setattr(source_demo, 'VALIDATION', 3)
    assert run(['--data-source', 'demo', '--image-size', size, '--name',
                name, '--epochs', '1', '--batch-size', '4']) == 0
    assert run_dir.read_options(name)['image_size'] == [64, 32]
    assert checkpoints(name) == ['best-2', 'last-2', 'resume-2']
    assert run(['--resume', '--name', name, '--epochs', '2']) == 0
    assert checkpoints(name)[1:] == ['last-4', 'resume-4']


@pytest.mark.slow
def test_other_files_in_a_run_survive_it():
    assert run(halves('mine', '--epochs', '1')) == 0
    for name in ('best-shots.png', 'last-words.txt', 'resume-1.txt'):
        with open(os.path.join('mine', name), 'w') as file:
            file.write('keep')
    assert run(['--resume', '--name', 'mine', '--epochs', '2']) == 0
    assert {'best-shots.png', 'last-words.txt', 'resume-1.txt'} < set(
        os.listdir('mine'))
    assert [name for name in checkpoints('mine') if 'best' not in name] == [
        'last-6', 'resume-6']


def test_a_finished_run_has_nothing_to_resume(finished, capsys):
    log = saved_runs.read_log(finished)
    assert run(['--resume', '--name', finished]) == 0
    assert '\n[i] best mIoU' in capsys.readouterr().out
    assert saved_runs.read_log(finished) == log


@pytest.mark.parametrize('arguments, message', [
    (['--batch-size', '3'], '--batch-size is 4 in'),
    (['--image-size', '32x64'], '--image-size is (64, 32) in'),
    (['--learning-rate', '1'], '--learning-rate is 0.01 in'),
    (['--seed', '6'], '--seed is 5 in'),
    (['--data-source', 'demo'], '--data-source is tiny in'),
    (['--class-weights', 'none'], '--class-weights is median in'),
    (['--init-from', 'four'], '--init-from is None in'),
    (['--precision', 'auto'], '--precision is float32 in'),
    (['--xla'], '--xla is False in')])
def test_a_resumed_run_keeps_what_it_began_with(
        finished, monkeypatch, capsys, arguments, message):
    saved = run_dir.read_options(finished)
    saved['options']['image_size'] = [64, 32]
    monkeypatch.setattr(run_dir, 'read_options', lambda _: saved)
    assert run(['--resume', '--name', finished] + arguments) == 1
    assert message in error_of(capsys)


def test_a_resumed_run_takes_the_same_options_again(finished):
    options = train.parse_options(
        tiny(finished, '--resume', '--seed', '5', '--class-weights', 'median',
             '--augment', '--epochs', '30'))
    assert (options.epochs, options.batch_size, options.seed) == (30, 4, 5)


@pytest.mark.parametrize('precision, message', [
    ('bfloat16', 'does not compute in it: it takes TensorFlow 2 and a '
                 'processor with avx512_bf16 or amx_bf16'),
    ('float16', 'is for GPUs, and TensorFlow')])
def test_a_precision_that_is_not_to_be_had_is_refused_first(
        precision, message, monkeypatch, capsys):
    if is_available(precision):
        pytest.skip(f'{precision} is to be had here')
    monkeypatch.setattr(course, 'fetch_and_unpack', None)
    assert run(halves('new', '--vgg-dir', 'none', '--precision',
                      precision)) == 1
    error = error_of(capsys)
    assert f'--precision {precision}' in error and message in error
    assert not os.path.exists('new')


def is_available(precision):
    try:
        return tf1.choose_precision(precision) == precision
    except ValueError:
        return False


@pytest.mark.slow
def test_a_run_records_the_precision_that_it_has(finished, capsys):
    assert run_dir.read_options(finished)['precision'] == 'float32'
    assert run(halves('auto', '--epochs', '1', '--precision', 'auto')) == 0
    wanted = 'bfloat16' if is_available('bfloat16') else 'float32'
    assert f', {wanted}, all cores\n' in capsys.readouterr().out
    saved = run_dir.read_options('auto')
    assert saved['precision'] == wanted
    assert saved['options']['precision'] == 'auto'
    assert all(
        value.dtype == np.float32 for name, value
        in saved_runs.variables('auto', 'resume').items()
        if name != 'global_step')


@pytest.mark.slow
@pytest.mark.parametrize('recorded, message', [
    ('float64', "precision is 'float64': one of float32, "),
    ('float16', '--precision float16 is for GPUs')])
def test_a_run_is_resumed_in_its_precision(recorded, message, capsys):
    if is_available(recorded):
        pytest.skip(f'{recorded} is to be had here')
    name = f'recorded-{recorded}'
    assert run(halves(name, '--epochs', '1')) == 0
    saved = run_dir.read_options(name)
    log = saved_runs.read_log(name)
    capsys.readouterr()
    files.write_json(run_dir.path(name, 'options.json'),
                     dict(saved, precision=recorded))
    assert run(['--resume', '--name', name, '--epochs', '2']) == 1
    assert message in error_of(capsys)
    assert saved_runs.read_log(name) == log
    # As a run of before, which computes in float32.
    del saved['precision'], saved['options']['precision']
    del saved['options']['xla']
    files.write_json(run_dir.path(name, 'options.json'), saved)
    assert run(['--resume', '--name', name, '--epochs', '2']) == 0
    assert run_dir.read_options(name)['precision'] == 'float32'


def test_the_handlers_of_signals_are_as_before_a_run():
    before = [signal.getsignal(number)
              for number in (signal.SIGINT, signal.SIGTERM)]
    with stopping.Stop('saving first') as stop:
        signal.getsignal(signal.SIGTERM)(signal.SIGTERM, None)
        assert stop.signal == signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert [signal.getsignal(number)
            for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.slow
def test_other_data_than_the_run_s_is_refused(tmp_path, capsys):
    data = shutil.copytree(helpers.data_dir(), str(tmp_path / 'data'))
    assert run(tiny('split', '--data-dir', data, '--epochs', '1')) == 0
    os.remove(os.path.join(data, 'train', '4.png'))
    os.remove(os.path.join(data, 'train', '4_ids.png'))
    capsys.readouterr()
    assert run(['--resume', '--name', 'split', '--epochs', '2']) == 1
    assert 'train split is not that of the run: 1 differ, such as ' \
        'train/4.png' in error_of(capsys)
    assert run_dir.read_state('split')['epoch'] == 1


@pytest.mark.parametrize('key, value, message', [
    ('class_names', ['a', 'b', 'c', 'd'], "the name of class 0 is '?[a-z]+'? "
     'in the data source, a in '),
    ('label_colors', [[0, 0, 9]] * 4, r'the colour \(BGR\) of class 0 is '),
    ('image_size', [96, 64],
     'image_size is 64x32 in the data source, 96x64 in changed')])
def test_another_source_than_the_run_s_is_refused(finished, tmp_path,
                                                  monkeypatch, capsys, key,
                                                  value, message):
    shutil.copytree(finished, str(tmp_path / 'changed'))
    monkeypatch.chdir(tmp_path)
    saved = run_dir.read_options('changed')
    run_files.write_options('changed', dict(saved, **{key: value}))
    assert run(['--resume', '--name', 'changed', '--epochs', '9']) == 1
    assert re.search(message, error_of(capsys))


@pytest.mark.parametrize('arguments, message', [
    (['--data-source', 'nope'], "no data source 'nope': source_nope.py"),
    (['--data-source', 'no.such'], "no data source 'no.such': no/such.py"),
    (['--data-source', 'broken'], "'broken' cannot be imported: No module "
                                  "named 'surely_not_installed'"),
    (['--data-source', 'nothing'], 'has no get_source()'),
    (['--data-source', 'empty'], "'empty' lacks image_size, num_classes"),
    (['--data-source', 'dry'], 'has no samples'),
    (['--data-source', 'nameless'], 'class_names has 1 names for 2 classes'),
    (tiny('new', '--data-dir', 'nowhere'), 'nowhere'),
    (halves('new', '--augment'), "'halves' gives samples as they are"),
    (tiny('new', '--crop-size', '32x32'), '--crop-size goes with --augment'),
    (tiny('new', '--augment', '--image-size', '2080x2048', '--crop-size', '8'),
     'crop_size is (16640, 16384): 272,629,760 pixels are more than'),
    (['--data-source', 'dimming', '--augment', '--crop-size', '32x32'],
     "'dimming' augments samples at one size: --crop-size does not apply"),
    (halves('new', '--classes', '29'), '--classes does not apply'),
    (halves('new', '--image-size', '96x64'), 'of shape'),
    (halves('new', '--class-weights', 'none.json'), 'none.json'),
    (halves('new', '--init-from', 'nowhere'), 'no checkpoint in nowhere'),
    (['--resume', '--name', 'new'], 'no run in new')])
def test_what_is_wrong_is_one_line_and_leaves_nothing(
        capsys, arguments, message):
    before = os.listdir('.')
    if '--resume' not in arguments:
        arguments = arguments + ['--name', 'new']
    assert run(arguments) == 1
    assert message in error_of(capsys)
    assert os.listdir('.') == before


@pytest.mark.parametrize('arguments', [
    [], ['--data-source', 'tiny', '--epochs', '0'],
    ['--data-source', 'tiny', '--image-size', '570x160'],
    ['--data-source', 'tiny', '--augment', '--crop-size', '570x160'],
    ['--data-source', 'tiny', '--augment', '--crop-size', '64'],
    ['--data-source', 'tiny', '--keep-prob', '0'],
    ['--data-source', 'tiny', '--learning-rate', 'nan'],
    ['--data-source', 'tiny', '--stddev', '.01'],
    ['--data-source', 'tiny', '--valid-fraction', '1']])
def test_options_out_of_range_are_a_usage_error(arguments, capsys):
    assert run(arguments) == 2
    assert 'error: ' in capsys.readouterr().err


def test_the_learning_rate_falls_where_the_last_epoch_is_known(finished):
    asked = ['--data-source', 'tiny']
    assert train.parse_options(asked).schedule == 'poly'
    patient = asked + ['--patience', '3']
    assert train.parse_options(patient).schedule == 'constant'
    assert train.parse_options(patient + ['--schedule', 'poly']
                               ).schedule == 'poly'
    # A run keeps the schedule that it began with.
    assert train.parse_options(['--resume', '--name', finished, '--patience',
                                '3']).schedule == 'poly'


def test_a_run_of_before_keeps_its_constant_rate(finished, monkeypatch):
    saved = run_dir.read_options(finished)
    saved['options']['schedule'] = 'constant'
    for name in method.Method._fields:
        del saved['options'][name]
    monkeypatch.setattr(run_dir, 'read_options', lambda _: saved)
    options = train.parse_options(['--resume', '--name', finished])
    assert options.schedule == 'constant'
    assert method.choose(options) == method.Method()


def test_a_truncated_normal_start_has_a_deviation():
    asked = ['--data-source', 'tiny', '--initializer', 'truncated_normal']
    assert train.parse_options(asked).stddev == .01
    assert train.parse_options(asked + ['--stddev', '.2']).stddev == .2
    assert train.parse_options(asked[:2]).stddev is None


def test_an_existing_run_is_refused_and_untouched(finished, capsys):
    before = {name: os.stat(os.path.join(finished, name)).st_mtime_ns
              for name in os.listdir(finished)}
    assert run(tiny(finished)) == 1
    assert '--resume goes on with it' in error_of(capsys)
    assert before == {name: os.stat(os.path.join(finished, name)).st_mtime_ns
                      for name in os.listdir(finished)}


def test_too_little_disk_is_told_before_anything_is_written(
        monkeypatch, capsys):
    monkeypatch.setattr(shutil, 'disk_usage',
                        lambda path: shutil._ntuple_diskusage(9, 9, 0))
    assert run(halves('new')) == 1
    assert '0.0 GB are free' in error_of(capsys)
    assert not os.path.exists('new')


def test_an_input_beyond_all_memory_is_a_usage_error(capsys):
    assert run(tiny('new', '--image-size', '33554432x33554432')) == 2
    assert 'argument --image-size: ' in capsys.readouterr().err
    assert not os.path.exists('new')


def test_too_little_memory_names_what_to_shrink(monkeypatch, capsys):
    def fail(*_, **__):
        raise MemoryError('Unable to allocate 1 TiB')

    monkeypatch.setattr(contract, 'check_first_batch', fail)
    assert run(tiny('new')) == 1
    error = error_of(capsys)
    assert error.startswith('[!] out of memory (Unable to allocate 1 TiB)')
    assert '--batch-size' in error and '--image-size' in error
    assert not os.path.exists('new')


@pytest.mark.slow
def test_a_missing_vgg16_is_fetched(monkeypatch, workspace):
    def fetch(url, directory, **_):
        assert url == course.URL
        shutil.copytree(str(workspace / 'vgg'), directory)

    monkeypatch.setattr(course, 'fetch_and_unpack', fetch)
    assert run(halves('fetched', '--epochs', '1', '--vgg-dir',
                      'fetched-vgg')) == 0


def test_offline_a_missing_vgg16_is_an_error(monkeypatch, capsys):
    monkeypatch.setattr(download, 'fetch', pytest.fail)
    assert run(halves('new', '--vgg-dir', 'none', '--offline')) == 1
    error = error_of(capsys)
    assert '--offline allows no download' in error and course.URL in error
    assert not os.path.exists('new')


def test_a_vgg16_that_cannot_be_had_leaves_no_run(monkeypatch, capsys):
    def fetch(url, directory, **_):
        raise OSError(f'{url}: no route')

    monkeypatch.setattr(course, 'fetch_and_unpack', fetch)
    assert run(halves('new', '--vgg-dir', 'none')) == 1
    assert 'no route' in error_of(capsys)
    assert not os.path.exists('new')


@pytest.mark.slow
def test_median_weights_are_worked_out_from_the_training_labels():
    # A quarter of each picture is class 0: .25 and .75, their median .5.
    assert run(halves('median', '--epochs', '1', '--class-weights',
                      'median')) == 0
    np.testing.assert_allclose(
        run_dir.read_options('median')['class_weights'], [2, 2 / 3])


@pytest.mark.slow
def test_weights_of_a_file_go_by_the_classes_names(capsys):
    with open('weights.json', 'w') as file:
        json.dump({'1': 2, '0': .5}, file)
    assert run(halves('weighed', '--epochs', '1', '--class-weights',
                      'weights.json')) == 0
    assert run_dir.read_options('weighed')['class_weights'] == [.5, 2]
    capsys.readouterr()
    for weights, message in (([2, .5], 'of these classes is wanted: 0, 1'),
                             ({'road': 1}, "names 'road': the classes are 0"),
                             ({'1': 1}, 'has no weight of 0: one of each'),
                             ({'0': 'x', '1': 1}, 'are no weights'),
                             ({'0': 0, '1': 0}, 'are no weights'),
                             ({'0': -1, '1': 1}, 'are no weights')):
        with open('wrong.json', 'w') as file:
            json.dump(weights, file)
        assert run(halves('new', '--class-weights', 'wrong.json')) == 1
        error = error_of(capsys)
        assert 'wrong.json' in error and message in error


def test_a_run_begins_with_what_fits_of_another(finished, capsys):
    assert run(halves('after', '--epochs', '1', '--init-from', finished,
                      '--learning-rate', '1e-12')) == 0
    # VGG16's 30 variables fit; scores and upsampling are of 4 classes.
    assert '[i] 30 of 39 variables from {}; new: layer3_out_score/filter, ' \
        'layer3_out_score/biases, layer3_out_up/filter, '.format(finished) \
        in capsys.readouterr().out
    found = saved_runs.variables('after', 'last')
    source = saved_runs.variables(finished, 'best')
    np.testing.assert_allclose(found['conv5_3/filter'],
                               source['conv5_3/filter'], atol=1e-9)
    assert found['global_step'] == 3


@pytest.mark.slow
def test_a_run_begins_with_all_of_its_like(finished, capsys):
    assert run(tiny('like', '--epochs', '1', '--init-from', finished)) == 0
    assert f'[i] 39 of 39 variables from {finished}\n' \
        in capsys.readouterr().out
    # It starts below ln(4), where a new one does.
    assert saved_runs.read_log('like')[0]['first_batch_loss'] < 1.3


def test_tensorboard_goes_where_it_is_sent(capsys):
    assert run(halves('elsewhere', '--epochs', '1', '--tensorboard-dir',
                      'board')) == 0
    assert set(read_events('board')['valid_loss']) == {1}
    assert not os.path.exists(os.path.join('elsewhere', 'tensorboard'))


@pytest.mark.slow
def test_events_of_epochs_done_again_are_hidden(capsys):
    assert run(halves('again', '--epochs', '1')) == 0
    assert run(['--resume', '--name', 'again', '--epochs', '2']) == 0
    sessions = [event.session_log.status
                for path in glob.glob('again/tensorboard/*tfevents*')
                for event in tf.train.summary_iterator(path)
                if event.step == 2 and event.HasField('session_log')]
    assert sessions == [tf.SessionLog.START]


def test_the_table_of_classes_is_printed_if_asked_for(capsys):
    assert run(tiny('table', '--epochs', '1', '--table')) == 0
    lines = capsys.readouterr().out.splitlines()[5:]     # behind the header
    assert lines[0].split() == ['class', 'share', 'accuracy', 'precision',
                                'IoU']
    assert lines[3].split()[0] == 'road'
