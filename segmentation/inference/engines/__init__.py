"""Engines: each runs networks by a library of its own.

engine       the interface
tensorflow   the graph and the weights of a run

`open` chooses one.
"""
import importlib
from typing import NamedTuple, Optional, Tuple

from segmentation.errors import InputError
from segmentation.inference.engines.engine import Engine
from segmentation.trained import run_dir


class Row(NamedTuple):
    """An engine: where its class is, and what it can do."""

    module: str                     # of this package, loaded when it is used
    name: str                       # of the class
    formats: Tuple[str, ...]        # of the models that it opens
    precisions: Tuple[str, ...]     # that it may compute in


ENGINES = {
    'tensorflow': Row('tensorflow', 'TensorFlowEngine', ('run',),
                      ('float32', 'bfloat16')),
}


def open(model: run_dir.Run, engine: Optional[str] = None,
         precision: Optional[str] = None, num_threads: int = 0) -> Engine:
    """Return the engine that runs a model, a context manager.

    Parameters
    ----------
    model : run_dir.Run
    engine : str, optional
        A key of ENGINES; the default goes by the format of the model.
    precision : str, optional
        float32, bfloat16, or auto: bfloat16 where the processor computes it
        natively, else float32. The default is float32.
    num_threads : int
        0 takes all cores.

    Raises
    ------
    InputError
        The engine cannot run this model, or not in this precision.
    """
    name = engine or 'tensorflow'
    row = ENGINES[name]
    if precision not in (None, 'auto', *row.precisions):
        raise InputError(f'--precision {precision}: {name} computes in '
                         f'{" or ".join(row.precisions)}')
    module = importlib.import_module(f'{__name__}.{row.module}')
    return getattr(module, row.name)(model, precision or 'float32',
                                     num_threads)
