"""The part of a list that is one process's: shard K of N, `--shard K/N`."""
import argparse
import os
import re
from typing import Any, Iterable, Iterator, NamedTuple

from segmentation import option_types


class Shard(NamedTuple):
    """One of `size` shards."""

    number: int = 1     # from 1 to size
    size: int = 1

    def __str__(self) -> str:
        return f'{self.number}/{self.size}'

    def share(self, items: Iterable[Any], batch_size: int) -> Iterator[Any]:
        """Yield the items that are this shard's.

        Shards take turns, a batch each, and no batch is divided: what a
        network gives for a picture may depend, in the last digit, on the
        others of its batch.

        >>> [''.join(Shard(k, 3).share('abcdefghijk', 2)) for k in (1, 2, 3)]
        ['abgh', 'cdij', 'efk']
        """
        return (item for index, item in enumerate(items)
                if index // batch_size % self.size == self.number - 1)

    def count_of(self, total: int, batch_size: int) -> int:
        """Return how many of `total` items are this shard's."""
        return sum(1 for _ in self.share(range(total), batch_size))

    def path(self, path: str) -> str:
        """Return the path of what this shard writes in place of another.

        >>> Shard(2, 4).path('results')
        'results.2-of-4'
        """
        return f'{path}.{self.number}-of-{self.size}'


def parse(text: str) -> Shard:
    """Return the Shard of 'K/N'.

    >>> parse('2/4')
    Shard(number=2, size=4)
    """
    match = re.fullmatch(r'(\d+)/(\d+)', text)
    shard = Shard(*map(int, match.groups())) if match else Shard(0, 0)
    if not 1 <= shard.number <= shard.size:
        raise argparse.ArgumentTypeError(
            f'{text!r}: K/N is wanted, K from 1 to N, such as 1/4')
    return shard


def add_options(parser: argparse.ArgumentParser) -> Any:
    """Add the options that divide the pictures; return their group."""
    group = parser.add_argument_group(
        'several processes', 'docs/scale.md has the commands of SLURM, '
        'Kubernetes and GNU parallel')
    group.add_argument('--processes', type=option_types.positive(int),
                       default=1, metavar='N',
                       help='divide the pictures among N processes of this '
                            'machine, and the cores; each takes a GPU where '
                            'there are any')
    group.add_argument('--shard', type=parse, metavar='K/N',
                       help='take the K-th of N shares of the pictures, K '
                            'from 1 to N: N calls with the same options, on '
                            'any machines, take each picture once')
    return group


def check_options(parser: argparse.ArgumentParser,
                  options: argparse.Namespace) -> None:
    """End in a usage error for both of the options at a time."""
    if options.shard and options.processes > 1:
        parser.error('--processes does not go with --shard: more shards do '
                     'the same')


def divide(options: argparse.Namespace, shard: Shard, **other: Any
           ) -> argparse.Namespace:
    """Return the options of one of --processes: a shard, and fewer threads.

    Parameters
    ----------
    other
        Options that have other values for it, too.
    """
    each = {'workers': options.workers, 'threads': options.threads or cores()}
    return argparse.Namespace(**{
        **vars(options), 'shard': shard, 'processes': 1,
        **{name: max(1, count // shard.size)
           for name, count in each.items()}, **other})


def useful(processes: int, total: int, batch_size: int) -> int:
    """Return how many processes get a batch of `total` items.

    >>> useful(4, 5, 2), useful(2, 5, 2)
    (3, 2)
    """
    return min(processes, -(-total // batch_size))


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
