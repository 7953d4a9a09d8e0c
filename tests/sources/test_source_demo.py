"""source_demo.py as a program: what its options take."""
import pytest

import source_demo


@pytest.mark.parametrize('arguments', [
    ['scenes', '--seed', '-1'], ['scenes', '--seed', '4294967296'],
    ['scenes', '--seed', '12345678901234567890'], ['']])
def test_seeds_and_names_that_cannot_be_are_a_usage_error(
        tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        source_demo.main(arguments)
    assert stopped.value.code == 2
    assert 'is wanted' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_largest_seed_draws_scenes(tmp_path):
    source_demo.main([str(tmp_path), '--count', '1', '--image-size', '64x32',
                      '--seed', '4294967295'])
    assert [path.name for path in tmp_path.iterdir()] == ['scene_00.png']
