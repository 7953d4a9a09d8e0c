"""An exported file as an engine of inference, to score what it gives."""
import contextlib

import numpy as np

from segmentation.export import formats, inputs
from segmentation.inference.engines.engine import Engine


class FileEngine(Engine):
    """Runs an exported file as `open_file` of its writer does.

    Parameters
    ----------
    model : exported.Exported
    """

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.run = stack.enter_context(formats.writer(
                self.model.format).open_file(self.model.path))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def probabilities(self, images):
        description = self.model.description
        return np.asarray(self.run(inputs.as_taken(
            images, description['input_type'],
            description['channel_order']))[0])

    def describe(self):
        return {'engine': self.model.format,
                'precision': self.model.description['precision']}
