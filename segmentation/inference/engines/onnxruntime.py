"""ONNX Runtime as an engine: it runs ONNX, on a GPU where it finds one."""
from typing import Any, Dict, List, Optional

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

from segmentation import processor
from segmentation.errors import InputError
from segmentation.inference.engines.engine import (Engine, as_taken, checked,
                                                   last_line)

# In order of preference; a package for GPUs has the first ones.
ON_GPU = 'CUDAExecutionProvider', 'TensorrtExecutionProvider'
ON_CPU = 'CPUExecutionProvider'
SEVERITY = 3        # of what it logs: errors, which are raised as well
ERRORS = (state.EPFail, state.Fail, state.InvalidArgument, state.InvalidGraph,
          state.InvalidProtobuf, state.NoSuchFile, state.NotImplemented,
          state.RuntimeException)


class ONNXRuntimeEngine(Engine):
    """An exported model in a session of ONNX Runtime.

    It computes in the precision that the model is written in.
    """

    def __enter__(self) -> 'ONNXRuntimeEngine':
        """Open the model.

        Raises
        ------
        InputError
            It cannot be read, or has no output that is called softmax.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.setup.num_threads
        options.log_severity_level = SEVERITY
        device = self.setup.device
        providers = choose_providers(device)
        try:
            self.session = onnxruntime.InferenceSession(
                self.model.path, options, providers=providers)
        except ERRORS as error:
            raise InputError(f'{self.model.path}: ONNX Runtime cannot open '
                             f'it: {last_line(error)}')
        if device not in (None, 'cpu') and self.is_on_cpu():
            raise InputError(f'--device {device}: ONNX Runtime '
                             f'{onnxruntime.__version__} cannot load the CUDA '
                             'libraries that it takes')
        names = [output.name for output in self.session.get_outputs()]
        if 'softmax' not in names:
            raise InputError(f'{self.model.path} has no output softmax: '
                             f'{", ".join(names)} are there')
        self.input_name = self.session.get_inputs()[0].name
        return self

    def __exit__(self, *_):
        del self.session

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        try:
            result, = self.session.run(['softmax'], {
                self.input_name: as_taken(images, self.model)})
        except ERRORS as error:
            if 'alloc' in str(error):
                raise MemoryError(last_line(error))
            raise InputError(f'{self.model.path}: ONNX Runtime cannot run '
                             f'it: {last_line(error)}')
        return checked(result, images.shape, self.model)

    def is_on_cpu(self) -> bool:
        """Return whether the session has no GPU."""
        return self.session.get_providers()[0] == ON_CPU

    def describe_device(self) -> str:
        if not self.is_on_cpu():
            return f'GPU, by {self.session.get_providers()[0]}'
        why = ('as --device asks' if self.setup.device == 'cpu'
               else 'onnxruntime finds no GPU')
        return f'{super().describe_device()}: {why}'

    def describe(self) -> Dict[str, Any]:
        return {'engine': 'onnxruntime', 'version': onnxruntime.__version__,
                'precision': 'int8' if self.setup.precision == 'int8'
                else 'float32',
                'threads': self.setup.num_threads,
                'device': processor.name() if self.is_on_cpu() else 'GPU'}


def choose_providers(device: Optional[str]) -> List[Any]:
    """Return the providers for a device, as a session takes them.

    Raises
    ------
    InputError
        It is a GPU, and the installed package is not for GPUs.
    """
    there = onnxruntime.get_available_providers()
    gpus = [name for name in ON_GPU if name in there]
    if device is None or device == 'cpu':
        return ([] if device else gpus[:1]) + [ON_CPU]
    if not gpus:
        raise InputError(f'--device {device}: this ONNX Runtime is for '
                         f'{", ".join(there)}; the package onnxruntime-gpu '
                         'is for GPUs')
    number = int(device.partition(':')[2] or 0)
    return [(name, {'device_id': number}) for name in gpus] + [ON_CPU]
