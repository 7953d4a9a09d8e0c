"""A program that divides its list among copies of itself: --processes N.

    program --processes 3 -> the same command, SEGMENTATION_SHARD=1/3 .. 3/3
                          <- pictures that are done, and a result of each

`launch` is what the program does, `join` what each copy does.
"""
import os
import signal
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

from segmentation.processes import gpus, launcher, messages, shards
from segmentation.terminal import progress

SHARD = 'SEGMENTATION_SHARD'        # K/N
FOLDER = 'SEGMENTATION_FOLDER'      # for what the copies write for the first
ADVICE = ': the others are ended'


class Member(NamedTuple):
    """A copy of a program, started by `launch`."""

    shard: shards.Shard
    folder: str


def join(environ: Mapping[str, str] = os.environ) -> Optional[Member]:
    """Return which copy this process is; None where it is none.

    A copy ends with the process that has started it.
    """
    if SHARD not in environ:
        return None
    launcher.end_with_parent()
    return Member(shards.parse(environ[SHARD]), environ[FOLDER])


def launch(command: List[str], count: int, total: int, what: str,
           folder: str = '', device: Optional[str] = None
           ) -> Tuple[int, List[Any]]:
    """Run copies of a program, and show their progress as one.

    Parameters
    ----------
    command : list of str
        Of each.
    count : int
        Copies.
    total : int
        Pictures of all.
    what : str
        The step, such as 'inference'.
    folder : str, optional
        Where they write what is for this process.
    device : str, optional
        As --device has it.

    Returns
    -------
    int
        The exit status; all copies have ended. What went wrong is said.
    list
        The result that each has sent, or None.
    """
    results = [None] * count
    with progress.show(total, what) as bar:
        def hear(rank, line):
            message = messages.read(line)
            if message is None:
                if rank == 0:       # the others print the same
                    print(line, flush=True)
            elif 'done' in message:
                bar.update(message['done'])
            else:
                results[rank] = message['result']

        status = launcher.run(
            [(command, environment(rank, count, folder, device))
             for rank in range(count)],
            ADVICE, stop=signal.SIGTERM, first=1, hear=hear)
    return status, results


def environment(rank: int, count: int, folder: str,
                device: Optional[str]) -> Mapping[str, str]:
    """Return what the environment of a copy has on top."""
    result = {SHARD: str(shards.Shard(rank + 1, count)), FOLDER: folder,
              messages.OPEN: '1'}
    gpu = (gpus.own_gpu(rank, count, True, device, os.environ)
           if device in (None, 'gpu') else None)
    return result if gpu is None else dict(result, CUDA_VISIBLE_DEVICES=gpu)
