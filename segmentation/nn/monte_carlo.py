"""A network run with dropout, several times: Monte Carlo dropout.

    picture -> all that comes before dropout, once -> fixed tensors
    fixed tensors, noise of a pass -> the rest -> softmax [B, H, W, C]

The noise is drawn here and fed in place of the graph's own, which depends on
the state of a session: pass k of a picture has the same noise in any batch,
on any machine and in either TensorFlow.

References
----------
Gal and Ghahramani 2016, 'Dropout as a Bayesian approximation'.
"""
import numpy as np

from segmentation.errors import InputError

# Operations whose result is uniform in 0..1; their first input is its shape.
UNIFORM = {'RandomUniform', 'StatelessRandomUniform',
           'StatelessRandomUniformV2'}


class Dropout:
    """The part of a network that is run once, and the part that varies.

    Parameters
    ----------
    net : network.Network
        The graph is left as it is.

    Raises
    ------
    InputError
        The network has no dropout, or draws random numbers for something
        else.
    """

    def __init__(self, net):
        self.net = net
        needed = reached([net.softmax.op], producers)
        drawing = sorted((op for op in needed if 'Random' in op.type),
                         key=lambda op: op.name)
        other = [op.name for op in drawing if op.type not in UNIFORM]
        if other:
            raise InputError(f'the network draws random numbers by {other[0]},'
                             ' which is not dropout')
        if not drawing:
            raise InputError('the network has no dropout')
        self.noise = [op.outputs[0] for op in drawing]
        pictured = reached([net.image_input.op], consumers)
        varying = reached(drawing, consumers)
        self.fixed = list(dict.fromkeys(
            x for op in needed if op in varying and op not in drawing
            for x in op.inputs if x.op in pictured and x.op not in varying))
        self.shapes = {}        # of the noise, by the shape of the pictures

    def passes(self, sess, fed, shape, count):
        """Yield the probabilities of each pass, (B, H, W, C) float32.

        Parameters
        ----------
        sess : tf.Session
        fed : {tensor: value}
            Pictures, and the share of the activations that is kept.
        shape : tuple of int
            That of the pictures, (B, H, W, 3).
        count : int
            Passes.
        """
        if shape not in self.shapes:
            self.shapes[shape] = sess.run([x.op.inputs[0] for x in self.noise],
                                          fed)
        fed = {**fed, **dict(zip(self.fixed, sess.run(self.fixed, fed)))}
        for number in range(count):
            fed.update(zip(self.noise, (
                draw(number, k, size)
                for k, size in enumerate(self.shapes[shape]))))
            yield sess.run(self.net.softmax, fed)


def reached(start, following):
    """Return operations and all that follow them, in a fixed order."""
    found, waiting = {}, list(start)
    while waiting:
        op = waiting.pop()
        if op not in found:
            found[op] = None
            waiting += following(op)
    return found


def producers(op):
    """Return the operations that give what an operation takes."""
    return [x.op for x in op.inputs]


def consumers(op):
    """Return the operations that take what an operation gives."""
    return [user for x in op.outputs for user in x.consumers()]


def draw(number, index, shape):
    """Return the noise of a pass, uniform in 0..1.

    Parameters
    ----------
    number : int
        Of the pass, from 0.
    index : int
        Which of the network's dropouts it is for.
    shape : sequence of int
        The first number is that of the pictures, which all have the same.
    """
    noise = np.random.RandomState((number, index)).random_sample(
        tuple(shape[1:])).astype(np.float32)
    return np.broadcast_to(noise, tuple(shape))
