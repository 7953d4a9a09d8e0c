"""The processor, as the system describes it."""
import pytest

from segmentation import processor

CPUINFO = '''processor\t: 0
model name\t: Imaginary 9000
flags\t\t: fpu avx2 {}

processor\t: 1
model name\t: Imaginary 9000
'''


@pytest.fixture
def cores(monkeypatch, tmp_path):
    """Return a function that puts text in the place of /proc/cpuinfo."""
    def replace(text):
        path = tmp_path / 'cpuinfo'
        path.write_text(text)
        monkeypatch.setattr(processor, 'CPUINFO', str(path))
        processor.describe.cache_clear()
    yield replace
    processor.describe.cache_clear()


@pytest.mark.parametrize('flag, expected', [
    ('avx512_bf16', True), ('amx_bf16', True), ('avx512f', False)])
def test_bfloat16_is_native_where_a_flag_says_so(cores, flag, expected):
    cores(CPUINFO.format(flag))
    assert processor.name() == 'Imaginary 9000'
    assert 'avx2' in processor.flags()
    assert processor.has_bfloat16() is expected


def test_a_system_without_the_file_has_no_flags(cores, tmp_path, monkeypatch):
    monkeypatch.setattr(processor, 'CPUINFO', str(tmp_path / 'none'))
    processor.describe.cache_clear()
    assert processor.flags() == frozenset()
    assert processor.name()


def pci(folder, name, vendor, kind):
    """Write what Linux says of a PCI device."""
    (folder / name).mkdir()
    (folder / name / 'vendor').write_text(f'{vendor}\n')
    (folder / name / 'class').write_text(f'{kind}\n')


@pytest.mark.parametrize('vendor, kind, expected', [
    ('0x10de', '0x030200', True), ('0x10de', '0x040300', False),  # its sound
    ('0x8086', '0x030000', False)])
def test_an_nvidia_gpu_shows_on_the_bus(tmp_path, monkeypatch, vendor, kind,
                                        expected):
    monkeypatch.setattr(processor, 'NVIDIA_DEVICES', ())
    monkeypatch.setattr(processor, 'PCI_DEVICES', str(tmp_path / '*'))
    pci(tmp_path, '0000:00:01.0', '0x8086', '0x060000')
    pci(tmp_path, '0000:00:04.0', vendor, kind)
    (tmp_path / 'gone').mkdir()
    assert processor.has_nvidia_gpu() is expected


# As TensorFlow 1.15 and 2.21 log it, and what is said of it.
LOGS = [
    ("W dso_loader.cc:55] Could not load dynamic library 'libcudart.so.10.0'; "
     "dlerror: libcudart.so.10.0: cannot open\nW gpu_device.cc:1641] Cannot "
     'dlopen some GPU libraries. Please make sure',
     " (Could not load dynamic library 'libcudart.so.10.0')"),
    ('I0000 cudart_stub.cc:31] Could not find cuda drivers on your machine, '
     'GPU will not be used.\nE0000 cuda_platform.cc:52] failed call to cuInit:'
     ' INTERNAL', ' (Could not find cuda drivers on your machine)'),
    ('E cuda_driver.cc:318] failed call to cuInit: UNKNOWN ERROR (303)',
     ' (failed call to cuInit: UNKNOWN ERROR (303))'),
    ('nothing of it', '')]


@pytest.mark.parametrize('logged, said', LOGS)
def test_what_tensorflow_logs_is_the_reason(monkeypatch, logged, said):
    monkeypatch.setattr(processor, 'has_nvidia_gpu', lambda: True)
    monkeypatch.setattr(processor, 'FIND_GPUS',
                        f'import sys; sys.stderr.write({logged!r})')
    processor.reason_for_no_gpu.cache_clear()
    assert processor.reason_for_no_gpu() == said
    processor.reason_for_no_gpu.cache_clear()


def test_no_process_is_started_where_no_gpu_shows(monkeypatch):
    monkeypatch.setattr(processor, 'has_nvidia_gpu', lambda: False)
    monkeypatch.setattr(processor.subprocess, 'run', None)
    processor.reason_for_no_gpu.cache_clear()
    assert processor.reason_for_no_gpu() == ''
