"""TensorFlow as an engine: it runs the graph and the weights of a run."""
import contextlib
from typing import Any, Dict

import numpy as np

from segmentation import tf1
from segmentation.errors import InputError
from segmentation.inference.engines.engine import Engine
from segmentation.nn import network
from segmentation.tf1 import tf
from segmentation.trained import run_dir


class TensorFlowEngine(Engine):
    """The network of a run, restored in a session of its own.

    Parameters
    ----------
    run : run_dir.Run
    precision : str
        float32, bfloat16 or auto.
    num_threads : int
        0 takes all cores.

    Attributes
    ----------
    sess : tf.Session
        Its graph is the default one while the context is open.
    net : network.Network
    """

    def __init__(self, run: run_dir.Run, precision: str = 'float32',
                 num_threads: int = 0) -> None:
        self.run = run
        self.precision = tf1.choose_precision(precision)
        self.num_threads = num_threads

    def __enter__(self) -> 'TensorFlowEngine':
        """Restore the network.

        Raises
        ------
        InputError
            Its files cannot be read, or have another number of classes.
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(tf.Graph().as_default())
            self.sess = stack.enter_context(tf1.session(
                tf1.session_config(self.precision, self.num_threads)))
            self.net = network.restore(self.sess, self.run.graph,
                                       self.run.checkpoint)
            self.check_classes()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def check_classes(self):
        """Raise InputError unless the graph has the classes of the run."""
        names, shape = self.run.class_names, self.net.softmax.shape
        classes = shape.as_list()[-1] if shape.ndims else None
        if classes not in (None, len(names)):
            raise InputError(f'{self.run.graph} has {classes} classes, '
                             f'{len(names)} are wanted: {", ".join(names)}')

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        # An old graph has a plain placeholder: keep_prob must be fed.
        result = self.sess.run(self.net.softmax, {
            self.net.image_input: images, self.net.keep_prob: 1})
        wanted = images.shape[:3] + (len(self.run.class_names),)
        if result.shape != wanted:
            raise InputError(f'the network gives {result.shape}: {wanted} is '
                             'wanted')
        return result                                       # [B, H, W, C]

    def describe(self) -> Dict[str, Any]:
        return {'engine': 'tensorflow', 'version': tf.version.VERSION,
                'precision': self.precision, 'threads': self.num_threads,
                'device': 'GPU' if tf1.has_gpu() else 'CPU'}
