"""Engines: each runs networks by a library of its own.

engine       the interface
onnxruntime  ONNX Runtime: ONNX
openvino     OpenVINO: its own format, ONNX, frozen graphs
tensorflow   TensorFlow: runs, SavedModels, frozen graphs

`open` chooses one.
"""
import importlib
import importlib.util
from typing import NamedTuple, Optional, Tuple

from segmentation import text
from segmentation.errors import InputError, MissingModuleError
from segmentation.inference.engines.engine import Engine, Setup
from segmentation.trained import exported, lookup


class Row(NamedTuple):
    """An engine: where its class is, and what it can do."""

    name: str                       # of the class, in the module of its key
    package: str                    # that it takes
    formats: Tuple[str, ...]        # of the models that it opens
    precisions: Tuple[str, ...]     # that it may compute in


# A format is opened by the first that has it.
ENGINES = {
    'tensorflow': Row('TensorFlowEngine', 'tensorflow',
                      ('run', 'savedmodel', 'pb'), ('float32', 'bfloat16')),
    'openvino': Row('OpenVINOEngine', 'openvino', ('openvino', 'onnx', 'pb'),
                    ('float32', 'bfloat16', 'int8')),
    'onnxruntime': Row('ONNXRuntimeEngine', 'onnxruntime', ('onnx',),
                       ('float32', 'int8')),
}
FIRST = {'onnx': 'onnxruntime'}     # but for these
PRECISIONS = ('float32', 'bfloat16', 'int8', 'auto')


def open(model: lookup.Model, engine: Optional[str] = None,
         precision: Optional[str] = None, num_threads: int = 0,
         throughput: bool = False, device: Optional[str] = None
         ) -> Engine:
    """Return the engine that runs a model, a context manager.

    Parameters
    ----------
    model : run_dir.Run or exported.Exported
    engine : str, optional
        A key of ENGINES; the default goes by the format of the model.
    precision : str, optional
        float32, bfloat16, int8 (of a model that is), or auto: bfloat16 where
        the processor computes it natively, else float32. The default is
        float32, or int8 of a model that is.
    num_threads : int
        0 takes all cores.
    throughput : bool
        Whether many pictures are to come, of which none is urgent.
    device : str, optional
        cpu, gpu, or gpu:N for GPU N; TensorFlow and ONNX Runtime take a GPU
        by default where they find one, OpenVINO the processor.

    Raises
    ------
    InputError
        The engine cannot run this model, not in this precision, or not on
        this device.
    """
    name = choose(model, engine)
    row = ENGINES[name]
    wanted = choose_precision(model, name, precision)
    if importlib.util.find_spec(row.package) is None:
        raise MissingModuleError(
            f'{model.path} is opened by {name}: the package {row.package} '
            'is not installed (pip install -r requirements-engines.txt)')
    module = importlib.import_module(f'{__name__}.{name}')
    return getattr(module, row.name)(
        model, Setup(wanted, num_threads, throughput, device))


def format_of(model: lookup.Model) -> str:
    """Return the format of an exported model, or 'run'."""
    return model.format if isinstance(model, exported.Exported) else 'run'


def choose(model: lookup.Model, engine: Optional[str] = None) -> str:
    """Return the key of the engine that opens a model."""
    kind = format_of(model)
    names = [name for name, row in ENGINES.items() if kind in row.formats]
    if not names:
        raise InputError(f'{model.path}: no engine opens {kind} here; '
                         'docs/export.md shows what does')
    if engine is None:
        return FIRST.get(kind, names[0])
    if engine in names:
        return engine
    raise InputError(f'--engine {engine}: {model.path} is '
                     f'{"a run" if kind == "run" else kind}, which '
                     f'{" and ".join(names)} open{"s" * (len(names) == 1)}'
                     + ('; export.py makes other models of a run'
                        if kind == 'run' else ''))


def choose_precision(model: lookup.Model, engine: str,
                     precision: Optional[str] = None) -> str:
    """Return float32, bfloat16, int8 or auto, as a model can be run."""
    is_int8 = (isinstance(model, exported.Exported)
               and model.description['precision'] == 'int8')
    if is_int8 and precision not in (None, 'auto', 'int8'):
        raise InputError(f'--precision {precision}: {model.path} is int8')
    if precision == 'int8' and not is_int8:
        raise InputError(f'--precision int8: {model.path} is float32; '
                         'export.py --int8 makes int8 of a run')
    wanted = 'int8' if is_int8 else precision or 'float32'
    allowed = ENGINES[engine].precisions
    if wanted not in (*allowed, 'auto'):
        raise InputError(f'--precision {wanted}: {engine} computes in '
                         f'{" or ".join(allowed)}')
    return wanted


def in_words(described):
    """Return what `Engine.describe` returns, for people.

    >>> in_words({'engine': 'openvino', 'version': '2026.4.1', 'threads': 2,
    ...           'precision': 'int8', 'device': 'AMD EPYC'})
    'openvino 2026.4.1, int8, 2 threads, AMD EPYC'
    """
    count = described['threads']
    threads = text.counted(count, 'thread') if count else 'all cores'
    return (f'{described["engine"]} {described["version"]}, '
            f'{described["precision"]}, {threads}, {described["device"]}')
