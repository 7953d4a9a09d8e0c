"""Hosts that are not there, ports in use, and who sums what sits on GPUs."""
import socket

import pytest

from segmentation.errors import InputError
from segmentation.tf1 import tf
from segmentation.training.cluster import collectives, watch


@pytest.mark.parametrize('host, message', [
    ('localhost:1', 'process 0 of 1, localhost:1: nothing answers, for 0.1 s; '
                    '--join-timeout waits longer'),
    ('nowhere.invalid:7', 'process 0 of 1, nowhere.invalid:7: no such host')])
def test_a_host_that_is_not_there_is_named(monkeypatch, host, message):
    def connect(address, timeout):
        raise (socket.gaierror(-2, 'Name or service not known')
               if address[0] == 'nowhere.invalid' else ConnectionRefusedError)

    monkeypatch.setattr(socket, 'create_connection', connect)
    with pytest.raises(InputError) as caught:
        watch.wait_for([host], .1)
    assert message in str(caught.value)


def test_a_host_that_has_no_name_yet_is_waited_for(monkeypatch, capsys):
    """As those of Kubernetes, which get one when they run."""
    answers = iter([socket.gaierror(-2, 'Name or service not known'),
                    ConnectionRefusedError(), socket.socket()])

    def connect(address, timeout):
        assert address == ('train-1.train', 2222)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(socket, 'create_connection', connect)
    monkeypatch.setattr(watch, 'PATIENCE', 0)
    watch.wait_for(['train-1.train:2222'], 60)
    assert capsys.readouterr().out == (
        '[i] waiting for process 0 of 1, train-1.train:2222: no such host: '
        'Name or service not known\n')


def test_a_port_in_use_is_named():
    with socket.socket() as other:
        other.bind(('', 0))
        other.listen(1)
        host = f'localhost:{other.getsockname()[1]}'
        with pytest.raises(InputError, match=(
                f'process 0 of 2 cannot listen at {host}: is port')):
            collectives.serve([host, 'localhost:1'], 0, tf.ConfigProto())


class Unserved(collectives.Collectives):
    """One of two processes, which builds a graph alone."""

    def __init__(self, has_gpu):
        self.has_gpu = has_gpu
        self.size = 2


@pytest.mark.parametrize('has_gpu, device, wanted', [
    (True, '', ('GPU', b'nccl', collectives.GPUS)),
    (True, '/cpu:0', ('CPU', b'auto', collectives.CPUS)),
    (False, '', ('CPU', b'auto', collectives.CPUS))])
def test_nccl_sums_what_is_on_gpus_and_nothing_else(has_gpu, device, wanted):
    with tf.Graph().as_default():
        with tf.device(device):
            values = tf.zeros([3, 2])
        total = Unserved(has_gpu).reduce(values, 7).op
    assert total.type == 'CollectiveReduce'
    assert (tf.DeviceSpec.from_string(total.device).device_type,
            total.get_attr('communication_hint'),
            total.get_attr('group_key')) == wanted
    config = collectives.joining_config(tf.ConfigProto(), 1)
    assert not config.experimental.collective_nccl
    assert list(config.device_filters) == ['/job:worker/task:1']
