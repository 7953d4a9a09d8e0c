"""Frozen graphs for other pictures: their type, their order, their size."""
import numpy as np
import pytest
from fixtures import build_scored, each_model, fresh_session, make_vgg

from segmentation.export import inputs
from segmentation.nn import freeze
from segmentation.tf1 import tf

IMAGES = np.random.RandomState(1).randint(0, 256, (2, 32, 64, 3))


@pytest.fixture(scope='module',
                params=each_model(['fcn8s', 'fcn-pools', 'unet']))
def frozen(request, tmp_path_factory):
    """(GraphDef, probabilities of IMAGES) of a model with random scores."""
    vgg_dir = make_vgg(tmp_path_factory.mktemp('inputs'))
    with fresh_session() as sess:
        net = build_scored(sess, request.param, vgg_dir)
        return freeze.freeze(sess, net), sess.run(
            net.softmax, {net.image_input: IMAGES})


def run(graph_def, images):
    with fresh_session() as sess:
        tf.import_graph_def(graph_def, name='')
        return sess.run('softmax:0', {'image_input:0': images})


@pytest.mark.parametrize('size', [None, (2, 32, 64)])
@pytest.mark.parametrize('kind, order', [
    ('uint8', 'RGB'), ('float32', 'RGB'), ('uint8', 'BGR'),
    ('float32', 'BGR')])
def test_other_pictures_give_the_same(frozen, kind, order, size):
    graph_def, expected = frozen
    adapted = inputs.adapt(graph_def, kind, order, size)
    images = IMAGES[..., ::-1] if order == 'RGB' else IMAGES
    assert expected.std() > .01
    np.testing.assert_allclose(run(adapted, images.astype(kind)), expected,
                               atol=1e-5)
    taken = inputs.as_taken(IMAGES.astype(np.uint8), kind, order)
    assert taken.dtype == kind and taken.flags['C_CONTIGUOUS']
    np.testing.assert_array_equal(taken, images)


def test_what_follows_from_a_fixed_size_is_constant(frozen):
    """Phones need not know how to compute with shapes."""
    graph_def, _ = frozen
    adapted = inputs.adapt(graph_def, 'float32', 'BGR', (2, 32, 64))
    operations = {node.op for node in adapted.node}
    if 'BatchToSpaceND' in operations:
        pytest.skip('TensorFlow 1.15 dilates convolutions by shapes that it '
                    'does not derive')
    assert not operations & {'Shape', 'OnesLike', 'Pack', 'StridedSlice'}
    with tf.Graph().as_default():
        softmax, = tf.import_graph_def(adapted, return_elements=['softmax:0'])
        assert softmax.shape.as_list() == [2, 32, 64, 3]


@pytest.mark.slow
@pytest.mark.parametrize('frozen', ['fcn8s'], indirect=True)
def test_weights_that_onnx_is_given_afterwards_give_the_same(
        frozen, tmp_path, monkeypatch):
    pytest.importorskip('tf2onnx')
    from segmentation.export.writers import onnx as writer
    graph_def, expected = frozen
    monkeypatch.setattr(writer, 'LARGE', 9)
    path = str(tmp_path / 'a.onnx')
    writer.write(inputs.adapt(graph_def, 'float32', 'BGR', None), path, None)
    with writer.open_file(path) as run_file:
        softmax, _ = run_file(IMAGES.astype(np.float32))
    np.testing.assert_allclose(softmax, expected, atol=1e-5)
    graph = writer.onnx.load(path).graph
    constants = {value.name for value in graph.initializer}
    assert not [node.name for node in graph.node
                if node.op_type == 'Transpose' and node.input[0] in constants]
