"""Processes started, heard and ended together: plain Python, no program."""
import os
import signal
import subprocess
import sys
import time

import helpers
import pytest

from segmentation.processes import launcher

SLEEP = 'import time; time.sleep(60)'

# Starts two processes that sleep, and says so.
MAIN = f'''
import signal
import sys

sys.path.insert(0, {helpers.ROOT!r})
from segmentation.processes import launcher

CHILD = ("import os, signal, time; signal.signal(2, signal.SIG_DFL); "
         "print(os.getpid(), flush=True); time.sleep(60)")
sys.exit(launcher.run([([sys.executable, '-c', CHILD], {{}})] * 2,
                      stop=signal.SIGTERM,
                      hear=lambda rank, line: print(line, flush=True)))
'''


def run(*codes, **more):
    return launcher.run([([sys.executable, '-c', code], {'CODE': str(k)})
                         for k, code in enumerate(codes)], **more)


def test_processes_are_heard_line_by_line():
    heard = []
    code = 'import os; print("a", os.environ["CODE"]); print("b")'
    assert run(code, code, hear=lambda *line: heard.append(line)) == 0
    assert sorted(heard) == [(0, 'a 0'), (0, 'b'), (1, 'a 1'), (1, 'b')]


@pytest.mark.parametrize('code, first, line', [
    ('import os, signal; os.kill(os.getpid(), signal.SIGKILL)', 1,
     '[!] process 2 of 3 was ended by SIGKILL; that is all'),
    ('import sys; sys.exit("[!] a.png: no picture")', 0,
     '[!] process 1 of 3 ended with status 1: a.png: no picture')])
def test_one_that_fails_is_named_and_ends_the_others(capfd, code, first,
                                                     line):
    start = time.monotonic()
    assert run(SLEEP, code, SLEEP, advice='; that is all', first=first,
               stop=signal.SIGTERM) == 1
    assert time.monotonic() - start < 30
    assert capfd.readouterr().err == f'{line}\n'


def test_the_first_speaks_for_itself(capfd):
    assert run('import sys; print("[!] no", file=sys.stderr); sys.exit(3)',
               SLEEP, stop=signal.SIGTERM) == 3
    assert capfd.readouterr().err == '[!] no\n'


def test_what_ends_by_nobody_is_killed_after_a_while(monkeypatch, tmp_path):
    monkeypatch.setattr(launcher, 'GRACE', .2)
    monkeypatch.chdir(tmp_path)
    deaf = ('import signal; signal.signal(15, signal.SIG_IGN); '
            f'open("deaf", "w").close(); {SLEEP}')
    fails = ('import os, sys, time\n'
             'while not os.path.exists("deaf"): time.sleep(.01)\n'
             'sys.exit(1)')
    start = time.monotonic()
    assert run(deaf, fails, stop=signal.SIGTERM) == 1
    assert time.monotonic() - start < 30    # it would sleep for 60 seconds


def test_signals_have_their_handlers_again():
    before = [signal.getsignal(number) for number in launcher.SIGNALS]
    assert run('') == 0
    assert [signal.getsignal(number)
            for number in launcher.SIGNALS] == before


@pytest.mark.parametrize('number, status', [(signal.SIGINT, 130),
                                            (signal.SIGTERM, 143)])
def test_a_signal_is_handed_on(number, status):
    with subprocess.Popen([sys.executable, '-c', MAIN],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True) as process:
        children = [int(process.stdout.readline()) for _ in range(2)]
        process.send_signal(number)
        assert process.wait(timeout=60) == status
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
