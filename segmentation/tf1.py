"""TensorFlow's version 1 interface, whichever TensorFlow is installed.

TensorFlow 1.15 has it as itself, TensorFlow 2 as ``tensorflow.compat.v1``
with the new behaviour switched off. No other module asks which one runs:
they say ``from segmentation.tf1 import tf``.
"""
import contextlib
import os
import sys
import tempfile
import warnings

from segmentation.errors import InputError


@contextlib.contextmanager
def quiet():
    """Hold back what native code writes to stderr, unless it fails."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


# While it is loaded, TensorFlow reports every processor feature and every GPU
# library that it does not find. Errors remain.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
with quiet(), warnings.catch_warnings():
    warnings.simplefilter('ignore')
    import tensorflow.compat.v1 as tf
    from tensorflow.core.framework import variable_pb2  # noqa: F401
    from tensorflow.core.protobuf import saved_model_pb2  # noqa: F401

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()


@contextlib.contextmanager
def session():
    """Open a session on the default graph that takes GPU memory as needed.

    Raises
    ------
    MemoryError
        The device cannot hold the batch.
    OSError
        The disk is full.
    """
    config = tf.ConfigProto()
    config.gpu_options.allow_growth = True
    with quiet():       # the first session looks for a GPU and reports it
        sess = tf.Session(config=config)
    with sess:
        try:
            yield sess
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
