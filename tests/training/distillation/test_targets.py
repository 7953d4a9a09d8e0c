"""Targets of a teacher: computed, cached, and batches that have them."""
import os

import cv2
import helpers
import numpy as np
import pytest

from segmentation.data import augmentation, contract
from segmentation.errors import InputError
from segmentation.training import batches
from segmentation.training.caching import preparation
from segmentation.training.distillation import samples, supervision

FED = 'targets'     # stands for a tensor


class Teacher:
    """Takes the blue channel for the probability of the first class."""

    class_names = list(helpers.CLASSES)

    def __init__(self, fingerprint='a', stop_after=None):
        self.fingerprint = fingerprint
        self.model = self
        self.path = 'runs/teacher'
        self.stop_after = stop_after
        self.seen = []

    def probabilities(self, jobs, read, size):
        for job in jobs:
            if len(self.seen) == self.stop_after:
                raise KeyboardInterrupt
            self.seen.append(job[0])
            blue = cv2.resize(read(job), size)[..., 0] / 255
            yield np.stack([blue, 1 - blue, 0 * blue, 0 * blue], axis=-1)

    def measure(self, job, read):
        return 1


@pytest.fixture
def source(place):
    return helpers.load_source('tiny', helpers.data_dir(), workers=2)


def more(folder, count):
    """Write pictures without labels; return (path, name) of each."""
    os.makedirs(str(folder), exist_ok=True)
    for k in range(count):
        cv2.imwrite(str(folder / f'{k}.png'), helpers.draw_scene(900 + k)[0])
    return [(str(folder / f'{k}.png'), f'{k}.png') for k in range(count)]


def prepare(source, teacher, folder, unlabelled=()):
    """Return the Targets of the training pictures, and of others."""
    taught = supervision.make(teacher, source, 'tiny', dict(unlabelled), 2, .5)
    computed = taught.targets(source, helpers.data_dir(), str(folder))
    for targets in computed:
        preparation.prepare(targets)
    return computed


def make_samples(source, computed, batch_size=4, rank=0, size=1):
    """Return the Samples that a run has."""
    pictures = batches.Pictures(lambda images: {'images': images}, source,
                                batch_size, 3, rank, size)
    return samples.Samples(pictures, computed, FED)


def encoded(image):
    """Return what the teacher's map of a picture should be, as uint8."""
    blue = cv2.resize(image, (16, 8))[..., 0] / 255
    return np.stack([255 * blue ** .5, 255 * (1 - blue) ** .5,
                     0 * blue, 0 * blue], axis=-1)


def test_every_picture_comes_once_with_its_labels_and_targets(
        source, tmp_path):
    pictures = more(tmp_path / 'more', 5)
    computed = prepare(source, Teacher(), tmp_path, {'more': pictures})
    made = make_samples(source, computed)
    assert made.num_training == 14 and made.num_validation == 4
    contract.configure(source, labels_as_ids=True)
    labels = {paths[0]: ids[0] for _, ids, paths, _
              in source.train_generator(1, names=True)}
    seen = []
    for batch in made.train(1):
        for k, path in enumerate(batch.paths):
            seen.append(path)
            image = cv2.imread(path)
            np.testing.assert_allclose(batch.feed[FED][k], encoded(image),
                                       rtol=0, atol=.51)
            assert (batch.labels[k] == labels.get(path, 255)).all()
    assert len(seen) == len(set(seen)) == 14
    assert set(seen) == set(labels) | {path for path, _ in pictures}
    # Nine have labels: of every batch of four two or three.
    assert [sum(path in labels for path in seen[k:k + 4])
            for k in (0, 4, 8)] in ([3, 2, 3], [2, 3, 2], [3, 3, 2],
                                    [2, 3, 3], [3, 2, 2])


def test_orders_are_those_of_the_epoch_and_the_seed(source, tmp_path):
    made = make_samples(source, prepare(source, Teacher(), tmp_path))

    def order(epoch):
        return [path for batch in made.train(epoch) for path in batch.paths]

    assert order(1) == order(1) != order(2)


def test_processes_divide_the_batches_of_one(source, tmp_path):
    """Of nine and four pictures the last batch has one, two take two."""
    computed = prepare(source, Teacher(), tmp_path,
                       {'more': more(tmp_path / 'more', 4)})
    whole = list(make_samples(source, computed, 4).train(2))
    parts = [list(make_samples(source, computed, 2, rank, 2).train(2))
             for rank in range(2)]
    assert [len(part) for part in parts] == [4, 4]
    for batch, *own in zip(whole, *parts):
        assert batch.paths == own[0].paths + own[1].paths
    padding = parts[1][-1]
    assert padding.paths == [] and not padding.is_labelled
    assert padding.feed[FED].shape == (1, 8, 16, 4)
    assert not padding.feed[FED].any()


@pytest.mark.parametrize('seed', range(8))
@pytest.mark.parametrize('name', ['light', 'strong'])
@pytest.mark.parametrize('image_size, shape', [
    (None, (48, 90, 8)), ((320, 64), (96, 45, 8)), ((128, 256), (24, 112, 8))])
def test_a_map_moves_with_its_picture(name, seed, image_size, shape):
    """A sample half as wide as image_size has a map half as wide."""
    recipe = augmentation.RECIPES[name]
    random = np.random.RandomState(seed)
    coarse = random.randint(0, 256, (6, 9, 3)).astype(np.uint8)
    image = cv2.resize(coarse, (180, 96), interpolation=cv2.INTER_CUBIC)
    # A map of eight classes, more than OpenCV's functions are made for.
    values = cv2.resize(image, (90, 48), interpolation=cv2.INTER_AREA)[
        ..., [0, 1, 2, 0, 1, 2, 0, 1]]
    size = 160, 128
    moved = augmentation.augment_map(values, (180, 96), size, seed, recipe,
                                     image_size)
    variation = augmentation.draw(seed, recipe)
    ids = np.zeros((96, 180), np.uint8)
    turned, _ = augmentation.rotate(image, ids, variation.degrees)
    scaled, _ = augmentation.rescale(
        turned, ids, size, variation.scale
        * np.divide(image_size or size, size), variation.position)
    if variation.is_mirrored:
        scaled = scaled[:, ::-1]
    wanted = cv2.resize(scaled, shape[1::-1], interpolation=cv2.INTER_AREA)
    assert moved.shape == shape
    difference = np.abs(moved[..., :3].astype(int) - wanted)
    assert difference.mean() < 2 and difference.max() < 16
    assert (moved[..., 6:] == moved[..., :2]).all()


@pytest.mark.parametrize('augment, crop_size', [
    (True, None), ('strong', None), ('strong', (32, 96))])
def test_targets_are_augmented_like_their_pictures(source, tmp_path, augment,
                                                   crop_size):
    contract.configure(source, augment=augment, crop_size=crop_size)
    width, height = size = crop_size or (64, 32)
    recipe = augmentation.RECIPES[augment]
    made = make_samples(source, prepare(
        source, Teacher(), tmp_path, {'more': more(tmp_path / 'more', 3)}))
    for item in made.items(1):
        image, labels, roots, path = made.read(item)
        assert image.shape == (height, width, 3)
        assert labels.shape == (height, width)
        assert roots.shape == (height // 4, width // 4, 4)
        raw = cv2.imread(path)
        lit, _ = augmentation.augment(
            raw, np.zeros(raw.shape[:2], np.uint8), size, item.seed,
            recipe=recipe, image_size=(64, 32))
        assert (image == lit).all()
        light = augmentation.draw(item.seed, recipe).light
        wanted = cv2.resize(augmentation.relight(
            cv2.cvtColor(np.float32(roots[..., 0] / 255) ** 2 * 255,
                         cv2.COLOR_GRAY2BGR).astype(np.uint8), *light),
            size)
        # Light aside, blue is what the first class is made of.
        correlation = np.corrcoef(wanted[..., 0].ravel(),
                                  lit[..., 0].ravel())[0, 1]
        assert correlation > .6


def test_the_next_run_reads_what_was_computed(source, tmp_path, capsys):
    pictures = {'more': more(tmp_path / 'more', 2)}
    prepare(source, Teacher(), tmp_path, pictures)
    assert '9 pictures' in capsys.readouterr().out
    again = Teacher()
    prepare(source, again, tmp_path, pictures)
    assert again.seen == []
    assert capsys.readouterr().out.count('from before') == 2
    # More pictures, another teacher, another size: these alone are computed.
    pictures['others'] = more(tmp_path / 'others', 3)
    prepare(source, again, tmp_path, pictures)
    assert again.seen == [path for path, _ in pictures['others']]
    other = Teacher('b')
    prepare(source, other, tmp_path)
    assert len(other.seen) == 9
    contract.configure(source, image_size=(96, 64))
    prepare(source, again, tmp_path)
    assert len(again.seen) == 3 + 9


def test_a_changed_picture_is_computed_anew(source, tmp_path):
    pictures = {'more': more(tmp_path / 'more', 2)}
    prepare(source, Teacher(), tmp_path, pictures)
    cv2.imwrite(pictures['more'][1][0], np.zeros((40, 70, 3), np.uint8))
    again = Teacher()
    prepare(source, again, tmp_path, pictures)
    assert again.seen == [path for path, _ in pictures['more']]


def test_an_interrupted_computation_goes_on_where_it_was(source, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        prepare(source, Teacher(stop_after=5), tmp_path)
    rest = Teacher()
    computed, = prepare(source, rest, tmp_path)
    assert rest.seen == [path for path, _ in computed.jobs[5:]]
    for row, (path, _) in enumerate(computed.jobs):
        np.testing.assert_allclose(
            computed.roots(row), encoded(cv2.imread(path)), rtol=0, atol=.51)


def test_damage_is_noticed_and_computed_anew(source, tmp_path):
    computed, = prepare(source, Teacher(), tmp_path)
    computed.store.arrays['pictures-roots'][7, 2, 3, 1] ^= 1
    again = Teacher()
    damaged = supervision.make(again, source, 'tiny', {}, 2, .5).targets(
        source, helpers.data_dir(), str(tmp_path))[0]
    preparation.prepare(damaged)
    with pytest.raises(InputError, match='not as they were written'):
        damaged.roots(7)
    prepare(source, again, tmp_path)
    assert [os.path.basename(path) for path in again.seen] == ['7.png',
                                                               '8.png']


def test_pictures_of_the_source_are_no_unlabelled_ones(source, tmp_path):
    new, known = more(tmp_path / 'more', 2), contract.pairs(source, 'test')
    mixed = [(path, path) for pair in known for path in pair] + new
    taught = supervision.make(Teacher(), source, 'tiny', {'data': mixed}, 2,
                              .5)
    assert taught.unlabelled == [new]
    with pytest.raises(InputError, match='--unlabelled data: the data source'):
        supervision.make(Teacher(), source, 'tiny', {'data': mixed[:2]}, 2, .5)


def test_other_classes_are_refused(source):
    teacher = Teacher()
    teacher.class_names = ['sky', 'grass', 'road', 'never']
    with pytest.raises(InputError, match='class 1 is grass of --teacher '
                       'runs/teacher, not road in the data source'):
        supervision.check_classes(teacher, source)
    teacher.class_names = ['sky']
    with pytest.raises(InputError, match='has 1 classes, the data source has '
                       '4'):
        supervision.check_classes(teacher, source)
