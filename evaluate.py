"""Score a trained network on a split of a data set.

    python evaluate.py --name runs/kitti --split valid
    python evaluate.py --name runs/camvid --data-dir camvid --split test \\
        --json test.json --matrix test.png

One confusion matrix over all pixels, at the labels' own size: the network's
probabilities are brought to it before the likeliest class is taken. Only a
source that tells no files is scored at the size of its samples. The run knows
its data; a run of the blog's code takes --data-source and --data-dir.
"""
import argparse
import os

import numpy as np
import tqdm

import drawing
import metrics
import pixels
import rundir
import source
import utils


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Score a trained network on a split of a data set.')
    parser.add_argument('--name', default='runs/test',
                        help='directory of the run (default: %(default)s)')
    parser.add_argument('--checkpoint', default='best', metavar='WHICH',
                        help='best or last; of the blog\'s code also a name, '
                             'such as e50 (default: %(default)s)')
    parser.add_argument('--data-dir',
                        help='folder of the data set (default: the run\'s)')
    parser.add_argument('--split', default='valid',
                        choices=('valid', 'train', 'test'),
                        help='which samples (default: %(default)s)')
    parser.add_argument('--json', metavar='FILE',
                        help='write the scores as JSON')
    parser.add_argument('--matrix', metavar='FILE.png',
                        help='write the confusion matrix as a picture')
    size = parser.add_mutually_exclusive_group()
    size.add_argument('--image-size', type=utils.parse_size, metavar='WxH',
                      help='network input in pixels, each divisible by 32 '
                           '(default: the run\'s)')
    size.add_argument('--native', action='store_true',
                      help='run the network at each picture\'s own size')
    parser.add_argument('--data-source', metavar='NAME',
                        help='default: the run\'s')
    parser.add_argument('--classes', metavar='TABLE',
                        help='class table of a source that has several '
                             '(default: the run\'s)')
    parser.add_argument('--batch-size', type=utils.positive(int), default=4,
                        help='samples a step (default: %(default)s)')
    parser.add_argument('--workers', type=utils.positive(int),
                        default=os.cpu_count() or 1,
                        help='threads that read and score pictures '
                             '(default: %(default)s, one a core)')
    return parser.parse_args(argv)


def find_run(options):
    """The Run to score, and its data source without data.

    What the options leave open is set in them from the run.
    """
    saved = {'seed': 0, 'valid_fraction': .1, 'classes': None,
             'group_by': None,
             'data_source': None, 'data_dir': None}
    if os.path.isfile(rundir.path(options.name, 'options.json')):
        saved.update(rundir.read_options(options.name)['options'])
    for key in ('data_source', 'data_dir'):
        if not (getattr(options, key) or saved[key]):
            raise ValueError('{} has no options.json: it takes --{}'.format(
                options.name, key.replace('_', '-')))
    if options.data_source in (None, saved['data_source']):
        options.classes = options.classes or saved['classes']
        options.group_by = saved['group_by']
    options.data_source = options.data_source or saved['data_source']
    options.data_dir = options.data_dir or saved['data_dir']
    options.seed = saved['seed']
    options.valid_fraction = saved['valid_fraction']
    run = rundir.find(options.name, options.checkpoint, utils.make_source(
        options.data_source, options.classes, options.data_dir))
    options.image_size = options.image_size or run.image_size
    return run


def check_output(path, run, pairs):
    """Raise unless `path`, if there is one, can be written to."""
    if path is None:
        return
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError('{}: no such folder'.format(folder))
    if os.path.isdir(path):
        raise IsADirectoryError('{} is a folder: a file is wanted'.format(
            path))
    utils.refuse_overwrite(path, [
        rundir.path(run.directory, name) for name in ('options.json',
                                                      'state.json',
                                                      'network.meta')
        if run.saved] + [name for pair in pairs for name in pair
                         if os.path.isfile(name)])


def list_pairs(data, options):
    """The (picture, label) paths of the split; () where none are told."""
    if not isinstance(data, source.DataSource):
        if options.native:
            raise ValueError('data source {!r} gives samples of one size: '
                             '--native does not apply'.format(
                                 options.data_source))
        if options.split == 'test':
            raise ValueError('data source {!r} has no test split: train and '
                             'valid are there'.format(options.data_source))
        return ()
    pairs = data.splits.get(options.split)
    if not pairs:
        raise ValueError('data source {!r} has no {} split in {}: {} are '
                         'there'.format(
                             options.data_source, options.split,
                             options.data_dir, ' and '.join(
                                 name for name in data.splits
                                 if data.splits[name])))
    return pairs


class PairScorer:
    """Scores files at the size of their labels; for a Predictor's threads."""

    def __init__(self, data, pairs, native):
        self.data = data
        self.jobs = pairs
        self.count = len(pairs)
        self.native = native

    def read(self, pair):
        """The class numbers of a label, and the network input."""
        image, ids = self.data.read_pair(*pair)
        return ids, (pixels.pad(image) if self.native else
                     pixels.resize_image(image, self.data.image_size))

    def score(self, _, ids, probabilities):
        """The confusion matrix of a picture, and its ignored pixels."""
        height, width = ids.shape
        if self.native:
            probabilities = probabilities[:height, :width]
        predicted = pixels.most_likely(probabilities, (width, height))
        matrix = metrics.confusion_matrix(ids, predicted,
                                          self.data.num_classes)
        return matrix, ids.size - matrix.sum()


class SampleScorer(PairScorer):
    """Scores the samples that a source's generator gives."""

    def __init__(self, data, split, batch_size):
        self.data = data
        self.native = False
        generator, self.count = {
            'train': (data.train_generator, data.num_training),
            'valid': (data.valid_generator, data.num_validation)}[split]
        self.jobs = (sample for images, labels in utils.checked(
            data, generator(batch_size)) for sample in zip(images, labels))

    def read(self, sample):
        image, labels = sample
        return drawing.ids_of_rows(labels), image


def describe(options, run, count, matrix, ignored):
    """What the JSON file tells."""
    names = run.class_names
    return utils.without_nan({
        'name': options.name,
        'checkpoint': os.path.basename(run.checkpoint),
        'data_source': options.data_source,
        'data_dir': options.data_dir,
        'split': options.split,
        'image_size': 'native' if options.native else options.image_size,
        'pictures': count,
        'pixels': int(matrix.sum()),
        'ignored_pixels': int(ignored),
        'scores': metrics.scores(matrix),
        'class_names': names,
        'iou': dict(zip(names, metrics.iou(matrix).tolist())),
        'accuracy': dict(zip(names, metrics.accuracy(matrix).tolist())),
        'precision': dict(zip(names, metrics.precision(matrix).tolist())),
        'true_pixels': dict(zip(names, matrix.sum(axis=1).tolist())),
        'matrix': matrix.tolist(),
    })


def main(argv=None):
    options = parse_options(argv)
    run = find_run(options)
    data = utils.load_source(options)
    pairs = list_pairs(data, options)
    if options.split != 'test' and run.saved:
        utils.check_split(data, options.data_dir, run.saved['split'])
    for path in (options.json, options.matrix):
        check_output(path, run, pairs)
    if options.matrix:
        utils.check_image_type(options.matrix)
    scorer = (PairScorer(data, pairs, options.native) if pairs else
              SampleScorer(data, options.split, options.batch_size))
    # TensorFlow takes seconds to load: only after all that may be wrong.
    import predictor
    with predictor.restore(run, options.batch_size,
                           options.workers) as network:
        results = list(tqdm.tqdm(
            network.predict(scorer.jobs, scorer.read, scorer.score),
            total=scorer.count, disable=None, leave=False, unit='picture'))
    matrix, ignored = (np.sum(values, axis=0) for values in zip(*results))
    print('[i] {} of {}, {} split: {} pictures, {:,} pixels, {:,} ignored'
          .format(os.path.basename(run.checkpoint), options.name,
                  options.split, len(results), matrix.sum(), ignored))
    print('[i] ' + metrics.summary(metrics.scores(matrix)))
    print(metrics.table(matrix, run.class_names))
    if options.json:
        utils.write_json(options.json, describe(options, run, len(results),
                                                matrix, ignored))
    if options.matrix:
        utils.write_image(options.matrix,
                          drawing.confusion(matrix, run.class_names))


if __name__ == '__main__':
    utils.run(main)
