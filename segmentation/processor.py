"""The processor of this machine, what it computes natively, and GPUs."""
import functools
import glob
import os
import platform
import re
import subprocess
import sys

# What there is where a machine has an NVIDIA GPU: its devices, also those of
# a Windows that runs this Linux, and PCI's numbers of makers.
NVIDIA_DEVICES = '/dev/nvidia[0-9]*', '/dev/dxg'
PCI_DEVICES = '/sys/bus/pci/devices/*'
NVIDIA, DISPLAY = '0x10de', '0x03'

# What TensorFlow logs where it finds no GPU, the most telling first.
NO_GPU = ("Could not load dynamic library '[^']+'",
          'Cannot dlopen some GPU libraries',
          'Could not find cuda drivers on your machine',
          'failed call to cuInit: .*')
FIND_GPUS = ('from tensorflow.python.client import device_lib; '
             'device_lib.list_local_devices()')

CPUINFO = '/proc/cpuinfo'       # of Linux
BFLOAT16 = {'avx512_bf16', 'amx_bf16'}


@functools.lru_cache(maxsize=None)
def describe():
    """Return {field: value} of the first core; {} where no file has it."""
    try:
        with open(CPUINFO) as file:
            lines = file.read().split('\n\n')[0].splitlines()
    except OSError:
        return {}
    pairs = (line.partition(':') for line in lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def name():
    """Return the processor's name."""
    return (describe().get('model name') or platform.processor()
            or platform.machine())


def flags():
    """Return the names of the instruction sets, as the system has them."""
    return frozenset(describe().get('flags', '').split())


def has_bfloat16():
    """Return whether it multiplies in bfloat16: others only emulate it."""
    return bool(flags() & BFLOAT16)


def has_nvidia_gpu():
    """Return whether an NVIDIA GPU shows, whether or not it can be used."""
    return (any(map(glob.glob, NVIDIA_DEVICES))
            or any(is_nvidia_gpu(path) for path in glob.glob(PCI_DEVICES)))


def is_nvidia_gpu(path):
    """Return whether the folder of a PCI device is that of an NVIDIA GPU."""
    try:
        with open(f'{path}/vendor') as vendor, open(f'{path}/class') as kind:
            return (vendor.read().strip() == NVIDIA
                    and kind.read().startswith(DISPLAY))
    except OSError:
        return False


@functools.lru_cache(maxsize=None)
def reason_for_no_gpu():
    """Return TensorFlow's reason for finding none, ' (...)'.

    It is '' where no GPU shows on the machine. Only a process that logs more
    than this one says it.
    """
    if not has_nvidia_gpu():
        return ''
    done = subprocess.run(
        [sys.executable, '-c', FIND_GPUS], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env=dict(os.environ, TF_CPP_MIN_LOG_LEVEL='0'))
    logged = done.stderr.decode(errors='replace')
    found = (re.search(pattern, logged) for pattern in NO_GPU)
    said = next((match.group() for match in found if match), None)
    return f' ({said})' if said else ''
