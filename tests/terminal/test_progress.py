"""Progress on what is no terminal: lines, and none of a short step."""
import threading

import pytest

from segmentation.terminal import progress


class Terminal:
    """What stderr is on a terminal."""

    def __init__(self):
        self.text = ''

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


def test_a_short_step_writes_nothing(capfd):
    assert list(progress.track('abc', 3, 'reading')) == ['a', 'b', 'c']
    assert capfd.readouterr() == ('', '')


def test_a_long_step_writes_lines_even_within_an_item(monkeypatch, capsys):
    monkeypatch.setattr(progress, 'INTERVAL', .01)
    written = threading.Event()

    class Lines(progress.Lines):
        def describe(self, seconds):
            if self.done == 3:
                written.set()
            return super().describe(seconds)

    monkeypatch.setattr(progress, 'Lines', Lines)
    with progress.show(9, 'reading', 'file') as shown:
        shown.update(3, 'half a line')
        assert written.wait(60)
    out, err = capsys.readouterr()
    assert not out
    assert '[i] reading: 3 of 9 files, half a line, ' in err
    assert err.splitlines()[-1].endswith(' left')


def test_the_time_left_is_that_of_what_is_left():
    lines = progress.Lines(600, 'training', 'picture')
    assert lines.describe(65) == ('[i] training: 0 of 600 pictures, 1 min 5 s '
                                  'so far')
    lines.update(150)
    assert lines.describe(40) == ('[i] training: 150 of 600 pictures, 2 min '
                                  '0 s left')
    lines.update(460)       # more than there should be
    assert lines.describe(90).endswith('610 of 600 pictures, 0 s left')


def test_bytes_that_were_there_before_take_no_time():
    lines = progress.Lines(500_000_000, 'a.zip', 'B', 300_000_000)
    lines.update(100_000_000)
    # 100 MB of 200 MB in 10 s
    assert lines.describe(10) == '[i] a.zip: 400 of 500 MB, 10 s left'


def test_without_a_total_the_time_so_far_is_said():
    lines = progress.Lines(None, 'drawing', 'picture')
    lines.update(1234)
    assert lines.describe(30) == '[i] drawing: 1,234 pictures, 30 s so far'


def test_a_batch_counts_its_samples(monkeypatch):
    counted = []
    monkeypatch.setattr(progress.Lines, 'update',
                        lambda self, count: counted.append(count))
    list(progress.track(['ab', 'cde'], 5, 'reading', size=len))
    assert counted == [2, 3]


@pytest.mark.parametrize('unit', ['picture', 'B'])
def test_a_terminal_has_a_bar(monkeypatch, unit):
    terminal = Terminal()
    monkeypatch.setattr('sys.stderr', terminal)
    with progress.show(4, 'reading', unit) as bar:
        bar.update(2, 'loss 0.3')
    assert 'reading:   0%' in terminal.text
    assert '[i]' not in terminal.text


def test_an_exception_ends_the_lines(monkeypatch):
    before = threading.active_count()
    with pytest.raises(KeyError):
        with progress.show(4, 'reading'):
            raise KeyError
    assert threading.active_count() == before


def test_a_stream_that_nobody_reads_is_no_error(monkeypatch):
    class Closed:
        def isatty(self):
            return False

        def write(self, text):
            tried.set()
            raise BrokenPipeError

    tried = threading.Event()
    monkeypatch.setattr('sys.stderr', Closed())
    monkeypatch.setattr(progress, 'INTERVAL', .01)
    with progress.show(4, 'reading'):
        assert tried.wait(60)
