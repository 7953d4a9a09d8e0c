"""The house: which wing may import which, read from the code itself."""
import ast
import functools
import os

import helpers
import pytest

ROOT = helpers.ROOT
PACKAGE = 'segmentation'

# From the ground up: a wing, or a module beside the wings, imports from the
# floors below its own, and from itself. The modules of the ground floor may
# import one another.
FLOORS = (
    {'errors', 'files', 'locks', 'metrics', 'opencv', 'option_types',
     'overwriting', 'pixels', 'processes', 'processor', 'schema', 'terminal',
     'text', 'tf1', 'threads'},
    {'backbone', 'data', 'drawing', 'nn', 'store', 'synthetic'},
    {'trained'},
    {'training', 'inference', 'export', 'evaluation', 'report', 'checking',
     'search'},
    {'crf'},
)
# Wings do not import one another, but for these.
MAY_USE = {'evaluation': {'inference'}, 'export': {'inference'}}

# TensorFlow is loaded by what builds or runs a graph, and by nothing else.
WITH_TENSORFLOW = {
    'segmentation.tf1', 'segmentation.nn', 'segmentation.backbone.graph',
    'segmentation.backbone.dilated', 'segmentation.backbone.meta_graph',
    'segmentation.backbone.saved_model',
    'segmentation.training.launch', 'segmentation.training.start',
    'segmentation.training.caching.frozen_encoder',
    'segmentation.training.trainer', 'segmentation.training.diagnosis.measure',
    'segmentation.training.diagnosis.sanity',
    'segmentation.training.optimization.accumulation',
    'segmentation.training.optimization.adam',
    'segmentation.training.optimization.averaging',
    'segmentation.training.optimization.loss',
    'segmentation.training.optimization.lovasz',
    'segmentation.training.optimization.step',
    'segmentation.training.checkpoints',
    'segmentation.training.tensorboard',
    'segmentation.training.diagnosis.trial',
    'segmentation.training.cluster.cluster',
    'segmentation.training.cluster.collectives',
    'segmentation.training.cluster.horovod',
    'segmentation.training.cluster.joining',
    'segmentation.training.distillation.loss',
    'segmentation.training.distillation.start',
    'segmentation.inference.engines.tensorflow',
    'segmentation.export.inputs', 'segmentation.export.writing',
    'segmentation.export.writers.onnx',
    'segmentation.export.writers.pb',
    'segmentation.export.writers.savedmodel',
    'segmentation.export.writers.tflite'}
MOST_FILES, MOST_LINES = 14, 260


def modules():
    """Return {dotted name: path} of the package and of the top level."""
    found = {}
    for folder, folders, names in os.walk(os.path.join(ROOT, PACKAGE)):
        folders[:] = [name for name in folders if name != '__pycache__']
        for name in names:
            if name.endswith('.py'):
                path = os.path.join(folder, name)
                dotted = os.path.relpath(path, ROOT)[:-3].replace(os.sep, '.')
                found[dotted.replace('.__init__', '')] = path
    found.update((name[:-3], os.path.join(ROOT, name))
                 for name in os.listdir(ROOT) if name.endswith('.py'))
    return found


PATHS = modules()
INSIDE = sorted(name for name in PATHS if name.startswith(PACKAGE + '.'))
TOP = sorted(name for name in PATHS if not name.startswith(PACKAGE))


@functools.lru_cache(maxsize=None)
def parse(module):
    with open(PATHS[module], encoding='utf-8') as file:
        return ast.parse(file.read())


@functools.lru_cache(maxsize=None)
def imports(module, late=True):
    """Return the modules of this project that a module imports."""
    tree = parse(module)
    names = set()
    for node in ast.walk(tree) if late else tree.body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
            names.update(f'{node.module}.{alias.name}'
                         for alias in node.names)
    return {name for name in names
            if name in PATHS or name.split('.')[0] == 'tensorflow'}


def wing(module):
    return module.split('.')[1]


def floor(module):
    return next(k for k, wings in enumerate(FLOORS) if wing(module) in wings)


@pytest.mark.parametrize('module', INSIDE)
def test_the_package_never_imports_the_top_level(module):
    assert not imports(module) & set(TOP)


@pytest.mark.parametrize('module', INSIDE)
def test_wings_import_from_below_only(module):
    for name in imports(module) - {PACKAGE}:
        if name in INSIDE and wing(name) != wing(module):
            assert (floor(name) < floor(module)
                    or floor(name) == floor(module) == 0
                    or wing(name) in MAY_USE.get(wing(module), ())
                    ), f'{module} imports {name}'


def test_no_module_imports_itself_in_a_circle():
    def visit(module, path):
        assert module not in path, ' -> '.join(path + (module,))
        if module not in done:
            for name in imports(module) & set(PATHS) - {PACKAGE}:
                visit(name, path + (module,))
            done.add(module)

    done = set()
    for module in PATHS:
        visit(module, ())


@pytest.mark.parametrize('module', sorted(PATHS))
def test_only_tf1_knows_tensorflow(module):
    found = any(name.startswith('tensorflow') for name in imports(module))
    assert found == (module == 'segmentation.tf1')


@pytest.mark.parametrize('module', [
    name for name in INSIDE if not any(
        name == other or name.startswith(other + '.')
        for other in WITH_TENSORFLOW)])
def test_tensorflow_is_loaded_by_graphs_alone(module):
    reached, todo = set(), {module}
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= imports(name, late=False) & set(PATHS) - reached
    assert 'segmentation.tf1' not in reached


# Protocol buffers, functions and options of libraries have no other way.
SETTING = ('segmentation.tf1', 'segmentation.backbone.meta_graph',
           'segmentation.option_types',
           'segmentation.training.cluster.collectives',
           'segmentation.inference.engines.onnxruntime')


@pytest.mark.parametrize('module', sorted(set(PATHS) - set(SETTING)))
def test_nobody_sets_attributes_of_another_object(module):
    for node in ast.walk(parse(module)):
        targets = (node.targets if isinstance(node, ast.Assign)
                   else [node.target] if isinstance(node, ast.AugAssign)
                   else ())
        for target in targets:
            if isinstance(target, ast.Attribute):
                assert (isinstance(target.value, ast.Name)
                        and target.value.id in ('self', 'cls')), (
                    f'{module}, line {node.lineno}')


@pytest.mark.parametrize('module', sorted(
    set(PATHS) - {'segmentation.data.contract'}))
def test_only_the_contract_asks_what_a_source_has(module):
    for node in ast.walk(parse(module)):
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                and node.func.id in ('hasattr', 'getattr', 'isinstance')):
            assert ast.dump(node.args[0]).find("'source'") < 0 and not (
                isinstance(node.args[0], ast.Name)
                and node.args[0].id in ('source', 'data')), (
                f'{module}, line {node.lineno}')


def test_folders_and_modules_stay_small():
    folders = {}
    for module in INSIDE:
        folders.setdefault(os.path.dirname(PATHS[module]), []).append(module)
        with open(PATHS[module], encoding='utf-8') as file:
            assert len(file.readlines()) <= MOST_LINES, module
    for folder, names in folders.items():
        assert len(names) <= MOST_FILES, folder


@pytest.mark.parametrize('folder', sorted(
    {os.path.dirname(PATHS[name]) for name in INSIDE}))
def test_each_folder_maps_its_files(folder):
    with open(os.path.join(folder, '__init__.py'), encoding='utf-8') as file:
        document = ast.get_docstring(ast.parse(file.read()))
    for name in os.listdir(folder):
        stem = os.path.splitext(name)[0]
        if not stem.startswith('__'):
            assert f'\n{stem} ' in document, name
