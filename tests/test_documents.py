"""README.md and docs/: their commands are taken, their source is sound."""
import glob
import importlib
import os
import re
import shlex
import sys

import helpers
import numpy as np
import pytest

import train_options
from segmentation import files

sys.path.append(os.path.join(helpers.ROOT, 'benchmarks'))
DOCUMENTS = [os.path.join(helpers.ROOT, name)
             for name in ('README.md', 'CONTRIBUTING.md')] + sorted(
    glob.glob(os.path.join(helpers.ROOT, 'docs', '*.md')))
BLOCK = re.compile(r'^```(\w*)\n(.*?)^```', re.MULTILINE | re.DOTALL)


def blocks(path, language):
    """Return the code blocks of a language in a document."""
    with open(path, encoding='utf-8') as file:
        return [code for name, code in BLOCK.findall(file.read())
                if name == language]


def commands():
    """Yield (program, arguments) of each command line in the documents.

    Variables of the shell are 3.
    """
    for path in DOCUMENTS:
        for code in blocks(path, ''):
            code = re.sub(r'\$\w+', '3', code.replace('\\\n', ' '))
            for line in code.splitlines():
                if re.match(r'python \S+\.py', line):
                    _, program, *arguments = shlex.split(line, comments=True)
                    yield program, arguments


@pytest.mark.parametrize('program, arguments', commands())
def test_programs_take_the_commands_of_the_documents(program, arguments):
    module = importlib.import_module(os.path.basename(program)[:-3])
    # What `...` leaves out is not in them, nor the run to resume.
    parse = (train_options.make_parser().parse_args if program == 'train.py'
             else module.parse_options)
    assert parse([word for word in arguments if word != '...'])


def test_every_program_is_in_a_command():
    found = {program for program, _ in commands()}
    assert {'check_source.py', 'train.py', 'evaluate.py', 'infer.py',
            'export.py', 'vgg16.py', 'search.py'} <= found


def test_the_source_of_the_readme_is_sound(tmp_path):
    code, = blocks(DOCUMENTS[0], 'python')
    (tmp_path / 'source_mine.py').write_text(code)
    (tmp_path / 'data').mkdir()
    for k in range(4):
        scene, ids = helpers.draw_scene(k)
        colors = np.array([(0, 0, 0), (0, 0, 0), (255, 0, 255)], np.uint8)
        for name, image in (('scene', scene), ('mask', colors[ids % 3])):
            files.write_image(str(tmp_path / 'data' / f'{name}_{k}.png'),
                              image)
    done = helpers.run_program(
        'check_source.py', '--data-source', 'mine', '--output-dir', 'check',
        cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        '[i] data: mine (source_mine.py) in data',
        '[i] samples: 3 training, 1 validation; 2 classes, input 512x256']
