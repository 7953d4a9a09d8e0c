"""Batches of a data source for the training loop."""
import numpy as np
import pytest

from segmentation.training import batches, class_weights


class Source:
    """Two classes; how often it has been read is counted."""

    image_size = (3, 2)
    num_classes = 2
    ignore = True

    def __init__(self, ids):
        self.ids = np.array(ids, np.uint8)      # (N, 2, 3)
        self.num_training = len(ids)
        self.num_read = 0

    def label(self, number):
        """Return one-hot rows."""
        return (self.ids[number, ..., None] == (0, 1)).astype(np.uint8)

    def train_generator(self, batch_size, names=False):
        for k in range(0, len(self.ids), batch_size):
            numbers = range(k, min(k + batch_size, len(self.ids)))
            self.num_read += len(numbers)
            paths = [f'{number}.png' for number in numbers]
            parts = (np.zeros((len(numbers), 2, 3, 3), np.uint8),
                     np.array([self.label(number) for number in numbers]))
            yield parts + (paths, paths) if names else parts


class IdSource(Source):
    """The same, which gives class ids."""

    labels_as_ids = True

    def label(self, number):
        return self.ids[number]


IDS = [[[0, 0, 0], [0, 0, 1]], [[0, 1, 1], [255, 255, 255]],
       [[255, 255, 255], [255, 255, 255]]]


def pictures(source, batch_size=2):
    return batches.Pictures(lambda images: {'images': images}, source,
                            batch_size, seed=0)


def test_the_first_batch_is_read_once():
    source = Source(IDS)
    samples = pictures(source)
    assert samples.first().paths == samples.first().paths == [
        '0.png', '1.png']
    assert source.num_read == 2
    assert [batch.paths for batch in samples.train(1)] == [
        ['0.png', '1.png'], ['2.png']]
    assert source.num_read == 3
    # Another epoch, or the same once more, is read from its beginning.
    for epoch in (2, 1):
        assert len(list(samples.train(epoch))) == 2
    assert source.num_read == 9


def test_a_source_without_a_batch_is_bad_input():
    with pytest.raises(ValueError, match='yields no training batch'):
        pictures(Source(np.zeros((0, 2, 3)))).first()


@pytest.mark.parametrize('kind', [Source, IdSource])
def test_a_batch_has_ids_and_says_whether_any_is_labelled(kind):
    first, last = pictures(kind(IDS)).train(1)
    np.testing.assert_array_equal(first.ids, IDS[:2])
    np.testing.assert_array_equal(last.ids, IDS[2:])
    assert (first.is_labelled, last.is_labelled) == (True, False)


@pytest.mark.parametrize('kind', [Source, IdSource])
def test_median_weights_by_hand(kind):
    # Pixels count by class in the pictures that have them: picture 0 has 5
    # and 1, picture 1 has 1 and 2 (three are ignored), picture 2 has none:
    # frequencies 6/9 and 3/9, their median 1/2.
    np.testing.assert_allclose(class_weights.median_weights(kind(IDS)),
                               [.5 / (6 / 9), .5 / (3 / 9)])
