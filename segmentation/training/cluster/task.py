"""Which process of how many this is, by the environment that it was given.

    TF_CONFIG       {"cluster": {"worker": ["a:2222", "b:2222"]},
                     "task": {"type": "worker", "index": 0}}
    HOROVOD_RANK, HOROVOD_SIZE, HOROVOD_LOCAL_RANK, HOROVOD_LOCAL_SIZE
                    by horovodrun; OMPI_COMM_WORLD_... by mpirun

train.py --processes N starts processes with such a TF_CONFIG itself.
"""
import importlib.util
import json
from typing import Mapping, NamedTuple, Sequence, Tuple

from segmentation.errors import InputError, MissingModuleError
from segmentation.processes import launcher

JOBS = ('chief', 'master', 'worker')    # of TF_CONFIG, in the order of ranks
HOROVOD = ('HOROVOD_', 'OMPI_COMM_WORLD_')


class Task(NamedTuple):
    """A process among those that train together."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0             # among the processes of this machine
    local_size: int = 1
    hosts: Tuple[str, ...] = ()     # 'host:port' by rank; () without TF_CONFIG
    is_launched: bool = False       # by train.py --processes

    @property
    def is_alone(self) -> bool:
        """Return whether there is no other process."""
        return self.size == 1

    @property
    def is_horovod(self) -> bool:
        """Return whether Horovod joins the processes."""
        return self.size > 1 and not self.hosts


def find(environ: Mapping[str, str]) -> Task:
    """Return the Task of this process.

    Raises
    ------
    InputError
        TF_CONFIG is not as TensorFlow has it, or Horovod is not installed.
    """
    if environ.get('TF_CONFIG'):
        return of_config(environ['TF_CONFIG'], launcher.is_launched(environ))
    for prefix in HOROVOD:
        if f'{prefix}RANK' in environ:
            return of_horovod(environ, prefix)
    return Task()


def of_config(text: str, is_launched: bool = False) -> Task:
    """Return the Task that a TF_CONFIG describes.

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
        return Task()
    ranks = [rank for rank, (job, index, _) in enumerate(tasks)
             if (job, index) == own]
    if not ranks or len(set(hosts)) < len(hosts) or not all(ports):
        raise InputError(f'TF_CONFIG is {text}: task {own[1]} of {own[0]!r} '
                         'is wanted among its hosts, and each host and port '
                         'once')
    rank = ranks[0]
    return Task(rank, len(hosts), machines[:rank].count(machines[rank]),
                machines.count(machines[rank]), hosts, is_launched)


def of_horovod(environ: Mapping[str, str], prefix: str) -> Task:
    """Return the Task that horovodrun or mpirun has given to a process.

    >>> of_horovod({'MINE_RANK': '0', 'MINE_SIZE': '1', 'MINE_LOCAL_RANK': '0',
    ...             'MINE_LOCAL_SIZE': '1'}, 'MINE_').is_alone
    True
    """
    names = [f'{prefix}{name}'
             for name in ('RANK', 'SIZE', 'LOCAL_RANK', 'LOCAL_SIZE')]
    try:
        task = Task(*(int(environ[name]) for name in names))
    except (KeyError, ValueError):
        raise InputError(', '.join(
            f'{name} is {environ.get(name)}' for name in names)
            + ': four numbers are wanted, as horovodrun and mpirun set them')
    if task.is_horovod and importlib.util.find_spec('horovod') is None:
        raise MissingModuleError(
            f'{names[0]} and {names[1]} say that this is process {task.rank} '
            f'of {task.size}; Horovod joins them, and is not installed: pip '
            'install horovod, or use train.py --processes or TF_CONFIG')
    return task


def config_of(hosts: Sequence[str], rank: int) -> str:
    """Return the TF_CONFIG of a process."""
    return json.dumps({'cluster': {'worker': list(hosts)},
                       'task': {'type': 'worker', 'index': rank}})
