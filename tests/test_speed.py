"""benchmarks/speed.py: contestants take turns, and tables are made of it."""
import json
import os
import sys

import helpers
import pytest

sys.path.append(os.path.join(helpers.ROOT, 'benchmarks'))
import contests  # noqa: E402
import speed  # noqa: E402


def test_contestants_take_turns():
    order = []
    values = contests.in_turns({
        'a': lambda: order.append('a') or len(order),
        'b': lambda: order.append('b') or len(order)}, rounds=3)
    assert order == ['a', 'b'] * 3
    assert values == {'a': [1, 3, 5], 'b': [2, 4, 6]}


def test_a_ratio_is_the_median_of_those_of_the_rounds():
    # 2 / 1, 6 / 2, 40 / 8: medians of each would give 6 / 2.
    assert contests.ratio([2, 40, 6], [1, 8, 2]) == 3
    assert contests.ratio([10, 1, 9], [1, 1, 3]) == 3


def test_a_latency_is_the_time_of_one_picture():
    table = speed.inference_table([{
        'engine': 'onnxruntime 1.32', 'latency': [10, 20, 30],
        'latency_ratio': 2, 'throughput': [40.], 'throughput_ratio': 1.5,
        'start': .3, 'megabytes': 200}])
    assert table.splitlines()[-1] == (
        '| onnxruntime 1.32 | 50.0 | 2.00 | 40.00 | 1.50 | 0.3 | 200 |')


@pytest.mark.slow
def test_a_run_is_timed_in_processes_of_its_own(tmp_path, capsys):
    run = helpers.trained_run()
    speed.main(['--name', run, '--only', 'inference', 'program', '--rounds',
                '1', '--seconds', '.05', '--output-dir', str(tmp_path),
                '--samples-dir', os.path.join(helpers.data_dir(), 'test'),
                '--against', helpers.ROOT,
                '--against-options', f'--name {run}'])
    printed = capsys.readouterr().out
    assert 'tensorflow' in printed and ' cores; ' in printed
    with open(tmp_path / 'speed.json') as file:
        results = json.load(file)
    row = results['inference'][0]
    assert len(row['latency']) == len(row['throughput']) == 1
    assert row['latency_ratio'] == row['throughput_ratio'] == 1
    assert row['megabytes'] > 50
    *ours, other = results['program']
    assert len(ours) == len(results['inference']) and other['ratio'] == 1
    assert min(row['rates'][0] for row in results['program']) > 0
    assert (tmp_path / 'speed.md').read_text().strip() == printed.strip()


def test_a_contestant_that_fails_is_said(tmp_path, capfd):
    with pytest.raises(ValueError, match='a contestant failed'):
        contests.Worker('inference', name=str(tmp_path), engine='tensorflow',
                        precision='float32', threads=1, throughput=False,
                        image_size=(64, 32))


def test_loading_is_compared_with_bare_decoding():
    table = speed.loader_table({'ours': [30., 10., 20.], 'bare': [20., 20.,
                                                                  20.]})
    assert table.splitlines()[2:] == [
        '| from the files | 20.0 | 1.00 |', '| bare decoding | 20.0 | 1.00 |']
