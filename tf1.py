"""TensorFlow's version 1 interface, whichever TensorFlow is installed.

TensorFlow 1.15 has it as itself, TensorFlow 2 as ``tensorflow.compat.v1``
with the new behaviour switched off. No other module asks which one runs:
they say ``from tf1 import tf``.
"""
import contextlib
import os
import sys
import tempfile
import warnings


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


# While it is loaded, TensorFlow tells of every processor feature and of every
# GPU library that it does not find. Errors remain.
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
        The device cannot hold the batch; the message names what to shrink.
    """
    config = tf.ConfigProto()
    config.gpu_options.allow_growth = True
    with quiet():       # the first session looks for a GPU, and tells of it
        sess = tf.Session(config=config)
    with sess:
        try:
            yield sess
        except tf.errors.ResourceExhaustedError as error:
            what = error.message.splitlines()[0]
            raise MemoryError('out of memory ({}): a smaller --batch-size '
                              'or --image-size needs less'.format(what))
