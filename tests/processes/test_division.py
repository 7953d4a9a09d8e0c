"""Which part of a list is whose, and which GPU; no process is started."""
import argparse

import pytest

from segmentation.errors import InputError
from segmentation.processes import gpus, messages, shards
from segmentation.processes.shards import Shard


@pytest.mark.parametrize('total', [1, 3, 12, 13])
@pytest.mark.parametrize('count', [1, 2, 5, 9])
@pytest.mark.parametrize('batch_size', [1, 4])
def test_shards_take_each_item_once_and_whole_batches(total, count,
                                                      batch_size):
    shares = [list(Shard(number, count).share(range(total), batch_size))
              for number in range(1, count + 1)]
    assert sorted(sum(shares, [])) == list(range(total))
    batches = [share[k:k + batch_size] for share in shares
               for k in range(0, len(share), batch_size)]
    assert sorted(batches) == [
        list(range(total))[k:k + batch_size]
        for k in range(0, total, batch_size)]
    assert [Shard(number + 1, count).count_of(total, batch_size)
            for number in range(count)] == list(map(len, shares))


@pytest.mark.parametrize('text', ['0/4', '5/4', '1', '1/0', '-1/4', '1/4/2',
                                  'a/b', '', '1.5/4'])
def test_another_shard_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError,
                       match='K/N is wanted, K from 1 to N, such as 1/4'):
        shards.parse(text)


def test_threads_are_divided_and_never_none(monkeypatch):
    monkeypatch.setattr(shards, 'cores', lambda: 7)
    given = argparse.Namespace(processes=4, shard=None, workers=9, threads=0,
                               name='a', json='b')
    assert vars(shards.divide(given, Shard(2, 3), json='c')) == {
        'processes': 1, 'shard': Shard(2, 3), 'workers': 3, 'threads': 2,
        'name': 'a', 'json': 'c'}
    assert shards.divide(given, Shard(1, 12)).threads == 1
    assert given.threads == 0


@pytest.mark.parametrize('device, visible, count, launched, wanted', [
    (None, None, 0, True, None), (None, None, 2, True, '1'),
    ('gpu', '4,7', 8, True, '7'), ('gpu', '4,7', 8, False, '7'),
    (None, '3', 8, False, None), ('cpu', None, 1, True, None),
    ('cpu', '4', 8, True, None), (None, '', 8, True, None)])
def test_a_process_takes_the_gpu_of_its_local_rank(
        tmp_path, device, visible, count, launched, wanted):
    for k in range(count):
        (tmp_path / str(k)).mkdir()
    environ = {} if visible is None else {'CUDA_VISIBLE_DEVICES': visible}
    assert gpus.own_gpu(1, 2, launched, device, environ,
                        str(tmp_path)) == wanted


def test_more_processes_than_gpus_are_refused(tmp_path):
    (tmp_path / '0').mkdir()
    with pytest.raises(InputError, match='2 processes on a machine with 1'):
        gpus.own_gpu(1, 2, True, None, {}, str(tmp_path))


def test_several_processes_of_a_machine_cannot_have_one_gpu():
    for device, count in (('gpu:1', 1), ('gpu', 2), ('cpu', 2), (None, 2)):
        gpus.check_device(device, count)
    with pytest.raises(InputError, match='--device gpu:1 is one GPU, and this '
                                         'machine has 2 processes'):
        gpus.check_device('gpu:1', 2)


def test_messages_are_told_from_lines(capsys):
    messages.send(result={'name': '\udcff\n', 'seconds': [.1]})
    line, end = capsys.readouterr().out.split('\n')
    assert messages.read(line) == {'result': {'name': '\udcff\n',
                                              'seconds': [.1]}}
    assert end == ''
    assert messages.read('[i] 3 pictures') is None
