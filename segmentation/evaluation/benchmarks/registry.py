"""The benchmarks whose rules and files are known.

A benchmark is made of a data source. `prepare` checks pairs before the
network runs, `take` counts and writes a picture in a thread, `report` tells
the scores; `list_test` has the pictures that are handed in without labels.
"""
from segmentation.data import contract
from segmentation.errors import InputError
from segmentation.evaluation.benchmarks import cityscapes, kitti_road

BENCHMARKS = {'cityscapes': cityscapes.CityscapesBenchmark,
              'kitti road': kitti_road.RoadBenchmark}


def make(source, name, export=None, birds_eye=None):
    """Return the benchmark of a data source; None where it has none.

    Parameters
    ----------
    source : data source
    name : str
        The name of the source.
    export, birds_eye : submission.Writer, optional
        What the benchmark writes its predictions with.
    """
    kind = contract.ask(source, 'benchmark')
    if kind not in BENCHMARKS and (export or birds_eye):
        raise InputError(f'data source {name!r} is of no benchmark: --export '
                         'and --birds-eye know cityscapes and kitti')
    if birds_eye and kind != 'kitti road':
        raise InputError(f'data source {name!r}: --birds-eye goes with kitti')
    if kind not in BENCHMARKS:
        return None
    if kind == 'kitti road':
        return BENCHMARKS[kind](source, export, birds_eye)
    return BENCHMARKS[kind](source, export)
