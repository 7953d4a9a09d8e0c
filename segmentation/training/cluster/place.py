"""Which process of how many this is, by the environment that it was given.

    TF_CONFIG       {"cluster": {"worker": ["a:2222", "b:2222"]},
                     "task": {"type": "worker", "index": 0}}

train.py --processes N starts processes with such a TF_CONFIG itself.
"""
import json
from typing import Mapping, NamedTuple, Sequence, Tuple

from segmentation.errors import InputError
from segmentation.processes import launcher

JOBS = ('chief', 'master', 'worker')    # of TF_CONFIG, in the order of ranks


class Place(NamedTuple):
    """A process among those that train together."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0             # among the processes of this machine
    local_size: int = 1
    hosts: Tuple[str, ...] = ()     # 'host:port' by rank; () alone
    is_launched: bool = False       # by train.py --processes

    @property
    def is_alone(self) -> bool:
        """Return whether there is no other process."""
        return self.size == 1


def find(environ: Mapping[str, str]) -> Place:
    """Return the Place of this process.

    Raises
    ------
    InputError
        TF_CONFIG is not as TensorFlow has it.
    """
    if environ.get('TF_CONFIG'):
        return of_config(environ['TF_CONFIG'], launcher.is_launched(environ))
    return Place()


def of_config(text: str, is_launched: bool = False) -> Place:
    """Return the Place that a TF_CONFIG describes.

    >>> of_config('{"cluster": {"worker": ["a:1", "b:1", "b:2"]}, '
    ...           '"task": {"type": "worker", "index": 2}}')[:4]
    (2, 3, 1, 2)
    """
    try:
        config = json.loads(text)
        cluster = config.get('cluster') or {}
        tasks = [(job, index, host) for job in JOBS
                 for index, host in enumerate(cluster.get(job, ()))]
        task = config.get('task') or {'type': 'worker', 'index': 0}
        own = str(task['type']), int(task['index'])
        hosts = tuple(str(host) for _, _, host in tasks)
        machines = [host.rsplit(':', 1)[0] for host in hosts]
        ports = [int(host.rsplit(':', 1)[1]) for host in hosts]
    except (ValueError, TypeError, LookupError, AttributeError):
        raise InputError(f'TF_CONFIG is {text}: '
                         '{"cluster": {"worker": ["HOST:PORT", ...]}, "task": '
                         '{"type": "worker", "index": 0}} is wanted')
    if len(tasks) < 2:
        return Place()
    ranks = [rank for rank, (job, index, _) in enumerate(tasks)
             if (job, index) == own]
    if not ranks or len(set(hosts)) < len(hosts) or not all(ports):
        raise InputError(f'TF_CONFIG is {text}: task {own[1]} of {own[0]!r} '
                         'is wanted among its hosts, and each host and port '
                         'once')
    rank = ranks[0]
    return Place(rank, len(hosts), machines[:rank].count(machines[rank]),
                 machines.count(machines[rank]), hosts, is_launched)


def config_of(hosts: Sequence[str], rank: int) -> str:
    """Return the TF_CONFIG of a process."""
    return json.dumps({'cluster': {'worker': list(hosts)},
                       'task': {'type': 'worker', 'index': rank}})
