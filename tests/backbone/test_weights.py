"""VGG16 weights of a few channels, in every kind of file."""
import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
import scipy.signal

from segmentation.backbone import architecture, numpy_files, weights
from segmentation.errors import InputError, MissingModuleError

WIDTHS = (3, 4, 5, 6, 7, 8, 9, 10, 2, 3, 4, 5, 6, 7)  # in, out, out, ...
FC6, FC7 = 11, 12
NAMES = ('conv1_1', 'conv1_2', 'conv2_1', 'conv2_2', 'conv3_1', 'conv3_2',
         'conv3_3', 'conv4_1', 'conv4_2', 'conv4_3', 'conv5_1', 'conv5_2',
         'conv5_3')


def make_layers(fc=True, dtype=np.float32):
    """Return {name: (kernel, bias)} as `weights.read` should."""
    random = np.random.RandomState(5)
    shapes = {name: (3, 3) + WIDTHS[i:i + 2] for i, name in enumerate(NAMES)}
    if fc:
        shapes.update(fc6=(7, 7, WIDTHS[-1], FC6), fc7=(1, 1, FC6, FC7))
    return {name: (random.randn(*shape).astype(dtype),
                   random.randn(shape[-1]).astype(dtype))
            for name, shape in shapes.items()}


def save_npz(path, layers):
    arrays = {}
    for name, (kernel, bias) in layers.items():
        arrays.update({f'{name}/kernel': kernel, f'{name}/bias': bias})
    np.savez(str(path), **arrays)
    return str(path)


def save_npy(path, content):
    np.save(str(path), np.array(content, dtype=object), allow_pickle=True)
    return str(path)


def assert_same(found, wanted):
    assert sorted(found) == sorted(wanted)
    for name in wanted:
        for array, expected in zip(found[name], wanted[name]):
            assert array.dtype == np.float32
            np.testing.assert_array_equal(array, expected)


def flatten(kernel, order):
    """Return the matrix of a (K, K, in, out) kernel, index by index."""
    height, width, channels, out = kernel.shape
    matrix = np.zeros((height * width * channels, out), np.float32)
    for h in range(height):
        for w in range(width):
            for c in range(channels):
                row = {'HWC': (h * width + w) * channels + c,
                       'CHW': (c * height + h) * width + w}[order]
                matrix[row] = kernel[h, w, c]
    return matrix


@pytest.mark.parametrize('fc', [False, True])
@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_npz(tmp_path, fc, dtype):
    layers = make_layers(fc, dtype)
    wanted = {name: [array.astype(np.float32) for array in pair]
              for name, pair in layers.items()}
    assert_same(weights.read(save_npz(tmp_path / 'a.npz', layers)), wanted)


def test_npz_names_may_be_in_capitals(tmp_path):
    path = save_npz(tmp_path / 'a.npz', make_layers())
    (tmp_path / 'a.npz').rename(tmp_path / 'a.NPZ')
    assert_same(weights.read(f'{path[:-3]}NPZ'), make_layers())


@pytest.mark.parametrize('form', [
    list, tuple, lambda pair: dict(zip(('weights', 'biases'), pair)),
    lambda pair: dict(zip(('kernel', 'bias'), pair))],
    ids=['list', 'tuple', 'weights', 'kernel'])
def test_npy(tmp_path, form):
    layers = make_layers()
    content = {name: form(pair) for name, pair in layers.items()}
    content['fc8'] = form((np.ones((FC7, 1000)), np.ones(1000)))
    path = save_npy(tmp_path / 'a.npy', content)
    assert_same(weights.read(path), layers)


def test_npy_with_matrices(tmp_path):
    layers = make_layers()
    content = dict(layers,
                   fc6=(flatten(layers['fc6'][0], 'HWC'), layers['fc6'][1]),
                   fc7=(layers['fc7'][0][0, 0], layers['fc7'][1]))
    path = save_npy(tmp_path / 'a.npy', content)
    assert_same(weights.read(path), layers)


def save_npy_header(path, payload):
    with open(str(path), 'wb') as out:
        np.lib.format.write_array_header_1_0(out, {
            'descr': '|O', 'fortran_order': False, 'shape': ()})
        out.write(payload)
    return str(path)


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_npy_of_every_pickle_protocol(tmp_path, protocol):
    payload = pickle.dumps(np.array(make_layers(), dtype=object), protocol)
    path = save_npy_header(tmp_path / 'a.npy', payload)
    assert_same(weights.read(path), make_layers())


def pickle_as_python_2(layers):
    """Write opcode by opcode what Python 2's pickle and NumPy 1 write."""
    def text(value):
        return b'T' + len(value).to_bytes(4, 'little') + value

    def number(value):
        return b'J' + value.to_bytes(4, 'little', signed=True)

    rebuild = (b'cnumpy.core.multiarray\n_reconstruct\n'
               b'cnumpy\nndarray\n' + number(0) + b'\x85' + text(b'b')
               + b'\x87R')

    def dtype(code, order, size):
        return (b'cnumpy\ndtype\n' + text(code) + number(0) + number(1)
                + b'\x87R(' + number(3) + text(order) + b'NNN' + number(size)
                + number(size) + number(63 if code == b'O8' else 0) + b'tb')

    def array(values):
        shape = b'(' + b''.join(map(number, values.shape)) + b't'
        return (rebuild + b'(' + number(1) + shape + dtype(b'f4', b'<', -1)
                + b'\x89' + text(values.astype('<f4').tobytes()) + b'tb')

    pairs = b''.join(text(name.encode()) + b'(' + array(kernel) + array(bias)
                     + b'l' for name, (kernel, bias) in layers.items())
    return (b'\x80\x02' + rebuild + b'(' + number(1) + b')'
            + dtype(b'O8', b'|', -1) + b'\x89((' + pairs + b'dltb.')


def test_npy_of_python_2(tmp_path):
    path = save_npy_header(tmp_path / 'a.npy',
                           pickle_as_python_2(make_layers()))
    assert_same(weights.read(path), make_layers())


class Malicious:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def touch(path):
    open(path, 'w').close()


@pytest.mark.parametrize('place', ['in the dictionary', 'instead of it'])
@pytest.mark.parametrize('function', [exec, touch, open],
                         ids=['builtin', 'module', 'io'])
def test_npy_that_would_run_a_program_is_refused(tmp_path, place, function):
    victim = str(tmp_path / 'victim')
    code = f'open({victim!r}, "w")'
    bad = {exec: Malicious(exec, code), touch: Malicious(touch, victim),
           open: Malicious(open, victim, 'w')}[function]
    if place == 'in the dictionary':
        path = save_npy(tmp_path / 'a.npy', dict(make_layers(), conv3_2=bad))
    else:
        path = save_npy_header(tmp_path / 'a.npy', pickle.dumps(bad))
    with pytest.raises(ValueError, match='only plain arrays are read'):
        weights.read(path)
    assert not (tmp_path / 'victim').exists()


def test_npz_with_pickles_is_refused(tmp_path):
    victim = tmp_path / 'victim'
    np.savez(str(tmp_path / 'a.npz'), **{
        'conv1_1/kernel': np.array(Malicious(touch, str(victim)), object),
        'conv1_1/bias': np.zeros(4)})
    with pytest.raises(ValueError, match='a.npz: '):
        weights.read(str(tmp_path / 'a.npz'))
    assert not victim.exists()


# Name of a layer in Keras -> in the paper, written out.
KERAS = {'block1_conv1': 'conv1_1', 'block1_conv2': 'conv1_2',
         'block2_conv1': 'conv2_1', 'block2_conv2': 'conv2_2',
         'block3_conv1': 'conv3_1', 'block3_conv2': 'conv3_2',
         'block3_conv3': 'conv3_3', 'block4_conv1': 'conv4_1',
         'block4_conv2': 'conv4_2', 'block4_conv3': 'conv4_3',
         'block5_conv1': 'conv5_1', 'block5_conv2': 'conv5_2',
         'block5_conv3': 'conv5_3', 'fc1': 'fc6', 'fc2': 'fc7'}


@pytest.mark.parametrize('fc', [False, True])
@pytest.mark.parametrize('names', [
    ('{0}/{0}_W_1:0', '{0}/{0}_b_1:0'),
    ('{0}/{0}/kernel:0', '{0}/{0}/bias:0'),
    ('model_weights/{0}/{0}/kernel:0', 'model_weights/{0}/{0}/bias:0'),
    ('model_weights/vgg16/{0}/kernel', 'model_weights/vgg16/{0}/bias')],
    ids=['2016', 'later', 'whole model', 'model within a model'])
def test_keras(tmp_path, names, fc):
    h5py = pytest.importorskip('h5py')
    layers = make_layers(fc)
    path = str(tmp_path / 'a.h5')
    with h5py.File(path, 'w') as out:
        out.create_group('block1_pool')
        for keras, name in KERAS.items():
            if name not in layers:
                continue
            kernel, bias = layers[name]
            if name.startswith('fc'):
                kernel = flatten(kernel, 'HWC')
            out[names[0].format(keras)] = kernel
            out[names[1].format(keras)] = bias
            out[f'optimizer_weights/{keras}/kernel_m'] = kernel * 0
        out['predictions/predictions/kernel:0'] = np.ones((FC7, 1000))
    assert_same(weights.read(path), layers)


def test_what_torch_s_first_layer_gives_is_kept():
    random = np.random.RandomState(7)
    kernel = random.randn(3, 3, 3, 4)                     # [K, K, RGB, out]
    bias = random.randn(4)
    rgb = random.randint(0, 256, (6, 9, 3)).astype(float)
    for_torch = (rgb / 255 - [.485, .456, .406]) / [.229, .224, .225]
    for_oxford = rgb[:, :, ::-1] - [103.939, 116.779, 123.68]
    folded, offset = weights.fold_torch_input(kernel, bias)
    for out in range(4):
        wanted = bias[out] + sum(
            scipy.signal.correlate2d(for_torch[..., c], kernel[..., c, out],
                                     mode='valid') for c in range(3))
        found = offset[out] + sum(
            scipy.signal.correlate2d(for_oxford[..., c], folded[..., c, out],
                                     mode='valid') for c in range(3))
        assert wanted.shape == (4, 7)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


def test_torch_s_zeros_at_the_border_are_half_a_grey_level_off():
    means = 255 * np.array([.406, .456, .485])            # B, G, R
    assert np.abs(means - architecture.MEAN_BGR).max() < 0.5


def save_torch(torch, path, layers):
    indices = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    state = {}
    for index, name in zip(indices, NAMES):
        kernel, bias = layers[name]
        oihw = np.zeros((kernel.shape[3], kernel.shape[2], 3, 3), np.float32)
        for o, i, h, w in np.ndindex(*oihw.shape):
            oihw[o, i, h, w] = kernel[h, w, i, o]
        state['features.%d.weight' % index] = torch.tensor(oihw)
        state['features.%d.bias' % index] = torch.tensor(bias)
    for index, name in ((0, 'fc6'), (3, 'fc7')):
        if name in layers:
            kernel, bias = layers[name]
            matrix = np.ascontiguousarray(flatten(kernel, 'CHW').T)
            state['classifier.%d.weight' % index] = torch.tensor(matrix)
            state['classifier.%d.bias' % index] = torch.tensor(bias)
    state['classifier.6.weight'] = torch.ones(1000, FC7)
    torch.save(state, str(path))
    return str(path)


@pytest.mark.parametrize('fc', [False, True])
def test_torch(tmp_path, fc):
    torch = pytest.importorskip('torch')
    layers = make_layers(fc)
    found = weights.read(save_torch(torch, tmp_path / 'a.pth', layers))
    first = found.pop('conv1_1')
    kernel, bias = layers.pop('conv1_1')
    assert_same(found, layers)
    assert first[0].dtype == first[1].dtype == np.float32
    # Blue is torch's third input and ours the first; 0.225 its deviation.
    np.testing.assert_allclose(first[0][:, :, 0] * 255 * .225,
                               kernel[:, :, 2], rtol=1e-6)
    picture = np.full((1, 3, 3, 3), 200 / 255, np.float32)
    for c, (mean, deviation) in enumerate(((.485, .229), (.456, .224),
                                           (.406, .225))):
        picture[:, c] = (picture[:, c] - mean) / deviation
    wanted = torch.nn.functional.conv2d(
        torch.tensor(picture), torch.tensor(kernel.transpose(3, 2, 0, 1)),
        torch.tensor(bias)).numpy()[0, :, 0, 0]
    blank = 200 - np.array([103.939, 116.779, 123.68])
    np.testing.assert_allclose(
        np.tensordot(blank, first[0].sum((0, 1)), 1) + first[1], wanted,
        rtol=1e-4)


def test_torch_that_would_run_a_program_is_refused(tmp_path):
    torch = pytest.importorskip('torch')
    victim = tmp_path / 'victim'
    torch.save({'a': Malicious(touch, str(victim))}, str(tmp_path / 'a.pth'))
    with pytest.raises(ValueError, match='a.pth: '):
        weights.read(str(tmp_path / 'a.pth'))
    assert not victim.exists()


@pytest.mark.parametrize('name, package', [('a.pth', 'torch'),
                                           ('a.h5', 'h5py')])
def test_a_package_that_is_missing_is_named(
        tmp_path, monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / name).write_bytes(b'')
    with pytest.raises(ValueError) as caught:
        weights.read(str(tmp_path / name))
    assert str(caught.value) == '{}: needs {}: pip install {}'.format(
        tmp_path / name, package, package)


class Torch:
    """Stands for PyTorch of some version."""

    def __init__(self, version):
        self.__version__ = version

    def load(self, f, map_location=None, weights_only=False):
        assert weights_only
        raise RuntimeError('PytorchStreamReader failed\nat frame #0')


@pytest.mark.parametrize('version', ['1.9', '1.13.1+cpu', '2.5.1+cu121'])
def test_an_old_torch_is_not_trusted(tmp_path, monkeypatch, version):
    monkeypatch.setitem(sys.modules, 'torch', Torch(version))
    (tmp_path / 'a.pth').write_bytes(b'')
    with pytest.raises(MissingModuleError) as caught:
        weights.read(str(tmp_path / 'a.pth'))
    assert 'PyTorch 2.6 or later' in str(caught.value)
    assert f'found {version}: pip install --upgrade torch' in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('version', ['2.6.0', '2.10.1+cpu', '3.0'])
def test_a_safe_torch_reads_weights_only(tmp_path, monkeypatch, version):
    monkeypatch.setitem(sys.modules, 'torch', Torch(version))
    (tmp_path / 'a.pth').write_bytes(b'')
    with pytest.raises(InputError) as caught:
        weights.read(str(tmp_path / 'a.pth'))
    assert str(caught.value) == (
        f"{tmp_path / 'a.pth'}: cannot be read: RuntimeError: "
        'PytorchStreamReader failed')


def assert_refused(tmp_path, layers, message):
    path = save_npz(tmp_path / 'a.npz', layers)
    with pytest.raises(ValueError) as caught:
        weights.read(path)
    assert str(caught.value) == f'{path}: {message}'


def test_all_missing_layers_are_named(tmp_path):
    layers = make_layers(fc=False)
    del layers['conv1_2'], layers['conv5_3']
    assert_refused(tmp_path, layers,
                   'lacks kernel or bias of conv1_2, conv5_3')


def test_fc6_and_fc7_come_together(tmp_path):
    layers = make_layers()
    del layers['fc6']
    assert_refused(tmp_path, layers, 'lacks kernel or bias of fc6')


def test_a_layer_takes_what_the_one_before_gives(tmp_path):
    layers = make_layers()
    layers['conv2_1'] = np.ones((3, 3, 6, 6)), np.ones(6)
    assert_refused(tmp_path, layers, 'conv2_1 has kernel (3, 3, 6, 6), '
                                     'wanted (3, 3, 5, out)')


def test_the_kernel_s_side_is_3(tmp_path):
    layers = make_layers()
    layers['conv2_1'] = np.ones((3, 5, 5, 6)), np.ones(6)
    assert_refused(tmp_path, layers, 'conv2_1 has kernel (3, 5, 5, 6), '
                                     'wanted (3, 3, 5, out)')


def test_the_bias_has_one_value_per_channel(tmp_path):
    layers = make_layers()
    layers['fc7'] = layers['fc7'][0], np.ones(5)
    assert_refused(tmp_path, layers, 'fc7 has bias (5,), wanted (12,)')


def test_values_that_are_not_finite_are_refused(tmp_path):
    layers = make_layers()
    layers['fc6'][0][3, 2, 1, 0] = np.nan
    assert_refused(tmp_path, layers, 'fc6 has values that are not finite')


@pytest.mark.parametrize('name', ['a.npz', 'a.npy', 'a.h5', 'a.pth'])
@pytest.mark.parametrize('content', [b'', b'<html>moved</html>', b'PK\3\4'])
def test_a_broken_file_is_one_line(tmp_path, name, content):
    if name == 'a.pth':
        pytest.importorskip('torch')
    path = str(tmp_path / name)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError) as caught:
        weights.read(path)
    assert str(caught.value).startswith(f'{path}: ')
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('name', ['a.npz', 'a.npy'])
@pytest.mark.parametrize('share', [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_is_one_line(tmp_path, name, share):
    save = {'a.npz': save_npz, 'a.npy': save_npy}[name]
    path = save(tmp_path / name, make_layers())
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:int(share * len(content))])
    with pytest.raises(ValueError, match=f'{name}: .'):
        weights.read(path)


def test_an_npy_that_holds_an_array_is_refused(tmp_path):
    np.save(str(tmp_path / 'a.npy'), np.ones((2, 3)))
    with pytest.raises(ValueError, match='not a dictionary of layers'):
        weights.read(str(tmp_path / 'a.npy'))


def header(shape, descr='<f4', version=1):
    """Return the head of an .npy file, whatever it claims."""
    text = repr({'descr': descr, 'fortran_order': False,
                 'shape': shape}).encode() + b'\n'
    size = len(text).to_bytes(2 if version == 1 else 4, 'little')
    return b'\x93NUMPY' + bytes([version, 0]) + size + text


CLAIMS = [header((10 ** 12,)), header((1 << 40, 1 << 40)), header((-5, -7)),
          header((3,), '|V1000000000000'), header((3,), '<U100000000'),
          header((7,), '|O'), header((9,)), header((9,), version=2),
          header((9,), version=9), b'\x93NUMPY\2\0\xff\xff\xff\xffabc',
          header('(' * 9000), header((9,))[:-9] + b'((((((((']


def claim(tmp_path, content, method=zipfile.ZIP_DEFLATED):
    """Write an .npz whose conv1_1/kernel has made-up content."""
    path = str(tmp_path / 'a.npz')
    with zipfile.ZipFile(path, 'w', method) as out:
        out.writestr('conv1_1/kernel.npy', content)
        out.writestr('conv1_1/bias.npy', header((0,)))
    return path


@pytest.mark.parametrize('content', CLAIMS)
def test_an_npz_that_claims_more_than_it_has_is_one_line(tmp_path, content):
    path = claim(tmp_path, content)
    with pytest.raises(InputError) as caught:
        weights.read(path)
    assert str(caught.value).startswith(f'{path}: ')
    assert '\n' not in str(caught.value)
    assert 'MemoryError' not in str(caught.value)


def test_the_claim_of_terabytes_is_named(tmp_path):
    path = claim(tmp_path, header((10 ** 12,)) + b'1234')
    with pytest.raises(InputError) as caught:
        weights.read(path)
    size = len(header((10 ** 12,))) + 4
    assert str(caught.value) == (
        f'{path}: conv1_1/kernel.npy claims the shape (1000000000000,) of '
        f'float32, but the file has {size} bytes of it at most')


def test_an_entry_that_claims_terabytes_is_measured_by_the_file(tmp_path):
    path = claim(tmp_path, header((10 ** 12,)))
    with open(path, 'rb') as file:
        content = bytearray(file.read())
    entry = content.index(b'PK\1\2')
    content[entry + 24:entry + 28] = b'\xf0\xff\xff\xff'   # 4 GB unpacked
    with open(path, 'wb') as file:
        file.write(content)
    with pytest.raises(InputError, match='claims the shape'):
        weights.read(path)


@pytest.mark.parametrize('method', [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_npz_that_numpy_did_not_compress_is_refused(tmp_path, method):
    path = claim(tmp_path, header((0,)), method)
    with pytest.raises(InputError, match=f'compressed by method {method}'):
        weights.read(path)


@pytest.mark.parametrize('payload', [
    b'\x80\x04\x8e' + (1 << 42).to_bytes(8, 'little') + b'abc.',
    b'\x80\x04\x8d' + (1 << 42).to_bytes(8, 'little') + b'abc.',
    b'\x80\x05\x96' + (1 << 35).to_bytes(8, 'little') + b'abc.',
    b'\x80\x04\x95' + (1 << 42).to_bytes(8, 'little') + b'N.',
    b'\x80\x02Nr\xff\xff\xff\x7f.',     # object 2^31 - 1
    b'\x80\x02T\xff\xff\xff\x7fabc.',
    b'(lp2000000000\n.'],
    ids=['bytes', 'text', 'bytearray', 'frame', 'memo', 'string',
         'memo as text'])
def test_a_pickle_that_claims_more_than_it_has_is_one_line(
        tmp_path, payload):
    path = save_npy_header(tmp_path / 'a.npy', payload)
    with pytest.raises(InputError) as caught:
        weights.read(path)
    assert str(caught.value).startswith(f'{path}: ')
    assert 'MemoryError' not in str(caught.value)


def test_a_pickled_array_takes_no_memory_by_its_shape():
    array = numpy_files.PickledArray('ndarray', (10 ** 13,), b'b')
    dtype = numpy_files.PickledDtype('f4', 0, 1)
    with pytest.raises(ValueError, match='cannot reshape array of size 2'):
        array.__setstate__((1, (10 ** 13,), dtype, False, b'12345678'))


def test_pickled_arrays_in_fortran_s_order_are_read(tmp_path):
    layers = {name: (np.asfortranarray(kernel), bias)
              for name, (kernel, bias) in make_layers().items()}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path = save_npy_header(tmp_path / 'a.npy', pickle.dumps(
            np.array(layers, dtype=object), protocol))
        assert_same(weights.read(path), make_layers())


def save_keras_3(path, layers, top='', **options):
    """Write a .weights.h5 as Keras 3.15 does for keras.applications.VGG16."""
    h5py = pytest.importorskip('h5py')
    names = ['conv2d'] + [f'conv2d_{k}' for k in range(1, 13)]
    names = dict(zip(NAMES, names), fc6='dense', fc7='dense_1')
    with h5py.File(path, 'w') as out:
        out.create_group('layers/flatten/vars')
        for k, (name, (kernel, bias)) in enumerate(layers.items()):
            if name.startswith('fc'):
                kernel = flatten(kernel, 'HWC')
            for number, array in enumerate((kernel, bias)):
                out.create_dataset(f'{top}layers/{names[name]}/vars/{number}',
                                   data=array, **options)
                out[f'optimizer/vars/{2 * k + number + 2}'] = array * 0
        if 'fc7' in layers:
            out[f'{top}layers/dense_2/vars/0'] = np.ones((FC7, 1000))
            out[f'{top}layers/dense_2/vars/1'] = np.ones(1000)
    return path


@pytest.mark.parametrize('fc', [False, True])
@pytest.mark.parametrize('top', ['', 'layers/functional/',
                                 '_layer_checkpoint_dependencies/'])
def test_keras_3(tmp_path, fc, top):
    path = save_keras_3(str(tmp_path / 'a.weights.h5'), make_layers(fc), top)
    assert_same(weights.read(path), make_layers(fc))


def test_keras_3_compressed(tmp_path):
    path = save_keras_3(str(tmp_path / 'a.weights.h5'), make_layers(),
                        compression='gzip')
    assert_same(weights.read(path), make_layers())


def test_dense_layers_without_a_classifier_are_not_fc6_and_fc7(tmp_path):
    h5py = pytest.importorskip('h5py')
    path = save_keras_3(str(tmp_path / 'a.weights.h5'), make_layers(False))
    with h5py.File(path, 'a') as out:   # a head of somebody's own
        for number, array in enumerate((np.ones((9, 5)), np.ones(5))):
            out[f'layers/dense/vars/{number}'] = array
    assert_same(weights.read(path), make_layers(False))


def edit_keras(tmp_path, edit):
    """Write Keras's weights with another kernel of block1_conv1."""
    h5py = pytest.importorskip('h5py')
    path = str(tmp_path / 'a.h5')
    with h5py.File(path, 'w') as out:
        out['block1_conv1/bias'] = np.ones(4, np.float32)
        edit(out['block1_conv1'], 'kernel')
    return path


@pytest.mark.parametrize('chunks', [None, (1000,)])
def test_an_h5_that_claims_terabytes_is_named(tmp_path, chunks):
    path = edit_keras(tmp_path, lambda group, name: group.create_dataset(
        name, (10 ** 12,), 'f4', chunks=chunks))
    with pytest.raises(InputError) as caught:
        weights.read(path)
    assert str(caught.value) == (
        f'{path}: /block1_conv1/kernel claims the shape (1000000000000,) of '
        'float32, but the file has 0 bytes of it at most')


def test_an_h5_does_not_read_other_files(tmp_path):
    (tmp_path / 'secret').write_bytes(b'12345678')
    path = edit_keras(tmp_path, lambda group, name: group.create_dataset(
        name, (2,), 'f4', external=[(str(tmp_path / 'secret'), 0, 8)]))
    with pytest.raises(InputError, match='kernel is in another file'):
        weights.read(path)


def test_an_h5_of_text_is_refused(tmp_path):
    path = edit_keras(tmp_path, lambda group, name: group.create_dataset(
        name, data=[b'text', b'more']))
    with pytest.raises(InputError, match='numbers are wanted'):
        weights.read(path)


@pytest.mark.parametrize('suffix', ['npz', 'npy', 'h5', 'pth'])
def test_a_fifo_is_no_file_of_weights(tmp_path, suffix):
    os.mkfifo(str(tmp_path / f'a.{suffix}'))
    with pytest.raises(InputError, match='no regular file'):
        weights.read(str(tmp_path / f'a.{suffix}'))


@pytest.mark.parametrize('kind', ['npz', 'npy', 'h5'])
def test_random_damage_is_one_line_that_names_the_file(tmp_path, kind):
    layers = make_layers()
    path = {'npz': lambda: save_npz(tmp_path / 'a.npz', layers),
            'npy': lambda: save_npy(tmp_path / 'a.npy', layers),
            'h5': lambda: save_keras_3(str(tmp_path / 'a.h5'), layers)
            }[kind]()
    with open(path, 'rb') as file:
        whole = file.read()
    random = np.random.RandomState(11)
    for _ in range(30 if kind == 'h5' else 200):
        content = bytearray(whole)
        for _ in range(random.randint(1, 9)):
            place = random.randint(len(content) if random.randint(2) else 400)
            content[place] = random.randint(256)
        if random.randint(9) == 0:
            del content[random.randint(len(content)):]
        with open(path, 'wb') as file:
            file.write(content)
        try:
            weights.read(path)
        except InputError as error:
            assert str(error).startswith(f'{path}: ')
            assert '\n' not in str(error)


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(ValueError, match='a.ckpt: weights are read from '
                                         '.h5, .hdf5, .npy, .npz, .pt, .pth'):
        weights.read(str(tmp_path / 'a.ckpt'))


@pytest.mark.parametrize('suffix', ['.npz', '.npy', '.h5', '.pth'])
def test_a_missing_file_is_an_os_error(tmp_path, suffix):
    with pytest.raises(OSError, match='nowhere'):
        weights.read(str(tmp_path / (f'nowhere{suffix}')))
