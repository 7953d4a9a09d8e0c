"""A network for inference alone: its weights as constants, without dropout.

    image_input [B, H, W, 3] float32, BGR 0..255
        -> softmax [B, H, W, C] float32, classes [B, H, W] uint8

What only training needs is cut out: nothing in the graph is random, and
nothing has to be fed but pictures.
"""
import numpy as np

from segmentation import tf1
from segmentation.errors import InputError
from segmentation.tf1 import tf

# Dropout multiplies by a random mask, or selects by one.
MULTIPLICATIONS, SELECTIONS = {'Mul'}, {'Select', 'SelectV2'}
COPIES = {'Identity', 'StopGradient'}
SOURCES = {'Const', 'Placeholder', 'PlaceholderWithDefault'}
VARIABLES = {'Variable', 'VariableV2', 'VarHandleOp'}


def freeze(sess, net):
    """Return the GraphDef of a network for inference.

    Parameters
    ----------
    sess : tf.Session
        Holds the weights. Its graph is left as it is.
    net : network.Network
        Of this project's code, or of the blog's.

    Raises
    ------
    InputError
        The network draws random numbers for something else than dropout.
    """
    image_input = net.image_input.op.name
    outputs = [net.softmax.op.name, net.classes.op.name]
    graph_def = tf.graph_util.convert_variables_to_constants(
        sess, sess.graph.as_graph_def(), outputs)
    ones = constant(net.keep_prob.op.name, np.float32(1))
    nodes = {node.name: ones if node.name == ones.name else node
             for node in graph_def.node}
    nodes = cut_dropout(nodes, image_input, outputs)
    nodes = cut_neutral(fold_constants(nodes, outputs), outputs)
    return rename(nodes, image_input, outputs)


def constant(name, value):
    """Return the NodeDef of an array."""
    value = np.asarray(value)
    return tf.NodeDef(name=name, op='Const', attr={
        'dtype': tf.AttrValue(
            type=tf.as_dtype(value.dtype).as_datatype_enum),
        'value': tf.AttrValue(tensor=tf.make_tensor_proto(value))})


def source_of(name):
    """Return the node that an input such as '^a' or 'a:1' comes from."""
    return name.lstrip('^').split(':')[0]


def in_order(nodes, outputs):
    """Return the nodes that the outputs need, each behind its inputs."""
    ordered, waiting = {}, [nodes[name] for name in outputs]
    while waiting:
        node = waiting[-1]
        missing = [nodes[source_of(name)] for name in node.input
                   if source_of(name) not in ordered]
        if missing:
            waiting += missing
        else:
            ordered[node.name] = waiting.pop()
    return list(ordered.values())


def rewire(nodes, outputs, replace):
    """Return {name: NodeDef} of what the outputs need, in another wiring.

    Parameters
    ----------
    nodes : {name: tf.NodeDef}
    outputs : list of str
        These nodes stay.
    replace : function
        replace(node) is called in order; it returns the input that takes the
        node's place, or None where the node stays. Its inputs are those of
        the new wiring, without those that only control.
    """
    result, places = {}, {}
    for old in in_order(nodes, outputs):
        node = old if old.op == 'Const' else connect(old, places)
        place = None if node.name in outputs else replace(node)
        if place is None:
            result[node.name] = node
        else:
            places.update({node.name: place, f'{node.name}:0': place})
    return {node.name: node for node in in_order(result, outputs)}


def connect(node, places):
    """Return a node with the inputs that `places` has in place of its own."""
    return tf.NodeDef(
        name=node.name, op=node.op,
        input=[places.get(name, name) for name in node.input
               if not name.startswith('^')],
        attr={name: value for name, value in node.attr.items()
              if not name.startswith('_')})


def cut_dropout(nodes, image_input, outputs):
    """Return the nodes without dropout and without those that only copy.

    What is computed from the picture and meets a random mask goes on in its
    place. The scales of dropout stay.
    """
    random, pictured = set(), {image_input}

    def replace(node):
        sources = [source_of(name) for name in node.input]
        values = [name for name in node.input
                  if source_of(name) in pictured - random]
        if node.op in COPIES:
            return node.input[0]
        if not random.isdisjoint(sources) and (
                node.op in MULTIPLICATIONS and values
                or node.op in SELECTIONS and sources[0] in random):
            return values[0]
        if 'Random' in node.op or not random.isdisjoint(sources):
            random.add(node.name)
        if not pictured.isdisjoint(sources):
            pictured.add(node.name)
        return None

    nodes = rewire(nodes, outputs, replace)
    drawn = [node.name for node in nodes.values() if 'Random' in node.op]
    if drawn:
        raise InputError(f'the network draws random numbers by {drawn[0]}, '
                         'which is not dropout: it cannot be frozen')
    return nodes


def fold_constants(nodes, outputs):
    """Return the nodes with one constant for what follows from constants."""
    fixed, wanted = set(), set()
    for node in in_order(nodes, outputs):
        sources = set(map(source_of, node.input))
        if node.op == 'Const' or (node.op not in SOURCES
                                  and node.name not in outputs
                                  and sources <= fixed):
            fixed.add(node.name)
        else:
            wanted |= {name for name in node.input
                       if source_of(name) in fixed
                       and nodes[source_of(name)].op != 'Const'}
    if not wanted:
        return nodes
    wanted = sorted(wanted)
    part = tf.GraphDef(node=in_order(nodes, list(map(source_of, wanted))))
    with tf.Graph().as_default(), tf1.session() as sess:
        tensors = tf.import_graph_def(part, return_elements=[
            name if ':' in name else f'{name}:0' for name in wanted], name='')
        values = sess.run(tensors)
    # The second result of a node becomes a node of its own.
    places = {name: name.replace(':', '/result_') for name in wanted}
    nodes = {node.name: connect(node, places) if node.input else node
             for node in nodes.values()}
    return dict(nodes, **{places[name]: constant(places[name], value)
                          for name, value in zip(wanted, values)})


def cut_neutral(nodes, outputs):
    """Return the nodes without multiplication and division by 1."""
    def is_one(name):
        node = nodes[source_of(name)]
        if node.op != 'Const' or node.attr['value'].tensor.tensor_shape.dim:
            return False
        return tf.make_ndarray(node.attr['value'].tensor) == 1

    def replace(node):
        if node.op in ('Mul', 'RealDiv') and is_one(node.input[1]):
            return node.input[0]
        if node.op == 'Mul' and is_one(node.input[0]):
            return node.input[1]
        return None

    return rewire(nodes, outputs, replace)


def rename(nodes, image_input, outputs):
    """Return the GraphDef of the nodes, its input and outputs by our names.
    """
    with tf.Graph().as_default() as graph:
        images = tf.placeholder(tf.float32, [None, None, None, 3],
                                name='image_input')
        softmax, classes = tf.import_graph_def(
            tf.GraphDef(node=in_order(nodes, outputs)),
            input_map={f'{image_input}:0': images}, name='network',
            return_elements=[f'{name}:0' for name in outputs])
        tf.identity(softmax, name='softmax')                # [B, H, W, C]
        tf.identity(tf.cast(classes, tf.uint8), name='classes')  # [B, H, W]
        names = ['image_input', 'softmax', 'classes']
        return tf.graph_util.extract_sub_graph(graph.as_graph_def(), names)


def without_dropout(net):
    """Return the probabilities of a network, computed without dropout.

    Returns
    -------
    tf.Tensor
        [B, H, W, C], in the same graph and by the same variables.

    Raises
    ------
    InputError
        The network draws random numbers for something else than dropout.
    """
    graph, softmax = net.softmax.graph, net.softmax.op.name
    ones = constant(net.keep_prob.op.name, np.float32(1))
    nodes = {node.name: ones if node.name == ones.name else node
             for node in tf.graph_util.extract_sub_graph(
                 graph.as_graph_def(), [softmax]).node}
    nodes = cut_dropout(nodes, net.image_input.op.name, [softmax])
    there = {f'{name}:0': graph.get_tensor_by_name(f'{name}:0')
             for name, node in nodes.items()
             if name == net.image_input.op.name or node.op in VARIABLES}
    result, = tf.import_graph_def(
        tf.GraphDef(node=[node for name, node in nodes.items()
                          if f'{name}:0' not in there]),
        input_map=there, name='inference', return_elements=[f'{softmax}:0'])
    return result
