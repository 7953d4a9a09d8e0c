"""How programs end: by Ctrl-C at any moment, by a closed pipe, by a source."""
import os
import subprocess
import sys

import cv2
import helpers
import numpy as np
import pytest

import utils
from segmentation.errors import InputError

# Sends Ctrl-C to its own process as a module is about to be imported.
SITE = '''
import os
import signal
import sys


class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ.get('INTERRUPT_AT'):
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)


sys.meta_path.insert(0, Interrupter())
'''
PROGRAMS = ('train.py', 'infer.py', 'evaluate.py', 'check_source.py',
            'vgg16.py', 'upsample.py', 'source_demo.py', 'search.py',
            os.path.join('benchmarks', 'family.py'))


def start(place, name, *arguments, **environment):
    """Run a program in an environment; return the finished process."""
    (place / 'sitecustomize.py').write_text(SITE)
    return subprocess.run(
        [sys.executable, os.path.join(helpers.ROOT, name)] + list(arguments),
        cwd=str(place), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=str(place), **environment),
        universal_newlines=True, timeout=200)


@pytest.mark.parametrize('name', PROGRAMS)
@pytest.mark.parametrize('module', ['numpy', 'numpy.linalg', 'cv2',
                                    'segmentation.files'])
def test_an_interrupt_while_modules_load_is_one_line(tmp_path, name, module):
    if name == 'vgg16.py' and module in ('cv2', 'segmentation.files'):
        pytest.skip('its help does not load it')
    done = start(tmp_path, name, '--help', INTERRUPT_AT=module)
    assert (done.returncode, done.stderr) == (130, '[!] interrupted\n')


@pytest.mark.parametrize('module', [
    'tensorflow', 'google.protobuf', 'tensorflow.python.framework.ops',
    'segmentation.tf1'])
def test_an_interrupt_while_tensorflow_loads_is_one_line(tmp_path, module):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((2, 3, 3), np.uint8))
    for name, arguments in (('upsample.py', ['a.png', 'b.png']),
                            ('vgg16.py', ['--random', '--width', '.02'])):
        done = start(tmp_path, name, *arguments, INTERRUPT_AT=module)
        lines = [line for line in done.stderr.splitlines()
                 if 'cuda' not in line.lower()]
        assert (done.returncode, lines[-1:]) == (130, ['[!] interrupted'])
        assert 'Traceback' not in done.stderr
    assert not (tmp_path / 'b.png').exists()
    assert not (tmp_path / 'vgg').exists()


def test_an_ignored_interrupt_stays_ignored(tmp_path):
    """As nohup and a shell's & have it."""
    (tmp_path / 'sitecustomize.py').write_text(
        'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n' + SITE)
    done = subprocess.run(
        [sys.executable, os.path.join(helpers.ROOT, 'infer.py'), '--help'],
        env=dict(os.environ, PYTHONPATH=str(tmp_path), INTERRUPT_AT='numpy'),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b'')


def test_an_interrupt_that_became_another_exception_is_one(capsys):
    def main():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise InputError('jinja2 is missing')

    with pytest.raises(SystemExit) as stopped:
        utils.run(main)
    assert stopped.value.code == 130
    assert capsys.readouterr().err == '[!] interrupted\n'


def test_importing_a_program_leaves_signals_alone():
    done = subprocess.run(
        [sys.executable, '-c', 'import signal; import infer, train\n'
         'assert signal.getsignal(signal.SIGINT) is '
         'signal.default_int_handler'],
        env=dict(os.environ, PYTHONPATH=helpers.ROOT))
    assert done.returncode == 0


CHECK = '--data-source', 'demo', '--output-dir', 'out'


@pytest.mark.parametrize('name, arguments, unbuffered', [
    ('check_source.py', CHECK, ''), ('check_source.py', CHECK, '1'),
    ('check_source.py', ['--help'], ''), ('infer.py', ['--help'], '')])
def test_a_closed_pipe_ends_a_program_without_a_word(tmp_path, name,
                                                     arguments, unbuffered):
    with subprocess.Popen(
            [sys.executable, os.path.join(helpers.ROOT, name),
             *arguments], cwd=str(tmp_path), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=dict(
                os.environ, PYTHONUNBUFFERED=unbuffered)) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (utils.PIPE_CLOSED, b'')


def test_lines_on_errors_may_go_to_the_same_closed_pipe(tmp_path):
    with subprocess.Popen(
            [sys.executable, os.path.join(helpers.ROOT, 'infer.py'),
             '--name', 'nowhere', '--samples-dir', 'a', '--output-dir', 'b'],
            cwd=str(tmp_path), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT) as process:
        process.stdout.close()
    assert process.returncode == utils.PIPE_CLOSED
