"""The processor of this machine: its name, and what it computes natively."""
import functools
import platform

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
