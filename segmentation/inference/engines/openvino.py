"""OpenVINO as an engine: its own format, ONNX and frozen graphs."""
import collections
import contextlib
import os
from typing import Any, Deque, Dict, Iterable, Iterator, List, Optional

import numpy as np
import openvino

from segmentation import errors, processor
from segmentation.data import cache
from segmentation.errors import InputError
from segmentation.inference.engines.engine import (Engine, Setup, as_taken,
                                                   checked, last_line)
from segmentation.trained import lookup

HINTS = {'float32': 'f32', 'bfloat16': 'bf16', 'int8': 'f32'}


class OpenVINOEngine(Engine):
    """An exported model, compiled for the processor or Intel's GPU."""

    def __init__(self, model: lookup.Model, setup: Setup = Setup()) -> None:
        super().__init__(model, setup)
        self.core = openvino.Core()
        self.device = choose_device(setup.device, self.core.available_devices)
        is_on_cpu = self.device == 'CPU'
        self.precision = choose_precision(
            'float32' if setup.precision == 'auto' and not is_on_cpu
            else setup.precision)

    def __enter__(self) -> 'OpenVINOEngine':
        """Compile the model, or take it from the cache of those compiled.

        Raises
        ------
        InputError
            It cannot be read, or has no output that is called softmax.
        """
        try:
            # It has more to say of a broken file than the exception.
            with errors.quiet(reveal=False):
                self.compiled = self.compile()
        except RuntimeError as error:
            raise InputError(f'{self.model.path}: OpenVINO cannot open it: '
                             f'{last_line(error)}')
        self.output = self.find_output()
        self.requests = [
            self.compiled.create_infer_request() for _ in range(max(
                1, self.compiled.get_property(
                    'OPTIMAL_NUMBER_OF_INFER_REQUESTS')))]
        return self

    def __exit__(self, *_):
        del self.requests, self.compiled

    def compile(self) -> Any:
        """Return the compiled model, from the cache where it is there."""
        # Without a hint the default is bfloat16 where the processor has it.
        config: Dict[str, Any] = {
            'INFERENCE_PRECISION_HINT': HINTS[self.precision],
            'PERFORMANCE_HINT': 'THROUGHPUT' if self.setup.throughput
            else 'LATENCY'}
        if self.device == 'CPU':
            config['INFERENCE_NUM_THREADS'] = self.setup.num_threads
        path, device = self.model.path, self.device
        with contextlib.suppress(RuntimeError):     # a full disk, perhaps
            return self.core.compile_model(path, device, dict(
                config, CACHE_DIR=os.path.join(cache.folder(), 'openvino')))
        return self.core.compile_model(path, device, config)

    def find_output(self) -> int:
        """Return the index of the output that is called softmax."""
        names = [output.get_names() for output in self.compiled.outputs]
        for k, several in enumerate(names):
            # A frozen graph has the names of TensorFlow's tensors.
            if {'softmax', 'softmax:0'} & several:
                return k
        raise InputError(f'{self.model.path} has no output softmax: '
                         f'{", ".join(sorted(set().union(*names)))} are '
                         'there')

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        result, = self.stream([images])
        return result

    def stream(self, batches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        idle = list(self.requests)
        under_way: Deque[tuple] = collections.deque()
        try:
            for images in batches:
                if not idle:
                    yield self.take(under_way, idle)
                request = idle.pop()
                request.start_async({0: as_taken(images, self.model)})
                under_way.append((request, images.shape))
            while under_way:
                yield self.take(under_way, idle)
        finally:
            for request, _ in under_way:
                request.wait()

    def take(self, under_way: Deque[tuple], idle: List[Any]) -> np.ndarray:
        """Return the result of the oldest request, which is idle then."""
        request, shape = under_way.popleft()
        try:
            request.wait()
        except RuntimeError as error:
            if 'alloc' in str(error):
                raise MemoryError(last_line(error))
            raise InputError(f'{self.model.path}: OpenVINO cannot run it: '
                             f'{last_line(error)}')
        # Its memory is that of the next request.
        result = request.get_output_tensor(self.output).data.copy()
        idle.append(request)
        return checked(result, shape, self.model)

    def name(self) -> str:
        """Return the name of the device."""
        return (processor.name() if self.device == 'CPU' else
                self.core.get_property(self.device, 'FULL_DEVICE_NAME'))

    def describe_device(self) -> str:
        return f'{self.device}, {self.name()}'

    def describe(self) -> Dict[str, Any]:
        return {'engine': 'openvino',
                'version': openvino.__version__.split('-')[0],
                'precision': self.precision, 'threads': self.setup.num_threads,
                'device': self.name()}


def choose_device(device: Optional[str], there: List[str]) -> str:
    """Return what OpenVINO calls a device; raise where it finds none.

    >>> choose_device(None, ['CPU', 'GPU']), choose_device('gpu', ['GPU.0'])
    ('CPU', 'GPU')
    """
    wanted = (device or 'cpu').upper().replace(':', '.')
    # One GPU alone has no number.
    names = {*there, 'CPU', *(name.partition('.')[0] for name in there)}
    names |= {'GPU.0'} if 'GPU' in there else set()
    if wanted not in names:
        raise InputError(f'--device {device}: OpenVINO finds only '
                         f'{", ".join(there)}')
    return wanted


def choose_precision(precision: str) -> str:
    """Return the precision to compute in; raise where it cannot be had."""
    if precision == 'auto':
        return 'bfloat16' if processor.has_bfloat16() else 'float32'
    if precision == 'bfloat16' and not processor.has_bfloat16():
        raise InputError(
            f'--precision bfloat16: {processor.name()} does not compute in '
            'it: that needs a processor with avx512_bf16 or amx_bf16')
    return precision
