"""Write a model of OpenVINO, in int8 by NNCF, and run it."""
import contextlib
import io
import logging
import os
import tempfile

import openvino as ov

OUTPUTS = ('softmax', 'classes')


def write(graph_def, path, size):
    with tempfile.NamedTemporaryFile(suffix='.pb') as frozen:
        frozen.write(graph_def.SerializeToString())
        frozen.flush()
        model = ov.Core().read_model(frozen.name)
        save(in_order(model), path)


def in_order(model):
    """Return a model whose outputs are in our order, by our names alone."""
    results = [next(output.get_node() for output in model.outputs
                    if f'{name}:0' in output.get_names())
               for name in OUTPUTS]
    model = ov.Model(results, model.get_parameters(), 'segmentation')
    for name, port in zip(('image_input', *OUTPUTS),
                          (*model.inputs, *model.outputs)):
        port.get_tensor().set_names({name})
    return model


def save(model, path):
    ov.serialize(model, path, f'{os.path.splitext(path)[0]}.bin')


@contextlib.contextmanager
def open_file(path):
    # Where the processor has bfloat16 that would be the default.
    compiled = ov.Core().compile_model(
        path, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    yield lambda images: list(compiled([images]).values())


def quantize(path, target, pictures, take):
    # Unless this is set, NNCF reports its use to its makers.
    os.environ.setdefault('NNCF_CI', '1')
    nowhere = io.StringIO()     # its greeting and its progress bars
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(
            nowhere):
        import nncf
        nncf.set_log_level(logging.ERROR)
        model = nncf.quantize(ov.Core().read_model(path),
                              nncf.Dataset(pictures, take),
                              subset_size=len(pictures))
    save(model, target)
