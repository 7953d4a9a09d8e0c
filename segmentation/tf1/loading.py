"""What makes TensorFlow load faster."""
import contextlib
import gc
import importlib.util
import os
import sys


@contextlib.contextmanager
def without_keras():
    """Keep TensorFlow 2 from loading Keras, unless somebody has.

    With all that Keras loads it takes two fifths of the time. Whoever asks
    for `tf.keras`, or imports tensorflow.keras, has it loaded then.
    """
    if 'keras' in sys.modules or importlib.util.find_spec('keras') is None:
        yield
        return
    folder = importlib.util.find_spec('keras').submodule_search_locations[0]
    sys.modules['keras'] = None
    try:
        yield
    finally:
        del sys.modules['keras']
    # TensorFlow has found no Keras, and has None in its place.
    places = sys.modules['tensorflow'].__path__
    if None in places:
        places[:] = [os.path.join(folder, '_tf_keras')] + list(
            filter(None, places))


@contextlib.contextmanager
def without_collecting():
    """Keep Python from looking for garbage among what is being loaded.

    There is next to none, and looking for it takes more than a quarter of the
    time. What is loaded stays, and later collections, that at exit among
    them, need not look at it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
