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


def make(options, data):
    """The benchmark of a data source, or None; with what it is to write."""
    name = contract.ask(data, 'benchmark')
    if name not in BENCHMARKS and (options.export or options.birds_eye):
        raise InputError('data source {!r} is of no benchmark: --export and '
                         '--birds-eye know cityscapes and kitti'.format(
                             options.data_source))
    if options.birds_eye and name != 'kitti road':
        raise InputError('data source {!r}: --birds-eye goes with kitti'
                         .format(options.data_source))
    if name not in BENCHMARKS:
        return None
    benchmark = BENCHMARKS[name](data)
    benchmark.export = options.export
    benchmark.birds_eye = options.birds_eye
    return benchmark
