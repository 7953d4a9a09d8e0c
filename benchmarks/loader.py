"""How fast a data source is, against two baselines in the same process.

    python benchmarks/loader.py --data-dir cityscapes

Reads Cityscapes pictures of 2048x1024 as a training epoch does, brings them
to 512x256 and makes one-hot labels, and prints samples a second and ratios to

* bare: ``cv2.imread`` of the two files of every sample, on as many threads;
* seed: one thread that resizes colour labels and compares one class after
  another, as the scripts did that these go back to.

Rounds alternate, so that the ratios hold while the machine's speed drifts.
"""
import argparse
import concurrent.futures
import os
import statistics
import sys
import time

import cv2
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import source_cityscapes  # noqa: E402
import utils  # noqa: E402
from segmentation import option_types  # noqa: E402


def ours(source, batch_size):
    """One epoch through the training generator."""
    return sum(len(images) for images, _ in source.train_generator(batch_size))


def bare(pairs, workers):
    """Decoding alone, on threads."""
    def read(pair):
        return [cv2.imread(path, cv2.IMREAD_UNCHANGED) for path in pair]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return sum(1 for _ in pool.map(read, pairs))


def class_by_class(pairs, size, colors):
    """One thread; a comparison of the whole label for each class."""
    for image_path, label_path in pairs:
        cv2.resize(cv2.imread(image_path), size)
        label = cv2.resize(cv2.imread(label_path), size)
        rows = [np.all(label == color, axis=2) for color in colors]
        np.stack(rows, axis=2).astype(np.float32)
    return len(pairs)


def parse_options(argv=None):
    parser = argparse.ArgumentParser(
        description='Time the loading of Cityscapes against two baselines.')
    parser.add_argument('--data-dir', required=True)
    parser.add_argument('--classes', default='29', help='19 or 29')
    parser.add_argument('--samples', type=option_types.positive(int), default=96,
                        help='a round (default: %(default)s)')
    parser.add_argument('--rounds', type=option_types.positive(int), default=5)
    parser.add_argument(
        '--batch-size', type=option_types.positive(int), default=8)
    parser.add_argument('--workers', type=option_types.positive(int),
                        default=os.cpu_count() or 1)
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    source = source_cityscapes.get_source()
    source.choose_classes(options.classes)
    source.workers = options.workers
    source.load_data(options.data_dir, .1)
    found = source.splits['train']
    pairs = (found * options.samples)[:options.samples]
    source.splits['train'] = pairs
    color_pairs = [(image, label.replace('_labelIds', '_color'))
                   for image, label in pairs]
    colors = list(source.label_colors.values())
    contestants = {
        'ours': lambda: ours(source, options.batch_size),
        'bare': lambda: bare(pairs, options.workers),
        'seed': lambda: class_by_class(color_pairs, source.image_size,
                                       colors)}
    rates = {name: [] for name in contestants}
    for turn in range(options.rounds + 1):
        for name, contestant in contestants.items():
            start = time.perf_counter()
            count = contestant()
            rate = count / (time.perf_counter() - start)
            if turn:        # the first round warms the file cache
                rates[name].append(rate)
    print('{} pictures, {} classes, {} workers, {} cores'.format(
        len(found), source.num_classes, options.workers, os.cpu_count()))
    for name, values in rates.items():
        print(f'{name}: {statistics.median(values):.1f} samples/s')
    for name in ('bare', 'seed'):
        ratios = [a / b for a, b in zip(rates['ours'], rates[name])]
        print('ours / {}: {:.2f} (median of {}, {:.2f} to {:.2f})'.format(
            name, statistics.median(ratios), len(ratios), min(ratios),
            max(ratios)))


if __name__ == '__main__':
    utils.run(main)
