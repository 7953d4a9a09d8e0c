"""Measure the throughput of a data source against two baselines.

    python benchmarks/loader.py --data-dir cityscapes

It reads Cityscapes pictures of 2048x1024 as an epoch of train.py does: resized
to 512x256, labels as class ids, from the files (ours) and from
``--cache-samples``, without augmentation (cached) and with (augmented). It
prints samples/s, and the ratios to

* bare: ``cv2.imread`` of the two files of every sample, on as many threads;
* seed: one thread that resizes colour labels and compares one class after
  another, as the scripts did that this project started from.

Rounds alternate, so that the ratios hold while the machine's speed drifts. The
caches are filled before, which is timed as well; no round is their first, when
they are held against their checksums.
"""
import argparse
import concurrent.futures
import functools
import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import utils  # noqa: E402, first: from here on Ctrl-C ends in one line
import cv2  # noqa: E402
import numpy as np  # noqa: E402

import contests  # noqa: E402
import source_cityscapes  # noqa: E402
from segmentation import option_types  # noqa: E402
from segmentation.data import contract  # noqa: E402
from segmentation.training.caching import cached_samples  # noqa: E402


def repeat(pairs, count, folder):
    """Return `count` pairs with a name each: links to the pairs in turn."""
    links = []
    for k in range(count):
        pair = pairs[k % len(pairs)]
        link = tuple(os.path.join(folder, f'{k}_{os.path.basename(path)}')
                     for path in pair)
        for path, name in zip(pair, link):
            os.symlink(os.path.abspath(path), name)
        links.append(link)
    return links


def load(classes, workers, pairs, **settings):
    """Return a source whose training split is these pairs."""
    source = source_cityscapes.get_source()
    source.choose_classes(classes)
    contract.configure(source, workers=workers,
                       splits={'train': pairs, 'valid': pairs[:1]},
                       labels_as_ids=True, **settings)
    return source


def fill(source, folder, name):
    """Let a source read from a cache that is filled here.

    Returns
    -------
    str
        Its size, and how long it took.
    """
    cached = cached_samples.CachedSamples(folder, source, folder)
    start = time.perf_counter()
    with cached.store.locked():
        plan = cached.store.open()
        cached.compute(plan)
    seconds = time.perf_counter() - start
    contract.configure(source, samples=cached)
    count = source.num_training + source.num_validation
    return (f'{name}: {plan.size / count / 1e6:.2f} MB a sample, filled at '
            f'{count / seconds:.1f} samples/s')


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
    def rate(contestant):
        start = time.perf_counter()
        count = contestant()
        return count / (time.perf_counter() - start)

    rates = contests.in_turns({
        name: functools.partial(rate, contestant)
        for name, contestant in contestants.items()}, rounds + 1)
    # The first round warms the file cache.
    return {name: values[1:] for name, values in rates.items()}


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


def compare(data_dir, classes, samples, rounds, batch_size, workers):
    """Time all contestants.

    Returns
    -------
    lines : list of str
        What is compared, and how long the caches took.
    rates : {name: samples/s of each round}
    """
    listed = source_cityscapes.get_source()
    listed.load_data(data_dir, .1)
    available = listed.splits['train']
    color_pairs = [(image, label.replace('_labelIds', '_color'))
                   for image, label in available]
    for _, label in color_pairs:
        if not os.path.isfile(label):
            raise FileNotFoundError(f'{label} is missing: one class after '
                                    'another is found by the colours')
    color_pairs = (color_pairs * samples)[:samples]
    with tempfile.TemporaryDirectory() as folder:
        pairs = repeat(available, samples, folder)
        sources = {name: load(classes, workers, pairs,
                              augment=name == 'augmented')
                   for name in ('ours', 'cached', 'augmented')}
        ours = sources['ours']
        lines = [f'{len(available)} pictures, {ours.num_classes} classes, '
                 f'{workers} workers, {os.cpu_count()} cores']
        for name in ('cached', 'augmented'):
            lines.append(fill(sources[name], folder, name))
        contestants = {
            name: functools.partial(read_epoch, source, batch_size)
            for name, source in sources.items()}
        contestants['bare'] = lambda: decode(pairs, workers)
        contestants['seed'] = lambda: compare_classes(
            color_pairs, ours.image_size, list(ours.label_colors.values()))
        return lines, measure(contestants, rounds)


def main(argv=None):
    options = parse_options(argv)
    lines, rates = compare(**vars(options))
    print('\n'.join(lines))
    for name, values in rates.items():
        print(f'{name}: {statistics.median(values):.1f} samples/s')
    for name, other in (('ours', 'bare'), ('ours', 'seed'),
                        ('cached', 'bare'), ('augmented', 'bare')):
        values = contests.ratios(rates[name], rates[other])
        print(f'{name} / {other}: {statistics.median(values):.2f} (median of '
              f'{len(values)}, {min(values):.2f} to {max(values):.2f})')


if __name__ == '__main__':
    utils.run(main)
