"""Measure the throughput of a data source against two baselines.

    python benchmarks/loader.py --data-dir cityscapes

It reads Cityscapes pictures of 2048x1024 as a training epoch does: resized to
512x256, with one-hot labels. It prints samples/s, and the ratios to

* bare: ``cv2.imread`` of the two files of every sample, on as many threads;
* seed: one thread that resizes colour labels and compares one class after
  another, as the scripts did that this project started from.

Rounds alternate, so that the ratios hold while the machine's speed drifts.
"""
import argparse
import concurrent.futures
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import utils  # noqa: E402, first: from here on Ctrl-C ends in one line
import cv2  # noqa: E402
import numpy as np  # noqa: E402

import source_cityscapes  # noqa: E402
from segmentation import option_types  # noqa: E402
from segmentation.data import contract  # noqa: E402


def read_epoch(source, batch_size):
    """Read one epoch of the training generator; return its samples."""
    return sum(len(images) for images, _ in source.train_generator(batch_size))


def decode(pairs, workers):
    """Decode the two files of each pair, on threads; return the samples."""
    def read(pair):
        return [cv2.imread(path, cv2.IMREAD_UNCHANGED) for path in pair]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return sum(1 for _ in pool.map(read, pairs))


def compare_classes(pairs, size, colors):
    """Compare each label with one class after another; return the samples."""
    for image_path, label_path in pairs:
        cv2.resize(cv2.imread(image_path), size)
        label = cv2.resize(cv2.imread(label_path), size)
        rows = [np.all(label == color, axis=2) for color in colors]
        np.stack(rows, axis=2).astype(np.float32)           # [H, W, C]
    return len(pairs)


def measure(contestants, rounds):
    """Return {name: samples/s of each round} of functions that take turns."""
    rates = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, contestant in contestants.items():
            start = time.perf_counter()
            count = contestant()
            rate = count / (time.perf_counter() - start)
            if turn:        # the first round warms the file cache
                rates[name].append(rate)
    return rates


def parse_options(argv=None):
    """Return the options of the command line."""
    count = option_types.positive(int)
    parser = argparse.ArgumentParser(
        description='Time the loading of Cityscapes against two baselines.')
    parser.add_argument('--data-dir', required=True)
    parser.add_argument('--classes', default='29', help='19 or 29')
    parser.add_argument('--samples', type=count, default=96,
                        help='samples per round (default: %(default)s)')
    parser.add_argument('--rounds', type=count, default=5)
    parser.add_argument('--batch-size', type=count, default=8)
    parser.add_argument('--workers', type=count, default=os.cpu_count() or 1)
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    source = source_cityscapes.get_source()
    source.choose_classes(options.classes)
    contract.configure(source, workers=options.workers)
    source.load_data(options.data_dir, .1)
    available = source.splits['train']
    pairs = (available * options.samples)[:options.samples]
    contract.configure(source, splits=dict(source.splits, train=pairs))
    color_pairs = [(image, label.replace('_labelIds', '_color'))
                   for image, label in pairs]
    colors = list(source.label_colors.values())
    rates = measure({
        'ours': lambda: read_epoch(source, options.batch_size),
        'bare': lambda: decode(pairs, options.workers),
        'seed': lambda: compare_classes(color_pairs, source.image_size,
                                        colors)}, options.rounds)
    print(f'{len(available)} pictures, {source.num_classes} classes, '
          f'{options.workers} workers, {os.cpu_count()} cores')
    for name, values in rates.items():
        print(f'{name}: {statistics.median(values):.1f} samples/s')
    for name in ('bare', 'seed'):
        ratios = [a / b for a, b in zip(rates['ours'], rates[name])]
        print(f'ours / {name}: {statistics.median(ratios):.2f} (median of '
              f'{len(ratios)}, {min(ratios):.2f} to {max(ratios):.2f})')


if __name__ == '__main__':
    utils.run(main)
