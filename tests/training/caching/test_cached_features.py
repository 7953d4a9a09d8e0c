"""Features of a frozen encoder: computed, cached, and trained on."""
import collections
import glob
import json
import os
import shutil

import fixtures
import helpers
import numpy as np
import pytest
import saved_runs

from segmentation import locks
from segmentation.tf1 import tf
from segmentation.training import batches
from segmentation.training.caching import cached_features, preparation

COUNT = {'train': 5, 'valid': 3}


class Source:
    """Pictures whose pixels show sample and column; class by column."""

    image_size = (6, 4)
    num_classes = 3
    num_training, num_validation = COUNT['train'], COUNT['valid']

    def train_generator(self, batch_size, names=False, split='train'):
        for first in range(0, COUNT[split], batch_size):
            numbers = range(first, min(first + batch_size, COUNT[split]))
            images = np.array([np.full((4, 6, 3), 10 * n) for n in numbers])
            images += np.arange(6)[:, None]
            labels = np.eye(3, dtype=np.uint8)[np.broadcast_to(
                np.arange(6) // 2, (len(images), 4, 6))]
            paths = [f'{split}{n}.png' for n in numbers]
            yield (images, labels, paths, paths) if names else (images, labels)

    def valid_generator(self, batch_size, names=False):
        return self.train_generator(batch_size, names, 'valid')


class Shuffled(Source):
    """The same, whose training samples come in a drawn order."""

    def train_generator(self, batch_size, names=False, split='train'):
        batches = list(super().train_generator(1, names, split))
        for k in np.random.permutation(len(batches)):
            yield batches[k]


def encode(images):
    """Two features: pictures themselves, and their left half's third."""
    return [np.float32(images), np.float32(images[:, ::2, :3, :1]) / 3]


def noting(calls, last=None):
    """Return `encode` that notes its batches' sizes; the last is cut off."""
    def encode_and_note(images):
        calls.append(len(images))
        if len(calls) == last:
            raise KeyboardInterrupt
        return encode(images)
    return encode_and_note


class Augmented(Shuffled):
    """The same, augmented: 100 more for each epoch, classes in reverse."""

    augment, epoch = False, 0

    def train_generator(self, batch_size, names=False, split='train'):
        for images, labels, *others in super().train_generator(
                batch_size, names, split):
            if self.augment and split == 'train':
                images, labels = images + 100 * self.epoch, labels[..., ::-1]
            yield (images, labels, *others)


def make(folder, encode=encode, batch_size=2, seed=0,
         tensors=('whole', 'half'), source=Source, views=1):
    pictures = batches.Pictures(lambda images: {}, source(), batch_size, seed)
    return cached_features.Features(str(folder), pictures, '', tensors,
                                    encode, views)


def prepare(*arguments, **options):
    made = make(*arguments, **options)
    preparation.prepare(made)
    return made


def test_every_sample_comes_as_it_is_and_mirrored(tmp_path):
    made = prepare(tmp_path / 'features')
    batches = list(made.train(1))
    assert made.num_training == 10
    assert [len(batch.labels) for batch in batches] == [2] * 5
    seen = []
    for batch in batches:
        assert batch.images is None
        for k, path in enumerate(batch.paths):
            number = int(path[5])
            whole, half = batch.feed['whole'][k], batch.feed['half'][k]
            mirrored = whole[0, 0, 0] != 10 * number
            columns = np.arange(6)[::-1] if mirrored else np.arange(6)
            seen.append((number, mirrored))
            assert whole.dtype == np.float32
            assert (whole == (10 * number + columns)[:, None]).all()
            # float16 has ten bits after the first.
            np.testing.assert_allclose(half[:, :, 0], np.broadcast_to(
                (10 * number + columns[:3]) / 3, (2, 3)), rtol=2 ** -11)
            assert (batch.labels[k].argmax(axis=2) == columns // 2).all()
    assert sorted(seen) == [(n, m) for n in range(5) for m in (False, True)]


def test_validation_keeps_order_and_pictures(tmp_path):
    made = prepare(tmp_path / 'features')
    batches = list(made.valid())
    assert [batch.paths for batch in batches] == [
        ['valid0.png', 'valid1.png'], ['valid2.png']]
    images = np.concatenate([batch.images for batch in batches])
    whole = np.concatenate([batch.feed['whole'] for batch in batches])
    assert images.dtype == np.uint8
    assert (images == whole).all()
    assert images[2, 0, 3, 0] == 23


def test_an_epoch_repeats_by_seed_and_number(tmp_path):
    def order(seed, epoch):
        made = prepare(tmp_path / 'features', seed=seed)
        return [path for batch in made.train(epoch) for path in batch.paths]
    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)


def test_an_epoch_is_the_same_on_features_that_another_seed_computed(
        tmp_path):
    def rows(made):
        return [(path, *whole[0, :, 0]) for batch in made.train(1)
                for path, whole in zip(batch.paths, batch.feed['whole'])]

    own = prepare(tmp_path / 'own', seed=1, source=Shuffled)
    others = prepare(tmp_path / 'others', seed=2, source=Shuffled)
    written = [[sample.name for sample in made.store.progress.samples['train']]
               for made in (own, others)]
    assert written[0] != written[1]
    del others
    again = prepare(tmp_path / 'others', seed=1, source=Shuffled)
    assert [sample.name for sample in
            again.store.progress.samples['train']] == written[1]
    assert rows(again) == rows(own)


def drawn(made, epoch):
    """Return [(sample, view)] of an epoch; -1 is a sample's mirror image.

    Labels are checked against the views.
    """
    seen = []
    for batch in made.train(epoch):
        for whole, labels, path in zip(batch.feed['whole'], batch.labels,
                                       batch.paths):
            view, rest = divmod(int(whole[0, :, 0].min()), 100)
            is_mirrored = whole[0, 0, 0] > whole[0, 1, 0]
            assert rest == 10 * int(path[5])
            columns = np.arange(6)[::-1] if is_mirrored else np.arange(6)
            classes = columns // 2
            assert (labels.argmax(axis=2) == (2 - classes if view else classes)
                    ).all()
            assert not (view and is_mirrored)
            seen.append((int(path[5]), -1 if is_mirrored else view))
    return seen


def test_an_epoch_has_two_views_of_each_sample(tmp_path, capsys):
    made = prepare(tmp_path / 'features', source=Augmented, views=3)
    assert ('features of 5 samples, mirrored as well, with 2 further views of '
            'each, and of 3 to validate: ' in capsys.readouterr().out)
    epochs = [drawn(made, epoch) for epoch in range(1, 40)]
    for seen in epochs:
        assert made.num_training == len(seen) == len(set(seen)) == 10
        assert sorted(sample for sample, _ in seen) == sorted(
            2 * list(range(5)))
    counts = collections.Counter(view for seen in epochs for _, view in seen)
    assert set(counts) == {0, -1, 1, 2}
    assert min(counts.values()) > 70        # of 390, in four equal parts
    # The source of another run has an order of its own.
    again = prepare(tmp_path / 'features', source=Augmented, views=3)
    assert capsys.readouterr().out.endswith(', from before\n')
    assert drawn(again, 2) == epochs[1] != epochs[0]


def test_views_that_were_cut_off_go_on(tmp_path):
    options = {'source': Augmented, 'views': 3}
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / 'cut', noting([], last=20), **options)
    with open(str(tmp_path / 'cut' / 'progress.json')) as file:
        assert len(json.load(file)['view2']) == 2
    prepare(tmp_path / 'cut', **options)
    prepare(tmp_path / 'whole', **options)
    for path in glob.glob(str(tmp_path / 'whole' / '*.npy')):
        np.testing.assert_array_equal(
            np.load(path), np.load(path.replace('whole', 'cut')))


def test_features_of_another_precision_are_others(tmp_path):
    label = tmp_path / 'a.png'
    label.write_bytes(b'12')
    listed = Source()
    listed.splits = {split: [(str(label), str(label))] for split in COUNT}
    listed.read_pair, listed.label_colors = None, {0: (1, 2, 3)}
    keys = {cached_features.fingerprint(
        listed, str(tmp_path), [np.float32([factor])], views, soft, precision,
        'whole') for soft in (False, True) for factor in (1, 2)
        for views in (1, 2) for precision in ('float32', 'bfloat16')}
    assert len(keys) == 16
    listed.seed = 1
    assert cached_features.fingerprint(
        listed, str(tmp_path), [np.float32([1])], 2, False, 'float32', 'whole'
    ) not in keys       # other views


def test_an_interrupted_computation_goes_on(tmp_path):
    calls = []
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path / 'cut', noting(calls, last=6))
    # Two to measure, then two a batch: the second batch was cut off.
    with open(str(tmp_path / 'cut' / 'progress.json')) as file:
        progress = json.load(file)
    written = {split: [sample['name'] for sample in progress[split]]
               for split in ('train', 'valid')}
    assert written == {'train': ['train0.png', 'train1.png'], 'valid': []}
    del calls[:]
    prepare(tmp_path / 'cut', noting(calls))
    assert calls == [1, 1, 2, 2, 1, 1, 2, 1]
    del calls[:]
    prepare(tmp_path / 'cut', noting(calls))
    assert calls == [1]
    prepare(tmp_path / 'whole')
    for path in glob.glob(str(tmp_path / 'whole' / '*.npy')):
        np.testing.assert_array_equal(
            np.load(path), np.load(path.replace('whole', 'cut')))


def test_features_that_were_lost_are_not_trained_on(tmp_path):
    """The arrays are replaced by zeros between two runs of one key."""
    prepare(tmp_path / 'features')
    for path in glob.glob(str(tmp_path / 'features' / '*-features-*.npy')):
        np.save(path, np.zeros_like(np.load(path)))
    made = prepare(tmp_path / 'features')
    with pytest.raises(ValueError, match='--resume computes them anew'):
        list(made.train(1))
    made = prepare(tmp_path / 'features')
    assert sum(len(batch.labels) for batch in made.train(1)) == 10
    assert sum(len(batch.labels) for batch in made.valid()) == 3


def test_the_size_is_printed_first(tmp_path, capsys):
    folder = tmp_path / 'features'
    prepare(folder)
    size = sum(np.load(path).nbytes for path in glob.glob(
        str(folder / '*.npy')))
    # (10 + 3) samples of 72 + 6 halves, 5 + 3 labels of 72, 3 pictures of 72
    assert size == 13 * 78 * 2 + 8 * 72 + 3 * 72
    first = capsys.readouterr().out
    assert first.startswith('[i] features of 5 samples, mirrored as '
                            'well, and of 3 to validate: 0.0 GB in ')
    assert first.endswith('0 s to compute\n')
    prepare(folder)
    assert capsys.readouterr().out.endswith(', from before\n')


def test_a_disk_that_is_too_full_is_refused_first(tmp_path, monkeypatch):
    full = collections.namedtuple('Usage', 'free')(1 << 20)
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: full)
    with pytest.raises(OSError, match='--cache-dir names another place'):
        prepare(tmp_path / 'features')
    assert not glob.glob(str(tmp_path / 'features' / '*.npy'))


def test_a_feature_too_large_for_float16_is_refused(tmp_path):
    def large(images):
        return [1e5 * value for value in encode(images)]

    tensors = [tf.Variable(0., name='pool1').op.outputs[0]] * 2
    with pytest.raises(ValueError, match='pool1.* does not fit into 16 bits'):
        prepare(tmp_path, large, tensors=tensors)


def test_two_runs_do_not_compute_the_same_at_once(tmp_path):
    with locks.locked(str(tmp_path), 'busy'):
        with pytest.raises(OSError, match='another run computes'):
            prepare(tmp_path)
    prepare(tmp_path)


def test_what_is_not_ours_is_not_deleted(tmp_path):
    made = prepare(tmp_path / 'features')
    (tmp_path / 'features' / 'notes.txt').write_text('mine')
    made.store.delete()
    assert os.listdir(str(tmp_path / 'features')) == ['notes.txt']
    made = prepare(tmp_path / 'others')
    made.store.delete()
    assert not (tmp_path / 'others').exists()


@pytest.fixture(scope='module')
def vgg_dir(tmp_path_factory):
    return fixtures.make_vgg(tmp_path_factory.mktemp('vgg'))


def train_losses(name):
    """Return the loss of each epoch of a run."""
    return [entry['train_loss'] for entry in saved_runs.read_log(
        f'{helpers.folder()}/{name}')]


def train(name, vgg_dir, *arguments, data_source='tiny', **environment):
    return helpers.run_program(
        'train.py', '--name', name, '--data-source', data_source,
        '--data-dir', helpers.data_dir(), '--vgg-dir', vgg_dir, '--workers',
        '1', '--model', 'fcn-pools', '--head-width', '16',
        '--learning-rate', '.01', '--schedule', 'constant', '--feature-dir',
        'kept', *arguments, **environment)


def weights_of(run):
    """{name: array} of the best weights of a run."""
    path = f'{helpers.folder()}/{run}'
    with open(f'{path}/state.json') as file:
        reader = tf.train.load_checkpoint(f"{path}/{json.load(file)['best']}")
    return {name: reader.get_tensor(name)
            for name in reader.get_variable_to_shape_map()}


@pytest.fixture(scope='module')
def frozen_run(vgg_dir):
    """A run on cached features, and what its program printed."""
    helpers.data_dir()
    done = train('frozen', vgg_dir, '--freeze-encoder', '--epochs', '3')
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_head_learns_and_the_encoder_stays(frozen_run, vgg_dir):
    assert 'features of 9 samples, mirrored as well, and of 4' in frozen_run
    weights = weights_of('frozen')
    saved = tf.train.load_checkpoint(f'{vgg_dir}/variables/variables')
    encoder = [name for name in weights if name.startswith('conv')]
    assert len(encoder) == 26
    for name in encoder:
        np.testing.assert_array_equal(weights[name], saved.get_tensor(name))
    assert not any(name.startswith('fc') for name in weights)
    for pool in range(2, 6):
        assert weights[f'pool{pool}/deviation'] != 1
        assert abs(weights[f'pool{pool}_score/filter']).max() > 0


@pytest.mark.slow
def test_pictures_score_as_their_features_did(frozen_run):
    """evaluate.py sees pictures and no cache; all are 64x32 to both."""
    done = helpers.run_program(
        'evaluate.py', '--name', 'frozen', '--json', 'frozen.json',
        '--data-source', 'bare')
    assert done.returncode == 0, done.stderr
    with open(f'{helpers.folder()}/frozen.json') as file:
        found = json.load(file)['scores']
    best = max(entry['miou'] for entry in saved_runs.read_log(
        f'{helpers.folder()}/frozen'))
    assert best > .4
    assert found['miou'] == pytest.approx(best, abs=.02)


@pytest.mark.slow
def test_the_next_run_uses_the_same_features(frozen_run, vgg_dir):
    done = train('again', vgg_dir, '--freeze-encoder', '--epochs', '1')
    assert done.returncode == 0, done.stderr
    assert 'from before' in done.stdout
    kept = glob.glob(f'{helpers.folder()}/kept/features-*')
    done = train('other', vgg_dir, '--freeze-encoder', '--epochs', '1',
                 '--image-size', '96x64', '--delete-features')
    assert done.returncode == 0, done.stderr
    assert 'to compute' in done.stdout
    assert glob.glob(f'{helpers.folder()}/kept/features-*') == kept


@pytest.mark.slow
def test_a_resumed_run_is_as_one_that_was_not_cut(frozen_run, vgg_dir):
    done = train('cut', vgg_dir, '--freeze-encoder', '--epochs', '2')
    assert done.returncode == 0, done.stderr
    done = helpers.run_program('train.py', '--name', 'cut', '--resume',
                               '--epochs', '3')
    assert done.returncode == 0, done.stderr
    assert ', from before\n' in done.stdout
    np.testing.assert_allclose(*map(train_losses, ('cut', 'frozen')),
                               rtol=1e-4)


@pytest.mark.slow
def test_a_run_on_views_resumes_as_one_that_was_not_cut(vgg_dir):
    views = '--freeze-encoder', '--views', '3', '--epochs'
    for name, epochs in (('views', '3'), ('cut-views', '2')):
        done = train(name, vgg_dir, *views, epochs)
        assert done.returncode == 0, done.stderr
    assert ', from before\n' in done.stdout
    done = helpers.run_program('train.py', '--name', 'cut-views', '--resume',
                               '--epochs', '3')
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(*map(train_losses, ('cut-views', 'views')),
                               rtol=1e-4)


def test_a_source_without_augmentation_has_no_views(vgg_dir):
    done = train('refused', vgg_dir, '--freeze-encoder', '--views', '2',
                 data_source='bare')
    assert done.returncode == 1
    assert done.stderr == (
        "[!] data source 'bare' gives samples as they are: --augment, "
        '--views, --soft-labels and --cache-samples do not apply\n')


@pytest.mark.slow
@pytest.mark.parametrize('options', [[], ['--delete-features']])
def test_a_source_to_the_contract_alone_leaves_no_features(options, vgg_dir):
    done = train(f'contract{len(options)}', vgg_dir,
                 '--freeze-encoder', '--epochs', '1', '--feature-dir',
                 'empty', *options, data_source='bare')
    assert done.returncode == 0, done.stderr
    assert os.listdir(f'{helpers.folder()}/empty') == []


@pytest.mark.slow
def test_full_training_goes_on_from_the_head(frozen_run, vgg_dir):
    before = weights_of('frozen')
    done = train('tuned', vgg_dir, '--init-from', 'frozen', '--epochs', '1')
    assert done.stderr == (
        '[!] --feature-dir goes with --freeze-encoder (without --augment), '
        '--cache-samples or --teacher\n')
    done = helpers.run_program(
        'train.py', '--name', 'tuned', '--data-source', 'tiny', '--data-dir',
        helpers.data_dir(), '--vgg-dir', vgg_dir, '--model', 'fcn-pools',
        '--head-width', '16', '--init-from', 'frozen', '--epochs', '1')
    assert done.returncode == 0, done.stderr
    count = len(before) - 1         # global_step stays
    assert '{0} of {0} variables from frozen'.format(count) in done.stdout
    after = weights_of('tuned')
    assert after['pool3/deviation'] == before['pool3/deviation']
    assert (after['conv3_1/filter'] != before['conv3_1/filter']).any()


@pytest.mark.slow
@pytest.mark.parametrize('model', ['fcn8s', 'fcn8s-chain', 'fcn32s'])
def test_taps_can_be_frozen_too(model, vgg_dir):
    helpers.data_dir()
    done = helpers.run_program(
        'train.py', '--name', f'frozen-{model}', '--data-source', 'tiny',
        '--data-dir', helpers.data_dir(), '--vgg-dir', vgg_dir, '--model',
        model, '--freeze-encoder', '--delete-features', '--epochs', '1')
    assert done.returncode == 0, done.stderr
    weights = weights_of(f'frozen-{model}')
    saved = tf.train.load_checkpoint(f'{vgg_dir}/variables/variables')
    for name in ('conv1_1/filter', 'fc6/weights'):
        np.testing.assert_array_equal(weights[name], saved.get_tensor(name))
    assert abs(weights['layer7_out_score/filter']).max() > 0


@pytest.mark.slow
@pytest.mark.parametrize('model, more', [
    ('fcn-pools', '--delete-features'),
    ('fcn8s', '--delete-features'),
    ('fcn-pools', '--augment')])
def test_encoder_can_be_frozen_up_to_a_pool(model, more, vgg_dir):
    helpers.data_dir()
    common = (more, '--learning-rate', '.01', '--schedule', 'constant')
    run, losses = f'up-{model}{more}', []
    for name, epochs, resume in ((run, '2', ()), (f'cut-{run}', '1', ()),
                                 (f'cut-{run}', '2', ('--resume',))):
        new = () if resume else (
            '--data-source', 'tiny', '--data-dir', helpers.data_dir(),
            '--vgg-dir', vgg_dir, '--model', model, '--keep-prob', '1',
            '--freeze-encoder', 'pool3', *common)
        done = helpers.run_program('train.py', '--name', name, '--epochs',
                                   epochs, *new, *resume)
        assert done.returncode == 0, done.stderr
        losses.append(train_losses(name))
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-4)
    weights = weights_of(run)
    saved = tf.train.load_checkpoint(f'{vgg_dir}/variables/variables')
    for name in weights:
        if name.startswith('conv'):
            same = (weights[name] == saved.get_tensor(name)).all()
            assert same == (name < 'conv4'), name


@pytest.mark.parametrize('arguments, message', [
    (['--model', 'unet', '--freeze-encoder'],
     '[!] unet has no VGG16: --freeze-encoder does not apply'),
    (['--model', 'fcn8s', '--head-width', '8'],
     '[!] --head-width applies to fcn-pools, fcn-aspp alone: it does not '
     'apply to fcn8s'),
    (['--freeze-encoder', '--crop-size', '32x32'],
     '[!] --crop-size goes with --augment'),
    (['--freeze-encoder', '--augment', '--delete-cache'],
     '[!] --delete-features goes with --freeze-encoder (without --augment), '
     '--cache-samples or --teacher'),
    (['--freeze-encoder', '--augment', '--views', '2'],
     '[!] --views goes with --freeze-encoder, without --augment'),
    (['--views', '2'],
     '[!] --views goes with --freeze-encoder, without --augment')])
def test_what_does_not_go_together_is_refused(arguments, message):
    done = helpers.run_program(
        'train.py', '--name', 'refused', '--data-source', 'tiny',
        '--data-dir', helpers.data_dir(), *arguments)
    assert done.returncode == 1
    assert done.stderr == f"{message}\n"
    assert not os.path.exists(f'{helpers.folder()}/refused')
