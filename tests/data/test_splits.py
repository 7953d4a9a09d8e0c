"""The split that a run records, and the data that it is held against."""
import numpy as np
import pytest

from segmentation.data import splits


class Listing:
    """A source that lists its files."""

    read_pair = None

    def __init__(self):
        self.splits = {
            'train': [('/d/b.png', ''), ('/d/a/b.png', '')],
            'valid': [('/d/a.png', '')]}


class Yielding:
    """A source that does not: its batches name the pictures."""

    def train_generator(self, batch_size, names=False):
        for name in 'cb':
            images = np.zeros((batch_size, 32, 64, 3), np.uint8)
            yield images, images, [f'/d/{name}.png'], ['']

    def valid_generator(self, batch_size, names=False):
        return iter([])


def test_names_are_sorted_and_relative_to_the_folder():
    assert splits.of_source(Listing(), '/d') == {
        'train': ['a/b.png', 'b.png'], 'valid': ['a.png']}
    assert splits.of_source(Yielding(), '/d/..') == {
        'train': ['d/b.png', 'd/c.png'], 'valid': []}


def test_changed_split_is_refused():
    source = Listing()
    saved = {'train': ['a/b.png', 'b.png'], 'valid': ['a.png']}
    splits.check_unchanged(source, '/d', saved)
    source.splits['valid'].append(('/d/c.png', ''))
    with pytest.raises(ValueError, match='valid split .* such as c.png'):
        splits.check_unchanged(source, '/d', saved)


def test_held_out_training_pictures_are_the_validation_split():
    source = Listing()
    splits.hold_out(source, 'toy', '/d', '^a/')
    assert source.splits == {'train': [('/d/b.png', '')],
                             'valid': [('/d/a/b.png', '')]}


@pytest.mark.parametrize('source, pattern, message', [
    (Yielding(), 'a', "data source 'toy' lists no files: --hold-out"),
    (Listing(), '^d/', "--hold-out '^d/' matches none of the 2 training"),
    (Listing(), 'png$', "--hold-out 'png$' matches all of the 2 training")])
def test_what_cannot_be_held_out_is_told(source, pattern, message):
    with pytest.raises(ValueError) as refused:
        splits.hold_out(source, 'toy', '/d', pattern)
    assert message in str(refused.value)
