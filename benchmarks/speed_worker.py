"""A process of speed.py: it holds one contestant, and runs it when asked.

    python speed_worker.py inference '{"name": "runs/kitti", ...}'

It prints a line of JSON when it is ready. From then on a line of JSON on its
standard input, the arguments of one measurement, is answered by another one:
the pictures it took, the seconds, and the peak memory in MB.
"""
import contextlib
import itertools
import json
import os
import resource
import sys
import time

START = time.perf_counter()
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import numpy as np  # noqa: E402

from segmentation.inference import engines  # noqa: E402


def random_images(count, size):
    """Return (count, H, W, 3) uint8 noise for a (width, height)."""
    return np.random.RandomState(0).randint(
        0, 256, (count, size[1], size[0], 3), np.uint8)


@contextlib.contextmanager
def inference(name, engine, precision, threads, image_size):
    """Yield the line of an engine, and a function that runs it.

    The function takes batches of a size, each when the one before it is
    done (latency) or as many at a time as the engine likes (throughput).
    """
    from segmentation import trained
    with engines.open(trained.find(name), engine, precision,
                      threads) as opened:
        opened.probabilities(random_images(1, image_size))

        def run(kind, batch_size, seconds):
            images = random_images(batch_size, image_size)
            if kind == 'latency':
                outputs = map(opened.probabilities, itertools.repeat(images))
            else:
                outputs = opened.stream(itertools.repeat(images))
            end = time.perf_counter() + seconds
            return batch_size * count_until(end, outputs)
        yield opened.describe(), run


def count_until(end, items):
    """Return how many items come until a time of the clock, and one more."""
    for count, _ in enumerate(items, 1):
        if time.perf_counter() >= end:
            return count


CONTESTANTS = {'inference': inference}


def main(contestant, arguments):
    with CONTESTANTS[contestant](**json.loads(arguments)) as (text, run):
        reply(describe=text, seconds=time.perf_counter() - START)
        for line in sys.stdin:
            start = time.perf_counter()
            count = run(**json.loads(line))
            reply(count=count, seconds=time.perf_counter() - start)


def reply(**values):
    """Print a line of JSON, with the memory taken so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(dict(values, megabytes=peak)), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
