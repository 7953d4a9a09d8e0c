"""Frozen networks give what the session gives, without dropout."""
import numpy as np
import pytest
from fixtures import build_model, each_model, fresh_session, make_vgg

from segmentation.nn import freeze, network
from segmentation.tf1 import tf

IMAGES = np.random.RandomState(3).uniform(0, 255, (2, 64, 96, 3))


@pytest.fixture(scope='module')
def vgg_dir(tmp_path_factory):
    return make_vgg(tmp_path_factory.mktemp('freeze'))


def randomize(sess):
    """Set all weights to random numbers, as training would; biases too."""
    random = np.random.RandomState(5)
    for variable in tf.trainable_variables():
        shape = variable.shape.as_list()
        fan_in = max(1, np.prod(shape[:-1]))
        variable.load(random.normal(0, (2 / fan_in) ** .5, shape), sess)
    for variable in tf.global_variables():
        if variable.op.name.endswith('deviation'):
            variable.load(random.uniform(.5, 2), sess)


def run(graph_def, images):
    """Return softmax and classes of a frozen network."""
    with fresh_session() as sess:
        tf.import_graph_def(graph_def, name='')
        return sess.run(['softmax:0', 'classes:0'], {'image_input:0': images})


@pytest.mark.parametrize('name', each_model())
def test_a_frozen_model_gives_what_the_session_gives(name, vgg_dir):
    with fresh_session() as sess:
        net = build_model(sess, name, vgg_dir, num_classes=5)
        network.initialize_rest(sess)
        randomize(sess)
        expected = sess.run([net.softmax, net.classes],
                            {net.image_input: IMAGES})
        before = len(sess.graph.get_operations())
        graph_def = freeze.freeze(sess, net)
        assert len(sess.graph.get_operations()) == before
    softmax, classes = run(graph_def, IMAGES)
    assert expected[0].std() > .01      # not all the same
    np.testing.assert_allclose(softmax, expected[0], rtol=0, atol=2e-5)
    assert (classes == expected[1]).mean() > .999
    assert classes.dtype == np.uint8 and softmax.dtype == np.float32
    # Batch, height and width are free.
    assert run(graph_def, IMAGES[:1, :32, :64])[0].shape == (1, 32, 64, 5)
    operations = {node.op for node in graph_def.node}
    assert not {op for op in operations if 'Random' in op or 'Variable' in op}
    assert {'Placeholder', 'Softmax', 'ArgMax'} <= operations
    assert not {'PlaceholderWithDefault', 'Less', 'Select'} & operations
    # What follows from constants alone is one.
    nodes = {node.name: node for node in graph_def.node}
    assert not [node.name for node in graph_def.node if node.input and all(
        nodes[freeze.source_of(source)].op == 'Const'
        for source in node.input)]


@pytest.mark.parametrize('keep', ['rate', 'keep_prob', 'by hand'])
def test_dropout_is_cut_out_however_it_was_written(keep):
    """Twice in a row, as in fc6 and fc7; keep_prob has to be fed."""
    def drop(x):
        if keep == 'by hand':           # as in the course's archive
            drawn = tf.random_uniform(tf.shape(x), minval=0., maxval=1.)
            return tf.div(x, keep_prob) * tf.floor(keep_prob + drawn)
        if keep == 'rate':
            return tf.nn.dropout(x, rate=1 - keep_prob)
        return tf.nn.dropout(x, keep_prob=keep_prob)

    with fresh_session() as sess:
        x = tf.placeholder(tf.float32, [None, None, None, 3],
                           name='image_input')
        keep_prob = tf.placeholder(tf.float32, name='keep_prob')
        weight = tf.get_variable('weight', initializer=tf.constant(.5))
        logits = tf.add(drop(weight * drop(x)), 0., name='sum/Add_1')
        softmax = tf.nn.softmax(logits, name='result/Softmax')
        tf.argmax(softmax, axis=-1, name='result/ArgMax')
        network.initialize_rest(sess)
        graph_def = freeze.freeze(sess, network.find(sess.graph))
    softmax, classes = run(graph_def, [[[[4, 2, 0], [0, 0, 6]]]])
    exponents = np.exp([[2., 1, 0], [0, 0, 3]])
    np.testing.assert_allclose(
        softmax[0, 0], exponents / exponents.sum(axis=1, keepdims=True),
        atol=1e-6)
    np.testing.assert_array_equal(classes, [[[0, 2]]])
    assert classes.dtype == np.uint8
    # The variable's weight times the picture is all that is multiplied.
    assert [node.op for node in graph_def.node].count('Mul') == 1
    assert not [node for node in graph_def.node if node.op == 'RealDiv']


def test_each_of_several_results_is_folded():
    with fresh_session() as sess:
        inputs = network.inputs()
        low, high = tf.split(tf.constant([1., 2., 3., 4.]), 2)
        x = tf.pad(inputs.image_input, [[0, 0], [0, 0], [0, 0], [0, 0]])
        network.finish(inputs, x[..., :2] * low + high)
        net = network.find(sess.graph)
        graph_def = freeze.freeze(sess, net)
    assert not [node for node in graph_def.node if node.op == 'Split']
    softmax, _ = run(graph_def, [[[[2., 1, 0]]]])
    # 2 x 1 + 3 and 1 x 2 + 4
    np.testing.assert_allclose(softmax[0, 0, 0], [.268941, .731059],
                               atol=1e-6)


def test_noise_that_is_no_dropout_is_refused():
    with fresh_session() as sess:
        inputs = network.inputs()
        noise = tf.random_normal(tf.shape(inputs.image_input))
        net = network.finish(inputs, inputs.image_input + noise)
        with pytest.raises(ValueError, match='by random_normal/RandomStandard'
                                             'Normal, which is not dropout'):
            freeze.freeze(sess, net)
