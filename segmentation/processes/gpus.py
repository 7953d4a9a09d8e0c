"""Which GPU of a machine is whose, where several processes share it."""
import os

from segmentation.errors import InputError

GPUS = '/proc/driver/nvidia/gpus'       # has a folder a GPU


def check_device(device, count):
    """Raise InputError where several processes of a machine name one GPU.

    Parameters
    ----------
    device : str or None
        cpu, gpu or gpu:N.
    count : int
        Processes of this machine.
    """
    if count > 1 and ':' in (device or ''):
        raise InputError(
            f'--device {device} is one GPU, and this machine has {count} '
            'processes, each on a GPU of its own: --device gpu is wanted, and '
            'CUDA_VISIBLE_DEVICES chooses among more')


def own_gpu(rank, size, is_launched, device, environ, folder=GPUS):
    """Return what CUDA_VISIBLE_DEVICES has to be: the GPU of a process.

    Parameters
    ----------
    rank, size : int
        Which process of how many of this machine: 0 .. size - 1.
    is_launched : bool
        Whether the processes were started by a first one of ours.
    device : str or None
        cpu, gpu or gpu:N.
    environ : mapping

    Returns
    -------
    str or None
        None where it may stay as it is: without a GPU, with `device` cpu, or
        where the launcher has given each process its own.

    Raises
    ------
    InputError
        There are fewer GPUs than processes.
    """
    listed = environ.get('CUDA_VISIBLE_DEVICES')
    if listed is not None:
        names = [name for name in listed.split(',') if name.strip()]
        given = not is_launched and len(names) == 1
    else:
        count = len(os.listdir(folder)) if os.path.isdir(folder) else 0
        names, given = list(map(str, range(count))), False
    if size == 1 or device == 'cpu' or not names or given:
        return None
    if len(names) < size:
        raise InputError(f'{size} processes on a machine with {len(names)} '
                         'GPUs: each takes one')
    return names[rank]
