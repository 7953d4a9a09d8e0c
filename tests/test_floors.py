"""The house: which module may import which, read from the code itself."""
import ast
import glob
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATHS = {os.path.basename(path)[:-3]: path
         for folder in ('', 'segmentation')
         for path in glob.glob(os.path.join(ROOT, folder, '*.py'))
         if '__init__' not in path}

SOURCES = {name for name in PATHS if name.startswith('source_')}
PROGRAMS = {'train', 'infer', 'evaluate', 'check_source'}

# From the ground up; a module imports from the floors below its own.
FLOORS = (
    # ground: files, pixels, numbers, and which TensorFlow there is
    {'utils', 'tf1', 'pixels', 'ahead', 'metrics', 'download', 'weights',
     'plots', 'road_scores', 'schedules', 'splitting', 'stage'},
    # what is built of one of these
    {'augmentation', 'board', 'bootstrap', 'boundary', 'cache', 'classtable',
     'contract', 'costs', 'crf', 'drawing', 'highlights', 'labelfiles',
     'props', 'samples', 'savedmodel', 'submission', 'upsample', 'views'},
    # data, runs and VGG16
    {'source', 'rundir', 'scenes', 'batches', 'vgg16', 'calibration',
     'comparison', 'crf_pool', 'draft', 'gallery', 'layers', 'survey',
     'weighting'},
    # data sources, networks
    SOURCES - {'source_single'} | {
        'network', 'features', 'checkpoints', 'census', 'report', 'results',
        'scoring', 'selection'},
    # models, and what uses either
    {'fcnvgg', 'predictor', 'audit', 'cityscapes_benchmark', 'crf_tuning',
     'featurecache', 'road_benchmark', 'source_single'},
    {'unet', 'benchmarks', 'findings'},
    {'fcnpools', 'trainer'},
    {'models'},
    {'launch'},
    PROGRAMS,
)

WITH_TENSORFLOW = {'tf1', 'board', 'checkpoints', 'costs', 'network',
                   'predictor', 'savedmodel', 'trainer', 'launch', 'fcnvgg',
                   'fcnpools', 'unet', 'upsample', 'vgg16'}


def imports(module, late=True):
    """The modules that a module imports, by the last part of their names."""
    with open(PATHS[module]) as file:
        tree = ast.parse(file.read())
    names = set()
    for node in ast.walk(tree) if late else tree.body:
        if isinstance(node, ast.Import):
            names.update(alias.name.split('.')[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module == 'segmentation':
                names.update(alias.name for alias in node.names)
            else:
                names.update(node.module.split('.'))
    return names


def floor(module):
    return next(k for k, modules in enumerate(FLOORS) if module in modules)


@pytest.mark.parametrize('module', sorted(PATHS))
def test_module_imports_from_below_only(module):
    for name in imports(module) & set(PATHS):
        assert floor(name) < floor(module), name


@pytest.mark.parametrize('module', sorted(PATHS))
def test_only_tf1_knows_tensorflow(module):
    assert ('tensorflow' in imports(module)) == (module == 'tf1')


@pytest.mark.parametrize('module', sorted(set(PATHS) - WITH_TENSORFLOW))
def test_tensorflow_is_loaded_by_graphs_alone(module):
    reached, todo = set(), {module}
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= imports(name, late=False) & set(PATHS) - reached
    assert 'tf1' not in reached
