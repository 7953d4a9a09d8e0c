"""Batches come in order, filled by any number of threads."""
import threading

import numpy as np
import pytest

from segmentation.data import batching

SIZE, NUM_CLASSES = (4, 2), 3


def jobs(count):
    return [batching.Job((f'{k}.png', f'{k}_ids.png'), k)
            for k in range(count)]


def read(job):
    return (np.full((2, 4, 3), job.seed, np.uint8),
            np.full((2, 4, NUM_CLASSES), job.seed, np.uint8))


@pytest.mark.parametrize('workers', [1, 2, 7])
def test_batches_come_in_order_and_the_last_one_is_smaller(workers):
    batches = list(batching.read_ahead(jobs(8), 3, SIZE, (NUM_CLASSES,),
                                       read, workers))
    assert [batch.images[:, 0, 0, 0].tolist() for batch in batches] == [
        [0, 1, 2], [3, 4, 5], [6, 7]]
    assert [batch.labels.shape for batch in batches] == [
        (3, 2, 4, 3), (3, 2, 4, 3), (2, 2, 4, 3)]


def test_as_many_batches_are_read_ahead_as_keep_the_workers_busy():
    started, release = [], threading.Event()

    def wait(job):
        started.append(job.seed)
        if job.seed >= 3:       # of all batches but the first
            assert release.wait(10)
        return read(job)

    batches = batching.read_ahead(jobs(30), 3, SIZE, (NUM_CLASSES,), wait,
                                  20)
    # twenty workers on batches of three: eight batches at most
    assert next(batches).images[0, 0, 0, 0] == 0
    release.set()
    assert len(started) <= 3 * 9
    batches.close()


def test_the_first_error_of_a_batch_is_raised_instead_of_it():
    def fail(job):
        if job.seed in (4, 5):
            raise OSError(f'{job.pair[0]} fails')
        return read(job)

    batches = batching.read_ahead(jobs(9), 3, SIZE, (NUM_CLASSES,), fail, 2)
    assert next(batches).images[:, 0, 0, 0].tolist() == [0, 1, 2]
    with pytest.raises(OSError, match='4.png fails'):
        next(batches)
