"""The operations of a network per picture, by its graph.

Only convolutions are counted, straight and transposed: all else (ReLU, pools,
sums) is less than a hundredth. A multiplication and the addition behind it are
two operations.
"""
import numpy as np

from segmentation.tf1 import tf

# Operations that multiply a filter [K, K, c, C] at every pixel of one of
# their tensors: the result of a convolution, the input of a transposed one.
PIXELS = {'Conv2D': lambda operation: operation.outputs[0],
          'Conv2DBackpropInput': lambda operation: operation.inputs[2]}


def flop(sess, image_input, size):
    """Return the operations that a network takes for one picture.

    Parameters
    ----------
    sess : tf.Session
        Its graph has no gradients yet: these have transposed convolutions
        of their own. The variables are initialized.
    image_input : tf.Tensor
        [B, H, W, 3]
    size : (int, int)
        Width and height of the picture, in pixels.
    """
    convolutions = [operation for operation in sess.graph.get_operations()
                    if operation.type in PIXELS]
    # Not all shapes follow from the picture's before it runs.
    shapes = sess.run([tf.shape(PIXELS[operation.type](operation))
                       for operation in convolutions],
                      {image_input: np.zeros((1, size[1], size[0], 3))})
    return sum(2 * int(np.prod(shape[:3], dtype=np.int64))
               * operation.inputs[1].shape.num_elements()
               for operation, shape in zip(convolutions, shapes))
