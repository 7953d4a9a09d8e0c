"""Samples that are decoded once: the same batches, and no others."""
import collections
import glob
import os
import shutil

import cv2
import helpers
import numpy as np
import pytest
import saved_runs

import source
from segmentation import pixels
from segmentation.data import augmentation, batching, contract
from segmentation.store import array_store
from segmentation.training.caching import cached_samples, preparation

SIZES = ((70, 45), (300, 40), (64, 32), (33, 21), (128, 64), (97, 131),
         (200, 100))


class Scenes(source.DataSource):
    """Scenes of several sizes: DIR/0.png beside DIR/0_ids.png."""

    image_size = (64, 32)
    classes = (('sky', (0, 0, 1)), ('box', (0, 0, 2)), ('road', (0, 0, 3)))
    ids = {0: 0, 1: 1, 2: 2, 9: source.IGNORE}
    workers = 2

    def __init__(self):
        self.reads = []

    def list_splits(self, data_dir, valid_fraction):
        pairs = [(f'{data_dir}/{k}.png', f'{data_dir}/{k}_ids.png')
                 for k in range(len(SIZES))]
        # The first picture is in both.
        return {'train': pairs[:5], 'valid': pairs[:1] + pairs[5:]}

    def read_pair(self, image_path, label_path):
        self.reads.append(os.path.basename(image_path))
        return super().read_pair(image_path, label_path)


@pytest.fixture
def data(tmp_path):
    for k, size in enumerate(SIZES):
        image, ids = helpers.draw_scene(k, size)
        cv2.imwrite(str(tmp_path / f'{k}.png'), image)
        cv2.imwrite(str(tmp_path / f'{k}_ids.png'), ids)
    return tmp_path


def load(data, **settings):
    scenes = Scenes()
    contract.configure(scenes, **settings)
    scenes.load_data(str(data), .1)
    return scenes


def cache(data, scenes):
    """Return the filled cache of a source, which reads from it from now on."""
    cached = cached_samples.CachedSamples(str(data / 'cache'), scenes,
                                          str(data))
    preparation.prepare(cached)
    contract.configure(scenes, samples=cached)
    return cached


def batches(scenes):
    """Return all of two epochs and of the validation split."""
    return [array.tobytes() if isinstance(array, np.ndarray) else array
            for split in (scenes.train_generator, scenes.train_generator,
                          scenes.valid_generator)
            for batch in split(2, names=True) for array in batch]


def test_batches_are_those_of_the_files_byte_for_byte(data):
    wanted = batches(load(data))
    scenes = load(data)
    cache(data, scenes)
    del scenes.reads[:]
    assert batches(scenes) == wanted
    assert scenes.reads == []


def test_samples_to_augment_keep_up_to_one_and_a_half_times_the_size(data):
    scenes = load(data, augment=True)
    cached = cache(data, scenes)
    # 1.5 times 64x32 is 96x48; what is smaller is not enlarged.
    wanted = [(70, 45), (96, 40), (64, 32), (33, 21), (96, 48)]
    for pair, size in zip(scenes.splits['train'], wanted):
        image, ids = cached.read(batching.Job(pair, seed=1))
        whole, whole_ids = Scenes().read_pair(*pair)
        np.testing.assert_array_equal(image,
                                      pixels.resize_image(whole, size))
        np.testing.assert_array_equal(ids, pixels.resize_ids(whole_ids, size))
    # A picture of both splits is validated at the network's size.
    image, _ = cached.read(batching.Job(scenes.splits['valid'][0]))
    assert image.shape == (32, 64, 3)


@pytest.mark.parametrize('crop_size', [None, (32, 96)])
def test_augmented_batches_are_of_the_kept_samples(data, crop_size):
    scenes = load(data, augment=True, crop_size=crop_size)
    cached = cache(data, scenes)
    images, labels, names, _ = next(scenes.train_generator(5, names=True))
    random = np.random.RandomState([0, 0])
    for k in random.permutation(5):
        job = batching.Job(scenes.splits['train'][k],
                           random.randint(1 << 31))
        number = names.index(job.pair[0])
        image, ids = augmentation.augment(
            *cached.read(job), crop_size or (64, 32), job.seed,
            augmentation.nearest, image_size=(64, 32))
        np.testing.assert_array_equal(images[number], image)
        np.testing.assert_array_equal(
            labels[number], np.eye(256, 3, dtype=np.uint8)[ids])


def test_crops_of_the_cache_are_nearly_those_of_the_files(data):
    settings = {'augment': 'strong', 'crop_size': (32, 96), 'soft': False,
                'labels_as_ids': True}
    plain, scenes = load(data, **settings), load(data, **settings)
    cache(data, scenes)
    (images, ids), = plain.train_generator(5)
    (others, same), = scenes.train_generator(5)
    assert images.shape == others.shape == (5, 96, 32, 3)
    assert abs(images.astype(int) - others).mean() < 4
    assert (ids == same).mean() > .97


def test_crops_of_any_size_have_the_same_cache(data):
    folders = {cached_samples.CachedSamples(
        'cache', load(data, augment=True, crop_size=size),
        str(data)).store.folder for size in (None, (32, 32), (96, 32))}
    assert len(folders) == 1


def test_validation_is_the_same_with_augmentation(data):
    wanted = [images.tobytes() for images, _ in load(data).valid_generator(3)]
    scenes = load(data, augment=True, crop_size=(96, 32))
    cache(data, scenes)
    assert [images.tobytes() for images, _ in scenes.valid_generator(3)
            ] == wanted


def test_the_nearest_id_is_that_at_the_centre():
    ids = np.arange(12, dtype=np.uint8).reshape(2, 6)
    # The centres of two columns are at 1.5 and 4.5 of six.
    assert augmentation.nearest(ids, (2, 2)).tolist() == [[1, 4], [7, 10]]


def test_an_interrupted_cache_goes_on_without_decoding_again(data,
                                                             monkeypatch):
    monkeypatch.setattr(cached_samples, 'CHUNK', 1)
    scenes = load(data)
    whole = scenes.read_pair

    def interrupted(*pair):
        if pair[0].endswith('4.png'):
            raise KeyboardInterrupt
        return whole(*pair)

    contract.configure(scenes, read_pair=interrupted)
    with pytest.raises(KeyboardInterrupt):
        cache(data, scenes)
    again = load(data)
    cache(data, again)
    # The first one is timed.
    assert sorted(again.reads) == ['0.png', '0.png', '4.png', '5.png',
                                   '6.png']
    assert batches(again) == batches(load(data))


def test_samples_that_were_lost_are_not_trained_on(data, monkeypatch):
    monkeypatch.setattr(cached_samples, 'CHUNK', 1)
    cached = cache(data, load(data))
    path = cached.store.path('train-images.npy')
    array = np.load(path)
    array[3] = 0
    np.save(path, array)
    scenes = load(data)
    cache(data, scenes)
    with pytest.raises(ValueError, match='3.png are not as they were written:'
                                         ' --resume computes them anew'):
        list(scenes.train_generator(2))
    again = load(data, workers=1)
    cache(data, again)
    # The first one is timed; samples before the damage stay.
    assert sorted(again.reads) == ['0.png', '3.png', '4.png']
    assert batches(again) == batches(load(data))


def test_whatever_changes_the_samples_has_a_cache_of_its_own(data):
    def folder(**settings):
        return cached_samples.CachedSamples(
            'cache', load(data, **settings), str(data)).store.folder

    class Others(Scenes):
        ids = {0: 0, 1: 2, 2: 1, 9: source.IGNORE}

    others = Others()
    others.load_data(str(data), .1)
    folders = [folder(), folder(augment=True), folder(image_size=(96, 32)),
               cached_samples.CachedSamples('cache', others,
                                            str(data)).store.folder]
    assert folder(workers=1) == folders[0]
    os.utime(str(data / '2_ids.png'), (1, 1))
    folders.append(folder())
    assert len(set(folders)) == 5


def test_the_size_is_printed_first(data, capsys):
    cached = cache(data, load(data))
    size = sum(np.load(path).nbytes for path in glob.glob(
        cached.store.path('*.npy')))
    # 5 and 3 samples of 64x32 pixels of 4 bytes, and of 8 bytes for the size
    assert size == 8 * (64 * 32 * 4 + 8)
    line = capsys.readouterr().out
    assert line == (f'[i] 5 samples and 3 to validate, decoded: 0.0 GB in '
                    f'{cached.store.folder}, 0 s to compute\n')
    cache(data, load(data))
    assert capsys.readouterr().out.endswith(', from before\n')


def test_a_disk_that_is_too_full_is_refused_first(data, monkeypatch):
    full = collections.namedtuple('Usage', 'free')(1 << 20)
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: full)
    with pytest.raises(OSError, match='0.0 GB are free, the samples take '
                                      '0.0 GB: --cache-dir names another'):
        cache(data, load(data))
    assert not (data / 'cache').exists()


def test_a_disk_that_fills_up_is_an_error_of_the_disk(data, monkeypatch):
    def fallocate(*_):
        raise OSError(array_store.errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'posix_fallocate', fallocate)
    with pytest.raises(OSError, match='No space left on device.*train-images'):
        cache(data, load(data))


def test_a_broken_picture_is_named(data):
    (data / '1.png').write_bytes(b'broken')
    with pytest.raises(ValueError, match='1.png: no picture that OpenCV'):
        cache(data, load(data))


def train(name, *arguments, data_source='tiny'):
    return helpers.run_program(
        'train.py', '--name', name, '--data-source', data_source,
        '--data-dir', helpers.data_dir(), '--model', 'fcn-lite', '--workers',
        '2', '--cache-dir', 'decoded', *arguments)


def losses(name):
    return [[entry[key] for key in
             ('first_batch_loss', 'train_loss', 'valid_loss', 'miou')]
            for entry in saved_runs.read_log(f'{helpers.folder()}/{name}')]


@pytest.mark.slow
def test_a_run_learns_the_same_from_the_cache_and_resumes_with_it():
    done = train('files', '--epochs', '2', '--cache-samples')
    assert done.returncode == 0, done.stderr
    assert ('[i] 9 samples and 4 to validate, decoded: 0.0 GB in '
            'decoded/samples-') in done.stdout
    done = helpers.run_program(
        'train.py', '--name', 'plain', '--data-source', 'tiny', '--data-dir',
        helpers.data_dir(), '--model', 'fcn-lite', '--epochs', '2')
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(losses('files'), losses('plain'), rtol=1e-4)
    done = helpers.run_program('train.py', '--name', 'files', '--resume',
                               '--epochs', '3', '--delete-cache')
    assert done.returncode == 0, done.stderr
    assert ', from before\n' in done.stdout and len(losses('files')) == 3
    assert glob.glob(f'{helpers.folder()}/decoded/samples-*') == []


@pytest.mark.slow
def test_augmentation_takes_samples_from_the_cache():
    done = train('augmented', '--epochs', '1', '--cache-samples', '--augment',
                 '--crop-size', '32x64')
    assert done.returncode == 0, done.stderr
    assert len(losses('augmented')) == 1


@pytest.mark.parametrize('data_source, arguments, message', [
    ('bare', ['--cache-samples'],
     'data source \'bare\' gives samples as they are: --augment, '
     '--views, --soft-labels and --cache-samples do not apply'),
    ('tiny', ['--cache-samples', '--soft-labels'],
     '--cache-samples applies to pictures and their class ids: not to the '
     'features of --freeze-encoder, nor to --soft-labels'),
    ('tiny', [], '--feature-dir goes with --freeze-encoder (without '
                 '--augment), --cache-samples or --teacher')])
def test_what_does_not_go_together_is_refused(data_source, arguments,
                                              message):
    done = train('refused', *arguments, data_source=data_source)
    assert (done.returncode, done.stderr) == (1, f'[!] {message}\n')
    assert not os.path.exists(f'{helpers.folder()}/refused')
