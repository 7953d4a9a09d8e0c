"""The house: which module may import which, read from the code itself."""
import ast
import glob
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = {os.path.basename(path)[:-3]
        for path in glob.glob(os.path.join(ROOT, '*.py'))}

PROGRAMS = {'train', 'infer', 'evaluate', 'check_source'}
NO_TENSORFLOW = {'pixels', 'augmentation', 'source', 'metrics', 'drawing',
                 'utils', 'rundir', 'scenes', 'download', 'weights', 'audit',
                 'census', 'check_source', 'labelfiles', 'splitting',
                 'classtable', 'survey', 'draft'}
SOURCES = {name for name in OURS if name.startswith('source_')}

# From the ground up; a module imports from floors below its own, and from
# its own where the table names it.
FLOORS = (
    {'pixels', 'metrics', 'scenes', 'download', 'weights', 'splitting',
     'tf1'},
    {'augmentation', 'drawing', 'utils', 'labelfiles', 'board'},
    {'source', 'rundir', 'classtable', 'survey', 'upsample', 'vgg16'},
    SOURCES | {'network', 'audit', 'census', 'gallery', 'draft'},
    {'fcnvgg', 'predictor'},
    {'trainer'},
    PROGRAMS,
)
WITHIN_A_FLOOR = {('audit', 'census'), ('audit', 'gallery')}


def imports(module):
    """The names of our modules that a module imports, and TensorFlow."""
    with open(os.path.join(ROOT, module + '.py')) as file:
        tree = ast.parse(file.read())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return {name.split('.')[0] for name in names}


def floor(module):
    return next(k for k, modules in enumerate(FLOORS) if module in modules)


@pytest.mark.parametrize('module', sorted(OURS))
def test_module_imports_from_below_only(module):
    for name in imports(module) & OURS:
        assert (floor(name) < floor(module)
                or (module, name) in WITHIN_A_FLOOR), name


@pytest.mark.parametrize('module', sorted(OURS))
def test_only_tf1_knows_tensorflow(module):
    assert ('tensorflow' in imports(module)) == (module == 'tf1')


@pytest.mark.parametrize('module', sorted(NO_TENSORFLOW & OURS | SOURCES))
def test_data_side_never_loads_tensorflow(module):
    reached, todo = set(), {module}
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= imports(name) & OURS - reached
    assert 'tf1' not in reached
