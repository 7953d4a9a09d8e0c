"""A short campaign: programs that fail and die, files that are broken.

It runs in a process of its own, as forks need a parent without sessions.
`make torture` is the long form.
"""
import json
import os
import subprocess
import sys

import cases
import helpers
import parsers
import pytest
import tables

pytestmark = pytest.mark.slow
PACKAGES = {'weights.h5': 'h5py', 'weights.pth': 'torch'}
COUNTS = ('--kills', '12', '--failures', '12', '--mutations', '300')


@pytest.fixture(scope='module')
def results(tmp_path_factory):
    """The verdicts and outcomes of the short campaign, as dicts."""
    folder = tmp_path_factory.mktemp('torture')
    done = subprocess.run(
        [sys.executable, os.path.join(helpers.ROOT, 'tests', 'torture'),
         *COUNTS, '--json', 'all.json'],
        cwd=str(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    assert done.returncode in (0, 1), done.stderr
    with open(os.path.join(str(folder), 'all.json')) as file:
        return json.load(file)


@pytest.mark.parametrize('name', tables.NAMES)
def test_a_program_that_fails_or_dies_harms_nothing(results, name):
    verdicts = [one for one in results if one.get('case') == name]
    assert sum(bool(one['hit']) for one in verdicts) >= 2
    assert [one for one in verdicts if one['complaints']] == []


@pytest.mark.parametrize('name', tables.PARSERS)
def test_a_broken_file_is_refused_in_one_line(results, name):
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name], reason='it writes the file')
    outcomes = [one for one in results if one.get('parser') == name]
    assert outcomes
    assert [one for one in outcomes if one['kind'] == 'fault'] == []


def test_the_cases_have_names_of_their_own():
    assert len(cases.BY_NAME) == len(cases.CASES)
    assert len(parsers.BY_NAME) == len(parsers.PARSERS)
