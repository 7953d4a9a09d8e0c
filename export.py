"""Write a trained network to a file that other programs run.

    python export.py --name runs/kitti --output kitti.onnx
    python export.py --name runs/kitti --output kitti        (SavedModel)
    python export.py --name runs/kitti --output kitti.xml \\
        --int8 data/training/image_2 --data-dir data

The suffix chooses the format: .onnx, .xml (OpenVINO), .pb, .tflite; a folder
is a SavedModel. The file takes pictures [B, H, W, 3] and gives `softmax`
[B, H, W, C] and `classes` [B, H, W]. It carries the classes, their colours
and the run's options, and a golden picture with the classes that it must
give. It is checked by its own engine first: where that does not give what the
network gives nothing is written. docs/export.md shows how to open each.
"""
import argparse
import functools
import os

import utils
from segmentation import metrics, threads
from segmentation.evaluation import selection
from segmentation.evaluation.tally import Tally
from segmentation.export import request
from segmentation.inference import engines
from segmentation.inference.predictor import Predictor
from segmentation.terminal import command_line, progress


def parse_options(argv=None):
    parser = command_line.Parser(
        description='Write a trained network to a file that other programs '
                    'run.')
    request.add_options(parser)
    options = parser.parse_args(argv)
    request.check_options(parser, options)
    return options


def select(options):
    """Return the Selection of the validation pictures, as evaluate.py does.
    """
    parser = argparse.ArgumentParser()
    selection.add_options(parser)
    parser.set_defaults(export=None, birds_eye=None, zip=False, shard=None, **{
        name: getattr(options, name)
        for name in ('checkpoint', 'data_source', 'data_dir', 'classes',
                     'image_size', 'workers')})
    return selection.select(parser.parse_args([]), options.name)


def score(model, selected, workers):
    """Return the mIoU of an exported.Exported on the pictures selected."""
    scorer = selected._replace(benchmark=None).scorer()
    tally = Tally()
    with engines.open(model) as engine:
        predictor = Predictor(engine, selected.augmentation,
                              selected.settings.batch_size, workers)
        for outcome in progress.track(threads.in_threads(
                workers, scorer.score,
                predictor.predict(scorer.list_jobs(), scorer.read), workers),
                scorer.count, 'evaluation'):
            tally.add(outcome)
    return metrics.scores(tally.matrix)['miou']


def main(argv=None):
    options = parse_options(argv)
    wanted = request.make(options)
    selected = (select(options) if options.int8 and options.data_dir
                else None)
    utils.remove_leftovers([os.path.dirname(os.path.abspath(
        options.output))])
    if selected:
        print(*selected.header_lines(), sep='\n', flush=True)
    # TensorFlow takes seconds to load: only after all that may be wrong.
    from segmentation.export import writing
    for line in writing.export(wanted, selected and functools.partial(
            score, selected=selected, workers=options.workers)):
        print(line, flush=True)


if __name__ == '__main__':
    utils.run(main)
