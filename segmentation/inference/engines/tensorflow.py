"""TensorFlow as an engine: it runs runs, SavedModels and frozen graphs.

The weights are variables in each. As constants, folded into the graph, those
of VGG16 take 8 s more to start, four times the memory, and gain nothing.
"""
import contextlib
from typing import Any, Dict, Iterator, Optional

import numpy as np

from segmentation import errors, processor, text, tf1
from segmentation.errors import InputError
from segmentation.inference.engines.engine import (Engine, Setup, as_taken,
                                                   checked)
from segmentation.nn import constants, freeze, monte_carlo, network
from segmentation.tf1 import tf
from segmentation.trained import lookup, run_dir


class TensorFlowEngine(Engine):
    """A network in a graph and a session of its own."""

    def __init__(self, model: lookup.Model, setup: Setup = Setup()) -> None:
        super().__init__(model, setup)
        tf1.check_device(setup.device)
        self.precision = tf1.choose_precision(setup.precision, setup.device)
        self._dropout: Optional[monte_carlo.Dropout] = None

    def __enter__(self) -> 'TensorFlowEngine':
        """Restore the network.

        Raises
        ------
        InputError
            Its files cannot be read, or have another number of classes.
        """
        with tf.Graph().as_default(), contextlib.ExitStack() as stack:
            with errors.quiet():   # the first one looks for a GPU, and reports
                self.sess = tf.Session(config=tf1.session_config(
                    self.precision, self.setup.num_threads,
                    device=self.setup.device))
            stack.callback(self.sess.close)
            with self.sess.as_default(), tf1.naming_exhaustion():
                self.restore()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self.stack.close()

    def restore(self):
        """Restore the network; find what is fed and what is run."""
        if isinstance(self.model, run_dir.Run):
            net = network.restore(self.sess, self.model.graph,
                                  self.model.checkpoint)
            self.check_classes(net.softmax)
            self.net = net
            self.image_input, self.softmax = net.image_input, net.softmax
            self.num_parameters = network.count_parameters(
                tf.global_variables())
            # An old graph has a plain placeholder: keep_prob must be fed.
            self.always_fed = {net.keep_prob: 1}
            # A network of the user's own may draw random numbers.
            with contextlib.suppress(InputError):
                self.softmax = freeze.without_dropout(net)
        else:
            self.image_input, self.softmax = constants.restore(
                self.sess, self.model.path, ('image_input', 'softmax'))
            self.check_classes(self.softmax)
            self.num_parameters = super().count_parameters()
            self.always_fed = {}

    def check_classes(self, softmax):
        """Raise InputError unless a graph has the classes of the model."""
        names, shape = self.model.class_names, softmax.shape
        classes = shape.as_list()[-1] if shape.ndims else None
        if classes not in (None, len(names)):
            path = (self.model.graph if isinstance(self.model, run_dir.Run)
                    else self.model.path)
            raise InputError(f'{path} has '
                             f'{text.counted(classes, "class")}, {len(names)} '
                             f'are wanted: {", ".join(names)}')

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        fed = {self.image_input: as_taken(images, self.model)}
        fed.update(self.always_fed)
        with tf1.naming_exhaustion():
            result = self.sess.run(self.softmax, fed)
        return checked(result, images.shape, self.model)

    def passes(self, images: np.ndarray, count: int, keep_prob: float
               ) -> Iterator[np.ndarray]:
        fed = {self.image_input: as_taken(images, self.model),
               self.net.keep_prob: keep_prob}
        with tf1.naming_exhaustion():
            for result in self.find_dropout().passes(
                    self.sess, fed, images.shape, count):
                yield checked(result, images.shape, self.model)

    def check_dropout(self) -> None:
        if not isinstance(self.model, run_dir.Run):
            super().check_dropout()
        self.find_dropout()

    def find_dropout(self) -> monte_carlo.Dropout:
        """Return the dropout of a run; found once, then cached."""
        if self._dropout is None:
            try:
                self._dropout = monte_carlo.Dropout(self.net)
            except InputError as error:
                raise InputError(f'--mc: {self.model.path}: {error}')
        return self._dropout

    def describe(self) -> Dict[str, Any]:
        return {'engine': 'tensorflow', 'version': tf.version.VERSION,
                'precision': self.precision,
                'threads': self.setup.num_threads,
                'device': (tf1.gpus(self.setup.device)
                           or [processor.name()])[0]}

    def describe_device(self) -> str:
        return tf1.describe_device(self.setup.device)

    def count_parameters(self) -> Optional[int]:
        return self.num_parameters
