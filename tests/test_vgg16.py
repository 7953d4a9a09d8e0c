"""VGG16 as a SavedModel: names, values, channel order, dropout, files."""
import functools
import os
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
import serving
from fixtures import WIDTH, build_model, fresh_session, make_vgg
from helpers import ROOT, run_program

import utils
import vgg16
from segmentation import files
from segmentation.backbone import (architecture, course, download, graph,
                                   keras_weights, meta_graph, saved_model)
from segmentation.errors import InputError
from segmentation.nn import network
from segmentation.tf1 import saved_model_pb2, tf

# What the course archive holds, by FACTS read from the archive's own graph.
NAMES = ['conv1_1', 'conv1_2', 'conv2_1', 'conv2_2', 'conv3_1', 'conv3_2',
         'conv3_3', 'conv4_1', 'conv4_2', 'conv4_3', 'conv5_1', 'conv5_2',
         'conv5_3']


@pytest.fixture(scope='module')
def vgg_dir(tmp_path_factory):
    return make_vgg(tmp_path_factory.mktemp('model'))


@pytest.fixture
def copy(vgg_dir, tmp_path):
    """A SavedModel that a test may break."""
    return shutil.copytree(vgg_dir, str(tmp_path / 'copy'))


def draw_weights(width=WIDTH, fc=True):
    """Random weights whose biases are not all zero."""
    random = np.random.RandomState(8)
    weights = {name: (kernel, random.uniform(0, .5, biases.shape)
                      .astype(np.float32))
               for name, (kernel, biases)
               in architecture.random_weights(width).items()}
    return weights if fc else architecture.with_fc(weights, 'none')


def draw_picture(height, width):
    return np.random.RandomState(2).uniform(
        0, 255, (1, height, width, 3)).astype(np.float32)


def run_taps(directory, picture, keep_prob=1, seed=0, step=0):
    """The taps on a BGR picture, in the order of the table, and the order."""
    with fresh_session() as sess:
        inputs = network.inputs()
        taps, order = saved_model.load(
            sess, directory, inputs.image_input, inputs.keep_prob, seed)
        sess.run(tf.train.get_global_step().assign(step))
        return sess.run([taps[name] for name in architecture.TAPS],
                        {inputs.image_input: picture,
                         inputs.keep_prob: keep_prob}), order


def convolve(x, kernel, biases):
    """SAME convolution and ReLU of one sample [H, W, C], by its shifts."""
    side = len(kernel)
    height, width = x.shape[:2]
    padded = np.pad(x, [(side // 2,) * 2] * 2 + [(0, 0)], mode='constant')
    out = sum(np.tensordot(padded[dy:dy + height, dx:dx + width],
                           kernel[dy, dx].astype(np.float64), 1)
              for dy in range(side) for dx in range(side))
    return np.maximum(out + biases, 0)


def pool(x):
    """The largest of two pixels by two, of what is left at odd borders."""
    height, width, channels = x.shape
    padded = np.full((height + height % 2, width + width % 2, channels),
                     -np.inf)
    padded[:height, :width] = x
    return np.maximum.reduce([padded[0::2, 0::2], padded[0::2, 1::2],
                              padded[1::2, 0::2], padded[1::2, 1::2]])


def compute_taps(weights, picture):
    """The taps of VGG16 on a BGR picture [1, H, W, 3], without TensorFlow."""
    x = picture[0].astype(np.float64) - (103.939, 116.779, 123.68)
    taps = []
    for block, count in enumerate((2, 2, 3, 3, 3), 1):
        for number in range(1, count + 1):
            x = convolve(x, *weights[f'conv{block}_{number}'])
        x = pool(x)
        taps.append(x)
    for name in ('fc6', 'fc7'):
        if name in weights:
            x = convolve(x, *weights[name])
    return [taps[2], taps[3], x]


def edit_model(directory, change):
    """Change the graph in a SavedModel; `change` gets {name: node}."""
    path = os.path.join(directory, 'saved_model.pb')
    model = saved_model_pb2.SavedModel()
    with open(path, 'rb') as file:
        model.ParseFromString(file.read())
    graph_def = model.meta_graphs[0].graph_def
    change(graph_def, {node.name: node for node in graph_def.node})
    with open(path, 'wb') as file:
        file.write(model.SerializeToString())


def swap_channels(_, nodes):
    """Let the graph take blue, green, red, where it takes red first."""
    blue, red = nodes['Processing/sub'], nodes['Processing/sub_2']
    blue.input[0], red.input[0] = red.input[0], blue.input[0]


def test_the_saved_model_has_the_names_of_the_course_archive(vgg_dir):
    with fresh_session() as sess:
        tf.saved_model.loader.load(sess, ['vgg16'], vgg_dir)
        names = {operation.name for operation in
                 tf.get_default_graph().get_operations()}
        variables = {v.op.name: v.shape.as_list()
                     for v in tf.trainable_variables()}
    wanted = ['image_input', 'keep_prob', 'layer3_out', 'layer4_out',
              'layer7_out']
    wanted += [f'Processing/{name}' for name in
               ('split', 'sub', 'sub_1', 'sub_2', 'concat')]
    wanted += [f'pool{number}' for number in range(1, 6)]
    wanted += [f'{name}/{part}' for name in NAMES + ['fc6', 'fc7']
               for part in ('Conv2D', 'BiasAdd', 'Relu')]
    assert set(wanted) <= names
    for scope in ('dropout/', 'dropout_1/'):
        assert any(name.startswith(scope) for name in names)
    assert sorted(variables) == sorted(
        [name + end for name in NAMES for end in ('/filter', '/biases')]
        + ['fc6/weights', 'fc6/biases', 'fc7/weights', 'fc7/biases'])
    assert len(variables) == 30
    assert variables['conv1_1/filter'] == [3, 3, 3, 1]
    assert variables['conv3_1/filter'] == [3, 3, 2, 5]
    assert variables['fc6/weights'] == [7, 7, 10, 81]
    assert variables['fc7/weights'] == [1, 1, 81, 81]


def test_at_full_width_it_has_134260544_weights():
    channels, count = 3, 0
    for name, (kernel, biases) in fake_full_weights().items():
        assert kernel.shape[2:] == (channels, len(biases))
        channels = len(biases)
        count += kernel.size + biases.size
    assert (channels, count) == (4096, 134260544)


# 45 and 70 are odd at one pool or another on their way down.
@pytest.mark.parametrize('height, width', [(32, 64), (45, 70)])
@pytest.mark.parametrize('fc', [True, False])
def test_the_taps_are_those_of_a_forward_pass_in_numpy(
        tmp_path, height, width, fc):
    weights = draw_weights(fc=fc)
    saved_model.save(weights, str(tmp_path / 'vgg'))
    picture = draw_picture(height, width)
    found, order = run_taps(str(tmp_path / 'vgg'), picture)
    assert order == 'RGB'
    for tap, expected in zip(found, compute_taps(weights, picture)):
        assert expected.max() > .1
        np.testing.assert_allclose(tap[0], expected, rtol=1e-4, atol=1e-4)


def test_taps_stand_at_strides_8_16_and_32(vgg_dir):
    taps, _ = run_taps(vgg_dir, draw_picture(64, 96))
    assert [tap.shape for tap in taps] == [
        (1, 8, 12, 5), (1, 4, 6, 10), (1, 2, 3, 81)]


def test_a_model_that_takes_bgr_sees_the_same_picture(vgg_dir, copy):
    edit_model(copy, swap_channels)
    picture = draw_picture(32, 64)
    found, order = run_taps(copy, picture)
    expected, own_order = run_taps(vgg_dir, picture)
    assert (order, own_order) == ('BGR', 'RGB')
    for tap, same in zip(found, expected):
        np.testing.assert_allclose(tap, same, rtol=1e-5, atol=1e-6)
    # With the channels the other way round it sees something else.
    mirrored, _ = run_taps(copy, picture[..., ::-1])
    assert abs(mirrored[0] - expected[0]).max() > 1e-2


def test_unknown_preprocessing_is_refused(copy):
    def scale(_, nodes):
        nodes['Processing/sub/y'].attr['value'].tensor.float_val[:] = [100]

    edit_model(copy, scale)
    with pytest.raises(ValueError, match='cannot tell the channel order'):
        run_taps(copy, draw_picture(32, 64))


def test_missing_tensors_are_listed(copy):
    def drop(graph_def, nodes):
        for name in ('keep_prob', 'layer7_out'):
            graph_def.node.remove(nodes[name])

    edit_model(copy, drop)
    with pytest.raises(ValueError,
                       match='lacks the tensors keep_prob, layer7_out$'):
        run_taps(copy, draw_picture(32, 64))


def test_a_model_of_another_tag_is_refused(copy):
    path = os.path.join(copy, 'saved_model.pb')
    model = saved_model_pb2.SavedModel()
    with open(path, 'rb') as file:
        model.ParseFromString(file.read())
    model.meta_graphs[0].meta_info_def.tags[:] = ['serve']
    with open(path, 'wb') as file:
        file.write(model.SerializeToString())
    with pytest.raises(ValueError, match="no graph tagged 'vgg16'"):
        meta_graph.read(copy)


def test_a_model_that_is_cut_short_is_refused(copy):
    os.truncate(os.path.join(copy, 'saved_model.pb'), 5000)
    with pytest.raises(ValueError, match='is no SavedModel'):
        meta_graph.read(copy)


@pytest.mark.parametrize('name', ['variables.index',
                                  'variables.data-00000-of-00001'])
def test_weights_that_are_cut_short_are_refused_in_one_line(copy, name):
    os.truncate(os.path.join(copy, 'variables', name), 100)
    with pytest.raises(ValueError, match='weights cannot be read') as error:
        run_taps(copy, draw_picture(32, 64))
    assert '\n' not in str(error.value)


def test_three_levels_of_folders_are_found(vgg_dir):
    for folder in (vgg_dir, os.path.dirname(vgg_dir),
                   os.path.join(vgg_dir, 'variables')):
        assert os.path.samefile(course.find(folder), vgg_dir)
    assert course.find(os.path.join(vgg_dir, 'no', 'such')) is None


def test_no_saved_model_is_refused_with_what_makes_one(tmp_path):
    with pytest.raises(FileNotFoundError, match='python vgg16.py makes one'):
        run_taps(str(tmp_path), draw_picture(32, 64))


def test_weights_in_initializers_stay_out_of_the_metagraph(
        tmp_path, monkeypatch):
    """The course archive holds its weights twice, the second time so."""
    weights = draw_weights(.1)
    values = iter([value for name in NAMES + ['fc6', 'fc7']
                   for value in weights[name]])
    get_variable = tf.get_variable
    monkeypatch.setattr(
        tf, 'get_variable', lambda name, shape, initializer:
        get_variable(name, shape,
                     initializer=tf.constant_initializer(next(values))))
    directory = str(tmp_path / 'vgg')
    saved_model.save(weights, directory)
    monkeypatch.undo()
    size = 4 * sum(kernel.size + biases.size
                   for kernel, biases in weights.values())
    assert size > 5e6
    assert os.path.getsize(os.path.join(directory, 'saved_model.pb')) > size
    with fresh_session() as sess:
        build_model(sess, 'fcn8s', directory, 2)
        network.initialize_rest(sess)
        network.export(str(tmp_path / 'network.meta'))
        kernel = sess.run('fc6/weights:0')
    assert os.path.getsize(str(tmp_path / 'network.meta')) < 5e5
    np.testing.assert_array_equal(kernel, weights['fc6'][0])


def fake_full_weights():
    """Zeros in the shapes of the whole VGG16, that take no memory."""
    return {name: [np.broadcast_to(np.float32(0), shape) for shape in shapes]
            for name, shapes in full_shapes()}


def full_shapes():
    channels = 3
    for name, out in zip(NAMES + ['fc6', 'fc7'],
                         [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
                         + [4096] * 2):
        side = {'fc6': 7, 'fc7': 1}.get(name, 3)
        yield name, [(side, side, channels, out), (out,)]
        channels = out


def test_the_metagraph_of_the_whole_network_is_below_5_mb(
        tmp_path, monkeypatch):
    def load(sess, vgg_dir, image_input, keep_prob, seed, taps):
        return graph.build(fake_full_weights())[0], 'RGB'

    monkeypatch.setattr(saved_model, 'load', load)
    with tf.Graph().as_default():
        net = build_model(None, 'fcn8s', None, 29)
        assert network.size_in_bytes(tf.trainable_variables()) > 537e6
        network.export(str(tmp_path / 'network.meta'))
    assert net.logits.shape.as_list() == [None, None, None, 29]
    assert os.path.getsize(str(tmp_path / 'network.meta')) < 5e6


def test_dropout_repeats_by_seed_and_step_alone(vgg_dir):
    picture = draw_picture(64, 96)
    drop = functools.partial(run_taps, vgg_dir, picture, keep_prob=.5)
    first = drop(seed=3, step=7)[0][2]
    np.testing.assert_array_equal(drop(seed=3, step=7)[0][2], first)
    assert (drop(seed=3, step=8)[0][2] != first).any()
    assert (drop(seed=4, step=7)[0][2] != first).any()


def test_within_a_session_dropout_changes_with_the_step(vgg_dir):
    with fresh_session() as sess:
        inputs = network.inputs()
        taps, _ = saved_model.load(sess, vgg_dir, inputs.image_input,
                                   inputs.keep_prob)
        sess.run(tf.train.get_global_step().initializer)
        feed = {inputs.image_input: draw_picture(64, 96),
                inputs.keep_prob: .5}
        first, again = [sess.run(taps['layer7_out'], feed) for _ in range(2)]
        sess.run(tf.train.get_global_step().assign_add(1))
        later = sess.run(taps['layer7_out'], feed)
    np.testing.assert_array_equal(first, again)
    assert (first != later).any()


def test_keep_prob_is_the_share_that_is_kept(tmp_path):
    saved_model.save(draw_weights(fc=False), str(tmp_path / 'vgg'))
    picture = draw_picture(320, 256)
    whole = run_taps(str(tmp_path / 'vgg'), picture)[0][2]
    kept = run_taps(str(tmp_path / 'vgg'), picture, keep_prob=.8)[0][2]
    there = whole > 0
    assert there.sum() > 300
    assert abs((kept[there] > 0).mean() - .8) < .1
    np.testing.assert_allclose(kept[kept > 0], whole[kept > 0] / .8,
                               rtol=1e-5)


@pytest.mark.skipif(not os.environ.get('OTHER_PYTHON'),
                    reason='OTHER_PYTHON names no second interpreter')
def test_a_model_made_under_the_other_tensorflow_is_the_same(
        vgg_dir, tmp_path):
    subprocess.check_call(
        [os.environ['OTHER_PYTHON'], os.path.join(ROOT, 'vgg16.py'),
         '--random', '--width', str(WIDTH),
         '--vgg-dir', str(tmp_path / 'other')])
    picture = draw_picture(45, 70)
    for tap, expected in zip(run_taps(str(tmp_path / 'other'), picture)[0],
                             run_taps(vgg_dir, picture)[0]):
        np.testing.assert_allclose(tap, expected, rtol=1e-4, atol=1e-5)


def make_npz(path, weights):
    np.savez(str(path), **{f'{name}/{part}': array
                           for name, pair in weights.items()
                           for part, array in zip(('kernel', 'bias'), pair)})
    return str(path)


def test_random_makes_a_stand_in_of_the_width_asked_for(tmp_path, capsys):
    path = str(tmp_path / 'deep' / 'vgg')
    vgg16.main(['--random', '--width', '.03125', '--vgg-dir', path])
    assert capsys.readouterr().out.startswith('[i] ')
    assert os.listdir(str(tmp_path / 'deep')) == ['vgg']    # no work folder
    taps, _ = run_taps(path, draw_picture(32, 64))
    assert [tap.shape[3] for tap in taps] == [8, 16, 128]


def test_random_weights_go_by_the_seed():
    first, same, other = [architecture.random_weights(WIDTH, seed)['fc6'][0]
                          for seed in (1, 1, 2)]
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


@pytest.mark.parametrize('fc, in_file, channels', [
    ('none', True, 10), ('none', False, 10), (None, False, 10),
    ('random', False, 80), ('file', True, 81), (None, True, 81)])
def test_weights_of_a_file_become_a_model(
        tmp_path, capsys, fc, in_file, channels):
    weights = draw_weights(fc=in_file)
    arguments = ['--weights', make_npz(tmp_path / 'w.npz', weights),
                 '--vgg-dir', str(tmp_path / 'vgg')]
    vgg16.main(arguments + (['--fc', fc] if fc else []))
    assert ('layer7_out is pool5' in capsys.readouterr().out) == (
        channels == 10)
    picture = draw_picture(32, 64)
    found, _ = run_taps(str(tmp_path / 'vgg'), picture)
    assert found[2].shape == (1, 1, 2, channels)
    if fc == 'none':
        weights = architecture.with_fc(weights, 'none')
    taps = compute_taps(weights, picture)
    for tap, expected in list(zip(found, taps))[:2 if fc == 'random' else 3]:
        np.testing.assert_allclose(tap[0], expected, rtol=1e-4, atol=1e-4)


def test_fc_of_a_file_that_has_none_is_refused(tmp_path):
    path = make_npz(tmp_path / 'w.npz', draw_weights(fc=False))
    with pytest.raises(ValueError, match='--fc none or --fc random'):
        vgg16.main(['--weights', path, '--fc', 'file',
                    '--vgg-dir', str(tmp_path / 'vgg')])
    assert os.listdir(str(tmp_path)) == ['w.npz']


@pytest.mark.parametrize('arguments', [
    ['--fc', 'none'], ['--width', '.5'], ['--random', '--width', '0'],
    ['--random', '--width', '5'], ['--random', '--width', 'nan'],
    ['--random', '--archive', 'vgg.zip'], ['--random', '--weights', 'w.npz'],
    ['--random', '--from', 'keras'], ['--from', 'elsewhere'],
    ['--from', 'keras', '--weights', 'w.npz'], ['--vgg-dir', ''],
    ['--weights', ''], ['--archive', ''], ['--random', '--seed', '-1'],
    ['--random', '--seed', '4294967296'], ['--from', 'course', '--fc', 'none'],
    ['--weights', 'w.npz', '--fc', 'some']])
def test_options_that_contradict_are_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        vgg16.main(arguments)
    assert stopped.value.code == 2
    assert 'error: ' in capsys.readouterr().err


def test_a_folder_that_exists_is_refused_and_untouched(tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'notes.txt').write_text('keep')
    with pytest.raises(FileExistsError, match='exists already'):
        vgg16.main(['--random', '--vgg-dir', str(tmp_path / 'mine')])
    assert (tmp_path / 'mine' / 'notes.txt').read_text() == 'keep'
    assert os.listdir(str(tmp_path)) == ['mine']


def test_an_archive_does_not_replace_a_model(vgg_dir, archive):
    with pytest.raises(FileExistsError, match='exists already'):
        vgg16.main(['--archive', archive, '--vgg-dir', vgg_dir])


def test_a_save_that_fails_leaves_nothing(tmp_path):
    weights = draw_weights()
    del weights['conv5_3']
    with pytest.raises(KeyError):
        saved_model.save(weights, str(tmp_path / 'vgg'))
    assert os.listdir(str(tmp_path)) == []


@pytest.fixture
def archive(vgg_dir, tmp_path):
    """A zip of vgg/saved_model.pb and so on, as the course has it."""
    return shutil.make_archive(str(tmp_path / 'served' / 'vgg'), 'zip',
                               os.path.dirname(vgg_dir), 'vgg')


def test_the_archive_is_fetched_unpacked_and_loaded(vgg_dir, archive,
                                                    tmp_path):
    with serving.serve() as server, open(archive, 'rb') as file:
        server.body = file.read()
        done = run_program('vgg16.py', '--vgg-dir', 'new', '--url',
                           server.url, cwd=tmp_path, no_proxy='127.0.0.1')
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        '[i] no SavedModel of VGG16 in new: downloading the course archive, '
        f'about 1 GB, from {server.url}',
        f'[i] VGG16 is in {os.path.join("new", "vgg")}']
    assert sorted(os.listdir(str(tmp_path))) == ['new', 'served']
    picture = draw_picture(32, 64)
    for tap, expected in zip(run_taps(str(tmp_path / 'new'), picture)[0],
                             run_taps(vgg_dir, picture)[0]):
        np.testing.assert_array_equal(tap, expected)


def test_an_archive_at_hand_needs_no_line(archive, tmp_path, capsys):
    vgg16.main(['--vgg-dir', str(tmp_path / 'new'), '--archive', archive,
                '--url', 'http://127.0.0.1:9/no'])
    assert os.path.isfile(str(tmp_path / 'new' / 'vgg' / 'saved_model.pb'))
    assert os.path.isfile(archive)


def test_an_archive_without_a_model_is_refused(tmp_path):
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other' / 'a.txt').write_text('a')
    archive = shutil.make_archive(str(tmp_path / 'a'), 'zip',
                                  str(tmp_path / 'other'))
    with pytest.raises(ValueError, match='holds no saved_model.pb'):
        vgg16.main(['--vgg-dir', str(tmp_path / 'vgg'), '--archive', archive])


def test_a_missing_archive_is_refused_in_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        utils.run(lambda: vgg16.main(['--vgg-dir', str(tmp_path / 'vgg'),
                                      '--archive', 'none.zip']))
    assert stopped.value.code == 1
    assert capsys.readouterr().err == (
        '[!] none.zip: No such file or directory\n')


@pytest.mark.parametrize('program', ['vgg16', 'upsample'])
def test_help_does_not_wait_for_tensorflow(program):
    code = (f'import sys, {program}\n'
            f'try:\n    {program}.main(["--help"])\n'
            'except SystemExit:\n'
            '    sys.exit("tensorflow" in sys.modules)')
    assert subprocess.run([sys.executable, '-c', code], cwd=ROOT,
                          stdout=subprocess.DEVNULL).returncode == 0


def unused_url():
    """Return an address here that nobody listens at."""
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        return f'http://127.0.0.1:{unused.getsockname()[1]}/vgg.zip'


def test_where_the_archive_cannot_be_had_keras_is_offered(
        tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(download.time, 'sleep', lambda seconds: None)
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    url = unused_url()
    with pytest.raises(SystemExit) as stopped:
        utils.run(lambda: vgg16.main(['--vgg-dir', str(tmp_path / 'vgg'),
                                      '--url', url]))
    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith(f'[!] {url}: ') and error.count('\n') == 1
    assert f"vgg16.py --vgg-dir {tmp_path / 'vgg'} --from keras" in error
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('arguments', [[], ['--from', 'keras'],
                                       ['--from', 'keras', '--fc', 'none']])
def test_offline_asks_nobody(tmp_path, monkeypatch, arguments):
    pytest.importorskip('h5py')
    monkeypatch.setattr(download.urllib.request, 'urlopen', pytest.fail)
    with pytest.raises(OSError, match='--offline allows no download'):
        vgg16.main(['--vgg-dir', str(tmp_path / 'vgg'), '--offline']
                   + arguments)
    assert os.listdir(str(tmp_path)) == []


@pytest.fixture
def keras(tmp_path, monkeypatch):
    """A server of made-up weights, and a Keras that names them."""
    h5py = pytest.importorskip('h5py')
    weights = draw_weights()
    contents = []
    for layers in (weights, architecture.with_fc(weights, 'none')):
        path = str(tmp_path / 'made.h5')
        with h5py.File(path, 'w') as out:
            for keras_name, name in keras_weights.NAMES.items():
                if name in layers:
                    kernel, biases = layers[name]
                    if name.startswith('fc'):
                        kernel = kernel.reshape(-1, kernel.shape[3])
                    out[f'{keras_name}/{keras_name}_W_1:0'] = kernel
                    out[f'{keras_name}/{keras_name}_b_1:0'] = biases
        with open(path, 'rb') as file:
            contents.append(file.read())
        os.remove(path)
    with serving.serve() as server:
        server.body, server.contents = contents[0], contents
        server.weights = weights
        base = server.url.replace('/vgg.zip', '/')
        package = tmp_path / 'site' / 'made_up_keras'
        package.mkdir(parents=True)
        (package / '__init__.py').write_text('raise AssertionError("run")')
        (package / 'vgg16.py').write_text(f'''
import nothing
WEIGHTS_PATH = ("{base}"
                "all.h5")
WEIGHTS_PATH_NO_TOP = "{base}notop.h5"


def VGG16():
    if include_top:
        path = get_file("all.h5", WEIGHTS_PATH, cache_subdir="models",
                        file_hash="{serving.md5(contents[0])}")
    else:
        path = get_file("notop.h5", WEIGHTS_PATH_NO_TOP,
                        file_hash="{serving.md5(contents[1])}")
''')
        monkeypatch.syspath_prepend(str(tmp_path / 'site'))
        monkeypatch.setattr(keras_weights, 'SOURCES',
                            (('made_up_keras', 'vgg16.py'),))
        monkeypatch.setattr(download.time, 'sleep', lambda seconds: None)
        monkeypatch.setenv('no_proxy', '127.0.0.1')
        monkeypatch.chdir(tmp_path)
        yield server


@pytest.mark.parametrize('fc, content, channels', [
    (None, 0, 81), ('file', 0, 81), ('none', 1, 10), ('random', 1, 80)])
def test_the_weights_of_keras_are_fetched_and_become_a_model(
        keras, tmp_path, capsys, fc, content, channels):
    keras.body = keras.contents[content]
    keras.cuts = [1009]
    vgg16.main(['--vgg-dir', 'vgg', '--from', 'keras']
               + (['--fc', fc] if fc else []))
    out = capsys.readouterr().out.splitlines()
    assert out[0] == (
        "[i] downloading Keras's weights of VGG16, "
        f"{('553 MB', '59 MB')[content]}, from "
        f"{keras.url.replace('vgg.zip', ('all.h5', 'notop.h5')[content])}")
    assert keras.asked == [None, 'bytes=1009-']
    assert sorted(os.listdir(str(tmp_path))) == ['site', 'vgg']
    picture = draw_picture(32, 64)
    found, order = run_taps('vgg', picture)
    assert found[2].shape[3] == channels and order == 'RGB'
    weights = (keras.weights if channels == 81
               else architecture.with_fc(keras.weights, 'none'))
    for tap, expected in list(zip(found, compute_taps(weights, picture)))[
            :2 if fc == 'random' else 3]:
        np.testing.assert_allclose(tap[0], expected, rtol=1e-4, atol=1e-4)


def test_weights_of_another_hash_are_not_kept(keras, tmp_path):
    keras.body = keras.contents[1]
    with pytest.raises(InputError, match='the MD5 is [0-9a-f]{32}, wanted '):
        vgg16.main(['--vgg-dir', 'vgg', '--from', 'keras'])
    assert os.listdir(str(tmp_path)) == ['site']


def test_weights_that_are_there_already_are_used_and_stay(keras, tmp_path):
    (tmp_path / 'all.h5').write_bytes(keras.contents[0])
    vgg16.main(['--vgg-dir', 'vgg', '--from', 'keras', '--offline'])
    assert sorted(os.listdir(str(tmp_path))) == ['all.h5', 'site', 'vgg']
    assert not keras.asked


def test_another_file_of_that_name_is_set_aside(keras, tmp_path):
    (tmp_path / 'all.h5').write_bytes(b'mine')
    vgg16.main(['--vgg-dir', 'vgg', '--from', 'keras'])
    assert sorted(os.listdir(str(tmp_path))) == ['all.h5.broken', 'site',
                                                 'vgg']
    assert (tmp_path / 'all.h5.broken').read_bytes() == b'mine'


def test_weights_stay_where_the_model_could_not_be_written(
        keras, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError('the disk is full')

    monkeypatch.setattr(saved_model, 'save', fail)
    with pytest.raises(OSError, match='disk is full'):
        vgg16.main(['--vgg-dir', 'vgg', '--from', 'keras'])
    assert (tmp_path / 'all.h5').read_bytes() == keras.contents[0]


def test_h5py_is_missed_before_anything_is_downloaded(
        keras, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'h5py', None)
    with pytest.raises(InputError, match='needs h5py: pip install h5py'):
        vgg16.main(['--vgg-dir', 'vgg', '--from', 'keras'])
    assert not keras.asked


def test_a_keras_that_names_no_weights_is_one_line(keras, monkeypatch):
    monkeypatch.setattr(keras_weights, 'SOURCES',
                        (('no_such_keras', 'vgg16.py'),
                         ('made_up_keras', 'other.py')))
    with pytest.raises(InputError, match='pip install --upgrade keras'):
        vgg16.main(['--vgg-dir', 'vgg', '--from', 'keras'])


def test_the_installed_keras_names_its_weights_and_their_hashes():
    for has_fc, end, md5 in (
            (True, '_kernels.h5', '64373286793e3c8b2b4e3219cbf3544b'),
            (False, '_notop.h5', '6d6bbae143d832006294945121d1f1fc')):
        file = keras_weights.published(has_fc)
        assert file.url.startswith('https://') and file.url.endswith(end)
        assert file.md5 == md5


def test_what_an_interrupted_run_left_is_removed(tmp_path, capsys):
    ended = subprocess.Popen([sys.executable, '-c', ''])
    ended.wait()
    old = f'.part-{files.HOST}-{ended.pid}-'
    (tmp_path / f'{old}abc' / 'fresh').mkdir(parents=True)
    (tmp_path / f'{old}abc' / 'fresh' / 'saved_model.pb').write_text('half')
    (tmp_path / f'{old}d.json').write_text('half')
    kept = ['.part-other-host', f'{files.PART}mine', 'notes.part']
    for name in kept:
        (tmp_path / name).write_text('')
    vgg16.main(['--random', '--width', '.02',
                '--vgg-dir', str(tmp_path / 'vgg')])
    assert sorted(os.listdir(str(tmp_path))) == sorted(kept + ['vgg'])
    assert capsys.readouterr().out.startswith(
        f'[i] removed from {tmp_path} what an interrupted run left: 2 ')


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    class Builder:
        def __init__(self, folder):
            pass

        def add_meta_graph_and_variables(self, *_, **__):
            raise tf.errors.UnknownError(None, None, 'cannot write;\nat op')

    monkeypatch.setattr(tf.saved_model, 'Builder', Builder)
    with pytest.raises(OSError) as caught:
        saved_model.save(draw_weights(), str(tmp_path / 'vgg'))
    assert str(caught.value) == f"{tmp_path / 'vgg'}: cannot write;"
    assert os.listdir(str(tmp_path)) == []


def remove(name):
    def edit(graph_def, nodes):
        graph_def.node.remove(nodes[name])
    return edit


def rewire(name, target):
    def edit(_, nodes):
        nodes[name].input[0] = target
    return edit


def without_convolutions(_, nodes):
    for node in nodes.values():
        if node.op == 'Conv2D':
            node.op = 'Identity'


@pytest.mark.parametrize('edit', [
    remove('Processing/sub'), remove('conv1_1/filter'),
    remove('conv3_2/Conv2D'), remove('fc6/biases/Assign'),
    remove('fc7/weights/read'), rewire('conv2_1/Conv2D', 'nowhere'),
    rewire('pool1', ''), rewire('pool1', 'keep_prob'), without_convolutions])
def test_a_graph_that_lacks_nodes_is_one_line(copy, edit):
    edit_model(copy, edit)
    with pytest.raises(InputError) as caught:
        run_taps(copy, draw_picture(32, 64))
    assert str(caught.value).startswith(
        os.path.join(copy, 'saved_model.pb'))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('name', ['variables.index',
                                  'variables.data-00000-of-00001'])
def test_weights_that_are_missing_are_one_line(copy, name):
    os.remove(os.path.join(copy, 'variables', name))
    with pytest.raises(InputError) as caught:
        run_taps(copy, draw_picture(32, 64))
    assert str(caught.value).startswith(copy)
    assert '\n' not in str(caught.value)


def test_random_damage_to_a_graph_is_one_line(copy):
    path = os.path.join(copy, 'saved_model.pb')
    with open(path, 'rb') as file:
        whole = file.read()
    random = np.random.RandomState(12)
    for _ in range(30):
        content = bytearray(whole)
        for _ in range(random.randint(1, 4)):
            content[random.randint(len(content))] = random.randint(256)
        with open(path, 'wb') as file:
            file.write(content)
        try:
            with fresh_session() as sess:
                inputs = network.inputs()
                saved_model.load(sess, copy, inputs.image_input,
                                 inputs.keep_prob)
        except InputError as error:
            assert str(error).startswith(copy) and '\n' not in str(error)
