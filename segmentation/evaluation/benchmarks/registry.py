"""The benchmarks whose rules and files are known; a new one is a row more."""
from typing import Dict, Optional, Type

from segmentation.data import contract
from segmentation.data.data_source import DataSource
from segmentation.errors import InputError
from segmentation.evaluation.benchmarks import cityscapes, kitti_road
from segmentation.evaluation.benchmarks.benchmark import Benchmark
from segmentation.evaluation.submission import Writer

# By the name that a data source gives in its attribute `benchmark`.
BENCHMARKS: Dict[str, Type[Benchmark]] = {
    'cityscapes': cityscapes.CityscapesBenchmark,
    'kitti road': kitti_road.RoadBenchmark}


def make(source: DataSource, name: str, export: Optional[Writer] = None,
         birds_eye: Optional[Writer] = None) -> Optional[Benchmark]:
    """Return the benchmark of a data source, or None where it has none.

    Parameters
    ----------
    name : str
        As --data-source has it, for messages.
    export, birds_eye : Writer, optional
        Where predictions for the benchmark go.

    Raises
    ------
    InputError
        There is no benchmark that a writer could be for.
    """
    writers = {key: writer for key, writer in (
        ('export', export), ('birds_eye', birds_eye)) if writer is not None}
    benchmark = BENCHMARKS.get(contract.ask(source, 'benchmark'))
    if benchmark is None:
        if writers:
            raise InputError(f'data source {name!r} has no benchmark: '
                             '--export and --birds-eye know cityscapes and '
                             'kitti')
        return None
    if birds_eye is not None and 'birds_eye' not in benchmark.writers:
        raise InputError(f'data source {name!r}: --birds-eye goes with kitti')
    return benchmark(source, **writers)
