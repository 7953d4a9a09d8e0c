"""Which process this is, which GPU it takes, and which samples."""
import json

import numpy as np
import pytest

from segmentation.data import batching
from segmentation.errors import InputError
from segmentation.training import batches
from segmentation.training.cluster import agreement, launching, task


def config(cluster, job='worker', index=0):
    return json.dumps({'cluster': cluster,
                       'task': {'type': job, 'index': index}})


def test_ranks_are_in_the_order_of_the_workers():
    found = task.find({'TF_CONFIG': config(
        {'worker': ['a:7', 'b:7', 'b:8']}, index=2)})
    assert found == (2, 3, 1, 2, ('a:7', 'b:7', 'b:8'), False)


def test_a_chief_comes_before_the_workers():
    cluster = {'worker': ['b:7', 'c:7'], 'chief': ['a:7']}
    ranks = [task.of_config(config(cluster, job, index)).rank
             for job, index in (('chief', 0), ('worker', 0), ('worker', 1))]
    assert ranks == [0, 1, 2]


@pytest.mark.parametrize('environ', [
    {}, {'TF_CONFIG': ''}, {'TF_CONFIG': '{}'},
    {'TF_CONFIG': config({'worker': ['a:7']})}])
def test_without_others_a_process_is_alone(environ):
    assert task.find(environ).is_alone


@pytest.mark.parametrize('text', [
    '{', '[]', config({'worker': ['a', 'b']}), config({'worker': 3}),
    config({'worker': ['a:7', 'a:7']}),
    config({'worker': ['a:7', 'b:7']}, index=2),
    config({'worker': ['a:7', 'b:7']}, 'ps')])
def test_another_TF_CONFIG_is_refused(text):
    with pytest.raises(InputError, match='TF_CONFIG is'):
        task.of_config(text)


def ranks(prefix, *numbers):
    """Return the variables that horovodrun or mpirun sets."""
    names = 'RANK', 'SIZE', 'LOCAL_RANK', 'LOCAL_SIZE'
    return {f'{prefix}{name}': str(number)
            for name, number in zip(names, numbers)}


@pytest.mark.parametrize('prefix', ['HOROVOD_', 'OMPI_COMM_WORLD_'])
def test_a_process_of_horovodrun_or_mpirun_joins_by_horovod(prefix,
                                                            monkeypatch):
    monkeypatch.setattr('importlib.util.find_spec', lambda name: name)
    found = task.find(ranks(prefix, 5, 8, 1, 4))
    assert found == (5, 8, 1, 4, (), False)
    assert found.is_horovod and not found.is_alone
    assert task.find(ranks(prefix, 0, 1, 0, 1)) == task.Task()
    by_config = task.find(dict(ranks(prefix, 5, 8, 1, 4), TF_CONFIG=config(
        {'worker': ['a:7', 'b:7']})))
    assert by_config.hosts and not by_config.is_horovod


@pytest.mark.parametrize('environ, message', [
    (ranks('HOROVOD_', 1, 2, 1, 2), 'HOROVOD_RANK and HOROVOD_SIZE say that '
     'this is process 1 of 2; Horovod joins them, and is not installed'),
    (ranks('OMPI_COMM_WORLD_', 1), 'OMPI_COMM_WORLD_SIZE is None'),
    (ranks('HOROVOD_', 1, 'two', 1, 2), 'HOROVOD_SIZE is two')])
def test_without_horovod_its_processes_are_refused(environ, message,
                                                   monkeypatch):
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    with pytest.raises(InputError, match=message):
        task.find(environ)


def test_free_ports_differ():
    assert len(set(launching.free_ports(5))) == 5


@pytest.mark.parametrize('count', [1, 6, 7, 11, 12, 13])
@pytest.mark.parametrize('size', [1, 2, 3])
def test_processes_share_the_batches_of_one(count, size):
    order = np.random.RandomState(count).permutation(count).tolist()
    shares = [batching.share(order, 2, rank, size) for rank in range(size)]
    assert sorted(sum(shares, [])) == list(range(count))
    for step in range(-(-count // (2 * size))):
        together = [number for share in shares
                    for number in share[2 * step:2 * step + 2]]
        assert together == order[2 * size * step:2 * size * (step + 1)]


class Numbers:
    """Eleven samples, as a user's own source may give them."""

    image_size = 64, 32
    num_classes = 2
    num_training = num_validation = 11

    def train_generator(self, batch_size, names=False):
        yield from self.read(np.random.permutation(11), batch_size)

    def valid_generator(self, batch_size, names=False):
        yield from self.read(np.arange(11), batch_size)

    def read(self, order, batch_size):
        for k in range(0, 11, batch_size):
            part = order[k:k + batch_size]
            names = [f'{number}.png' for number in part]
            yield (np.zeros((len(part), 32, 64, 3), np.uint8),
                   np.eye(2, dtype=np.uint8)[np.zeros(
                       (len(part), 32, 64), int)], names, names)


class Shards(Numbers):
    """The same, reading the samples of one process alone."""

    shard = 0, 1

    def read(self, order, batch_size):
        order = np.array(batching.share(list(order), batch_size,
                                        *self.shard), int)
        for k in range(0, len(order), batch_size):
            part = order[k:k + batch_size]
            names = [f'{number}.png' for number in part]
            yield (np.zeros((len(part), 32, 64, 3), np.uint8),
                   np.eye(2, dtype=np.uint8)[np.zeros(
                       (len(part), 32, 64), int)], names, names)


@pytest.mark.parametrize('kind', [Numbers, Shards])
@pytest.mark.parametrize('batch_size, size', [(2, 1), (5, 2), (2, 3), (4, 5)])
def test_no_sample_of_an_epoch_is_lost_or_seen_twice(kind, batch_size, size):
    """By names; every process takes the same number of steps."""
    for method, argument in (('train', (3,)), ('valid', ())):
        read = [list(getattr(batches.Pictures(
            lambda images: {}, kind(), batch_size, 0, rank, size), method)(
                *argument)) for rank in range(size)]
        names = [name for process in read for batch in process
                 for name in batch.paths]
        assert sorted(names) == sorted(f'{k}.png' for k in range(11))
        assert {len(process) for process in read} == {
            -(-11 // (batch_size * size))}
        paddings = [batch for process in read for batch in process
                    if not batch.paths]
        assert not any(batch.is_labelled for batch in paddings)


class Others:
    """Another process has given this value."""

    def __init__(self, value):
        self.value = value

    def gather(self, value):
        return [value, self.value]


def test_a_cpu_among_gpus_is_named():
    class Unequal:
        """Process 1 is on a CPU; all else is the same."""

        def gather(self, value):
            return [value, dict(value, **{
                name: 'CPU' for name in value if value[name] == 'GPU'})]

    with pytest.raises(InputError, match='process 1 has the network on a CPU, '
                                         'process 0 has GPU: one kind'):
        agreement.check_options(Unequal(), {}, {'l2': 0}, True)


def test_another_version_is_named():
    with pytest.raises(InputError, match='process 1 has tensorflow 2.20.0, '
                                         'process 0 has 2.21.0'):
        agreement.compare(Others({'tensorflow': '2.20.0'}),
                          {'tensorflow': '2.21.0'}, 'one version')
