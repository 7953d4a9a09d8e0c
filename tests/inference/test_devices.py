"""--device: which device a network is computed on, and what is refused."""
import os

import cv2
import exports
import helpers
import numpy as np
import pytest

import infer
import train
from segmentation import option_types, processor, tf1
from segmentation.errors import InputError
from segmentation.inference.engines.engine import Setup
from segmentation.tf1 import tf
from segmentation.trained import exported


class Found:
    """A device as TensorFlow describes it."""

    def __init__(self, kind, description, memory):
        self.device_type = kind
        self.physical_device_desc = description
        self.memory_limit = memory


T4 = ('device: 0, name: Tesla T4, pci bus id: 0000:00:04.0, compute '
      'capability: 7.5')


@pytest.fixture
def devices(monkeypatch):
    """Return a function that sets what TensorFlow finds, and what it asks."""
    asked = []

    def replace(*found):
        def list_devices(config):
            asked.append(config)
            return [Found('CPU', '', 1 << 28), *found]
        tf1.gpus.cache_clear()
        monkeypatch.setattr(tf1.device_lib, 'list_local_devices', list_devices)
        return asked
    yield replace
    tf1.gpus.cache_clear()


@pytest.mark.parametrize('text', ['cpu', 'gpu', 'gpu:0', 'gpu:12'])
def test_devices_have_names(text):
    assert option_types.device(text.upper()) == text


@pytest.mark.parametrize('text', ['', 'tpu', 'gpu:', 'gpu:-1', 'gpu:x', '0'])
def test_other_names_are_refused(text):
    with pytest.raises(Exception, match='gpu:1 for the second GPU is wanted'):
        option_types.device(text)


def test_a_session_sees_the_device_alone():
    config = tf1.session_config(device='cpu')
    assert dict(config.device_count) == {'GPU': 0}
    config = tf1.session_config(device='gpu:1')
    assert config.gpu_options.visible_device_list == '1'
    assert config.gpu_options.allow_growth
    for device in (None, 'gpu'):
        config = tf1.session_config(device=device)
        assert not config.device_count
        assert not config.gpu_options.visible_device_list


def test_a_session_compiles_where_it_is_asked_to():
    level = tf1.tf.OptimizerOptions
    for xla, wanted in ((False, level.DEFAULT), (True, level.ON_1)):
        config = tf1.session_config(xla=xla)
        assert (config.graph_options.optimizer_options.global_jit_level
                == wanted)


def test_a_gpu_has_its_name_and_memory(devices):
    asked = devices(Found('GPU', T4, 14_800_000_000))
    assert tf1.describe_device('gpu:1') == 'GPU, Tesla T4, 14.8 GB'
    # No memory is taken that is not needed, and no other GPU.
    assert asked[0].gpu_options.allow_growth
    assert asked[0].gpu_options.visible_device_list == '1'
    tf1.check_device('gpu:1')
    assert tf1.describe_device('cpu') == (
        f'CPU, {processor.name()}: as --device asks')
    assert not tf1.has_gpu('cpu') and tf1.has_gpu()
    assert tf1.choose_precision('float16', 'gpu') == 'float16'
    with pytest.raises(InputError, match='not go with --device cpu'):
        tf1.choose_precision('float16', 'cpu')


def test_without_a_gpu_its_name_is_refused(devices, monkeypatch):
    devices()
    monkeypatch.setattr(processor, 'reason_for_no_gpu', lambda: ' (why)')
    assert tf1.describe_device() == (f'CPU, {processor.name()}: no GPU found '
                                     '(why)')
    tf1.check_device('cpu')
    with pytest.raises(InputError) as error:
        tf1.check_device('gpu:1')
    assert str(error.value) == (f'--device gpu:1: TensorFlow {tf.__version__} '
                                'finds no such GPU (why)')


def test_an_index_beyond_all_gpus_is_no_gpu(monkeypatch):
    def fail(config):
        raise RuntimeError("'visible_device_list' listed an invalid GPU id")

    tf1.gpus.cache_clear()
    monkeypatch.setattr(tf1.device_lib, 'list_local_devices', fail)
    assert tf1.gpus('gpu:7') == []
    tf1.gpus.cache_clear()


def refusal(*arguments):
    """Return the line of infer.py on a device that is not there."""
    os.makedirs('in', exist_ok=True)
    cv2.imwrite('in/a.png', helpers.draw_scene(0)[0])
    with pytest.raises(InputError) as error:
        infer.main(['--samples-dir', 'in', '--output-dir', 'out', *arguments])
    assert not os.path.exists('out/infer.json')
    return str(error.value)


@pytest.mark.skipif(tf1.has_gpu(), reason='there is a GPU')
def test_programs_refuse_a_gpu_that_is_not_there(place):
    wanted = f'--device gpu: TensorFlow {tf.__version__} finds no such GPU'
    assert refusal('--name', helpers.trained_run(), '--device',
                   'gpu').startswith(wanted)
    with pytest.raises(InputError, match='finds no such GPU'):
        train.main(['--data-source', 'tiny', '--data-dir', helpers.data_dir(),
                    '--model', 'fcn-lite', '--name', 'new', '--device',
                    'gpu'])
    assert not os.path.exists('new')


def test_onnxruntime_takes_the_providers_of_the_device(place, monkeypatch):
    pytest.importorskip('onnxruntime')
    from segmentation.inference.engines import onnxruntime as engine
    cuda, tensorrt, cpu = *engine.ON_GPU, engine.ON_CPU

    def install(*names):
        monkeypatch.setattr(engine.onnxruntime, 'get_available_providers',
                            lambda: list(names))

    install(tensorrt, cuda, cpu)
    assert engine.choose_providers(None) == [cuda, cpu]
    assert engine.choose_providers('cpu') == [cpu]
    assert engine.choose_providers('gpu:1') == [
        (cuda, {'device_id': 1}), (tensorrt, {'device_id': 1}), cpu]
    install(cpu)
    assert engine.choose_providers(None) == [cpu]
    with pytest.raises(InputError, match='--device gpu: .* onnxruntime-gpu'):
        engine.choose_providers('gpu')


def test_openvino_takes_the_device_that_it_has():
    pytest.importorskip('openvino')
    from segmentation.inference.engines import openvino as engine
    assert engine.choose_device(None, ['CPU', 'GPU']) == 'CPU'
    assert engine.choose_device('gpu', ['CPU', 'GPU']) == 'GPU'
    assert engine.choose_device('gpu:0', ['CPU', 'GPU']) == 'GPU.0'
    assert engine.choose_device('gpu:1', ['CPU', 'GPU.0', 'GPU.1']) == 'GPU.1'
    for device, there in (('gpu', ['CPU']), ('gpu:1', ['CPU', 'GPU'])):
        with pytest.raises(InputError) as error:
            engine.choose_device(device, there)
        assert str(error.value) == (f'--device {device}: OpenVINO finds only '
                                    f'{", ".join(there)}')


@pytest.mark.parametrize('name', ['onnx', 'openvino'])
def test_other_engines_say_their_own_device(place, name):
    from segmentation.inference import engines
    model = exported.read(exports.make(name))
    picture = np.zeros((1, 32, 64, 3), np.uint8)
    with engines.open(model, device='cpu') as engine:
        assert engine.describe_device().startswith(f'CPU, {processor.name()}')
        assert engine.count_parameters() == model.description['parameters']
        assert engine.probabilities(picture).shape == (1, 32, 64, 4)
    assert Setup(device='cpu').device == 'cpu'
