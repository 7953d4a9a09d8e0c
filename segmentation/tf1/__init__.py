"""TensorFlow's version 1 interface, whichever TensorFlow is installed.

TensorFlow 1.15 has it as itself, TensorFlow 2 as ``tensorflow.compat.v1``
with the new behaviour switched off. No other module asks which one runs:
they say ``from segmentation.tf1 import tf``.

loading  what makes TensorFlow load faster
"""
import contextlib
import functools
import os
import re
import warnings

from segmentation import errors, processor
from segmentation.errors import InputError
from segmentation.tf1.loading import without_collecting, without_keras

# While it is loaded, TensorFlow reports every processor feature and every GPU
# library that it does not find. Errors remain.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
with errors.quiet(), without_keras(), without_collecting(), (
        warnings.catch_warnings()):
    warnings.simplefilter('ignore')
    import tensorflow.compat.v1 as tf
    from google.protobuf import message  # noqa: F401
    from tensorflow.core.framework import variable_pb2  # noqa: F401
    from tensorflow.core.protobuf import rewriter_config_pb2
    from tensorflow.core.protobuf import saved_model_pb2  # noqa: F401
    from tensorflow.python.client import device_lib
    from tensorflow.python.ops import collective_ops  # noqa: F401

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()


def choose_precision(precision, device=None):
    """Return the precision that TensorFlow computes in, of what is asked for.

    Parameters
    ----------
    precision : str
        float32, bfloat16, float16, or auto: bfloat16 where the processor
        computes it natively, else float32.
    device : str, optional
        As `session_config` takes it.

    Raises
    ------
    InputError
        This TensorFlow, or this machine, cannot compute in it.
    """
    is_native = (hasattr(rewriter_config_pb2.RewriterConfig,
                         'AUTO_MIXED_PRECISION_ONEDNN_BFLOAT16_FIELD_NUMBER')
                 and processor.has_bfloat16())
    if precision == 'auto':
        return ('bfloat16' if is_native and not has_gpu(device)
                else 'float32')
    if precision == 'bfloat16' and not is_native:
        raise InputError(
            f'--precision bfloat16: {processor.name()} with TensorFlow '
            f'{tf.version.VERSION} does not compute in it: it takes '
            'TensorFlow 2 and a processor with avx512_bf16 or amx_bf16')
    if precision == 'float16' and device == 'cpu':
        raise InputError('--precision float16 is for GPUs: it does not go '
                         'with --device cpu')
    if precision == 'float16' and not has_gpu(device):
        raise InputError('--precision float16 is for GPUs, and TensorFlow '
                         f'{tf.version.VERSION} finds none')
    return precision


def is_first():
    """Return whether this is TensorFlow 1."""
    return tf.version.VERSION.startswith('1.')


def check_tflite(input_type):
    """Raise InputError where the converter to TFLite takes no such pictures.

    That of TensorFlow 1.15 ends in an abort.
    """
    if input_type != 'float32' and is_first():
        raise InputError(f'TensorFlow {tf.version.VERSION} writes tflite of '
                         f'float32 pictures alone: {input_type} takes '
                         'TensorFlow 2')


def has_gpu(device=None):
    """Return whether TensorFlow finds a GPU among those to be used."""
    return bool(gpus(device))


@functools.lru_cache(maxsize=None)
def gpus(device=None):
    """Return the name and the memory of each GPU that TensorFlow finds.

    Parameters
    ----------
    device : str, optional
        As `session_config` takes it: a process cannot use others later.
    """
    if device == 'cpu':
        return []
    try:
        with errors.quiet(reveal=False):
            devices = device_lib.list_local_devices(
                session_config(device=device))
    except (RuntimeError, ValueError, tf.errors.OpError):
        return []       # gpu:N where there are not so many
    return [f'{gpu_name(one.physical_device_desc)}, '
            f'{one.memory_limit / 1e9:.1f} GB'
            for one in devices if one.device_type == 'GPU']


def gpu_name(description):
    """Return the name of a GPU in TensorFlow's description of it.

    >>> gpu_name('device: 0, name: Tesla T4, pci bus id: 0000:00:04.0')
    'Tesla T4'
    """
    match = re.search('name: (.*?), ', description)
    return match.group(1) if match else description


def check_device(device):
    """Raise InputError where a GPU is asked for that cannot be had."""
    if device in (None, 'cpu') or has_gpu(device):
        return
    raise InputError(f'--device {device}: TensorFlow {tf.version.VERSION} '
                     f'finds no such GPU{processor.reason_for_no_gpu()}')


def describe_device(device=None):
    """Return the device that TensorFlow computes on, and why it is no GPU."""
    found = gpus(device)
    if found:
        return f'GPU, {found[0]}'
    why = ('as --device asks' if device == 'cpu'
           else f'no GPU found{processor.reason_for_no_gpu()}')
    return f'CPU, {processor.name()}: {why}'


def session_config(precision='float32', num_threads=0, xla=False,
                   device=None):
    """Return the tf.ConfigProto of a session.

    Parameters
    ----------
    precision : str
        What `choose_precision` returned. Weights are float32 in each; the
        graph is rewritten when it is run.
    num_threads : int
        Threads of an operation; 0 takes all cores.
    xla : bool
        Whether XLA compiles the graph.
    device : str, optional
        cpu, gpu, or gpu:N for GPU N; by default a GPU where there is one.
    """
    config = tf.ConfigProto(intra_op_parallelism_threads=num_threads)
    config.gpu_options.allow_growth = True
    if device == 'cpu':
        config.device_count['GPU'] = 0
    elif device and ':' in device:
        config.gpu_options.visible_device_list = device.partition(':')[2]
    rewrites = config.graph_options.rewrite_options
    if precision == 'bfloat16':
        rewrites.auto_mixed_precision_onednn_bfloat16 = rewrites.ON
    elif precision == 'float16':
        rewrites.auto_mixed_precision = rewrites.ON
    if xla:
        config.graph_options.optimizer_options.global_jit_level = (
            tf.OptimizerOptions.ON_1)
    return config


@contextlib.contextmanager
def session(config=None, target=''):
    """Open a session on the default graph that takes GPU memory as needed.

    Parameters
    ----------
    config : tf.ConfigProto, optional
        As `session_config` returns it.
    target : str, optional
        What `serve` returned.

    Raises
    ------
    MemoryError
        The device cannot hold the batch.
    OSError
        The disk is full.
    """
    with open_session(config or session_config(), target) as sess, (
            naming_exhaustion()):
        yield sess


def open_session(config, target='', graph=None):
    """Return a session on a graph, by default on the default one."""
    with errors.quiet():    # the first session looks for a GPU, and reports
        return tf.Session(target, graph, config)


@contextlib.contextmanager
def naming_exhaustion():
    """Raise what `session` raises instead of TensorFlow's exhaustion."""
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        what = reason(error)
        if 'No space left' in what:     # a full disk has the same class
            raise OSError(what)
        raise MemoryError(what)


def restore(saver, sess, path):
    """Restore a checkpoint; InputError names it if it cannot be read."""
    try:
        saver.restore(sess, path)
    except tf.errors.OpError as error:
        raise InputError(f'{path}: the weights cannot be read: '
                         f'{reason(error)}')


def reason(error):
    """Return the line of TensorFlow's error that says what went wrong.

    Above and below it stand the places where the graph was built.
    """
    lines = error.message.splitlines()
    nodes = [k for k, line in enumerate(lines) if line.startswith('\t [[')]
    return lines[nodes[0] - 1 if nodes else 0]
