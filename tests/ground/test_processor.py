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
